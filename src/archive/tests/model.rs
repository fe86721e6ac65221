//! Whatever is appended, by whomever, at whatever moment: the same invariants hold.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;

use super::*;

/// One draft, by small numbers so that the same ones come up again and again.
#[derive(Clone, Debug)]
struct Try {
    thread: u8,
    author: u8,
    client_id: Option<u8>,
    content: u8,
    is_guarded: bool,
    is_double: bool,
    is_elsewhere: bool,
}

type Outcome = Result<Appended, Fault>;

fn a_try() -> impl Strategy<Value = Try> {
    let who = (0..3_u8, 0..2_u8, proptest::option::of(0..6_u8), 0..2_u8);
    let how = (proptest::bool::weighted(0.1), proptest::bool::weighted(0.2), any::<bool>());
    (who, how).prop_map(|((thread, author, client_id, content), how)| {
        let (is_guarded, is_double, is_elsewhere) = how;
        Try { thread, author, client_id, content, is_guarded, is_double, is_elsewhere }
    })
}

impl Try {
    fn thread(&self) -> String {
        format!("c{}", self.thread)
    }

    fn text(&self) -> String {
        format!("{}/{:?}/{}", self.author, self.client_id, self.content)
    }

    /// Appends by the first node or by the second.
    async fn append(self, nodes: [Archive; 2]) -> Outcome {
        let author = format!("u{}", self.author);
        let mut last = draft(&self.thread(), &author, &self.text());
        last.client_id = self.client_id.map(|id| id.to_string());
        if self.is_guarded {
            let never = Statement::new("UPDATE thread SET last_seq = last_seq WHERE 1 = 0");
            last = last.with(never.touching(1));
        }
        let lead = if self.is_double { vec![draft("", "", &self.text())] } else { Vec::new() };
        nodes[usize::from(self.is_elsewhere)].append_all(lead, last).await
    }

    /// What two drafts must share to be the same one.
    fn key(&self) -> Option<(u8, u8, u8)> {
        Some((self.thread, self.author, self.client_id?))
    }
}

/// Appends all at once, in as many tasks.
async fn all_at_once(nodes: &[Archive; 2], tries: &[Try]) -> Vec<(Try, Outcome)> {
    let tasks: Vec<_> = tries
        .iter()
        .map(|each| (each.clone(), tokio::spawn(each.clone().append(nodes.clone()))))
        .collect();
    let mut outcomes = Vec::new();
    for (each, task) in tasks {
        outcomes.push((each, task.await.unwrap()));
    }
    outcomes
}

/// What the outcomes say that the archive holds, against what it does hold.
fn check(outcomes: &[(Try, Outcome)], stored: &HashMap<String, Vec<String>>) {
    let mut promised: BTreeMap<(String, i64), String> = BTreeMap::new();
    let mut first: HashMap<_, (Receipt, &Try)> = HashMap::new();
    for (each, outcome) in outcomes {
        let Ok(Appended::New(receipt)) = outcome else { continue };
        assert!(!each.is_guarded, "{each:?} was guarded");
        for seq in receipt.seq - i64::from(each.is_double)..=receipt.seq {
            let other = promised.insert((each.thread(), seq), each.text());
            assert_eq!(other, None, "number {seq} of {} was given twice", each.thread());
        }
        if let Some(key) = each.key() {
            assert!(first.insert(key, (*receipt, each)).is_none(), "{each:?} was stored twice");
        }
    }
    for (each, outcome) in outcomes {
        let same = each.key().and_then(|key| first.get(&key));
        let is_same =
            |other: &Try| (other.content, other.is_double) == (each.content, each.is_double);
        match (outcome, same) {
            (Ok(Appended::New(_)), _) => {}
            (Ok(Appended::Again(receipt)), Some((stored, other))) => {
                assert_eq!((receipt, is_same(other)), (stored, true), "{each:?}");
            }
            (Err(Fault::Conflict), Some((_, other))) => assert!(!is_same(other), "{each:?}"),
            (Err(Fault::Guard), _) => assert!(each.is_guarded, "{each:?}"),
            other => panic!("{each:?}: {other:?}"),
        }
    }
    let found = stored.iter().flat_map(|(thread, texts)| {
        (1..).zip(texts).map(|(seq, text)| ((thread.clone(), seq), text.clone()))
    });
    assert_eq!(promised, found.collect());
}

async fn run(waves: Vec<Vec<Try>>) {
    let mut house = House::new().await;
    let mut outcomes = Vec::new();
    for wave in &waves {
        let (store, archive) = house.neighbour().await;
        let nodes = [house.archive.clone(), archive];
        outcomes.extend(all_at_once(&nodes, wave).await);
        nodes[1].close().await;
        store.close().await;
        house = house.restarted().await;
    }
    let mut stored = HashMap::new();
    for thread in ["c0", "c1", "c2"] {
        stored.insert(thread.to_owned(), house.texts(thread).await);
    }
    check(&outcomes, &stored);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// Two nodes, all drafts of a wave at the same time, and a restart after each wave.
    #[test]
    fn every_acknowledged_record_is_there_once_and_no_number_is_missing(
        waves in prop::collection::vec(prop::collection::vec(a_try(), 1..40), 1..4),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(run(waves));
    }
}
