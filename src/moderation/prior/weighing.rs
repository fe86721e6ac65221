//! A text as the prior weighs it: window by window, so that length alone says nothing.
//!
//! An offer in a long harmless text is not drowned by it, and a long text does not sum up to a hit.

use std::ops::Range;

use super::{
    BENIGN_MIN, CLASSES, GRAMS_MIN, Lean, Limits, Prior,
    compact::{compact, is_picture},
    grams::Sums,
};
use crate::moderation::{
    alphabet::NONE,
    rules::COUNTS,
    sound::{Syllable, spelling_of},
    text::Text,
    verdict::Category,
};

/// How many characters are weighed together: few messages have more, and what is learned has few.
const WINDOW: usize = 64;
/// How far apart windows begin.
const STEP: usize = 32;
/// What comes again within so many characters says nothing more: 您好, 您好, 您好.
const ONCE: usize = 32;
/// How many hits of one text are told.
const HITS_MAX: usize = 64;
/// What a hit gains for each unit above what it takes to be one.
const RISE: f32 = 20.0;
/// How sure a hit by the prior alone is at most.
const SCORE_MAX: u32 = 90;
const CATEGORIES: [Category; CLASSES] =
    [Category::Privacy, Category::Property, Category::Sensitive];

/// Where a window begins and ends, in characters that the prior reads, and its score by class.
#[derive(Clone, Debug)]
struct Window {
    at: Range<usize>,
    scores: [f32; CLASSES],
}

/// A text with its windows.
#[derive(Debug)]
pub(in crate::moderation) struct Weighing<'a> {
    prior: &'a Prior,
    /// Where the characters that are read stand in the text.
    places: Vec<u32>,
    /// What the characters before each place add up to.
    sums: Vec<Sums>,
    windows: Vec<Window>,
    /// Whether a number is begun in it and not ended.
    is_begun: bool,
}

/// A hit by the prior alone.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::moderation) struct Learned {
    pub(in crate::moderation) category: Category,
    /// What speaks most for it, in characters of the text.
    pub(in crate::moderation) at: Range<usize>,
    pub(in crate::moderation) score: u32,
}

/// What the prior says of a text, for those who look after the rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaning {
    /// The class that is likeliest where the text is worst.
    pub category: Category,
    /// The logarithm of its odds against none.
    pub score: f32,
    /// Whether enough of the text is known for a hit.
    pub is_enough: bool,
    /// What it takes to be heard.
    pub limits: Limits,
    /// What speaks most for the class there and what most against it, each a gram and its share.
    pub grams: Vec<(String, f32)>,
}

impl<'a> Weighing<'a> {
    pub(super) fn new(
        prior: &'a Prior,
        text: &Text,
        syllables: &[Syllable],
        is_begun: bool,
    ) -> Self {
        let (mut places, mut sums) = (Vec::with_capacity(text.len()), Vec::new());
        sums.reserve(text.len() + 1);
        let (mut sum, mut before) = (Sums::default(), NONE);
        sums.push(sum);
        let mut symbols: Vec<u16> = Vec::with_capacity(text.len());
        let mut heard = Heard::new(syllables);
        for (at, c) in compact(text) {
            let symbol = prior.grams.symbol(c);
            let near = &symbols[symbols.len().saturating_sub(ONCE)..];
            if is_picture(c) {
                sum = added(sum, prior.grams.sums(NONE, symbol, near));
            } else {
                sum = added(sum, prior.grams.sums(before, symbol, near));
                before = symbol;
            }
            symbols.push(symbol);
            heard.until(at, |pair, near| {
                sum = added(sum, prior.grams.sound(pair[0], pair[1], near))
            });
            places.push(at as u32);
            sums.push(sum);
        }
        let mut weighing = Self { prior, places, sums, windows: Vec::new(), is_begun };
        weighing.divide();
        weighing
    }

    fn divide(&mut self) {
        let chars = self.places.len();
        let mut from = 0;
        loop {
            let at = from..(from + WINDOW).min(chars);
            self.windows.push(Window { scores: self.scores(&at), at: at.clone() });
            if at.end == chars {
                break;
            }
            from += STEP;
        }
    }

