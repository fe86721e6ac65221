//! Instruments: what counts, what measures, what sorts by size. Clones share one number.

use std::time::Duration;

use prometheus_client::{
    metrics::{
        counter::Counter,
        family::{Family, MetricConstructor},
        gauge::Gauge,
        histogram::Histogram,
    },
    registry::{self, Registry},
};

use super::label::Labels;

/// How a metric moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only rises.
    Counter,
    /// It rises and falls.
    Gauge,
    /// It sorts observations by size.
    Histogram,
}

/// What a metric is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Things,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
}

/// A number that only rises.
#[derive(Clone, Debug, Default)]
pub struct Count(Counter);

/// A number that rises and falls.
#[derive(Clone, Debug, Default)]
pub struct Level(Gauge);

/// Observations, sorted by size.
#[derive(Clone, Debug)]
pub struct Spread(Histogram);

/// A [`Count`] for each label set.
#[derive(Clone, Debug)]
pub struct Counts<L>(Family<L, Counter>);

/// A [`Level`] for each label set.
#[derive(Clone, Debug)]
pub struct Levels<L>(Family<L, Gauge>);

/// A [`Spread`] for each label set.
#[derive(Clone, Debug)]
pub struct Spreads<L>(Family<L, Histogram, Unit>);

/// One thing that a [`Level`] counts for as long as this lives.
#[derive(Debug)]
#[must_use = "the level falls again when this is dropped"]
pub struct Held(Gauge);

impl Count {
    /// One more.
    pub fn one(&self) {
        self.0.inc();
    }

    /// How far it has risen.
    pub fn number(&self) -> u64 {
        self.0.get()
    }

    /// `number` more.
    pub fn add(&self, number: u64) {
        self.0.inc_by(number);
    }
}

impl Level {
    /// Rises by `number`; falls when it is negative.
    pub fn shift(&self, number: i64) {
        self.0.inc_by(number);
    }

    /// Is `number` from now on.
    pub fn set(&self, number: i64) {
        self.0.set(number);
    }

    /// Rises by one until the guard is dropped.
    pub fn hold(&self) -> Held {
        self.0.inc();
        Held(self.0.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Spread {
    /// Counts a duration.
    pub fn time(&self, duration: Duration) {
        self.0.observe(duration.as_secs_f64());
    }

    /// Counts a number of things.
    pub fn size(&self, number: usize) {
        self.0.observe(number as f64);
    }
}

impl<L: Labels> Counts<L> {
    /// One more of `labels`.
    pub fn one(&self, labels: &L) {
        self.0.get_or_create(labels).inc();
    }

    /// The count of `labels` alone, for a part that would look it up all the time.
    pub fn of(&self, labels: &L) -> Count {
        Count(self.0.get_or_create_owned(labels))
    }
}

impl<L: Labels> Levels<L> {
    /// `labels` alone is one, and no other is left.
    pub fn only(&self, labels: &L) {
        self.0.clear();
        self.0.get_or_create(labels).set(1);
    }

    /// The level of `labels` alone.
    pub fn of(&self, labels: &L) -> Level {
        Level(self.0.get_or_create_owned(labels))
    }
}

impl<L: Labels> Spreads<L> {
    /// Counts a duration of `labels`.
    pub fn time(&self, labels: &L, duration: Duration) {
        self.0.get_or_create(labels).observe(duration.as_secs_f64());
    }
}

/// What every instrument tells of itself, and how it enters the registry.
pub(super) trait Instrument: Sized {
    /// How it moves.
    const KIND: Kind;
    /// The names of its labels.
    const LABELS: &'static [&'static str];

    /// A new instrument, registered under `stem`.
    fn register(registry: &mut Registry, stem: &str, help: &str, unit: Unit) -> Self;
}

/// Implements [`Instrument`] for a wrapper around one metric of the registry's library.
macro_rules! instrument {
    ($name:ident $(<$labels:ident>)?, $kind:ident, $names:expr, $new:expr) => {
        impl $(<$labels: Labels>)? Instrument for $name $(<$labels>)? {
            const KIND: Kind = Kind::$kind;
            const LABELS: &'static [&'static str] = $names;

            fn register(registry: &mut Registry, stem: &str, help: &str, unit: Unit) -> Self {
                let new: fn(Unit) -> _ = $new;
                let metric = new(unit);
                match unit {
                    Unit::Things => registry.register(stem, help, metric.clone()),
                    Unit::Bytes => registry.register_with_unit(stem, help, registry::Unit::Bytes, metric.clone()),
                    Unit::Seconds => registry.register_with_unit(stem, help, registry::Unit::Seconds, metric.clone()),
                }
                Self(metric)
            }
        }
    };
}

instrument!(Count, Counter, &[], |_| Counter::default());
instrument!(Level, Gauge, &[], |_| Gauge::default());
instrument!(Spread, Histogram, &[], |unit| unit.new_metric());
instrument!(Counts<L>, Counter, L::NAMES, |_| Family::default());
instrument!(Levels<L>, Gauge, L::NAMES, |_| Family::default());
instrument!(Spreads<L>, Histogram, L::NAMES, Family::new_with_constructor);

/// Buckets that double: seconds from 100 µs to 13 s, everything else from 1 to 4 096.
impl MetricConstructor<Histogram> for Unit {
    fn new_metric(&self) -> Histogram {
        let doubling = |first: f64, number: i32| (0..number).map(move |n| first * 2_f64.powi(n));
        match self {
            Self::Seconds => Histogram::new(doubling(0.000_1, 18)),
            Self::Things | Self::Bytes => Histogram::new(doubling(1.0, 13)),
        }
    }
}
