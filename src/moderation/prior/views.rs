//! What a text is read as, for those who write rules and for the trainer of the prior.

use serde::Serialize;

use super::compact::compact;
use crate::moderation::{
    sound::{listen, spelling_of},
    text::Text,
};

/// A text as the engine reads it.
#[derive(Debug, Serialize)]
pub struct Views {
    /// Folded: width, case, script and digits, without what is invisible.
    pub folded: String,
    /// The same without what stands between words, and with one to four 0 for a number.
    pub compact: String,
    /// The syllables that are heard, each with the number of the character of `compact` that it ends
    /// with; an empty one where nothing is heard.
    pub sounds: Vec<(&'static str, usize)>,
}

impl Views {
    /// What the engine reads `text` as.
    pub fn new(text: &str) -> Self {
        let text = Text::new(text);
        let (places, compact): (Vec<usize>, String) = compact(&text).unzip();
        let heard = listen(&text).into_iter().map(|syllable| {
            let spelled = syllable.symbol().and_then(spelling_of).unwrap_or_default();
            (spelled, places.partition_point(|place| *place < syllable.last()))
        });
        Self { sounds: heard.collect(), folded: text.slice(0..text.len()), compact }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_a_text_is_dressed_the_prior_reads_the_same() {
        for dressed in ["加微信138", "加 微·信，１３８", "加\u{200b}微信①③⑧", "加微信、+7-50！"]
        {
            assert_eq!(Views::new(dressed).compact, "加微信00", "{dressed}");
        }
        assert_eq!(Views::new("加微💰️信👍🏽").compact, "加微💰信👍");
        assert_eq!(Views::new("微·信").folded, "微·信");
    }

    #[test]
    fn what_sounds_alike_is_heard_alike() {
        for (written, last) in [("加微信", 2), ("佳 薇·芯", 2), ("jia wei xin", 8), ("jia薇xin", 6)]
        {
            let sounds = Views::new(written).sounds;
            let heard: Vec<&str> = sounds.iter().map(|(syllable, _)| *syllable).collect();
            assert_eq!(heard, ["jia", "wei", "xin"], "{written}");
            assert_eq!(sounds.last().map(|(_, at)| *at), Some(last), "{written}");
        }
    }
}
