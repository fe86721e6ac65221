//! The prior: what it does to rules, what it finds by itself, and what never moves it.

use proptest::prelude::*;

use super::{engine, question};
use crate::moderation::{Category, Place, Question, RuleSet, Verdict};

/// Ten characters that speak for property, ten for sensitive, and some against all.
const PROPERTY: &str = "鳐鳕鳖鳗鳙鳜鳝鳞鳟鳢";
const SENSITIVE: &str = "鸢鸨鸩鸪鸫鸬鸮鸱鸲鸺";
const HARMLESS: &str = "荃蕙芷";
const RULES: &str = "\
    [[rule]]\nname='property.x'\ncategory='property'\nreason='r'\nwords=['橘子']\n\
    [[rule]]\nname='property.cued'\ncategory='property'\nreason='r'\ntier=2\nwords=['苹果']\ncues=['梨']\n\
    [[rule]]\nname='sensitive.grave'\ncategory='sensitive'\nreason='r'\nfirm=true\nwords=['桃子']\n\
    [[reducer]]\nname='denied'\nscope='clause'\nminus=45\nwords=['并非']\n";

fn set() -> RuleSet {
    let head = "@unit\t0.1\n@shrink\t1\n@bias\t-1\t-1\t-1\n@limits\t-5\t-3\t2\t4\n";
    let weights = [(PROPERTY, "0\t30\t0"), (SENSITIVE, "0\t0\t30"), (HARMLESS, "-30\t-30\t-30")];
    let lines = |(chars, weights): (&str, &str)| -> Vec<String> {
        chars.chars().map(|c| format!("{c}\t{weights}\n")).collect()
    };
    let mut grams: Vec<String> = weights.into_iter().flat_map(lines).collect();
    grams.sort();
    let files = [("a.toml", RULES.to_owned()), ("prior.tsv", head.to_owned() + &grams.concat())];
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
        ("橘子荃蕙", &[]),
        // What is gravest takes more.
        ("桃子荃蕙", &["sensitive.grave"]),
        ("桃子荃蕙芷", &[]),
        ("苹果三个", &[]),
        ("苹果鳐鳕", &["property.cued"]),
        (PROPERTY, &["learned.property"]),
        (SENSITIVE, &["learned.sensitive"]),
        // Rules have the word where they have anything to say, and words that deny reach it too.
        ("橘子鳐鳕鳖鳗鳙鳜鳝鳞鳟鳢", &["property.x"]),
        ("并非鳐鳕鳖鳗鳙鳜鳝鳞鳟鳢", &[]),
        // What is surely something else is not what the rule says.
        ("橘子荃蕙芷鸢鸨鸩鸪鸫鸬鸮鸱鸲鸺", &["learned.sensitive"]),
        // A few characters say too little, however often.
        ("鳐鳕鳖鳗鳙鳜鳝鳞鳟", &[]),
        ("鳐鳕鳐鳕鳐鳕鳐鳕鳐鳕鳐鳕鳐鳕鳐鳕", &[]),
    ] {
        assert_eq!(rules(&set.judge(question(text))), expected, "{text}");
    }
}

#[test]
fn a_hit_of_its_own_covers_what_speaks_most_and_says_why() {
    let text = "你看，荃的Ｘ鳐*鳕鳖鳗鳙\u{200b}鳜鳝鳞鳟鳢了";
    let verdict = set().judge(question(text));
    let span = &verdict.spans[0];
    assert_eq!(verdict.category, Some(Category::Property));
    assert_eq!(&text[span.utf8.0..span.utf8.1], "鳐*鳕鳖鳗鳙\u{200b}鳜鳝鳞鳟鳢");
    assert!(!span.reason.is_empty() && (50..=90).contains(&verdict.score));
}

#[test]
fn it_speaks_only_where_people_talk() {
    let set = set();
    let hits = |place| !set.judge(Question { place, ..question(PROPERTY) }).spans.is_empty();
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
    let in_pieces = judged(&["鳐鳕鳖鳗鳙"], "鳜鳝鳞鳟鳢");
    assert_eq!(in_pieces, ("learned.property".to_owned(), vec![0]));
    assert_eq!(judged(&[PROPERTY], "鳐呢"), (String::new(), vec![]));
    for greeting in ["您好", "谢谢老师", "在吗在吗"] {
        let verdict = engine().judge(Question { earlier: &[greeting; 6], ..question(greeting) });
        assert_eq!(rules(&verdict), [""; 0], "{greeting}");
    }
}

#[test]
fn without_a_file_of_its_own_a_rule_set_has_none() {
    let set = engine().compile([("a.toml".to_owned(), RULES.to_owned())]).unwrap();
    assert_eq!(rules(&set.judge(question("橘子荃蕙芷"))), ["property.x"]);
    assert_eq!(rules(&set.judge(question(PROPERTY))), [""; 0]);
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
        let text = format!("{text}。{PROPERTY}。{text}");
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
            PROPERTY, SENSITIVE, "荃", "\u{200b}", "Ｘ", "，", "。", "😀", "12", "ﷺ", "㎏", "桃", "e\u{301}",
        ]), 0..200),
    ) {
        let text = pieces.concat();
        for span in set().judge(question(&text)).spans {
            prop_assert!(text.get(span.utf8.0..span.utf8.1).is_some_and(|hit| !hit.is_empty()));
        }
    }
}