    /// The scores of a stretch of the characters that are read.
    fn scores(&self, at: &Range<usize>) -> [f32; CLASSES] {
        let (until, from) = (self.sums[at.end], self.sums[at.start]);
        let mut sums = until;
        sums.iter_mut().zip(from).for_each(|(sum, from)| *sum -= from);
        self.prior.scores(sums)
    }

    /// How many grams of a stretch have a weight.
    fn known(&self, at: &Range<usize>) -> i32 {
        self.sums[at.end][CLASSES] - self.sums[at.start][CLASSES]
    }

    /// The characters that are read among those of `at`, a range of the text.
    fn read(&self, at: &Range<usize>) -> Range<usize> {
        let place = |end: usize| self.places.partition_point(|place| (*place as usize) < end);
        place(at.start)..place(at.end)
    }

    /// What the windows in which something stands say to a rule of `category` that has found it.
    pub(in crate::moderation) fn lean(
        &self,
        at: &Range<usize>,
        category: Category,
        is_grave: bool,
    ) -> Lean {
        let read = self.read(at);
        let first = (read.start + STEP).saturating_sub(WINDOW) / STEP;
        let last = read.end / STEP;
        let windows = self.windows.iter().take(last + 1).skip(first.min(self.windows.len() - 1));
        let class = class(category);
        let (mut own, mut any, mut is_known) = (f32::MIN, f32::MIN, false);
        for Window { scores, at } in windows {
            is_known |= self.known(at) >= BENIGN_MIN;
            own = own.max(scores[class]);
            any = any.max(worst(scores).1);
        }
        let Limits { grave, benign, cue, alone } = self.prior.limits;
        let benign = if is_grave { grave } else { benign };
        // What is surely something else is named so by the prior itself.
        let is_other = any >= alone;
        match own {
            _ if own >= cue && own >= any && !self.must_wait(class) => Lean::Guilty,
            _ if is_known && (any < benign || (own < benign && is_other)) => Lean::Benign,
            _ => Lean::Neither,
        }
    }

    /// Whether nothing can be said yet for a class: the half of a number is no phone.
    fn must_wait(&self, class: usize) -> bool {
        self.is_begun && CATEGORIES[class] == Category::Privacy
    }

    /// The hits by the prior alone; of windows that overlap the worst.
    pub(in crate::moderation) fn hits(&self) -> Vec<Learned> {
        let mut hits: Vec<(&Window, usize, f32)> = Vec::new();
        for window in &self.windows {
            let (class, score) = worst(&window.scores);
            let is_enough = self.known(&window.at) >= GRAMS_MIN && !self.must_wait(class);
            if score < self.prior.limits.alone || !is_enough {
                continue;
            }
            let overlapping = hits.last().filter(|last| window.at.start < last.0.at.end);
            match overlapping {
                Some(last) if last.2 >= score => continue,
                Some(_) => _ = hits.pop(),
                None if hits.len() == HITS_MAX => break,
                None => {}
            }
            hits.push((window, class, score));
        }
        let learned = |(window, class, score): &(&Window, usize, f32)| {
            let more = ((score - self.prior.limits.alone) * RISE) as u32;
            let score = (COUNTS + more).min(SCORE_MAX);
            Learned { category: CATEGORIES[*class], at: self.heart(&window.at, *class), score }
        };
        hits.iter().map(learned).collect()
    }

    /// The stretch of a window that speaks most for a class, in characters of the text.
    fn heart(&self, window: &Range<usize>, class: usize) -> Range<usize> {
        let (mut best, mut most) = (window.clone(), 0);
        let (mut from, mut sum) = (window.start, 0);
        for at in window.clone() {
            sum += self.sums[at + 1][class] - self.sums[at][class];
            if sum <= 0 {
                (from, sum) = (at + 1, 0);
            } else if sum > most {
                (best, most) = (from..at + 1, sum);
            }
        }
        // The pair that begins it reaches back to the character before.
        let first = self.places[best.start] as usize;
        first..self.places[best.end - 1] as usize + 1
    }

