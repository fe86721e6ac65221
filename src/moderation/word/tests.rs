//! Words through the fold, and all that turns them around.

use super::*;
use crate::moderation::{lexicon::Lexicon, verdict::Category};

const RULES: &str = r#"
    [[rule]]
    name = "bare"
    category = "property"
    reason = "r"
    words = ["保过", "ＵＳＤＴ"]
    allow = ["担保过"]
    unless = ["刑法"]
    [[rule]]
    name = "cued"
    category = "sensitive"
    reason = "r"
    words = ["答案"]
    cues = ["卖"]
    [context]
    negators = ["不", "没有"]
    doubters = ["骗局"]
"#;

fn hits(text: &str) -> Vec<(String, String)> {
    let lexicon = Lexicon::parse([("t".to_owned(), RULES.to_owned())]).unwrap();
    let words = Words::new(lexicon.rules, &lexicon.context).unwrap();
    let mut hits = Vec::new();
    words.judge(&Folded::new(text), &mut hits);
    hits.iter().map(|hit| (hit.rule.to_owned(), text[hit.at.clone()].to_owned())).collect()
}

fn found(text: &str) -> usize {
    hits(text).len()
}

#[test]
fn a_word_hits_through_the_fold_and_is_shown_as_written() {
    assert_eq!(hits("我们保\u{200b}过的"), [("bare".to_owned(), "保\u{200b}过".to_owned())]);
    assert_eq!(hits("收Usdt"), [("bare".to_owned(), "Usdt".to_owned())]);
    assert_eq!(found("usdts"), 0, "part of a longer word");
}

#[test]
fn an_allowed_phrase_covers_only_the_words_inside_it() {
    assert_eq!(found("他给我担保过"), 0);
    assert_eq!(found("他给我担保过，说保过"), 1);
}

#[test]
fn a_cue_must_be_near() {
    assert_eq!(found("卖答案"), 1);
    assert_eq!(found("参考答案在书后"), 0);
    assert_eq!(found(&format!("卖书{}答案", "啊".repeat(20))), 0);
}

#[test]
fn denials_reach_within_the_clause_and_doubts_within_the_sentence() {
    assert_eq!(found("我们不承诺保过"), 0);
    assert_eq!(found("时间不多了，我们保过"), 1);
    assert_eq!(found("有没有保过的"), 1);
    assert_eq!(found("说保过的，是骗局吧"), 0);
    assert_eq!(found("那是骗局。我们保过"), 1);
    assert_eq!(found("我们保过，不是骗局"), 1);
    assert_eq!(found("保过，是不是骗局"), 0);
    assert_eq!(found("刑法怎么看保过"), 0);
}

#[test]
fn rules_are_checked_before_they_count() {
    let rule = |words: &str| {
        format!("[[rule]]\nname='n'\ncategory='privacy'\nreason='r'\nwords={words}\n")
    };
    let parse = |text: String| Lexicon::parse([("f".to_owned(), text)]);
    assert!(parse(rule("['a']")).is_ok());
    assert!(matches!(parse(rule("[]")), Err(LexiconFault::Blank { .. })));
    assert!(matches!(parse(rule("[' ']")), Err(LexiconFault::Blank { .. })));
    assert!(matches!(parse(rule("['a']") + &rule("['b']")), Err(LexiconFault::Twice { .. })));
    assert!(matches!(parse(rule("['a']") + "colour='red'"), Err(LexiconFault::Parse { .. })));
    assert_eq!(Category::Sensitive.as_str(), "sensitive");
}
