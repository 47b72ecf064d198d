//! When a request is sent again: one table, and the plan of one operation that follows it.

use std::sync::Arc;
use std::time::Duration;

use mrs_iam_sync_contract::Operation;

use crate::error::{Error, ErrorKind};
use crate::time::Time;

/// Attempts of one operation unless set otherwise, the first one included.
pub const DEFAULT_MAX_ATTEMPTS: u32 = 3;

/// Longest rest before the second attempt; each later one may be twice as long.
const FIRST_REST: Duration = Duration::from_secs(1);

/// Longest rest between two attempts.
const LONGEST_REST: Duration = Duration::from_secs(20);

/// First rest after a refusal for too many requests that does not say how long to wait. Each later one is twice as
/// long, up to the minute after which no request counts any more.
const FIRST_QUOTA_REST: Duration = Duration::from_secs(5);

/// Least rest after such a refusal, whatever it says; each later one is twice as long.
const LEAST_QUOTA_REST: Duration = Duration::from_millis(250);

/// The window of the documented rate limits.
const QUOTA_WINDOW: Duration = Duration::from_secs(60);

/// Rest before a look whether a synchronization still runs.
const IDLE_REST: Duration = Duration::from_secs(2);

/// Longest rest between two such looks.
const LONGEST_IDLE_REST: Duration = Duration::from_secs(10);

/// How far a request got that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It did not leave this machine: no connection, no credentials.
    NotSent,
    /// It did not leave this machine, as the other side is not to be trusted: TLS says so.
    Untrusted,
    /// Nobody knows whether it was carried out: the connection broke, or the time was up.
    Unknown,
    /// It was answered.
    Answered,
}

/// What a repetition may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replay {
    /// Nothing: it only reads.
    Read,
    /// A write that does no harm when it is sent twice, by the document.
    Idempotent,
    /// A write of which nothing is known.
    Unknown,
}

impl Replay {
    pub(crate) fn of(operation: &Operation) -> Self {
        match (operation.is_write(), operation.idempotent) {
            (false, _) => Self::Read,
            (true, true) => Self::Idempotent,
            (true, false) => Self::Unknown,
        }
    }
}

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing: the caller is told.
    GiveUp,
    /// Another attempt after a rest.
    Again,
    /// Another attempt after a rest, once no synchronization runs: this one may have been carried out.
    AgainWhenIdle,
    /// The same attempt again, once no synchronization runs.
    WhenIdle,
    /// The same attempt again, once the service takes requests.
    WhenAdmitted,
    /// The same attempt again, with renewed credentials.
    Renewed,
}

/// The table: by the kind of failure, which comes from the document's error codes, then by what is known of the
/// request.
pub(crate) fn next(error: &Error, reach: Reach, replay: Replay) -> Next {
    use ErrorKind as K;
    match (error.kind(), reach, replay) {
        // The gateway counts failures: five in a row lock an access key. A token is no key.
        (K::Authentication, ..) if error.is_expired_token() => Next::Renewed,
        (K::Throttled, ..) => Next::WhenAdmitted,
        (K::SyncRunning, _, Replay::Idempotent) => Next::WhenIdle,
        (K::Connection, Reach::Untrusted, _) => Next::GiveUp,
        (K::Connection, Reach::NotSent, _) => Next::Again,
        (K::Unavailable | K::Internal | K::Connection | K::Timeout, _, Replay::Read) => Next::Again,
        // A second synchronization is harmless, a lost one is not.
        (K::Unavailable | K::Internal | K::Connection | K::Timeout, _, Replay::Idempotent) => {
            Next::AgainWhenIdle
        }
        _ => Next::GiveUp,
    }
}

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: Error,
    pub(crate) reach: Reach,
    /// Whether no attempt may follow, whatever the table says.
    last: bool,
}

impl Failed {
    pub(crate) fn new(error: Error, reach: Reach) -> Self {
        Self { error, reach, last: false }
    }

    /// One that was not sent.
    pub(crate) fn before(error: Error) -> Self {
        Self::new(error, Reach::NotSent)
    }

    /// One with which the operation ends.
    pub(crate) fn last(error: Error) -> Self {
        Self { error, reach: Reach::NotSent, last: true }
    }
}

/// Rests between attempts: twice as long at most each time, and anything from nothing to that by chance, so that
/// clients that failed together do not come back together.
#[derive(Debug)]
pub(crate) struct FullJitter {
    time: Arc<dyn Time>,
    ceiling: Duration,
}

impl FullJitter {
    pub(crate) fn new(time: Arc<dyn Time>) -> Self {
        Self { time, ceiling: FIRST_REST }
    }

    fn rest(&mut self) -> Duration {
        let rest = self.ceiling.mul_f64(self.time.chance());
        self.ceiling = (self.ceiling * 2).min(LONGEST_REST);
        rest
    }
}

