//! The wire as clients see it: round trips, shapes and traps.

mod any;
mod document;
mod round_trips;
mod shapes;
mod traps;
