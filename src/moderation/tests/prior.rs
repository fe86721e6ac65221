//! The prior: what it does to rules, what it finds by itself, and what never moves it.

use proptest::prelude::*;

use super::{engine, question};
use crate::{
    config::moderation as config,
    moderation::{Category, Moderation, Place, Question, RuleSet, Side, Verdict},
};

/// Twenty characters that speak for each category, and some against all.
const PRIVACY: &str = "鲀鲁鲂鲅鲆鲇鲈鲋鲌鲍鲑鲒鲔鲕鲖鲗鲚鲛鲜鲟";
const PROPERTY: &str = "鳐鳕鳖鳗鳙鳜鳝鳞鳟鳢鳀鳁鳃鳅鳆鳇鳉鳊鳋鳌";
const SENSITIVE: &str = "鸢鸨鸩鸪鸫鸬鸮鸱鸲鸺鸵鸶鸷鸸鸹鸻鸼鸽鸾鸿";
const HARMLESS: &str = "荃蕙芷蘅芎";
const NEITHER: &str = "鹳鹤鹭鹫鹬鹮鹰";
const RULES: &str = "\
    [[rule]]\nname='property.x'\ncategory='property'\nreason='r'\nwords=['橘子']\n\
    [[rule]]\nname='property.cued'\ncategory='property'\nreason='r'\ntier=2\nwords=['苹果']\ncues=['梨']\n\
    [[rule]]\nname='property.adding'\ncategory='property'\nreason='r'\ntier=3\nscore=30\nwords=['香蕉']\n\
    [[rule]]\nname='sensitive.grave'\ncategory='sensitive'\nreason='r'\nfirm=true\nwords=['桃子']\n\
    [[reducer]]\nname='denied'\nscope='clause'\nminus=45\nwords=['并非']\n";

fn files() -> [(String, String); 2] {
    let head = "@unit\t0.1\n@shrink\t1\n@bias\t-1\t-1\t-1\n@limits\t-5\t-3\t2\t4\n";
    let weights = [
        (PRIVACY, "30\t0\t0"),
        (PROPERTY, "0\t30\t0"),
        (SENSITIVE, "0\t0\t30"),
        (HARMLESS, "-30\t-30\t-30"),
        (NEITHER, "0\t0\t0"),
    ];
    let lines = |(chars, weights): (&str, &str)| -> Vec<String> {
        chars.chars().map(|c| format!("{c}\t{weights}\n")).collect()
    };
    let mut grams: Vec<String> = weights.into_iter().flat_map(lines).collect();
    grams.sort();
    let files = [("a.toml", RULES.to_owned()), ("prior.tsv", head.to_owned() + &grams.concat())];
    files.map(|(name, text)| (name.to_owned(), text))
}

fn set() -> RuleSet {
    engine().compile(files()).unwrap()
}

fn rules(verdict: &Verdict) -> Vec<&str> {
    verdict.spans.iter().map(|span| span.rule.as_str()).collect()
}

#[test]
fn it_weakens_rules_is_a_cue_to_them_and_speaks_where_they_are_silent() {
    let set = set();
    for (text, expected) in [
        ("橘子三个", &["property.x"][..]),
        ("橘子荃蕙芷鹳鹤鹭鹫鹬鹮鹰", &[]),
        // What is gravest takes more.
        ("桃子荃蕙芷鹳鹤鹭鹫鹬鹮鹰", &["sensitive.grave"]),
        ("桃子荃蕙芷蘅芎鹳鹤鹭鹫鹬鹮鹰", &[]),
        // A few characters weaken nothing.
        ("橘子荃蕙芷蘅芎", &["property.x"]),
        ("苹果三个", &[]),
        ("苹果鳐鳕", &["property.cued"]),
        (PROPERTY, &["learned.property"]),
        (SENSITIVE, &["learned.sensitive"]),
        // Rules have the word where they have anything to say, and words that deny reach it too.
        ("橘子鳐鳕鳖鳗鳙鳜鳝鳞鳟鳢鳀鳁鳃鳅鳆鳇鳉鳊鳋鳌", &["property.x"]),
        ("并非鳐鳕鳖鳗鳙鳜鳝鳞鳟鳢鳀鳁鳃鳅鳆鳇鳉鳊鳋鳌", &[]),
        // What is surely something else is not what the rule says.
        ("橘子荃蕙芷蘅芎鸢鸨鸩鸪鸫鸬鸮鸱鸲鸺鸵鸶鸷鸸鸹鸻鸼鸽鸾鸿", &["learned.sensitive"]),
        // A few characters say too little, however often.
        ("鳐鳕鳖鳗鳙鳜鳝鳞鳟", &[]),
        ("鳐鳕鳐鳕鳐鳕鳐鳕鳐鳕鳐鳕鳐鳕鳐鳕", &[]),
    ] {
        assert_eq!(rules(&set.judge(question(text))), expected, "{text}");
    }
}

