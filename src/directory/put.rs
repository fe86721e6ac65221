//! What the platform writes into the directory, and what it may not write.

use super::{Directory, Institution, Profile, SUPPORT, Tutor, institution, profile, tutor};
use crate::{error::Code, ids::is_id, operation::Refusal, store::Statement};

/// The longest name or title, in characters.
const NAME_MAX: usize = 64;
/// The longest address of a picture, in bytes.
const AVATAR_MAX: usize = 512;
/// How many groups a tutor may be in.
const GROUPS_MAX: usize = 16;

impl Directory {
    /// Writes an institution over what was known of it.
    pub async fn put_institution(&self, entry: &Institution) -> Result<(), Refusal> {
        check_id("id", entry.id.as_str())?;
        check_name("name", &entry.name)?;
        if entry.id.as_str() == SUPPORT {
            return Err(bad("id", "names the platform itself, which needs no entry"));
        }
        self.write(institution::put(entry, self.0.clock.now_ms())).await?;
        self.0.institutions.forget(&entry.id);
        Ok(())
    }

    /// Writes a tutor over what was known of them.
    pub async fn put_tutor(&self, entry: &Tutor) -> Result<(), Refusal> {
        check_id("id", entry.id.as_str())?;
        check_name("name", &entry.name)?;
        entry.title.as_deref().map_or(Ok(()), |title| check_name("title", title))?;
        check_avatar(entry.avatar.as_deref())?;
        if entry.groups.len() > GROUPS_MAX {
            return Err(Refusal::new(Code::LimitExceeded).with("max", GROUPS_MAX));
        }
        entry.groups.iter().try_for_each(|group| check_name("groups", group))?;
        if self.institution(&entry.institution).await?.is_none() {
            return Err(bad("institution", "is not in the directory"));
        }
        let before = self.tutor(&entry.id).await?;
        self.write(tutor::put(entry, self.0.clock.now_ms())).await?;
        self.0.tutors.forget(&entry.id);
        self.0.staff.forget(&entry.institution);
        if let Some(before) = before {
            self.0.staff.forget(&before.institution);
        }
        Ok(())
    }

    /// Writes the public side of a user over what was known of it.
    pub async fn put_profile(&self, entry: &Profile) -> Result<(), Refusal> {
        check_id("id", entry.id.as_str())?;
        check_name("nickname", &entry.nickname)?;
        check_avatar(entry.avatar.as_deref())?;
        self.write(profile::put(entry, self.0.clock.now_ms())).await?;
        self.0.profiles.forget(&entry.id);
        Ok(())
    }

    async fn write(&self, statement: Statement) -> Result<(), Refusal> {
        self.0.store.commit(vec![statement]).await.map_err(super::Fault::from)?;
        Ok(())
    }
}

/// Refuses what no entry can be known by.
///
/// # Errors
/// `bad request`, naming `field`.
pub fn check_id(field: &str, id: &str) -> Result<(), Refusal> {
    if is_id(id) { Ok(()) } else { Err(bad(field, "must be 1 to 64 visible ASCII characters")) }
}

fn check_name(field: &str, name: &str) -> Result<(), Refusal> {
    let fits = (1..=NAME_MAX).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(bad(field, "must be 1 to 64 characters without control ones")) }
}

fn check_avatar(avatar: Option<&str>) -> Result<(), Refusal> {
    let fits = avatar.is_none_or(|address| {
        let known = address.starts_with("https://") || address.starts_with('/');
        known && address.len() <= AVATAR_MAX && address.bytes().all(|byte| byte.is_ascii_graphic())
    });
    if fits { Ok(()) } else { Err(bad("avatar", "must be an https address or a path")) }
}

fn bad(field: &str, reason: &str) -> Refusal {
    Refusal::new(Code::BadRequest).because(format!("{field} {reason}"))
}
