//! Comments as viewers of a course write them, the same in every run of one seed.

use serde_json::json;
use tokio::time::Instant;

use crate::stamp::Stamps;

/// What is said, in a live course for those who take the civil service examination.
const SENTENCES: [&str; 12] = [
    "老师好，第三题为什么选C？",
    "这一页的图能再放大一点吗",
    "资料分析先看问题还是先看材料",
    "听懂了，谢谢老师！",
    "行测时间总是不够怎么办",
    "申论大作文的开头怎么写比较好",
    "上一题的答案是多少，刚才没听清",
    "图形推理看对称轴的数量",
    "请问回放今晚能看到吗",
    "已经二刷真题了，正确率还是上不去",
    "这个考点去年也考过",
    "笔记跟不上，老师慢一点",
];

/// What stands in a comment beside its text, about.
const ENVELOPE_BYTES: usize = 110;

/// The smallest payload in bytes.
pub(crate) const BYTES_MIN: usize = ENVELOPE_BYTES;

/// A source of comments.
#[derive(Debug)]
pub(crate) struct Comments {
    chance: fastrand::Rng,
    stamps: Stamps,
    bytes: usize,
    /// What keys begin with: a server remembers those of earlier runs for a day.
    run: i64,
}

impl Comments {
    /// Payloads of `bytes` bytes, [`BYTES_MIN`] at least.
    pub(crate) fn new(seed: u64, stamps: Stamps, bytes: usize) -> Self {
        let chance = fastrand::Rng::with_seed(seed);
        Self { chance, stamps, bytes: bytes.max(BYTES_MIN), run: 0 }
    }

    /// The same for the run that began at `run`, in milliseconds since 1970.
    pub(crate) fn of_run(self, run: i64) -> Self {
        Self { run, ..self }
    }

    /// A text that says when it was due.
    pub(crate) fn text(&mut self, due: Instant) -> String {
        let sentence = SENTENCES[self.chance.usize(..SENTENCES.len())];
        format!("{}{sentence}", self.stamps.word(due))
    }

    /// A comment as a room's viewers get it, in JSON.
    pub(crate) fn payload(&mut self, due: Instant) -> String {
        let (user, stamp) = (self.chance.u32(100_000..1_000_000), self.stamps.word(due));
        let head = format!(
            r#"{{"due":"{stamp}","type":"comment","user":{{"id":"u{user}","name":"上岸的小鱼","badge":"student"}},"text":""#
        );
        let mut payload = head;
        let text_end = self.bytes.saturating_sub(2);
        while payload.len() < text_end {
            let sentence = SENTENCES[self.chance.usize(..SENTENCES.len())];
            // The last one is cut to what is left, and spaces fill what is less than a character.
            let left = sentence.floor_char_boundary(text_end - payload.len());
            match left {
                0 => payload.push(' '),
                left => payload.push_str(&sentence[..left]),
            }
        }
        payload.push_str("\"}");
        payload
    }

    /// The input of the operation by which viewers comment.
    pub(crate) fn input(&mut self, channel: &str, key: u32, due: Instant) -> serde_json::Value {
        let key = format!("load-{}-{key}", self.run);
        json!({"room": room_of(channel), "client_id": key, "text": self.text(due)})
    }
}

/// The live room that `channel` is the viewers' channel of.
pub(crate) fn room_of(channel: &str) -> &str {
    channel.split_once(':').map_or(channel, |(_, room)| room)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_comment_has_its_size_tells_its_age_and_repeats_by_its_seed() {
        let stamps = Stamps::new();
        tokio::time::advance(Duration::from_secs(3_600)).await;
        for bytes in [0, 150, 200, 201, 202, 1_000] {
            let due = Instant::now();
            let mut comments = Comments::new(7, stamps, bytes);
            let payload = comments.payload(due);
            assert!(serde_json::from_str::<serde_json::Value>(&payload).is_ok(), "{payload}");
            let wanted = if bytes < BYTES_MIN { payload.len() } else { bytes };
            assert_eq!(payload.len(), wanted);
            let mut again = Comments::new(7, stamps, bytes);
            assert_eq!(again.payload(due), payload);
            assert_ne!(again.payload(due), payload);
            tokio::time::advance(Duration::from_millis(5)).await;
            assert_eq!(stamps.age(payload.as_bytes()), Some(Duration::from_millis(5)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_room_is_named_without_its_namespace() {
        let stamps = Stamps::new();
        let mut comments = Comments::new(1, stamps, 0).of_run(7);
        let input = comments.input("live:demo", 3, Instant::now());
        assert_eq!((&input["room"], &input["client_id"]), (&"demo".into(), &"load-7-3".into()));
        let text = input["text"].as_str().unwrap();
        assert!(stamps.age(text.as_bytes()).is_some(), "{text}");
    }
}