#[test]
fn a_hit_of_its_own_covers_what_speaks_most_and_says_why() {
    let text = "你看，荃的Ｘ鳐*鳕鳖鳗鳙\u{200b}鳜鳝鳞鳟鳢鳀鳁鳃鳅鳆鳇鳉鳊鳋鳌了";
    let verdict = set().judge(question(text));
    let span = &verdict.spans[0];
    assert_eq!(verdict.category, Some(Category::Property));
    assert_eq!(
        &text[span.utf8.0..span.utf8.1],
        "鳐*鳕鳖鳗鳙\u{200b}鳜鳝鳞鳟鳢鳀鳁鳃鳅鳆鳇鳉鳊鳋鳌"
    );
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
fn it_judges_one_message_and_not_several_read_as_one() {
    let set = set();
    let judged = |earlier: &[&str], text: &str| {
        rules(&set.judge(Question { earlier, ..question(text) })).join(" ")
    };
    assert_eq!(judged(&["鳐鳕鳖鳗鳙"], "鳜鳝鳞鳟鳢鳀鳁鳃鳅鳆鳇鳉鳊鳋鳌"), "");
    assert_eq!(judged(&[PROPERTY], "鳐呢"), "");
    // Rules read several messages as one, and nothing that was learned weakens them there.
    assert_eq!(judged(&["橘"], "子荃蕙芷"), "property.x");
    for greeting in ["您好", "谢谢老师", "在吗在吗", "收到，好的老师"] {
        for side in [Side::User, Side::Institution] {
            let question = Question { earlier: &[greeting; 6], side, ..question(greeting) };
            assert_eq!(rules(&engine().judge(question)), [""; 0], "{greeting}");
        }
    }
}

#[test]
fn half_a_number_says_nothing_until_the_rest_is_written() {
    let set = set();
    for (number, expected) in [
        ("", &["learned.privacy"][..]),
        ("13812", &[]),
        ("，138，", &[]),
        ("138 1234", &[]),
        ("1101011990", &[]),
        ("6222 0212", &[]),
        // These are no halves.
        ("28374651", &["learned.privacy"]),
        ("1500元", &["learned.privacy"]),
        ("13", &["learned.privacy"]),
    ] {
        assert_eq!(
            rules(&set.judge(question(&format!("{PRIVACY}{number}")))),
            expected,
            "{number}"
        );
    }
    let text = format!("{PROPERTY}13812");
    assert_eq!(rules(&set.judge(question(&text))), ["learned.property"]);
    for text in [
        "我的手机13812",
        "我的手机是1380013",
        "手机号前面是139，",
        "我电话 1381",
        "我的手机号是",
        "13812",
        "345678",
    ] {
        for side in [Side::User, Side::Institution] {
            let verdict = engine().judge(Question { side, ..question(text) });
            assert_eq!(rules(&verdict), [""; 0], "{text}");
        }
    }
    // A rule stops this of those who serve: they offer what they have not asked about.
    for text in ["我的号码138", "我的号码是138", "我的号码：138。"] {
        assert_eq!(rules(&engine().judge(question(text))), [""; 0], "{text}");
    }
}

#[test]
fn what_a_weak_rule_says_counts_when_it_is_convinced_as_well() {
    let set = set();
    for (text, expected) in [
        ("香蕉三个", &[][..]),
        ("香蕉鳐鳕", &["property.adding"]),
        ("香蕉荃蕙芷鹳鹤鹭鹫鹬鹮鹰", &[]),
        ("并非橘子", &[]),
        ("并非橘子鳐鳕", &["property.x"]),
    ] {
        assert_eq!(rules(&set.judge(question(text))), expected, "{text}");
    }
}

#[test]
fn it_does_no_more_than_the_configuration_lets_it() {
    let judged = |prior: config::Prior, text: &str| {
        let config = config::Moderation { prior, ..config::Moderation::default() };
        let set = Moderation::load(&config).unwrap().compile(files()).unwrap();
        rules(&set.judge(question(text))).join(" ")
    };
    use config::Prior::{Aid, Full, Off};
    for (text, [full, aid, off]) in [
        (PROPERTY, ["learned.property", "", ""]),
        ("橘子荃蕙芷鹳鹤鹭鹫鹬鹮鹰", ["", "", "property.x"]),
        ("苹果鳐鳕", ["property.cued", "property.cued", ""]),
    ] {
        assert_eq!([Full, Aid, Off].map(|prior| judged(prior, text)), [full, aid, off], "{text}");
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
    assert!(file.len() <= 500_000 && file.ends_with('\n') && !file.contains('\r'));
    let grams = file.lines().filter(|line| !line.starts_with(['#', '@']));
    let keys: Vec<&str> = grams.map(|line| line.split('\t').next().unwrap()).collect();
    assert!(keys.len() > 5_000 && keys.is_sorted());
    // What is in letters is two syllables, as they are heard.
    assert!(!keys.iter().any(|key| key.is_ascii() && !key.contains(' ')));
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
