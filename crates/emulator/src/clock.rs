//! The emulator's time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Where the emulator takes its time from.
///
/// Everything that depends on time asks it anew for each request: the window of signatures, the lock of an access
/// key, the end of a synchronization, the `Date` header. Nothing waits for it.
/// [Virtual time](crate::EmulatorBuilder::virtual_time) is ahead of it.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> SystemTime;
}

/// The machine's clock, the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct MachineClock;

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "the one place of this crate that asks the machine")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock, and how far the emulator's time is ahead of it.
pub(crate) struct Time {
    clock: Arc<dyn Clock>,
    /// `None`: it cannot be moved.
    ahead: Option<Mutex<Duration>>,
}

impl Time {
    pub(crate) fn new(clock: Arc<dyn Clock>, is_virtual: bool) -> Self {
        Self { clock, ahead: is_virtual.then(Mutex::default) }
    }

    /// What the clock shows, as the clocks of clients do: by it they sign.
    pub(crate) fn clock(&self) -> SystemTime {
        self.clock.now()
    }

    /// The time by which everything else happens.
    pub(crate) fn now(&self) -> SystemTime {
        let now = self.clock();
        now.checked_add(self.ahead()).unwrap_or(now)
    }

    pub(crate) fn is_virtual(&self) -> bool {
        self.ahead.is_some()
    }

    pub(crate) fn ahead(&self) -> Duration {
        self.ahead
            .as_ref()
            .map_or(Duration::ZERO, |ahead| *ahead.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Nothing happens to a time that cannot be moved.
    pub(crate) fn set_ahead(&self, by: Duration) {
        if let Some(ahead) = &self.ahead {
            *ahead.lock().unwrap_or_else(PoisonError::into_inner) = by;
        }
    }
}

/// A clock that stands still until it is moved, for tests.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use mrs_iam_sync_emulator::{Clock, ManualClock};
///
/// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
/// clock.advance(Duration::from_secs(2));
/// assert_eq!(clock.now(), SystemTime::UNIX_EPOCH + Duration::from_secs(2));
/// ```
pub struct ManualClock(Mutex<SystemTime>);

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn new(now: SystemTime) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves it forwards; as far as a [`SystemTime`] goes, no further.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.checked_add(by).unwrap_or(*now);
    }

    /// Sets it, backwards too.
    pub fn set(&self, now: SystemTime) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Default for ManualClock {
    /// A clock that shows 2026-01-02T03:04:05Z.
    fn default() -> Self {
        Self::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("ManualClock").field(&self.now()).finish()
    }
}
