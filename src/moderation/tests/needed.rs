//! Words are looked at only where a rule can need them: that must never change what is found.

use super::*;
use crate::moderation::rules::Finding;

fn findings(engine: &Engine, text: &str, side: Side, is_everything: bool) -> Vec<Finding> {
    let text = Text::new(text);
    let runs = engine.numbers.runs(&text);
    let more = engine.recognised_in(&text, &runs);
    let rules = &engine.rules;
    let (found, likely) = if is_everything {
        rules.find_everything(&text, side, more)
    } else {
        rules.find((&text, sound::listen(&text)), side, more, &[])
    };
    let mut findings = rules.judge(&found, &likely, None);
    findings.sort_by_key(|it| (it.at.start, it.at.end, it.rule, it.view, it.score));
    findings
}

#[test]
fn what_is_looked_for_only_when_needed_is_all_that_is_there() {
    let moderation = engine();
    let engine = moderation.0.engine.load();
    for line in corpora::texts() {
        for side in [Side::User, Side::Institution] {
            let [needed, everything] =
                [false, true].map(|is_everything| findings(&engine, &line, side, is_everything));
            assert_eq!(needed, everything, "{line}");
        }
    }
}
