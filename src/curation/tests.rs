//! Rule sets on a real database and a real folder: who changes them, what then judges, what stays.

use std::{fs, path::PathBuf, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::{
    config::value::Span,
    moderation::{Category, Place, Question, Side},
    operation::{Caller, Catalogue, Role},
    telemetry::Health,
};

/// A node, with a folder for its database and one for its rules.
struct Node {
    curation: Curation,
    catalogue: Catalogue,
    metrics: Metrics,
    files: TempDir,
}

impl Node {
    /// A node that judges with the built-in rules.
    async fn open() -> Self {
        Self::over(tempfile::tempdir().unwrap(), String::new()).await
    }

    /// A node that judges with the folder `rules` of its own, which holds one rule on `word`.
    async fn with_folder(word: &str) -> Self {
        let files = tempfile::tempdir().unwrap();
        let rules = files.path().join("rules");
        fs::create_dir(&rules).unwrap();
        fs::write(rules.join("a.toml"), rule("a", word)).unwrap();
        Self::over(files, rules.to_str().unwrap().to_owned()).await
    }

    async fn over(files: TempDir, lexicon: String) -> Self {
        let metrics = Metrics::new();
        let section = config::store::Store::sqlite(&files.path().join("rules.db"));
        let store = Store::open(&section, &metrics, Health::default().part("store")).await.unwrap();
        let config = config::moderation::Moderation { lexicon, ..Default::default() };
        let moderation = Moderation::load(&config).unwrap();
        let clock = Clock::set(1_000);
        let needs = Needs { store, moderation, clock, metrics: metrics.clone() };
        let curation = Curation::open(config, needs).await.unwrap();
        let mut catalogue = Catalogue::new(&config::rates::Rates::default());
        catalogue.add(operations::operations(&curation));
        Self { curation, catalogue, metrics, files }
    }

    /// Another node on the same database.
    async fn neighbour(&self, watch: Span) -> Curation {
        let config = config::moderation::Moderation { watch, ..Default::default() };
        let Needs { store, clock, .. } = &self.curation.0.needs;
        let moderation = Moderation::load(&config).unwrap();
        let (store, clock) = (store.clone(), clock.clone());
        let needs = Needs { store, moderation, clock, metrics: Metrics::new() };
        Curation::open(config, needs).await.unwrap()
    }

    fn rules(&self) -> PathBuf {
        self.files.path().join("rules")
    }

    async fn call(&self, who: (&str, Role), name: &str, input: Value) -> Result<Value, Refusal> {
        let caller = Caller::new(who.0, who.1);
        let answer = self.catalogue.call(caller, name, &input.to_string()).await?;
        Ok(serde_json::from_str(answer.get()).unwrap())
    }

    /// Drafts a set of one rule on `word`; its version.
    async fn draft(&self, who: (&str, Role), word: &str) -> String {
        let files = json!([{"name": "a.toml", "text": rule("a", word)}]);
        let input = json!({"note": "一条", "files": files});
        let drafted = self.call(who, "moderation.draft", input).await.unwrap();
        drafted["version"].as_str().unwrap().to_owned()
    }

    fn hits(&self, text: &str) -> bool {
        hits(&self.curation, text)
    }

    fn reloads(&self, outcome: &str) -> bool {
        let line = format!("belfry_moderation_reloads_total{{outcome=\"{outcome}\"}} 1\n");
        self.metrics.encode().contains(&line)
    }
}

const ANN: (&str, Role) = ("ann", Role::Lead);
const BEN: (&str, Role) = ("ben", Role::Compliance);

fn rule(name: &str, word: &str) -> String {
    format!("[[rule]]\nname='{name}'\ncategory='property'\nreason='r'\nwords=['{word}']\n")
}

fn hits(curation: &Curation, text: &str) -> bool {
    let question = Question { text, earlier: &[], place: Place::Consult, side: Side::User };
    curation.0.needs.moderation.judge(question).category == Some(Category::Property)
}

#[tokio::test]
async fn two_people_publish_and_one_rolls_back() {
    let node = Node::open().await;
    let first = json!({"version": node.draft(ANN, "橘子").await});
    assert!(!node.hits("橘子"), "a draft judges nothing");
    let alone = node.call(ANN, "moderation.publish", first.clone()).await.unwrap_err();
    assert_eq!(alone.code(), Code::PermissionDenied);
    assert!(alone.to_string().contains("somebody else must publish"), "{alone}");
    let done = node.call(BEN, "moderation.publish", first.clone()).await.unwrap();
    assert_eq!((&done["version"], done["serial"].as_i64()), (&first["version"], Some(1)));
    assert!(node.hits("橘子") && node.reloads("done"));
    let again = node.call(BEN, "moderation.publish", first.clone()).await.unwrap_err();
    assert_eq!(again.code(), Code::Conflict);
    let none = node.call(ANN, "moderation.roll_back", json!({})).await.unwrap_err();
    assert_eq!(none.code(), Code::Conflict);

    let second = json!({"version": node.draft(BEN, "苹果").await});
    let done = node.call(ANN, "moderation.publish", second.clone()).await.unwrap();
    assert_eq!(done["instead_of"], first["version"]);
    assert!(node.hits("苹果") && !node.hits("橘子"));
    let back = node.call(BEN, "moderation.roll_back", json!({})).await.unwrap();
    assert_eq!((&back["version"], &back["instead_of"]), (&first["version"], &second["version"]));
    assert!(node.hits("橘子") && !node.hits("苹果"));
    node.call(BEN, "moderation.roll_back", json!({})).await.unwrap_err();
    // What went can come again, by the same two.
    node.call(ANN, "moderation.publish", second).await.unwrap();
    assert!(node.hits("苹果"));
    node.call(BEN, "moderation.roll_back", json!({})).await.unwrap();
    assert!(node.hits("橘子"));
    let page = node.call(ANN, "moderation.rules", json!({"limit": 1})).await.unwrap();
    assert_eq!((page["serial"].as_i64(), page["next"].as_i64()), (Some(1), Some(2)));
    let [set] = page["rule_sets"].as_array().unwrap().as_slice() else { panic!("{page}") };
    assert_eq!((&set["state"], &set["superseded_by"]), (&json!("superseded"), &json!("ben")));
    let rest = node.call(ANN, "moderation.rules", json!({"before": 2})).await.unwrap();
    assert_eq!(rest["rule_sets"][0]["state"], "published");
    assert_eq!(rest["rule_sets"][0]["published_by"], "ben");
}

#[tokio::test]
async fn each_role_does_what_is_its_own() {
    let node = Node::open().await;
    let version = node.draft(ANN, "橘子").await;
    for role in Role::ALL {
        let reads =
            matches!(role, Role::Moderator | Role::Supervisor | Role::Lead | Role::Compliance);
        let changes = matches!(role, Role::Lead | Role::Compliance);
        let named = json!({"version": version});
        for (name, input, may) in [
            ("moderation.rules", json!({}), reads),
            ("moderation.rule_set", named.clone(), reads),
            ("moderation.dry_run", named.clone(), reads),
            ("moderation.test", json!({"text": "你好"}), reads),
            ("moderation.hits", json!({}), reads),
            ("moderation.draft", json!({"note": ""}), changes),
            ("moderation.publish", json!({"version": "none"}), changes),
            ("moderation.roll_back", json!({}), changes),
        ] {
            let answer = node.call(("x", *role), name, input).await;
            let is_denied = answer.is_err_and(|it| it.code() == Code::PermissionDenied);
            assert_eq!(is_denied, !may, "{role} {name}");
        }
    }
}

#[tokio::test]
async fn a_draft_at_fault_is_refused_with_what_is_wrong_where() {
    let node = Node::open().await;
    let file = |text: &str| json!({"note": "n", "files": [{"name": "a.toml", "text": text}]});
    let twice = rule("a", "橘子") + &rule("a", "苹果");
    for (input, says) in [
        (file(&twice), r#""file":"a.toml","wrong":"is defined twice""#),
        (file(&twice), r#""rule":"a""#),
        (file("[[rule]]\nnam='x'\n"), "unknown field `nam`"),
        (file(&rule("a", "<没有>")), "there is no class"),
        (file(""), "add a [[rule]] or a list of words"),
        (json!({"note": " ", "files": []}), "say why"),
        (json!({"note": "n", "files": [{"name": "../a.toml", "text": ""}]}), "a name is small"),
        (json!({"note": "n", "words": {"privacy": ["一"]}}), "2 to 64 characters"),
        (json!({"note": "n", "words": {"privacy": ["一二\n三四"]}}), "a word is one line"),
        (json!({"note": "n", "base": "none"}), "moderation.rules lists them"),
    ] {
        let refusal = node.call(ANN, "moderation.draft", input).await.unwrap_err().to_string();
        assert!(refusal.contains(says), "{refusal}");
    }
    node.draft(ANN, "橘子").await;
    let same = file(&rule("a", "橘子"));
    let conflict = node.call(BEN, "moderation.draft", same).await.unwrap_err();
    assert_eq!(conflict.code(), Code::Conflict);
    let page = node.call(ANN, "moderation.rules", json!({})).await.unwrap();
    assert_eq!(page["rule_sets"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn words_of_an_operator_come_with_a_rule_set_and_in_several_calls() {
    let node = Node::open().await;
    let input = json!({"note": "词表", "words": {"property": ["桃子酱", "梨子酱"]}});
    let base = node.call(ANN, "moderation.draft", input).await.unwrap();
    let more = json!({
        "note": "更多", "base": base["version"], "add": true, "words": {"property": ["杏子酱"]},
    });
    let all = node.call(ANN, "moderation.draft", more).await.unwrap();
    let named = json!({"version": all["version"]});
    node.call(BEN, "moderation.publish", named).await.unwrap();
    assert!(node.hits("桃子酱") && node.hits("杏子酱") && node.hits("别走平台，直接转我"));
    let wanted = json!({"version": all["version"], "file": "property.txt"});
    let shown = node.call(ANN, "moderation.rule_set", wanted).await.unwrap();
    let files = shown["files"].as_array().unwrap();
    let texts: Vec<_> = files.iter().filter_map(|file| file["text"].as_str()).collect();
    assert_eq!(texts, ["桃子酱\n梨子酱\n杏子酱\n"]);
    assert!(files.iter().any(|file| file["name"] == "sensitive.toml"));
}

#[tokio::test]
async fn a_dry_run_counts_what_would_change_and_a_test_explains() {
    let node = Node::open().await;
    let version = node.draft(ANN, "橘子").await;
    let texts = ["橘子", "你好", "别走平台，直接转我个人支付宝，便宜三百"];
    let input = json!({"version": version, "texts": texts});
    let run = node.call(ANN, "moderation.dry_run", input).await.unwrap();
    assert_eq!(run["in_force"], json!({"none": 2, "privacy": 0, "property": 1, "sensitive": 0}));
    // A draft keeps the prior of its base, to which the third text sounds like an offer.
    assert_eq!(run["draft"], json!({"none": 1, "privacy": 0, "property": 2, "sensitive": 0}));
    let changed = json!([{"index": 0, "from": null, "to": "property"}]);
    assert_eq!(run["changed"], changed);
    assert_eq!(run["added"], json!(["a"]));
    let many = json!({"version": version, "texts": vec!["x"; 1_001]});
    let many = node.call(ANN, "moderation.dry_run", many).await.unwrap_err();
    assert_eq!(many.code(), Code::LimitExceeded);

    let input = json!({"text": "别走平台，直接转我", "side": "institution"});
    let explained = node.call(ANN, "moderation.test", input).await.unwrap();
    let finding = &explained["findings"][0];
    assert!(finding["rule"].as_str().unwrap().starts_with("property."), "{explained}");
    assert!(finding["score"].as_u64().unwrap() >= 50, "{explained}");
    let hits = node.call(ANN, "moderation.hits", json!({})).await.unwrap();
    assert_eq!(hits["rules"], json!([]), "what is tried counts nowhere");
}

#[tokio::test]
async fn a_broken_folder_leaves_the_old_rules_in_force_until_it_is_mended() {
    let node = Node::with_folder("橘子").await;
    node.curation.look().await;
    assert!(node.hits("橘子") && !node.reloads("done"), "nothing has changed");
    let write = |text: &str| fs::write(node.rules().join("b.toml"), text).unwrap();
    write("[[rule]]\nname = ");
    node.curation.look().await;
    node.curation.look().await;
    assert!(node.hits("橘子") && node.reloads("failed"), "it is told once");
    write(&rule("b", "苹果"));
    node.curation.look().await;
    assert!(node.hits("橘子") && node.hits("苹果") && node.reloads("done"));
    assert!(node.metrics.encode().contains(&format!(
        "belfry_moderation_rules{{version=\"{}\"}} 1\n",
        node.curation.0.needs.moderation.rules_version()
    )));
    fs::remove_dir_all(node.rules()).unwrap();
    node.curation.look().await;
    assert!(node.hits("苹果"));
}

#[tokio::test]
async fn what_was_published_wins_over_the_folder_now_and_at_the_next_start() {
    let node = Node::with_folder("橘子").await;
    let version = node.draft(ANN, "苹果").await;
    node.call(BEN, "moderation.publish", json!({"version": version})).await.unwrap();
    fs::write(node.rules().join("b.toml"), rule("b", "梨子")).unwrap();
    node.curation.look().await;
    assert!(node.hits("苹果") && !node.hits("橘子") && !node.hits("梨子"));
    let lexicon = node.rules().to_str().unwrap().to_owned();
    node.curation.0.needs.store.close().await;
    let node = Node::over(node.files, lexicon).await;
    assert!(node.hits("苹果") && !node.hits("橘子"));
}

#[tokio::test]
async fn other_nodes_follow_when_they_look_and_stop_when_told() {
    let node = Node::open().await;
    // Answers of the database come in real time, so the interval is short instead of paused.
    let neighbour = node.neighbour(Span::milliseconds(5)).await;
    let stop = CancellationToken::new();
    let tending = tokio::spawn({
        let (neighbour, stop) = (neighbour.clone(), stop.clone());
        async move { neighbour.tend(stop).await }
    });
    let version = node.draft(ANN, "橘子").await;
    node.call(BEN, "moderation.publish", json!({"version": version})).await.unwrap();
    let is_followed = async {
        while !hits(&neighbour, "橘子") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), is_followed).await.unwrap();
    stop.cancel();
    tending.await.unwrap();
}

#[tokio::test]
async fn a_published_set_that_no_longer_loads_is_told_once_and_changes_nothing() {
    let node = Node::open().await;
    let version = node.draft(ANN, "橘子").await;
    node.call(BEN, "moderation.publish", json!({"version": version})).await.unwrap();
    let broken = store::Statement::new("UPDATE moderation_rule_file SET text = $1 WHERE name = $2")
        .bind("[[rule]]\nnam='x'")
        .bind("a.toml");
    node.curation.0.needs.store.commit(vec![broken]).await.unwrap();
    let neighbour = node.neighbour(Span::seconds(1)).await;
    neighbour.look().await;
    assert!(!hits(&neighbour, "橘子") && hits(&neighbour, "别走平台，直接转我"));
    let page = neighbour.0.needs.metrics.encode();
    assert!(page.contains("belfry_moderation_reloads_total{outcome=\"failed\"} 1\n"), "{page}");
}

#[tokio::test]
async fn the_wire_of_these_operations_is_as_it_was() {
    let node = Node::open().await;
    let shown = operations::operations(&node.curation).into_iter().map(|it| {
        let roles: Vec<_> = it.roles.iter().map(|role| role.as_str()).collect();
        (it.name, json!({"roles": roles, "input": it.input, "output": it.output}))
    });
    let shown: std::collections::BTreeMap<_, _> = shown.collect();
    insta::assert_json_snapshot!(shown);
}
