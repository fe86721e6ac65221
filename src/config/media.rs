//! `[media]`: where pictures and voice are kept, and how large they may be.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{
    fault::Wrong,
    value::{Size, Span},
};

/// The `[media]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Media {
    /// Where the files lie: `file:` and a folder; a relative one counts from the working folder, and
    /// missing folders are made.
    pub url: String,
    /// The largest picture.
    pub picture_max: Size,
    /// The largest voice.
    pub voice_max: Size,
    /// How many pixels a picture may have; decoding it takes up to seven bytes for each.
    pub pixels_max: usize,
    /// The longest voice, in seconds.
    pub voice_seconds_max: usize,
    /// The longer side of a preview, in pixels.
    pub preview_max: usize,
    /// How long a link counts, half as long at least.
    pub link_ttl: Span,
    /// How long an upload waits to be sent; then it is deleted.
    pub unclaimed_ttl: Span,
    /// How long an upload may take.
    pub upload_timeout: Span,
    /// How many uploads may arrive at once, each with its file in memory; more are refused as
    /// `unavailable`.
    pub uploads_max: usize,
    /// How many of them may be one user's.
    pub uploads_per_user: usize,
    /// How much one user may keep of the last 24 hours.
    pub user_day_max: Size,
    /// How many files are decoded at once.
    pub decoders: usize,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            url: "file:var/media".to_owned(),
            picture_max: Size::kib(10 * 1_024),
            voice_max: Size::kib(2 * 1_024),
            pixels_max: 40_000_000,
            voice_seconds_max: 60,
            preview_max: 320,
            link_ttl: Span::seconds(600),
            unclaimed_ttl: Span::seconds(3_600),
            upload_timeout: Span::seconds(60),
            uploads_max: 16,
            uploads_per_user: 2,
            user_day_max: Size::kib(300 * 1_024),
            decoders: 2,
        }
    }
}

/// A place for files that can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A folder on this machine.
    Folder(PathBuf),
}

impl Media {
    /// Reads `url`. A refusal does not repeat it: it may hold a password.
    pub fn location(&self) -> Result<Location, Wrong> {
        if ["s3:", "s3a:", "http:", "https:"].iter().any(|scheme| self.url.starts_with(scheme)) {
            let reason = "object stores are not supported by this version; write \"file:FOLDER\", on a disk that all nodes share where there are several";
            return Err(Wrong::new("url", reason));
        }
        let path = self.url.strip_prefix("file:").unwrap_or_default();
        match path.strip_prefix("//").unwrap_or(path) {
            "" => Err(Wrong::new("url", "no such place; write \"file:FOLDER\"")),
            path => Ok(Location::Folder(PathBuf::from(path))),
        }
    }

    /// Refuses what could take no file, or keep none.
    pub(super) fn check(&self) -> Vec<Wrong> {
        let bounds = [
            ("picture_max", self.picture_max.0),
            ("voice_max", self.voice_max.0),
            ("pixels_max", self.pixels_max),
            ("voice_seconds_max", self.voice_seconds_max),
            ("preview_max", self.preview_max),
            ("uploads_max", self.uploads_max),
            ("uploads_per_user", self.uploads_per_user),
            ("user_day_max", self.user_day_max.0),
            ("decoders", self.decoders),
        ];
        let spans = [
            ("link_ttl", self.link_ttl),
            ("unclaimed_ttl", self.unclaimed_ttl),
            ("upload_timeout", self.upload_timeout),
        ];
        // Half of it must be some milliseconds.
        let short = spans.into_iter().filter(|(_, span)| span.as_ms() < 1_000);
        let short = short.map(|(key, _)| Wrong::new(key, "must be at least 1s"));
        self.location().err().into_iter().chain(Wrong::zeros(bounds)).chain(short).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Media {
        Media { url: url.to_owned(), ..Media::default() }
    }

    #[test]
    fn a_folder_is_relative_unless_it_begins_at_the_root() {
        let folder = |path: &str| Ok(Location::Folder(PathBuf::from(path)));
        assert_eq!(at("file:var/media").location(), folder("var/media"));
        assert_eq!(at("file:///srv/media").location(), folder("/srv/media"));
    }

    #[test]
    fn what_cannot_be_opened_is_refused_without_repeating_it() {
        let refused = at("s3://key:hunter2@bucket").location().unwrap_err();
        assert!(refused.reason.contains("this version") && !refused.reason.contains("hunter2"));
        for url in ["", "file:", "file://", "var/media", "ftp://a"] {
            assert!(at(url).location().is_err(), "{url}");
        }
    }

    #[test]
    fn a_bound_of_nothing_is_named() {
        let none = Media {
            decoders: 0,
            link_ttl: Span::milliseconds(999),
            picture_max: Size(0),
            ..Media::default()
        };
        let keys: Vec<_> = none.check().into_iter().map(|wrong| wrong.key).collect();
        assert_eq!(keys, ["picture_max", "decoders", "link_ttl"]);
    }
}
