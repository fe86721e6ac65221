//! A room's own words, found as the platform's are: folded, in disguise, by sound.
//!
//! They are a rule set of one rule, so whatever the engine learns of disguises counts for them too.

use std::{fmt, sync::Arc};

use toml::{Table, Value};

use crate::{
    error::Code,
    moderation::{Moderation, Place, Question, RuleSet, Side},
    operation::Refusal,
};

/// The one rule of the set.
const RULE: &str = "sensitive.room";

/// The words of a room, ready to be looked for.
pub(super) struct Words(RuleSet);

impl Words {
    /// Makes words ready; `None` for none. Takes a processor for a moment, on a thread that may.
    ///
    /// # Errors
    /// `bad request` when one is no word.
    pub(super) async fn compile(
        moderation: &Moderation,
        words: &[String],
    ) -> Result<Option<Arc<Self>>, Refusal> {
        if words.is_empty() {
            return Ok(None);
        }
        let (moderation, file) = (moderation.clone(), file(words));
        let compiled = tokio::task::spawn_blocking(move || {
            moderation.compile([("room.toml".to_owned(), file)])
        });
        match compiled.await {
            Ok(Ok(set)) => Ok(Some(Arc::new(Self(set)))),
            Ok(Err(fault)) => Err(Refusal::new(Code::BadRequest).because(fault.to_string())),
            Err(_panicked) => Err(Code::Internal.into()),
        }
    }

    /// Whether `text` holds one of them, by itself or together with what its author wrote `earlier`.
    pub(super) fn are_in(&self, text: &str, earlier: &[&str]) -> bool {
        let question = Question { text, earlier, place: Place::Live, side: Side::User };
        self.0.judge(question).spans.iter().any(|span| span.rule == RULE)
    }
}

/// The rule, as curators would write it.
fn file(words: &[String]) -> String {
    let mut rule = Table::new();
    rule.insert("name".to_owned(), RULE.into());
    rule.insert("category".to_owned(), "sensitive".into());
    rule.insert("reason".to_owned(), "房间词".into());
    // The host is sure of their words; how sure the engine is of a disguise remains.
    rule.insert("score".to_owned(), 100.into());
    let words = words.iter().map(|word| Value::from(word.as_str()));
    rule.insert("words".to_owned(), Value::Array(words.collect()));
    for look in ["firm", "sound", "split", "emoji"] {
        rule.insert(look.to_owned(), true.into());
    }
    let mut file = Table::new();
    file.insert("rule".to_owned(), Value::Array(vec![rule.into()]));
    file.to_string()
}

// By hand: a rule set has no words for a log.
impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Words({})", self.0.size().words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    async fn words(list: &[&str]) -> Words {
        let moderation = Moderation::load(&config::moderation::Moderation::default()).unwrap();
        let list: Vec<_> = list.iter().map(|word| (*word).to_owned()).collect();
        Arc::into_inner(Words::compile(&moderation, &list).await.unwrap().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_word_is_found_however_it_is_dressed() {
        let words = words(&["华图", "代写论文", "OfferGo"]).await;
        for text in [
            "我在华图上课",
            "華圖好",
            "华 图 怎么样",
            "华*图",
            "hua tu 好不好",
            "代写　论文找我",
            "ＯｆｆｅｒＧｏ 好用",
            "offer-go",
        ] {
            assert!(words.are_in(text, &[]), "{text}");
        }
        for text in ["老师讲得真好", "论文怎么写", "中华地图"] {
            assert!(!words.are_in(text, &[]), "{text}");
        }
        assert!(words.are_in("写论文", &["代"]), "in two comments");
    }

    #[tokio::test]
    async fn no_words_are_nothing_to_look_for_and_what_is_no_word_is_refused() {
        let moderation = Moderation::load(&config::moderation::Moderation::default()).unwrap();
        assert!(Words::compile(&moderation, &[]).await.unwrap().is_none());
        let refused = Words::compile(&moderation, &["加<me>".to_owned()]).await.unwrap_err();
        assert_eq!(refused.code(), Code::BadRequest);
    }
}
