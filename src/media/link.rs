//! Links: who holds one may look, for some minutes, at one form of one file.
//!
//! A page shows a picture without asking with a token, so the link itself is the right to look. It is
//! signed with HMAC-SHA-256 under a key that is made of the key ring; with several versions in the
//! ring, the current one signs and each verifies.

use std::{fmt, sync::Arc};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::{config::value::Span, ids::MediaId};

/// What the key ring's keys for links are derived for.
pub const KEYS_FOR: &str = "belfry 2026-11 links to media";

/// A form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The file.
    Whole,
    /// A small picture of it.
    Preview,
}

/// What signs links, and tells genuine ones. Cheap to clone.
#[derive(Clone)]
pub struct Signer(Arc<Inner>);

struct Inner {
    keys: Vec<hmac::Key>,
    base: String,
    ttl_ms: i64,
}

/// Links to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// To the file.
    pub url: String,
    /// To its preview.
    pub preview_url: Option<String>,
    /// Until when they count, in milliseconds since 1970.
    pub expires_at: i64,
}

/// What somebody shows to see a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket<'a> {
    /// Which.
    pub id: &'a MediaId,
    /// Which form of it.
    pub form: Form,
    /// Until when, in milliseconds since 1970.
    pub expires_at: i64,
    /// The signature.
    pub signature: &'a str,
}

/// What a ticket is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It was signed here, and counts.
    Genuine,
    /// It was signed here, and counts no more.
    Over,
    /// It was never signed here.
    Forged,
}

impl Form {
    /// Its word in links; nothing for the file itself.
    pub fn of_word(word: Option<&str>) -> Option<Self> {
        match word {
            None => Some(Self::Whole),
            Some("thumb") => Some(Self::Preview),
            Some(_) => None,
        }
    }

    /// The word that [`Form::of_word`] reads.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Whole => None,
            Self::Preview => Some("thumb"),
        }
    }

    fn byte(self) -> u8 {
        match self {
            Self::Whole => 0,
            Self::Preview => 1,
        }
    }
}

impl Signer {
    /// Signs with the first of `keys` and believes each of them. Links begin with `public_url`, and at
    /// the root of wherever they were read when that is empty.
    pub fn new(keys: &[Zeroizing<[u8; 32]>], public_url: &str, ttl: Span) -> Self {
        let keys = keys.iter().map(|key| hmac::Key::new(hmac::HMAC_SHA256, &key[..])).collect();
        let ttl_ms = ttl.as_ms().max(2);
        Self(Arc::new(Inner { keys, base: public_url.to_owned(), ttl_ms }))
    }

    /// Links to a file, with or without a preview. Those of the same few minutes are the same, so that
    /// a client that reads a history twice fetches its pictures once.
    pub fn links(&self, id: &MediaId, has_preview: bool, now_ms: i64) -> Links {
        let step = self.0.ttl_ms / 2;
        let expires_at = (now_ms + self.0.ttl_ms).div_euclid(step) * step;
        let link = |form: Form| {
            let word = form.word().map_or_else(String::new, |word| format!("&k={word}"));
            let signature = self.sign(id, form, expires_at);
            format!("{}/media/{id}?e={expires_at}{word}&s={signature}", self.0.base)
        };
        let preview_url = has_preview.then(|| link(Form::Preview));
        Links { url: link(Form::Whole), preview_url, expires_at }
    }

    /// What `ticket` is worth at `now_ms`. Takes the same time wherever the signature differs.
    pub fn judge(&self, ticket: &Ticket<'_>, now_ms: i64) -> Worth {
        let signature = URL_SAFE_NO_PAD.decode(ticket.signature).unwrap_or_default();
        let said = said(ticket.id, ticket.form, ticket.expires_at);
        let fits = |key: &hmac::Key| hmac::verify(key, &said, &signature).is_ok();
        match self.0.keys.iter().any(fits) {
            false => Worth::Forged,
            true if ticket.expires_at <= now_ms => Worth::Over,
            true => Worth::Genuine,
        }
    }

    fn sign(&self, id: &MediaId, form: Form, expires_at: i64) -> String {
        let tag = self.0.keys.first().map(|key| hmac::sign(key, &said(id, form, expires_at)));
        URL_SAFE_NO_PAD.encode(tag.as_ref().map_or(&[][..], AsRef::as_ref))
    }
}

/// What is signed: two parts of fixed length, and the id.
fn said(id: &MediaId, form: Form, expires_at: i64) -> Vec<u8> {
    [&[form.byte()], &expires_at.to_be_bytes()[..], id.as_str().as_bytes()].concat()
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({} keys, {} ms)", self.0.keys.len(), self.0.ttl_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_800_000_123_456;

    fn signer(keys: &[u8]) -> Signer {
        let keys: Vec<_> = keys.iter().map(|byte| Zeroizing::new([*byte; 32])).collect();
        Signer::new(&keys, "https://im.example.cn", Span::seconds(600))
    }

    fn signature(url: &str) -> &str {
        url.split_once("&s=").unwrap().1
    }

    #[test]
    fn a_link_counts_for_its_file_its_form_and_its_time_alone() {
        let (signer, id) = (signer(&[1]), MediaId::from("m1"));
        let links = signer.links(&id, true, NOW_MS);
        assert!(links.url.starts_with("https://im.example.cn/media/m1?e=1800000600000&s="));
        assert!((300_000..=600_000).contains(&(links.expires_at - NOW_MS)));
        let ticket = Ticket {
            id: &id,
            form: Form::Whole,
            expires_at: links.expires_at,
            signature: signature(&links.url),
        };
        assert_eq!(signer.judge(&ticket, NOW_MS), Worth::Genuine);
        assert_eq!(signer.judge(&ticket, links.expires_at), Worth::Over);
        let other = MediaId::from("m2");
        let preview = links.preview_url.unwrap();
        for forged in [
            Ticket { id: &other, ..ticket.clone() },
            Ticket { form: Form::Preview, ..ticket.clone() },
            Ticket { expires_at: links.expires_at + 1, ..ticket.clone() },
            Ticket { signature: "", ..ticket.clone() },
            Ticket { signature: signature(&preview), ..ticket.clone() },
        ] {
            assert_eq!(signer.judge(&forged, NOW_MS), Worth::Forged, "{forged:?}");
        }
    }

    #[test]
    fn links_of_the_same_minutes_are_the_same() {
        let (signer, id) = (signer(&[1]), MediaId::from("m1"));
        let at = |ms: i64| signer.links(&id, true, NOW_MS - NOW_MS % 300_000 + ms);
        assert_eq!(at(0), at(299_999));
        assert_ne!(at(299_999), at(300_000));
    }

    #[test]
    fn a_key_that_signs_no_more_is_still_believed() {
        let id = MediaId::from("m1");
        let links = signer(&[1]).links(&id, false, NOW_MS);
        let expires_at = links.expires_at;
        let ticket =
            Ticket { id: &id, form: Form::Whole, expires_at, signature: signature(&links.url) };
        assert_eq!(signer(&[2, 1]).judge(&ticket, NOW_MS), Worth::Genuine);
        assert_eq!(signer(&[2]).judge(&ticket, NOW_MS), Worth::Forged);
        assert_eq!(signer(&[]).judge(&ticket, NOW_MS), Worth::Forged);
    }
}
