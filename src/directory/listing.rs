//! What everyone signed in may read: who may be consulted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Directory, Fault, Institution, Tutor, check_id, institution, tutor};
use crate::{
    ids::{InstitutionId, UserId, is_id},
    operation::Refusal,
};

/// The longest page, and the usual one.
const PAGE_MAX: usize = 100;

/// Asks for a page of institutions.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct InstitutionsWanted {
    /// Continue after the page that answered this `next`.
    pub after: Option<InstitutionId>,
    /// 1–100 entries.
    pub limit: Option<usize>,
}

/// A page of institutions, by id.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InstitutionPage {
    /// Certified or not: `certification` says which.
    pub institutions: Vec<Institution>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<InstitutionId>,
}

/// Asks for a page of one institution's tutors.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TutorsWanted {
    /// Whose.
    pub institution: InstitutionId,
    /// Continue after the page that answered this `next`.
    pub after: Option<UserId>,
    /// 1–100 entries.
    pub limit: Option<usize>,
}

/// A page of the tutors who work for an institution, by id.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TutorPage {
    /// Suspended ones and those who left are missing.
    pub tutors: Vec<TutorCard>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<UserId>,
}

/// What is shown of a tutor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TutorCard {
    /// Whom to ask for in `consult.open`.
    pub tutor: UserId,
    /// The professional name.
    pub name: String,
    /// What they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
}

impl From<&Tutor> for TutorCard {
    fn from(tutor: &Tutor) -> Self {
        Self {
            tutor: tutor.id.clone(),
            name: tutor.name.clone(),
            title: tutor.title.clone(),
            avatar: tutor.avatar.clone(),
        }
    }
}

impl Directory {
    /// A page of institutions.
    pub async fn institutions(
        &self,
        asked: &InstitutionsWanted,
    ) -> Result<InstitutionPage, Refusal> {
        let limit = page_size(asked.limit);
        let after = after(asked.after.as_ref().map(InstitutionId::as_str))?;
        let rows = self.0.store.read(institution::page(after, limit)).await.map_err(Fault::from)?;
        let institutions: Vec<_> = rows.iter().map(institution::of_row).collect();
        let next =
            is_full(&institutions, limit).then(|| institutions.last().map(|it| it.id.clone()));
        Ok(InstitutionPage { next: next.flatten(), institutions })
    }

    /// A page of an institution's tutors; empty when there is no such institution.
    pub async fn tutors(&self, asked: &TutorsWanted) -> Result<TutorPage, Refusal> {
        let limit = page_size(asked.limit);
        let after = after(asked.after.as_ref().map(UserId::as_str))?;
        if !is_id(asked.institution.as_str()) {
            return Ok(TutorPage { tutors: Vec::new(), next: None });
        }
        let page = tutor::page(&asked.institution, after, limit);
        let rows = self.0.store.read(page).await.map_err(Fault::from)?;
        let tutors: Vec<_> = rows.iter().map(|row| TutorCard::from(&tutor::of_row(row))).collect();
        let next = is_full(&tutors, limit).then(|| tutors.last().map(|it| it.tutor.clone()));
        Ok(TutorPage { next: next.flatten(), tutors })
    }
}

/// Where a page begins: after an id, or at the first entry.
fn after(asked: Option<&str>) -> Result<&str, Refusal> {
    let after = asked.unwrap_or_default();
    if after.is_empty() { Ok(after) } else { check_id("after", after).map(|()| after) }
}

fn page_size(asked: Option<usize>) -> i64 {
    asked.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX) as i64
}

fn is_full<T>(page: &[T], limit: i64) -> bool {
    page.len() as i64 == limit
}
