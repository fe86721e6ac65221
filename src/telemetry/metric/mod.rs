//! The catalogue of metrics: each is declared once, with its instrument, its unit and its meaning.

use std::{ops::Deref, sync::Arc};

use prometheus_client::{encoding::text, registry::Registry};

use super::{
    instrument::{Count, Counts, Instrument, Kind, Level, Levels, Spread, Spreads, Unit},
    label::{
        ByCause, ByClose, ByCommand, ByKind, ByOperation, ByOperationOutcome, ByOutcome, ByReason,
        ByRefusal, ByRequest, ByRoute, ByRule, ByState, ByTransport, ByVerdict, ByVersion,
    },
};

/// The media type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the name of every metric begins with.
const PREFIX: &str = "belfry";

/// Declares the catalogue: variant, field, instrument, unit, help. The field is the metric's name.
macro_rules! metrics {
    ($($variant:ident, $field:ident: $instrument:ty, $unit:ident, $help:literal;)*) => {
        /// The name of a metric.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Metric {
            $(#[doc = $help] $variant,)*
        }

        /// The instruments, one for each [`Metric`].
        pub struct Instruments {
            $(#[doc = $help] pub $field: $instrument,)*
        }

        impl Metric {
            /// Every metric, in the order of the documents.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// What it tells, in one line without a full stop.
            pub fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }

            /// What it is measured in.
            pub fn unit(self) -> Unit {
                match self { $(Self::$variant => Unit::$unit,)* }
            }

            /// How it moves.
            pub fn kind(self) -> Kind {
                match self { $(Self::$variant => <$instrument>::KIND,)* }
            }

            /// The names of its labels.
            pub fn labels(self) -> &'static [&'static str] {
                match self { $(Self::$variant => <$instrument>::LABELS,)* }
            }

            fn stem(self) -> &'static str {
                match self { $(Self::$variant => stringify!($field),)* }
            }
        }

        impl Instruments {
            fn register(registry: &mut Registry) -> Self {
                Self {
                    $($field: <$instrument>::register(registry, Metric::$variant.stem(), $help, Unit::$unit),)*
                }
            }
        }
    };
}

