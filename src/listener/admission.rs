//! Who is let in: a cap and a rate for each address, a rate for all, a bound on polite refusals.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::rate::{Bucket, Buckets, SECOND};
use crate::config::admission::Admission as Limits;

/// Refusals that are written out at the same time; beyond them a socket is just closed, so that
/// saying no never costs more than saying yes.
const REFUSALS: usize = 64;

/// When a refused peer may try again: a bucket fills within a second.
pub(super) const RETRY_AFTER: Duration = SECOND;

/// A place under the cap of an address, given up when the last clone goes: of a client's connection,
/// or, behind a trusted proxy, of its request.
///
/// Who takes an upgraded socket keeps the seat as long as the socket.
#[derive(Clone, Default)]
pub struct Seat(#[expect(dead_code, reason = "held for its end")] Option<Arc<Taken>>);

struct Taken {
    address: IpAddr,
    seats: Arc<Seats>,
}

#[derive(Default)]
struct Seats(Mutex<HashMap<IpAddr, u32>>);

/// What becomes of a new connection.
pub(super) enum Ruling {
    /// It is let in.
    Admitted(Seat),
    /// It is told to come back later.
    Refused(Refusal),
    /// It is closed without a word, for that reason: too many are being refused already.
    Ignored(&'static str),
}

/// A refusal under way; holds its place among [`REFUSALS`].
pub(super) struct Refusal {
    /// Which limit was reached.
    pub(super) reason: &'static str,
    /// When the peer may try again.
    pub(super) retry_after: Duration,
    _place: OwnedSemaphorePermit,
}

/// The limits, and how far they are used.
pub(super) struct Admission {
    per_address: u32,
    seats: Arc<Seats>,
    rates: Mutex<Rates>,
    refusals: Arc<Semaphore>,
}

struct Rates {
    address: Option<Buckets>,
    all: Option<Bucket>,
}

impl Admission {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            per_address: limits.per_address,
            seats: Arc::default(),
            rates: Mutex::new(Rates {
                address: (limits.connects_per_address > 0)
                    .then(|| Buckets::new(limits.connects_per_address)),
                all: (limits.connects_per_second > 0)
                    .then(|| Bucket::new(limits.connects_per_second)),
            }),
            refusals: Arc::new(Semaphore::new(REFUSALS)),
        }
    }

    /// Decides on a new connection from `address`.
    pub(super) fn rule(&self, address: IpAddr) -> Ruling {
        match self.seat(address).and_then(|seat| self.connect(address).map(|()| seat)) {
            Ok(seat) => Ruling::Admitted(seat),
            Err(reason) => self.refuse(reason),
        }
    }

    /// A place under the cap of `address`.
    ///
    /// # Errors
    /// The limit that was reached.
    pub(super) fn seat(&self, address: IpAddr) -> Result<Seat, &'static str> {
        match self.per_address {
            0 => Ok(Seat::default()),
            limit => self.seats.take(household(address), limit).ok_or("address"),
        }
    }

    /// Counts a new connection from `address` towards the rates.
    ///
    /// # Errors
    /// The limit that was reached.
    pub(super) fn connect(&self, address: IpAddr) -> Result<(), &'static str> {
        let now = Instant::now();
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        // What is the address's own comes first: a flood from one must not use up the common rate.
        let own = rates.address.as_mut();
        if !own.is_none_or(|rates| rates.take(household(address), now)) {
            return Err("address_rate");
        }
        let is_in_time = rates.all.as_mut().is_none_or(|rate| rate.take(now));
        if is_in_time { Ok(()) } else { Err("rate") }
    }

    fn refuse(&self, reason: &'static str) -> Ruling {
        match Arc::clone(&self.refusals).try_acquire_owned() {
            Ok(place) => {
                Ruling::Refused(Refusal { reason, retry_after: RETRY_AFTER, _place: place })
            }
            Err(_) => Ruling::Ignored(reason),
        }
    }
}

/// What counts as one address: an IPv4 address, or the /64 that one IPv6 household holds (RFC 6177).
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

impl Seats {
    fn take(self: &Arc<Self>, address: IpAddr, limit: u32) -> Option<Seat> {
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = seats.entry(address).or_default();
        if *taken >= limit {
            return None;
        }
        *taken += 1;
        Some(Seat(Some(Arc::new(Taken { address, seats: Arc::clone(self) }))))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut seats = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = seats.get_mut(&self.address) {
            *taken -= 1;
            if *taken == 0 {
                seats.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(per_address: u32, connects_per_second: u32) -> Admission {
        Admission::new(&Limits { per_address, connects_per_second, ..Limits::default() })
    }

    fn seat(ruling: Ruling) -> Option<Seat> {
        match ruling {
            Ruling::Admitted(seat) => Some(seat),
            Ruling::Refused(_) | Ruling::Ignored(_) => None,
        }
    }

    #[tokio::test]
    async fn a_seat_is_free_again_when_its_last_clone_goes() {
        let admission = limits(1, 0);
        let address = IpAddr::from([10, 0, 0, 1]);
        let first = seat(admission.rule(address)).unwrap();
        let clone = first.clone();
        drop(first);
        assert!(seat(admission.rule(address)).is_none());
        assert!(seat(admission.rule([10, 0, 0, 2].into())).is_some());
        drop(clone);
        assert!(seat(admission.rule(address)).is_some());
        assert!(admission.seats.0.lock().unwrap().is_empty(), "no address is kept for nothing");
    }

    #[tokio::test]
    async fn one_ipv6_household_is_one_address() {
        let admission = limits(1, 0);
        let _held = seat(admission.rule("2001:db8:0:1::1".parse().unwrap())).unwrap();
        assert!(seat(admission.rule("2001:db8:0:1::2".parse().unwrap())).is_none());
        assert!(seat(admission.rule("2001:db8:0:2::1".parse().unwrap())).is_some());
        let _v4 = seat(admission.rule("::ffff:10.0.0.1".parse().unwrap())).unwrap();
        assert!(seat(admission.rule([10, 0, 0, 1].into())).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_lets_so_many_in_each_second() {
        let admission = limits(0, 2);
        let address = IpAddr::from([10, 0, 0, 1]);
        let admitted = || (0..5).filter(|_| seat(admission.rule(address)).is_some()).count();
        assert_eq!(admitted(), 2);
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!(admitted(), 1);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(admitted(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_has_a_rate_of_its_own_and_does_not_use_up_the_others() {
        let admission = Admission::new(&Limits {
            connects_per_address: 2,
            connects_per_second: 3,
            ..Limits::default()
        });
        let [one, neighbour, other] = ["2001:db8::1", "2001:db8::2", "10.0.0.1"];
        let tries = |address: &str| seat(admission.rule(address.parse().unwrap())).is_some();
        let admitted = [one, neighbour, one, one, other, other].map(tries);
        assert_eq!(admitted, [true, true, false, false, true, false]);
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!([one, neighbour].map(tries), [true, false]);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!([one, one, one].map(tries), [true, true, false]);
    }

    #[tokio::test]
    async fn refusals_are_bounded_too() {
        let admission = limits(1, 0);
        let address = IpAddr::from([10, 0, 0, 1]);
        let _held = seat(admission.rule(address)).unwrap();
        let refusals: Vec<_> = (0..REFUSALS).map(|_| admission.rule(address)).collect();
        assert!(refusals.iter().all(|ruling| matches!(ruling, Ruling::Refused(_))));
        assert!(matches!(admission.rule(address), Ruling::Ignored("address")));
        drop(refusals);
        assert!(matches!(admission.rule(address), Ruling::Refused(_)));
    }
}
