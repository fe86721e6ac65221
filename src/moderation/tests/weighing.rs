//! How rules are weighed: cues, what makes a hit none, and the reading in which it counts.

use super::{engine, found, question};

/// What a rule set of these rules finds, by name.
#[track_caller]
fn judged(rules: &str, text: &str) -> Vec<String> {
    let set = engine().compile([("a.toml".to_owned(), rules.to_owned())]).unwrap();
    set.judge(question(text)).spans.into_iter().map(|span| span.rule).collect()
}

#[test]
fn a_cue_may_be_a_pattern_or_what_a_recogniser_finds() {
    let rules = "[[rule]]\nname='x'\ncategory='property'\nreason='r'\ntier=2\nwords=['橘子']\n\
        cues=['拿{2}走','<money>']\n";
    for (text, is_hit) in [
        ("橘子拿回去走", true),
        ("橘子拿了再回去走", false),
        ("橘子五十块", true),
        ("橘子五十个", false),
        ("橘子", false),
    ] {
        assert_eq!(!judged(rules, text).is_empty(), is_hit, "{text}");
    }
}

#[test]
fn what_makes_a_hit_none_reaches_as_far_as_its_rule_says() {
    let rules = |reach: &str| {
        let rule = "[[rule]]\nname='x'\ncategory='property'\nreason='r'\nwords=['橘子']\n";
        format!("{rule}unless=['官{{1}}网']\n{reach}")
    };
    let clause = "橘子，官方网有";
    let sentence = "橘子，甜。官方网有";
    for (reach, texts) in [
        ("unless_in='clause'", [true, true]),
        ("", [false, true]),
        ("unless_in='text'", [false, false]),
    ] {
        let hits = [clause, sentence].map(|text| !judged(&rules(reach), text).is_empty());
        assert_eq!(hits, texts, "{reach}");
    }
}

#[test]
fn a_sentence_goes_on_over_the_ends_of_lines() {
    let rules = "[[rule]]\nname='x'\ncategory='property'\nreason='r'\nwords=['橘子{4}苹果']\n\
        unless=['官网']\n";
    assert_eq!(judged(rules, "橘子\n和苹果"), ["x"]);
    assert_eq!(judged(rules, "橘子。和苹果"), [""; 0]);
    assert_eq!(judged(rules, "橘子和苹果\n都好\n官网有"), [""; 0]);
    assert_eq!(judged(rules, "橘子和苹果。官网有"), ["x"]);
}

#[test]
fn a_rule_may_count_by_its_sound_alone() {
    let rules = "[[rule]]\nname='x'\ncategory='property'\nreason='r'\nsound=true\nonly='sound'\n\
        words=['橘子苹果梨']\n";
    assert_eq!(judged(rules, "橘子苹果梨"), [""; 0]);
    assert_eq!(judged(rules, "ju zi ping guo li"), ["x"]);
}

#[test]
fn of_two_ways_through_a_pattern_the_surer_counts() {
    let rules = "[[rule]]\nname='x'\ncategory='property'\nreason='r'\nscore=60\nsound=true\n\
        words=['橘子{9}苹果']\n";
    assert_eq!(judged(rules, "橘子平锅苹果"), ["x"]);
}

#[test]
fn a_second_reading_of_a_character_and_a_verb_in_letters_are_heard() {
    for (text, rule) in [
        ("yin hang ka zheng fan mian fa wo", "privacy.documents"),
        ("私下 zhuan 五百块", "property."),
        ("jia zhou95278", "contact.account"),
    ] {
        let hits = found(text);
        assert!(hits.iter().any(|hit| hit.starts_with(rule)), "{text}: {hits:?}");
    }
    assert_eq!(found("wo jia hen yuan"), [""; 0]);
}
