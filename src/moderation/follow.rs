//! Patterns, followed through the tokens of a text step by step.

use super::{
    candidate::Candidate,
    found::{Class, Found},
    text::{Break, Text, kind},
    token::Token,
};

/// How many places a pattern may be looked for from one beginning.
const STEPS_MAX: usize = 64;

/// A step of a pattern: how many characters of words may stand before it, a word of which class it
/// is, and whether it may be missing.
pub(super) type Step = (usize, Class, bool);

/// The way through `steps` that begins with `token`, if there is one.
pub(super) fn follow(
    found: &Found<'_>,
    steps: &[Step],
    rule: u32,
    token: &Token,
) -> Option<Candidate> {
    walk(found, steps.get(1..)?, Candidate::of(rule, token), &mut { STEPS_MAX })
}

/// Follows the steps of a pattern; of several ways through, the surest, and of those the nearest.
fn walk(
    found: &Found<'_>,
    steps: &[Step],
    so_far: Candidate,
    left: &mut usize,
) -> Option<Candidate> {
    let Some(((gap, class, is_optional), rest)) = steps.split_first() else { return Some(so_far) };
    let from = so_far.at.end;
    let window = from..reach(found.text, from, *gap) + 1;
    let mut best: Option<Candidate> = None;
    for token in found.between(*class, window) {
        if *left == 0 {
            break;
        }
        *left -= 1;
        let Some(through) = walk(found, rest, so_far.with(token), left) else { continue };
        // What went before bounds how sure the whole can be.
        if through.certainty() >= so_far.certainty() {
            return Some(through);
        }
        if best.as_ref().is_none_or(|best| best.certainty() < through.certainty()) {
            best = Some(through);
        }
    }
    match best {
        None if *is_optional => walk(found, rest, so_far, left),
        best => best,
    }
}

/// The last place at which the next word may begin: so many characters of words further, with what
/// stands between them, in the same sentence; a line may end in it.
fn reach(text: &Text, from: usize, gap: usize) -> usize {
    let (mut at, mut words) = (from, 0);
    let mut parted = 0;
    while let Some(c) = text.at(at) {
        match kind(c) {
            Break::Word if words == gap => break,
            Break::Word => {
                words += 1;
                parted = 0;
            }
            Break::Sentence if c != '\n' => break,
            _ if parted == 3 => break,
            _ => parted += 1,
        }
        at += 1;
    }
    at
}
