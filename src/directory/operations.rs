//! The directory's part of the catalogue: service calls that fill it, reads for everyone signed in.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Directory, Institution, Profile, Tutor,
    listing::{InstitutionsWanted, TutorsWanted},
};
use crate::operation::{Operation, Rate, Refusal, Role};

/// Judges a name that others will see: `Err` is what the service call answers.
pub type NameCheck = Arc<dyn Fn(&str) -> Result<(), Refusal> + Send + Sync>;

/// The platform's own programs and people.
const PLATFORM: &[Role] = &[Role::Service, Role::Operator];

/// The entry is stored, and counts on every node within a second.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Stored {}

/// The directory's operations; `check` judges nicknames, professional names and titles.
pub fn operations(directory: &Directory, check: &NameCheck) -> Vec<Operation> {
    let mut all = puts(directory, check);
    all.extend(reads(directory));
    all
}

fn puts(directory: &Directory, check: &NameCheck) -> Vec<Operation> {
    let institutions = directory.clone();
    let (tutors, tutor_check) = (directory.clone(), check.clone());
    let (profiles, profile_check) = (directory.clone(), check.clone());
    vec![
        Operation::new(
            "directory.institution.put",
            "Writes an institution over what was known of it.",
            PLATFORM,
            Rate::Trusted,
            move |_, entry: Institution| {
                let directory = institutions.clone();
                async move { directory.put_institution(&entry).await.map(|()| Stored {}) }
            },
        ),
        Operation::new(
            "directory.tutor.put",
            "Writes a tutor or institution admin over what was known of them.",
            PLATFORM,
            Rate::Trusted,
            move |_, entry: Tutor| {
                let (directory, check) = (tutors.clone(), tutor_check.clone());
                async move {
                    // Candidates see both beside every message.
                    check(&entry.name)?;
                    entry.title.as_deref().map_or(Ok(()), |title| check(title))?;
                    directory.put_tutor(&entry).await.map(|()| Stored {})
                }
            },
        ),
        Operation::new(
            "directory.profile.put",
            "Writes the nickname and avatar of a user over what was known of them.",
            PLATFORM,
            Rate::Trusted,
            move |_, entry: Profile| {
                let (directory, check) = (profiles.clone(), profile_check.clone());
                async move {
                    check(&entry.nickname)?;
                    directory.put_profile(&entry).await.map(|()| Stored {})
                }
            },
        ),
    ]
}

fn reads(directory: &Directory) -> Vec<Operation> {
    let (institutions, tutors) = (directory.clone(), directory.clone());
    vec![
        Operation::new(
            "directory.institutions",
            "A page of the institutions, certified or not.",
            Role::ALL,
            Rate::Read,
            move |_, asked: InstitutionsWanted| {
                let directory = institutions.clone();
                async move { directory.institutions(&asked).await }
            },
        ),
        Operation::new(
            "directory.tutors",
            "A page of the tutors who work for an institution.",
            Role::ALL,
            Rate::Read,
            move |_, asked: TutorsWanted| {
                let directory = tutors.clone();
                async move { directory.tutors(&asked).await }
            },
        ),
    ]
}
