//! Who sees what, over real sockets: every operation, every role, everybody's objects, every frame.
//!
//! A [`town`] of two institutions, the platform's own desk and one person of every role is walked
//! through ([`walk`], [`office`], [`room`], [`file`]), lives ([`life`]) and is lied to ([`forgery`], [`personal`]). Whatever a test
//! does, it ends with [`privacy`]: every frame and body that anybody ever got is searched.

mod file;
mod forgery;
mod life;
mod object;
mod office;
mod person;
mod personal;
mod privacy;
mod room;
mod rule;
mod table;
mod town;
mod walk;
