//! Live rooms from end to end: what operations answer, what goes out, and what is kept.

mod crowding;
mod delaying;
mod doors;
mod holding;
mod house;
mod keeping;
mod leading;
mod muting;
mod overtaking;
mod replaying;
mod rights;
mod talking;
mod trimming;
mod voices;
