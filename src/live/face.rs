//! What viewers see of whoever comments: the platform's words for them, and where they write from.

use std::{net::IpAddr, sync::Arc};

use super::{
    Live,
    comment::{Face, RoleBadge},
    scope::Actor,
};
use crate::{
    ids::UserId,
    moderation::{Action, Place, Question, Side},
    operation::{Caller, Refusal},
};

/// Tells the province or country of an address.
pub type Region = Arc<dyn Fn(IpAddr) -> Arc<str> + Send + Sync>;

/// Whoever has no name that may be shown.
const NAMELESS: &str = "考生";
/// A region that is not known.
const UNKNOWN: &str = "未知";
/// The longest name and badge that are shown, in characters.
const NAME_MAX: usize = 64;
const BADGE_MAX: usize = 16;
/// The longest address of a picture, in bytes.
const AVATAR_MAX: usize = 512;

impl Live {
    /// How `caller` looks in a room. What the directory says wins over the token: it was judged.
    pub(super) async fn face(&self, caller: &Caller, actor: &Actor) -> Result<Face, Refusal> {
        let directory = &self.needs().directory;
        let (mut nickname, mut avatar) = (None, None);
        if caller.role.is_institutional() {
            if let Some(tutor) = directory.tutor(&caller.user).await? {
                (nickname, avatar) = (Some(tutor.name.clone()), tutor.avatar.clone());
            }
        } else if let Some(profile) = directory.profile(&caller.user).await? {
            (nickname, avatar) = (Some(profile.nickname.clone()), profile.avatar.clone());
        }
        let told = || caller.name.as_deref().filter(|name| self.may_be_called(name));
        let nickname = nickname.or_else(|| told().map(str::to_owned));
        let region = caller.address.map(|address| (self.needs().region)(address));
        Ok(Face {
            nickname: nickname.unwrap_or_else(|| NAMELESS.to_owned()),
            avatar: avatar.or_else(|| caller.avatar.clone().filter(|it| is_picture(it))),
            badge: caller.badge.clone().filter(|it| fits(it, BADGE_MAX)),
            role: RoleBadge::of(actor.standing, caller.role),
            region: region.as_deref().unwrap_or(UNKNOWN).to_owned(),
        })
    }

    /// What somebody is called, as far as the directory knows.
    pub(super) async fn known_name(&self, person: &UserId) -> Result<Option<String>, Refusal> {
        let directory = &self.needs().directory;
        if let Some(profile) = directory.profile(person).await? {
            return Ok(Some(profile.nickname.clone()));
        }
        Ok(directory.tutor(person).await?.map(|tutor| tutor.name.clone()))
    }

    /// A name that only a token says is judged here. What cannot be judged is not shown.
    fn may_be_called(&self, name: &str) -> bool {
        let question =
            Question { text: name, earlier: &[], place: Place::Nickname, side: Side::User };
        let needs = self.needs();
        fits(name, NAME_MAX)
            && needs
                .moderation
                .decide(question, &needs.metrics)
                .is_ok_and(|verdict| verdict.action == Action::Allow)
    }
}

fn fits(text: &str, chars_max: usize) -> bool {
    (1..=chars_max).contains(&text.chars().count())
        && text.trim() == text
        && !text.chars().any(char::is_control)
}

fn is_picture(address: &str) -> bool {
    (address.starts_with("https://") || address.starts_with('/'))
        && address.len() <= AVATAR_MAX
        && address.bytes().all(|byte| byte.is_ascii_graphic())
}