    /// What the prior says of the worst window of `text`, and why.
    pub(in crate::moderation) fn leaning(
        &self,
        text: &Text,
        syllables: &[Syllable],
    ) -> Option<Leaning> {
        let window = self.windows.iter().max_by(|a, b| {
            let [a, b] = [a, b].map(|it| worst(&it.scores).1);
            a.total_cmp(&b)
        })?;
        let (class, score) = worst(&window.scores);
        let read: Vec<char> = compact(text).map(|(_, c)| c).collect();
        let scale = self.prior.unit / (self.known(&window.at) as f32 + self.prior.shrink).sqrt();
        let mut grams: Vec<(String, f32)> = Vec::new();
        let mut before = None;
        for c in &read[window.at.clone()] {
            let symbol = self.prior.grams.symbol(*c);
            let one = self.prior.grams.sums(NONE, symbol, &[])[class];
            grams.push((c.to_string(), one as f32 * scale));
            if is_picture(*c) {
                continue;
            }
            if let Some(first) = before {
                let pair = self.prior.grams.sums(self.prior.grams.symbol(first), symbol, &[]);
                let share = (pair[class] - one) as f32 * scale;
                grams.push(([first, *c].iter().collect(), share));
            }
            before = Some(*c);
        }
        let places = &self.places[window.at.clone()];
        let last = places.last().map_or(0, |last| *last as usize);
        let first = places.first().map_or(0, |first| *first as usize);
        let before = syllables.partition_point(|it| it.last() < first);
        Heard::new(&syllables[before..]).until(last, |pair, _| {
            let share = self.prior.grams.sound(pair[0], pair[1], &[])[class] as f32 * scale;
            let spelled = pair.map(|symbol| spelling_of(symbol).unwrap_or_default());
            grams.push((spelled.join(" "), share));
        });
        grams.retain(|(_, share)| *share != 0.0);
        grams.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then_with(|| a.0.cmp(&b.0)));
        grams.dedup();
        let is_enough = self.known(&window.at) >= GRAMS_MIN && !self.must_wait(class);
        let (category, limits) = (CATEGORIES[class], self.prior.limits);
        Some(Leaning { category, score, is_enough, limits, grams })
    }
}

/// The syllables of a text, as they are followed through it.
struct Heard<'a> {
    syllables: &'a [Syllable],
    symbols: Vec<u16>,
}

impl<'a> Heard<'a> {
    fn new(syllables: &'a [Syllable]) -> Self {
        Self { syllables, symbols: Vec::with_capacity(syllables.len()) }
    }

    /// Calls `each` with every pair of syllables that ends at most at `at` and was not passed yet, and
    /// with those right before the second of them.
    fn until(&mut self, at: usize, mut each: impl FnMut([u16; 2], &[u16])) {
        while let Some(syllable) = self.syllables.get(self.symbols.len()) {
            if syllable.last() > at {
                break;
            }
            let symbol = syllable.symbol().unwrap_or(NONE);
            let near = &self.symbols[self.symbols.len().saturating_sub(ONCE)..];
            match near.last() {
                Some(before) if *before != NONE && symbol != NONE => each([*before, symbol], near),
                _ => {}
            }
            self.symbols.push(symbol);
        }
    }
}

/// The class of a category.
fn class(category: Category) -> usize {
    match category {
        Category::Privacy => 0,
        Category::Property => 1,
        Category::Sensitive => 2,
    }
}

/// The likeliest class and its score.
#[inline]
fn worst(scores: &[f32; CLASSES]) -> (usize, f32) {
    let mut worst = (0, scores[0]);
    for (class, score) in scores.iter().enumerate() {
        if *score > worst.1 {
            worst = (class, *score);
        }
    }
    worst
}

#[inline]
fn added(mut sums: Sums, more: Sums) -> Sums {
    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
    sums
}
