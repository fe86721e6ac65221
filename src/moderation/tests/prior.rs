//! The prior: what it does to rules, what it finds by itself, and what never moves it.

use proptest::prelude::*;

use super::{engine, question};
use crate::moderation::{Category, Place, Question, RuleSet, Verdict};

/// Characters that speak for property, for sensitive, and against all.
const GRAMS: &str = "橙\t0\t60\t0\n荃\t-20\t-20\t-20\n钞\t0\t30\t0\n鸩\t0\t0\t60\n";
const RULES: &str = "\
    [[rule]]\nname='property.x'\ncategory='property'\nreason='r'\nwords=['橘子']\n\
    [[rule]]\nname='property.cued'\ncategory='property'\nreason='r'\ntier=2\nwords=['苹果']\ncues=['梨']\n\
    [[rule]]\nname='sensitive.grave'\ncategory='sensitive'\nreason='r'\nfirm=true\nwords=['桃子']\n\
    [[reducer]]\nname='denied'\nscope='clause'\nminus=45\nwords=['并非']\n";

fn set() -> RuleSet {
    let head = "@unit\t0.1\n@shrink\t1\n@bias\t-1\t-1\t-1\n@limits\t-5\t-3\t2\t4\n";
    let files = [("a.toml", RULES.to_owned()), ("prior.tsv", format!("{head}{GRAMS}"))];
    engine().compile(files.map(|(name, text)| (name.to_owned(), text))).unwrap()
}

fn rules(verdict: &Verdict) -> Vec<&str> {
    verdict.spans.iter().map(|span| span.rule.as_str()).collect()
}

#[test]
fn it_weakens_rules_is_a_cue_to_them_and_speaks_where_they_are_silent() {
    let set = set();
    for (text, expected) in [
        ("橘子三个", &["property.x"][..]),
        ("橘子荃荃荃", &[]),
        // What is gravest takes more.
        ("桃子荃荃荃", &["sensitive.grave"]),
        ("桃子荃荃荃荃荃荃荃荃", &[]),
        ("苹果三个", &[]),
        ("苹果钞钞", &["property.cued"]),
        ("橙钞橙钞橙钞橙钞", &["learned.property"]),
        ("鸩鸩鸩鸩鸩鸩鸩鸩", &["learned.sensitive"]),
        // Rules have the word where they have anything to say, and words that deny reach it too.
        ("橙钞橙橘子", &["property.x"]),
        ("并非橙钞橙钞橙钞橙钞", &[]),
        // What is surely something else is not what the rule says.
        ("橘子鸩鸩鸩鸩鸩荃荃荃荃", &["learned.sensitive"]),
        ("橙橙橙橙橙橙橙", &[]),
    ] {
        assert_eq!(rules(&set.judge(question(text))), expected, "{text}");
    }
}

#[test]
fn a_hit_of_its_own_covers_what_speaks_most_and_says_why() {
    let text = "你看，荃荃的Ｘ橙*钞\u{200b}橙钞橙橙了";
    let verdict = set().judge(question(text));
    let span = &verdict.spans[0];
    assert_eq!(verdict.category, Some(Category::Property));
    assert_eq!(&text[span.utf8.0..span.utf8.1], "橙*钞\u{200b}橙钞橙橙");
    assert!(!span.reason.is_empty() && (50..=90).contains(&verdict.score));
}

#[test]
fn it_speaks_only_where_people_talk() {
    let set = set();
    let hits =
        |place| !set.judge(Question { place, ..question("橙钞橙钞橙钞橙钞") }).spans.is_empty();
    assert!([Place::Consult, Place::Support, Place::Live].into_iter().all(hits));
    assert!(![Place::Nickname, Place::Push].into_iter().any(hits));
}

#[test]
fn what_is_said_in_pieces_is_heard_and_what_was_said_before_is_not_said_again() {
    let set = set();
    let judged = |earlier: &[&str], text: &str| {
        let verdict = set.judge(Question { earlier, ..question(text) });
        (rules(&verdict).join(" "), verdict.withdrawn)
    };
    assert_eq!(judged(&["橙钞橙钞"], "橙钞橙钞"), ("learned.property".to_owned(), vec![0]));
    assert_eq!(judged(&["橙钞橙钞橙钞橙钞"], "钞呢"), (String::new(), vec![]));
}

#[test]
fn without_a_file_of_its_own_a_rule_set_has_none() {
    let set = engine().compile([("a.toml".to_owned(), RULES.to_owned())]).unwrap();
    assert_eq!(rules(&set.judge(question("橘子荃荃荃"))), ["property.x"]);
    assert_eq!(rules(&set.judge(question("橙钞橙钞橙钞橙钞"))), [""; 0]);
}

#[test]
fn length_says_nothing_and_hides_nothing() {
    let harmless = include_str!("../../../tests/moderation/benign.tune.jsonl");
    let all: Vec<String> = harmless
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|line| line.get("prev").is_none())
        .map(|line| line["text"].as_str().unwrap().to_owned())
        .filter(|text| engine().judge(question(text)).spans.is_empty())
        .collect();
    let learned = |text: &str| {
        let verdict = engine().judge(question(text));
        verdict.spans.iter().filter(|span| span.rule.starts_with("learned.")).count()
    };
    let long: Vec<String> = all.chunks(20).map(|lines| lines.join("。")).collect();
    let hits: usize = long.iter().map(|text| learned(text)).sum();
    assert!(50 * hits <= all.len(), "{hits} hits in {} lines, twenty in a text", all.len());
    let set = set();
    let silent: Vec<_> =
        long.iter().filter(|text| set.judge(question(text)).spans.is_empty()).collect();
    let hidden = silent.iter().filter(|text| {
        let text = format!("{text}。橙钞橙钞橙钞橙钞。{text}");
        let verdict = set.judge(question(&text));
        rules(&verdict) == ["learned.property"]
    });
    assert!(silent.len() > 50);
    assert_eq!(hidden.count(), silent.len());
}

#[test]
fn the_built_in_file_is_small_and_holds_no_letters_and_digits_by_themselves() {
    let file = include_str!("../../../config/lexicon/prior.tsv");
    assert!(file.len() <= 400_000 && file.ends_with('\n') && !file.contains('\r'));
    let grams = file.lines().filter(|line| !line.starts_with(['#', '@']));
    let keys: Vec<&str> = grams.map(|line| line.split('\t').next().unwrap()).collect();
    assert!(keys.len() > 5_000 && keys.is_sorted());
    assert!(!keys.iter().any(|key| key.is_ascii()));
    for text in ["jin tian xue xi le ma", "See you at the exam, good luck!", "138.5 / 139.25 / 70"]
    {
        assert_eq!(rules(&engine().judge(question(text))), [""; 0], "{text}");
    }
}

proptest! {
    #[test]
    fn what_it_finds_is_made_of_whole_characters(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "橙", "钞", "荃", "鸩", "\u{200b}", "Ｘ", "，", "。", "😀", "12", "ﷺ", "㎏", "桃", "e\u{301}",
        ]), 0..200),
    ) {
        let text = pieces.concat();
        for span in set().judge(question(&text)).spans {
            prop_assert!(text.get(span.utf8.0..span.utf8.1).is_some_and(|hit| !hit.is_empty()));
        }
    }
}
