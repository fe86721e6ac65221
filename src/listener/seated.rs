//! The body of an answer that keeps its client's seat until it has been taken whole.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

use super::admission::Seat;

/// A body, and the seat that is given up with it.
pub(super) struct Seated {
    body: Body,
    _seat: Seat,
}

impl Seated {
    pub(super) fn new(body: Body, seat: Seat) -> Self {
        Self { body, _seat: seat }
    }
}

impl HttpBody for Seated {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
