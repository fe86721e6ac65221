//! A pipe from a mailbox to a response: bounded, with both ends woken when the other has moved.

use std::{
    convert::Infallible,
    io,
    mem::take,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use atomic_waker::AtomicWaker;
use bytes::Bytes;
use hyper::body::{Body, Frame};

use crate::{hub::Wire, telemetry::instrument::Count};

/// The pipe holds this much, as much as the kernel holds unsent for a socket. Beyond it the mailbox
/// knows that its client is behind.
const CAPACITY: usize = 64 * 1_024;

/// The end that is written to. Clones write to the same pipe.
#[derive(Clone)]
pub struct Inlet {
    pipe: Arc<Pipe>,
    written: Count,
}

/// The end that is read from: a response's body. When it is dropped the client is gone.
pub struct Outlet(Arc<Pipe>);

#[derive(Default)]
struct Pipe {
    state: Mutex<State>,
    writer: AtomicWaker,
    reader: AtomicWaker,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    is_finished: bool,
    is_gone: bool,
}

/// A pipe that holds `prelude` already, and counts what is written.
pub fn pipe(prelude: &[u8], written: Count) -> (Inlet, Outlet) {
    let state = State { bytes: prelude.to_vec(), ..State::default() };
    let pipe = Arc::new(Pipe { state: Mutex::new(state), ..Pipe::default() });
    (Inlet { pipe: Arc::clone(&pipe), written }, Outlet(pipe))
}

impl Inlet {
    /// Ready when there is room; an error when nobody reads any more.
    pub fn poll_writable(&self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.pipe.writer.register(cx.waker());
        let state = self.pipe.lock();
        if state.is_gone {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        } else if state.bytes.len() < CAPACITY {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }

    /// Ready when nobody reads any more.
    pub fn poll_gone(&self, cx: &Context<'_>) -> Poll<()> {
        self.pipe.writer.register(cx.waker());
        if self.pipe.lock().is_gone { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Ends the body behind what was written.
    pub fn finish(&self) {
        self.pipe.lock().is_finished = true;
        self.pipe.reader.wake();
    }
}

impl Wire for Inlet {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.pipe.lock();
        if state.is_gone || state.is_finished {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let count = bytes.len().min(CAPACITY.saturating_sub(state.bytes.len()));
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        state.bytes.extend_from_slice(&bytes[..count]);
        drop(state);
        self.written.add(count as u64);
        self.pipe.reader.wake();
        Ok(count)
    }
}

impl Body for Outlet {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.reader.register(cx.waker());
        let mut state = self.0.lock();
        if state.bytes.is_empty() {
            return if state.is_finished { Poll::Ready(None) } else { Poll::Pending };
        }
        // An idle pipe owns no buffer.
        let bytes = take(&mut state.bytes);
        drop(state);
        self.0.writer.wake();
        Poll::Ready(Some(Ok(Frame::data(bytes.into()))))
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_gone = true;
        state.bytes = Vec::new();
        drop(state);
        self.0.writer.wake();
    }
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use http_body_util::BodyExt as _;

    use super::*;

    fn read(outlet: &mut Outlet) -> Poll<Option<Bytes>> {
        let cx = &mut Context::from_waker(Waker::noop());
        let frame = Pin::new(outlet).poll_frame(cx);
        frame.map(|frame| frame.map(|frame| frame.unwrap().into_data().unwrap()))
    }

    fn is_writable(inlet: &Inlet) -> Poll<Result<(), io::ErrorKind>> {
        let cx = &mut Context::from_waker(Waker::noop());
        inlet.poll_writable(cx).map(|writable| writable.map_err(|fault| fault.kind()))
    }

    #[test]
    fn what_goes_in_comes_out_in_order_and_the_end_behind_it() {
        let (inlet, mut outlet) = pipe(b"\r\n", Count::default());
        assert_eq!(inlet.try_write(b"one").unwrap(), 3);
        assert_eq!(read(&mut outlet), Poll::Ready(Some("\r\none".into())));
        assert_eq!(read(&mut outlet), Poll::Pending);
        assert_eq!(inlet.try_write(b"two").unwrap(), 3);
        inlet.finish();
        assert_eq!(inlet.try_write(b"three").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(read(&mut outlet), Poll::Ready(Some("two".into())));
        assert_eq!(read(&mut outlet), Poll::Ready(None));
    }

    #[test]
    fn a_full_pipe_takes_a_part_then_nothing_until_it_is_read() {
        let (inlet, mut outlet) = pipe(b"", Count::default());
        assert_eq!(is_writable(&inlet), Poll::Ready(Ok(())));
        assert_eq!(inlet.try_write(&vec![7; CAPACITY + 1]).unwrap(), CAPACITY);
        assert_eq!(inlet.try_write(b"more").unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(is_writable(&inlet), Poll::Pending);
        assert!(matches!(read(&mut outlet), Poll::Ready(Some(all)) if all.len() == CAPACITY));
        assert_eq!(is_writable(&inlet), Poll::Ready(Ok(())));
        assert_eq!(inlet.try_write(b"more").unwrap(), 4);
    }

    #[test]
    fn a_reader_that_is_gone_is_known_at_once() {
        let (inlet, outlet) = pipe(b"", Count::default());
        let cx = &mut Context::from_waker(Waker::noop());
        assert_eq!(inlet.poll_gone(cx), Poll::Pending);
        drop(outlet);
        assert_eq!(inlet.poll_gone(cx), Poll::Ready(()));
        assert_eq!(is_writable(&inlet), Poll::Ready(Err(io::ErrorKind::BrokenPipe)));
        assert_eq!(inlet.try_write(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[tokio::test]
    async fn each_end_wakes_the_other() {
        let (inlet, mut outlet) = pipe(b"", Count::default());
        let reading = tokio::spawn(async move {
            let mut total = 0;
            while let Some(frame) = outlet.frame().await {
                total += frame.unwrap().into_data().unwrap().len();
            }
            total
        });
        let mut left = vec![0; 5 * CAPACITY];
        while !left.is_empty() {
            std::future::poll_fn(|cx| inlet.poll_writable(cx)).await.unwrap();
            let count = inlet.try_write(&left).unwrap();
            left.drain(..count);
        }
        inlet.finish();
        assert_eq!(reading.await.unwrap(), 5 * CAPACITY);
    }
}
