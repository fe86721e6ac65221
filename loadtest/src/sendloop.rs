//! The yardstick: one thread, blocking sockets, a `send()` for each; no server can do it in less.

use std::{
    io::Write as _,
    net::TcpStream,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use anyhow::{Context as _, anyhow, ensure};
use rustix::thread::{CpuSet, sched_setaffinity};
use tokio::{
    net::TcpListener,
    time::{Instant, MissedTickBehavior},
};

use crate::{ear::Listeners, link::Link, process::thread_cpu, protocol::Nchan, stamp::Stamps};

/// How long the last frames are waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sockets to send to, and listeners behind them.
#[derive(Debug)]
pub(crate) struct SendLoop {
    sockets: Arc<Vec<TcpStream>>,
    listeners: Listeners,
    /// The core on which it sends; `None` leaves it to the system.
    core: Option<usize>,
}

/// What a turn came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) frames: u64,
    /// CPU of the sending thread.
    pub(crate) cpu: Duration,
}

impl Sent {
    /// Frames a second of the sending thread's CPU.
    pub(crate) fn per_cpu_s(self) -> f64 {
        self.frames as f64 / self.cpu.as_secs_f64()
    }
}

impl SendLoop {
    /// How many sockets it sends to.
    pub(crate) fn sockets(&self) -> usize {
        self.sockets.len()
    }

    /// Opens `count` loopback sockets, each with a listener of the kind that a room has.
    pub(crate) async fn open(
        count: usize,
        core: Option<usize>,
        stamps: Stamps,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("listen on loopback")?;
        let address = listener.local_addr()?;
        let mut sockets = Vec::with_capacity(count);
        let mut listeners = Listeners::new(count, stamps);
        for _ in 0..count {
            let (near, far) =
                tokio::join!(tokio::net::TcpStream::connect(address), listener.accept());
            listeners.add(Link::over(near.context("connect on loopback")?, Arc::new(Nchan)));
            let (far, _) = far.context("accept on loopback")?;
            far.set_nodelay(true)?;
            let far = far.into_std()?;
            far.set_nonblocking(false)?;
            sockets.push(far);
        }
        Ok(Self { sockets: Arc::new(sockets), listeners, core })
    }

    /// Sends a frame of `bytes` to every socket, `rate` times a second for as long as a `turn`.
    pub(crate) async fn run(
        &self,
        bytes: usize,
        rate: f64,
        turn: Duration,
    ) -> anyhow::Result<Sent> {
        let frame = frame(bytes);
        let before = self.listeners.heard();
        let (sockets, core) = (Arc::clone(&self.sockets), self.core);
        let (strokes, heard) = mpsc::sync_channel(1);
        let sender = thread::Builder::new()
            .name("sendloop".to_owned())
            .spawn(move || send(&sockets, &frame, core, &heard))?;
        let mut times = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
        times.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let count = (turn.as_secs_f64() * rate).round() as u64;
        for _ in 0..count {
            times.tick().await;
            if strokes.try_send(()).is_err() {
                // The stroke before last is still at work: this machine cannot go faster.
                tokio::task::yield_now().await;
            }
        }
        drop(strokes);
        let joined = tokio::task::spawn_blocking(move || sender.join()).await?;
        let sent = joined.map_err(|_| anyhow!("the send loop panicked"))??;
        let each = sent.frames / self.sockets.len() as u64;
        let deadline = Instant::now() + 4 * PATIENCE;
        self.listeners.until(&before, each, PATIENCE, deadline).await;
        self.listeners.intact()?;
        let heard = self.listeners.heard().total.since(before.total).publications;
        ensure!(heard == sent.frames, "of {} frames {heard} were heard", sent.frames);
        Ok(sent)
    }
}

fn send(
    sockets: &[TcpStream],
    frame: &[u8],
    core: Option<usize>,
    strokes: &mpsc::Receiver<()>,
) -> anyhow::Result<Sent> {
    if let Some(core) = core {
        let mut cores = CpuSet::new();
        cores.set(core);
        sched_setaffinity(None, &cores).with_context(|| format!("send on core {core}"))?;
    }
    let (mut frames, before) = (0, thread_cpu()?);
    for () in strokes {
        for mut socket in sockets {
            socket.write_all(frame)?;
        }
        frames += sockets.len() as u64;
    }
    Ok(Sent { frames, cpu: thread_cpu()?.saturating_sub(before) })
}

/// A text frame that takes `bytes` on the wire, its header included, and is not empty.
fn frame(bytes: usize) -> Vec<u8> {
    let mut frame = vec![0x81];
    match bytes.max(3) - 2 {
        short @ 0..=125 => frame.push(short as u8),
        longer => {
            frame.push(126);
            frame.extend_from_slice(&((longer - 2).min(0xFFFF) as u16).to_be_bytes());
        }
    }
    frame.resize(bytes.clamp(3, 4 + 0xFFFF), b'x');
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_frame_that_is_sent_is_heard() {
        for bytes in [3, 127, 150, 5_000] {
            assert_eq!(frame(bytes).len(), bytes);
            let sendloop = SendLoop::open(3, None, Stamps::new()).await.unwrap();
            let sent = sendloop.run(bytes, 200.0, Duration::from_millis(50)).await.unwrap();
            assert!(sent.frames > 0 && sent.frames % 3 == 0);
        }
    }
}
