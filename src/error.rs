//! The numeric catalogue of refusals: one table for replies, HTTP answers, metrics and documents.
//!
//! 100–113 are the Centrifuge client protocol's own and keep its words; 400–1999 is the range it
//! leaves to applications.

/// Declares the catalogue: variant, number, name on the wire, temporary?, HTTP status.
macro_rules! codes {
    ($($(#[doc = $doc:literal])* $variant:ident = $number:literal, $name:literal, $retry:ident, $status:literal;)*) => {
        /// Why something was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[doc = $doc])* $variant = $number,)*
        }

        impl Code {
            /// Every code, in order of number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The number on the wire.
            pub fn number(self) -> u32 {
                self as u32
            }

            /// The name on the wire: words for the protocol's own codes, a key for ours.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it means, in a sentence: for people and documents, never compared.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),*).trim_ascii_start(),)* }
            }

            /// Whether the same request may succeed later: SDKs retry on this flag alone.
            pub fn is_temporary(self) -> bool {
                match self { $(Self::$variant => retry::$retry,)* }
            }

            /// The status of the HTTP door's answer.
            pub fn http_status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }
        }
    };
}

/// Readable flags for the table below.
mod retry {
    #![expect(non_upper_case_globals, reason = "they read as words in the table")]
    pub(super) const later: bool = true;
    pub(super) const never: bool = false;
}

codes! {
    /// Something of ours failed; nothing was done, or the answer says what was.
    Internal = 100, "internal server error", later, 500;
    /// No identity, or one that may not act at all.
    Unauthorized = 101, "unauthorized", never, 401;
    /// The channel's namespace is not configured.
    UnknownChannel = 102, "unknown channel", never, 404;
    /// The identity may not do this.
    PermissionDenied = 103, "permission denied", never, 403;
    /// No operation has this name.
    MethodNotFound = 104, "method not found", never, 404;
    /// The connection has this subscription already.
    AlreadySubscribed = 105, "already subscribed", never, 409;
    /// A bound on count or size was reached.
    LimitExceeded = 106, "limit exceeded", never, 400;
    /// The request is malformed.
    BadRequest = 107, "bad request", never, 400;
    /// The server or the channel does not offer this.
    NotAvailable = 108, "not available", never, 404;
    /// The token is past its time: fetch a new one.
    TokenExpired = 109, "token expired", never, 401;
    /// The connection or subscription is past its time.
    Expired = 110, "expired", never, 401;
    /// Slow down, then try again.
    TooManyRequests = 111, "too many requests", later, 429;
    /// The history no longer reaches back to the position.
    UnrecoverablePosition = 112, "unrecoverable position", never, 410;
    /// Another page of the same iteration is being read.
    ConcurrentPagination = 113, "concurrent pagination", later, 409;
    /// Slow down; the answer says how long.
    RateLimited = 400, "rate_limited", later, 429;
    /// The author may not speak here before the time given.
    Muted = 401, "muted", never, 403;
    /// The institution or the tutor is suspended.
    Suspended = 402, "suspended", never, 403;
    /// The object does not exist, or not for this caller: the two look the same on purpose.
    NotInScope = 403, "not_in_scope", never, 404;
    /// The conversation has ended and only its user may reopen it.
    ConversationClosed = 404, "conversation_closed", never, 409;
    /// The text is longer than the maximum given.
    TooLong = 405, "too_long", never, 400;
    /// Someone else was first; the answer says who and when.
    Stale = 406, "stale", never, 409;
    /// Nothing was stored; send again with the same client id.
    Unavailable = 407, "unavailable", later, 503;
    /// The same idempotency key came with other content.
    Conflict = 408, "conflict", never, 409;
    /// The hold, token or grant is past its time, or was used.
    Gone = 409, "gone", never, 410;
    /// The body's kind is unknown or not allowed here.
    UnknownKind = 410, "unknown_kind", never, 400;
    /// Moderation does not let the text stand where it would appear; the answer says what it hit.
    Rejected = 411, "rejected", never, 422;
    /// The file is larger than the maximum given.
    TooLarge = 420, "too_large", never, 413;
    /// The bytes are none of the kinds that are accepted here; the answer lists those.
    UnsupportedMedia = 421, "unsupported_media", never, 415;
    /// The file is damaged or holds something that is not taken; the answer says what.
    UnusableMedia = 422, "unusable_media", never, 422;
    /// The room wants a pause between comments of one author; the answer says how long.
    Slow = 430, "slow", later, 429;
    /// The room takes no comments now.
    Closed = 431, "closed", never, 409;
    /// The author said the very same a moment ago.
    Duplicate = 432, "duplicate", never, 409;
    /// Only who has followed for as long as the answer says may speak.
    FollowersOnly = 433, "followers_only", never, 403;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_stay_in_the_ranges_the_protocol_allows() {
        assert!(Code::ALL.is_sorted_by(|a, b| a.number() < b.number()));
        for code in Code::ALL {
            assert!(matches!(code.number(), 100..=113 | 400..=1999), "{code:?}");
        }
    }

    #[test]
    fn no_name_is_empty_or_could_be_read_as_json() {
        for code in Code::ALL {
            assert!(!code.name().is_empty());
            assert!(code.sentence().ends_with('.') && !code.sentence().contains('`'), "{code:?}");
            assert!(serde_json::from_str::<serde_json::Value>(code.name()).is_err(), "{code:?}");
        }
    }
}
