//! What a text is read as, for those who write rules and for the trainer of the prior.

use serde::Serialize;

use super::compact::compact;
use crate::moderation::{fragment::Joined, text::Text};

/// A text as the engine reads it.
#[derive(Debug, Serialize)]
pub struct Views {
    /// Folded: width, case, script and digits, without what is invisible.
    pub folded: String,
    /// The same without what stands between words, and with one to four 0 for a number.
    pub compact: String,
    /// So much of the author's last messages and of this one as is read together, compact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined: Option<String>,
}

impl Views {
    /// What the engine reads `text` as, written after the messages of `earlier`, oldest first.
    pub fn new(text: &str, earlier: &[&str]) -> Self {
        let folded = Text::new(text);
        let joined = Joined::new(earlier, text, &folded);
        let joined = joined.map(|joined| compact(&joined.text).map(|(_, c)| c).collect());
        let compact = compact(&folded).map(|(_, c)| c).collect();
        Self { folded: folded.slice(0..folded.len()), compact, joined }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_a_text_is_dressed_the_prior_reads_the_same() {
        for dressed in ["加微信138", "加 微·信，１３８", "加\u{200b}微信①③⑧", "加微信、+7-50！"]
        {
            assert_eq!(Views::new(dressed, &[]).compact, "加微信00", "{dressed}");
        }
        let views = Views::new("微·信", &["加", "我的"]);
        assert_eq!((views.folded.as_str(), views.compact.as_str()), ("微·信", "微信"));
        assert_eq!(views.joined.as_deref(), Some("加我的微信"));
    }
}
