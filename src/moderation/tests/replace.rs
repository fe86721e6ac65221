//! Rule sets that take one another's place, and lists of plain words.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;

fn set(word: &str) -> Vec<(String, String)> {
    let rule = "[[rule]]\nname='property.x'\ncategory='property'\nreason='r'\n";
    vec![("a.toml".to_owned(), format!("{rule}words=['{word}']\n"))]
}

fn own() -> Moderation {
    Moderation::load(&config::Moderation::default()).unwrap()
}

#[test]
fn a_text_is_judged_by_the_old_set_or_by_the_new_one_and_never_by_none() {
    let moderation = own();
    let sets = ["橘子", "苹果"].map(|word| moderation.compile(set(word)).unwrap());
    let versions = sets.each_ref().map(|set| set.version().to_owned());
    moderation.replace(moderation.compile(set("橘子")).unwrap());
    let (done, judged) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let verdict = moderation.judge(question("橘子，苹果"));
                    let at = versions.iter().position(|it| *it == verdict.rules_version).unwrap();
                    let span = &verdict.spans[0];
                    assert_eq!((verdict.spans.len(), span.utf8), (1, [(0, 6), (9, 15)][at]));
                    judged.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for number in 0..200 {
            moderation.replace(moderation.compile(set(["橘子", "苹果"][number % 2])).unwrap());
            // No swap waits for the judges, and no judge for a swap: both go on.
            let before = judged.load(Ordering::Relaxed);
            while judged.load(Ordering::Relaxed) == before {
                std::thread::yield_now();
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(moderation.rules_version(), versions[1]);
}

#[test]
fn clones_change_together_and_a_snapshot_stays() {
    let (moderation, before) = (own(), own().in_force());
    let clone = moderation.clone();
    moderation.replace(moderation.compile(set("橘子")).unwrap());
    assert_eq!(clone.judge(question("橘子")).category, Some(Category::Property));
    assert_eq!(before.judge(question("橘子")).category, None);
    assert_eq!(before.version(), engine().rules_version());
}

#[test]
fn hits_are_counted_where_verdicts_are_acted_on_and_nowhere_else() {
    let (moderation, metrics) = (own(), Metrics::new());
    moderation.replace(moderation.compile(set("橘子")).unwrap());
    let verdict = moderation.judge(question("橘子和橘子"));
    assert!(moderation.hits().is_empty());
    moderation.count(&verdict, &metrics);
    assert_eq!(moderation.hits(), [("property.x".to_owned(), 2)]);
    assert!(metrics.encode().contains("verdicts_total{category=\"property\",action=\"warn\"} 1"));
}

#[test]
fn a_plain_list_hits_and_what_is_no_list_is_refused() {
    let list = |text: &str| {
        let mut files = set("橘子");
        files.push(("sensitive.txt".to_owned(), text.to_owned()));
        own().compile(files)
    };
    let found = list("# 注释\n坏词一\n\n 坏<词>二 \n").unwrap();
    let verdict = found.judge(question("这里有坏词一"));
    assert_eq!(verdict.category, Some(Category::Sensitive));
    assert_eq!(verdict.spans[0].rule, "sensitive.list");
    for (text, wrong) in [
        ("", "0 words"),
        ("好的\n一\n", "line 2: a word has 2 to 64"),
        (&"词".repeat(65), "line 1"),
        (&"坏词\n".repeat(WORDS_MAX + 1), "120001 words"),
    ] {
        let fault = list(text).err().unwrap().to_string();
        assert!(
            fault.starts_with("sensitive.txt: sensitive.list: ") && fault.contains(wrong),
            "{fault}"
        );
    }
}