/// What the next attempt has to do first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum First {
    #[default]
    Nothing,
    /// Wait until no synchronization runs.
    Idle,
    /// Renew the credentials.
    Renew,
}

/// One operation: how many attempts it has made, and until when it may go on.
#[derive(Debug)]
pub(crate) struct Plan {
    time: Arc<dyn Time>,
    max_attempts: u32,
    timeout: Duration,
    replay: Replay,
    /// When it must be over; from the first request on.
    deadline: Option<Duration>,
    /// Requests sent.
    sent: u32,
    /// Attempts used up.
    used: u32,
    renewed: bool,
    first: First,
    quota_rest: Duration,
    least_rest: Duration,
    idle_rest: Duration,
}

impl Plan {
    pub(crate) fn new(time: Arc<dyn Time>, max_attempts: u32, timeout: Duration, replay: Replay) -> Self {
        Self {
            time,
            max_attempts,
            timeout,
            replay,
            deadline: None,
            sent: 0,
            used: 0,
            renewed: false,
            first: First::Nothing,
            quota_rest: FIRST_QUOTA_REST,
            least_rest: LEAST_QUOTA_REST,
            idle_rest: IDLE_REST,
        }
    }

    /// Starts the clock, unless it runs already; `spent` of its time has been spent before.
    pub(crate) fn begin(&mut self, spent: Duration) {
        let now = self.time.monotonic();
        // A deadline beyond all time is none.
        self.deadline.get_or_insert(now.saturating_add(self.timeout.saturating_sub(spent)));
    }

    /// What is left of the deadline.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.map_or(self.timeout, |deadline| deadline.saturating_sub(self.time.monotonic()))
    }

    /// Time since the first request.
    pub(crate) fn elapsed(&self) -> Duration {
        self.timeout.saturating_sub(self.left())
    }

    /// Counts a request that is about to be sent; the first one is 1.
    pub(crate) fn count(&mut self) -> u32 {
        self.sent += 1;
        self.sent
    }

    /// How many requests were sent.
    pub(crate) fn sent(&self) -> u32 {
        self.sent
    }

    /// What this attempt has to do first; asked once.
    pub(crate) fn take_first(&mut self) -> First {
        std::mem::take(&mut self.first)
    }

    /// The rest before the next attempt; `None` when there is none. `jitter` gives the rests that are ours to choose,
    /// `renewable` says whether credentials can be renewed.
    pub(crate) fn rest(
        &mut self,
        failed: &Failed,
        jitter: &mut FullJitter,
        renewable: bool,
    ) -> Option<Duration> {
        if failed.last {
            return None;
        }
        let left = self.left();
        let error = &failed.error;
        let decision = next(error, failed.reach, self.replay);
        let asked = error.retry_after().unwrap_or_default();
        let rest = match decision {
            Next::GiveUp => return None,
            Next::Renewed if self.renewed || !renewable => return None,
            Next::Renewed => {
                self.renewed = true;
                self.first = First::Renew;
                Duration::ZERO
            }
            Next::Again | Next::AgainWhenIdle => {
                self.used += 1;
                if self.used >= self.max_attempts {
                    return None;
                }
                if decision == Next::AgainWhenIdle {
                    self.first = First::Idle;
                }
                jitter.rest().max(asked)
            }
            Next::WhenIdle => {
                self.first = First::Idle;
                let rest = self.idle_rest;
                self.idle_rest = longer_idle_rest(rest);
                rest.max(asked)
            }
            Next::WhenAdmitted => {
                // A service that asks for no rest at all gets a growing one, or it would be asked without end.
                let rest = error.retry_after().map_or(self.quota_rest, |asked| asked.max(self.least_rest));
                self.least_rest = (self.least_rest * 2).min(QUOTA_WINDOW);
                self.quota_rest = (self.quota_rest * 2).min(QUOTA_WINDOW);
                rest
            }
        };
        // A rest that takes all that is left would only keep the caller waiting for the same error.
        (rest < left).then_some(rest)
    }
}

/// Rests between looks whether a synchronization still runs.
pub(crate) fn idle_rests() -> impl Iterator<Item = Duration> {
    std::iter::successors(Some(IDLE_REST), |rest| Some(longer_idle_rest(*rest)))
}

fn longer_idle_rest(rest: Duration) -> Duration {
    rest.mul_f64(1.5).min(LONGEST_IDLE_REST)
}

/// How long a refusal for too many requests holds for everybody, when it does not say so itself.
pub(crate) fn hold(error: &Error) -> Duration {
    error.retry_after().unwrap_or(FIRST_QUOTA_REST).min(QUOTA_WINDOW)
}