metrics! {
    Connections, connections: Levels<ByTransport>, Things, "Open connections of clients";
    ConnectionsOpened, connections_opened: Counts<ByTransport>, Things, "Connections that were let in";
    AdmissionRefusals, admission_refusals: Counts<ByReason>, Things, "Connections that were not let in";
    Sessions, sessions: Level, Things, "Connections whose connect command was accepted";
    Subscriptions, subscriptions: Level, Things, "Subscriptions of all sessions";
    Commands, commands: Counts<ByCommand>, Things, "Commands of clients";
    Refusals, refusals: Counts<ByRefusal>, Things, "Refusals that were answered";
    Closes, closes: Counts<ByClose>, Things, "Connections that ended, by the code they were closed with; 0 when the client left";
    Recoveries, recoveries: Counts<ByOutcome>, Things, "Subscriptions that asked to go on from a position";
    Received, received: Count, Bytes, "Bytes read from connections of clients";
    Written, written: Count, Bytes, "Bytes written to connections of clients";
    Publications, publications: Count, Things, "Publications that this node accepted";
    Deliveries, deliveries: Count, Things, "Publications put into mailboxes, one for each reader";
    Gathered, gathered: Spread, Things, "Publications of a busy channel that left together";
    Deferred, deferred: Spread, Things, "Mailboxes of people that were written to together, once what was at hand was done";
    Mailboxes, mailboxes: Level, Bytes, "Bytes that wait in mailboxes";
    Streams, streams: Level, Bytes, "Bytes that streams hold";
    StreamEvictions, stream_evictions: Count, Things, "Streams that lost their history because all together held too much";
    Operations, operations: Counts<ByOperationOutcome>, Things, "Operations that ran, over both doors";
    OperationTime, operation_time: Spreads<ByOperation>, Seconds, "Time that an operation took";
    Requests, requests: Counts<ByRequest>, Things, "Requests to the HTTP door";
    RequestTime, request_time: Spreads<ByRoute>, Seconds, "Time until the answer to a request was ready";
    Verdicts, verdicts: Counts<ByVerdict>, Things, "Verdicts of moderation";
    ModerationHits, moderation_hits: Counts<ByRule>, Things, "Hits in texts that were judged, by the rule";
    ModerationRules, moderation_rules: Levels<ByVersion>, Things, "The rule set in force";
    ModerationReloads, moderation_reloads: Counts<ByOutcome>, Things, "Rule sets that were to be put in force while serving";
    ModerationFaults, moderation_faults: Counts<ByCause>, Things, "Texts that could not be judged; they pass only where nothing could have stopped them";
    AlertsOpen, alerts_open: Levels<ByKind>, Things, "Alerts that nobody has decided on, on all nodes together";
    AlertsRaised, alerts_raised: Counts<ByKind>, Things, "Alerts that were raised; more hits of an open one are not counted";
    LiveComments, live_comments: Counts<ByState>, Things, "Comments in live rooms, by what became of them when they came";
    LiveHeld, live_held: Level, Things, "Comments that wait for a decision, on all nodes together";
    LiveRooms, live_rooms: Level, Things, "Live rooms that are kept in memory";
    LiveRoomsRefused, live_rooms_refused: Count, Things, "Live rooms that found no place in memory";
    LiveQueue, live_queue: Level, Things, "Comments that were shown and wait to be archived";
    LiveStalls, live_stalls: Count, Things, "Times that comments had to wait because the archive fell behind";
    LiveUnarchived, live_unarchived: Count, Things, "Comments that were shown, could not be archived, and were taken back";
    LiveHastened, live_hastened: Count, Things, "Comments that left the delay of a room early because too many waited";
    RegionLookups, region_lookups: Counts<ByKind>, Things, "Addresses whose place was looked up, by whether it is known";
    Appends, appends: Counts<ByOutcome>, Things, "Records that were to be archived";
    Commits, commits: Counts<ByOutcome>, Things, "Transactions of the database";
    CommitBatch, commit_batch: Spread, Things, "Transactions made durable together";
    CommitTime, commit_time: Spread, Seconds, "Time from the queue of writes to durable";
    CommitQueue, commit_queue: Level, Things, "Transactions that wait for the database";
    MediaUploads, media_uploads: Counts<ByKind>, Things, "Files that were taken, by their media type";
    MediaWritten, media_written: Count, Bytes, "Bytes of files that were kept, previews included";
    MediaTime, media_time: Spread, Seconds, "Time to clean a file and to draw its preview, waiting for a decoder included";
    MediaArriving, media_arriving: Level, Things, "Uploads that are arriving or being cleaned";
    MediaExpired, media_expired: Count, Things, "Uploads that were deleted since nobody sent them";
    MediaLinks, media_links: Counts<ByOutcome>, Things, "Requests for a file by its link; refused where the link is not genuine, over or taken back";
    KeySetFetches, key_set_fetches: Counts<ByOutcome>, Things, "Fetches of the key set that verifies tokens";
}

/// The metrics of this node. Cheap to clone; all clones share the same numbers.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    instruments: Instruments,
}

impl Metric {
    /// The name that a query uses, as `belfry_commit_time_seconds`.
    pub fn name(self) -> String {
        let unit = match self.unit() {
            Unit::Things => "",
            Unit::Bytes => "_bytes",
            Unit::Seconds => "_seconds",
        };
        let total = if self.kind() == Kind::Counter { "_total" } else { "" };
        format!("{PREFIX}_{}{unit}{total}", self.stem())
    }
}

impl Metrics {
    /// Registers every instrument.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        let instruments = Instruments::register(&mut registry);
        Self(Arc::new(Inner { registry, instruments }))
    }

    /// Every metric in the `OpenMetrics` 1.0 text format.
    pub fn encode(&self) -> String {
        let mut page = String::new();
        text::encode(&mut page, &self.0.registry).expect("writing to a string does not fail");
        page
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for Metrics {
    type Target = Instruments;

    fn deref(&self) -> &Instruments {
        &self.0.instruments
    }
}

#[cfg(test)]
mod tests;
