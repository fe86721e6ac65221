//! Why the server ends a connection or a subscription: the protocol's close and unsubscribe codes.
//!
//! A code tells clients whether to come back; the words beside it are for people, but they matter:
//! the JavaScript SDK ignores a code whose reason is empty, and reads a reason that parses as JSON
//! as a message of an older protocol. So a reason is words, always.

use std::borrow::Cow;

/// The longest reason, in bytes: a close frame holds 125, two of which are the code (RFC 6455, 5.5).
pub const REASON_MAX: usize = 123;

/// Declares a catalogue: variant, number, reason.
macro_rules! catalogue {
    (
        $(#[$about:meta])* $name:ident: $number:ty;
        $(#[doc = $doc:literal] $variant:ident = $value:literal, $reason:literal;)*
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $(#[doc = $doc] $variant = $value,)*
        }

        impl $name {
            /// Every code, in order of number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The number on the wire.
            pub fn number(self) -> $number {
                self as $number
            }

            /// The words on the wire.
            pub fn reason(self) -> &'static str {
                match self { $(Self::$variant => $reason,)* }
            }

            /// What it means, in a sentence: for people and documents, never compared.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $doc.trim_ascii_start(),)* }
            }
        }
    };
}

catalogue! {
    /// Why the server closes a connection: the protocol's own codes.
    DisconnectCode: u16;
    /// The connection ended for no reason of ours.
    ConnectionClosed = 3000, "connection closed";
    /// The server stops; another node, or this one after its restart, takes over.
    Shutdown = 3001, "shutdown";
    /// Something of ours failed.
    InternalServerError = 3004, "internal server error";
    /// The connection's token expired and was not refreshed in time.
    ConnectionExpired = 3005, "connection expired";
    /// A server-side subscription expired or its token was revoked, or a refresh brought an expired token.
    SubscriptionExpired = 3006, "subscription expired";
    /// The client read too slowly: its mailbox is full or too old.
    Slow = 3008, "slow";
    /// Writing to the socket failed.
    WriteError = 3009, "write error";
    /// A server-side subscription has a gap that only a new recovery can fill.
    InsufficientState = 3010, "insufficient state";
    /// The client shall connect again, as after a change of its rights.
    ForceReconnect = 3011, "force reconnect";
    /// No pong came in time.
    NoPong = 3012, "no pong";
    /// Far more commands came than the rate allows.
    TooManyRequests = 3013, "too many requests";
    /// What the client holds is no longer valid, its token included.
    StateInvalidated = 3014, "state invalidated";
    /// The token is malformed, wrongly signed, or another user's.
    InvalidToken = 3500, "invalid token";
    /// The client broke the protocol.
    BadRequest = 3501, "bad request";
    /// No connect command came in time.
    Stale = 3502, "stale";
    /// An operator or a service ended the connection.
    ForceDisconnect = 3503, "force disconnect";
    /// The user has too many connections.
    ConnectionLimit = 3504, "connection limit";
    /// The token asks for too many server-side subscriptions.
    ChannelLimit = 3505, "channel limit";
    /// A payload that is not JSON met a connection that speaks JSON.
    InappropriateProtocol = 3506, "inappropriate protocol";
    /// The user may not connect.
    PermissionDenied = 3507, "permission denied";
    /// The server does not offer what the client sent.
    NotAvailable = 3508, "not available";
    /// Too many commands in a row were refused.
    TooManyErrors = 3509, "too many errors";
}

catalogue! {
    /// Why the server ends a subscription.
    UnsubscribeCode: u32;
    /// The server ended it for good.
    Unsubscribed = 2000, "server unsubscribe";
    /// The stream has a gap: subscribing again recovers.
    InsufficientState = 2500, "insufficient state";
    /// The subscription's token expired and was not refreshed in time.
    Expired = 2501, "expired";
    /// What the client holds is no longer valid, its token included.
    StateInvalidated = 2502, "state invalidated";
}

impl UnsubscribeCode {
    /// Whether the client subscribes again by itself.
    pub fn is_resubscribe(self) -> bool {
        self.number() >= 2500
    }
}

impl DisconnectCode {
    /// Whether the client connects again by itself.
    pub fn is_reconnect(self) -> bool {
        is_reconnect(self.number())
    }
}

/// Why a connection ends: a code of the protocol, or one of an application's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disconnect {
    code: u16,
    reason: Cow<'static, str>,
}

/// What an application may not close a connection with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDisconnect {
    /// The code is the protocol's or the transport's.
    #[error("an application's close code lies in 4000–4999")]
    Code,
    /// SDKs would misread the reason, or a close frame cannot hold it.
    #[error("a reason is 1 to {REASON_MAX} bytes of words, and no JSON")]
    Reason,
}

impl Disconnect {
    /// A close of an application's own: clients come back after 4000–4499, not after 4500–4999.
    ///
    /// # Errors
    /// [`InvalidDisconnect`] when the code or the reason would be misread.
    pub fn application(
        code: u16,
        reason: impl Into<Cow<'static, str>>,
    ) -> Result<Self, InvalidDisconnect> {
        let reason = reason.into();
        if !(4000..=4999).contains(&code) {
            return Err(InvalidDisconnect::Code);
        }
        if !is_words(&reason) {
            return Err(InvalidDisconnect::Reason);
        }
        Ok(Self { code, reason })
    }

    /// The number in the close frame.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The words in the close frame.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether the client connects again by itself.
    pub fn is_reconnect(&self) -> bool {
        is_reconnect(self.code)
    }
}

impl From<DisconnectCode> for Disconnect {
    fn from(code: DisconnectCode) -> Self {
        Self { code: code.number(), reason: Cow::Borrowed(code.reason()) }
    }
}

/// The ranges in which SDKs stay away: 3500–3999 and 4500–4999.
fn is_reconnect(code: u16) -> bool {
    !matches!(code, 3500..=3999 | 4500..=4999)
}

fn is_words(reason: &str) -> bool {
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(reason).is_ok();
    !reason.trim().is_empty() && reason.len() <= REASON_MAX && !is_json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_words_and_numbers_rise() {
        assert!(DisconnectCode::ALL.iter().all(|code| is_words(code.reason())));
        assert!(UnsubscribeCode::ALL.iter().all(|code| is_words(code.reason())));
        assert!(DisconnectCode::ALL.is_sorted_by(|a, b| a.number() < b.number()));
        assert!(UnsubscribeCode::ALL.is_sorted_by(|a, b| a.number() < b.number()));
    }

    #[test]
    fn clients_come_back_below_3500_only() {
        for code in DisconnectCode::ALL {
            assert_eq!(code.is_reconnect(), code.number() < 3500, "{code:?}");
        }
        assert!(!UnsubscribeCode::Unsubscribed.is_resubscribe());
        assert!(UnsubscribeCode::Expired.is_resubscribe());
    }

    #[test]
    fn an_application_closes_with_its_own_codes_and_with_words() {
        let close = Disconnect::application(4001, "moved to another node").unwrap();
        assert_eq!((close.code(), close.is_reconnect()), (4001, true));
        assert!(!Disconnect::application(4500, "banned").unwrap().is_reconnect());
        for code in [1000, 3500, 3999, 5000] {
            assert_eq!(Disconnect::application(code, "no"), Err(InvalidDisconnect::Code));
        }
        for reason in ["", "  ", "42", "true", "{}", "\"banned\"", &"x".repeat(124)] {
            let refused = Disconnect::application(4001, reason.to_owned());
            assert_eq!(refused, Err(InvalidDisconnect::Reason), "{reason:?}");
        }
    }
}
