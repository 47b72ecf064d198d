//! The rate limits that the service documents, kept on this side.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::time::Time;

/// The window of the documented limits, and a little more: the two clocks need not run alike.
const WINDOW: Duration = Duration::from_millis(60_100);

/// How much of the documented limit comes back with each minute without a refusal.
const RECOVERY_PER_MINUTE: f64 = 0.1;

/// Keeps requests below what the service documents: for each endpoint and operation, in no 60 seconds more than the
/// document says (60 for the writes, 1000 for reads).
///
/// A place is taken when a request leaves and given back a minute after its answer came, so that the service, which
/// counts some time in between, never counts more. A burst is fine; nothing refills before the burst is a minute
/// old. After the service refused a request all the same (somebody else uses the quota too), half of the places are
/// left, and a tenth of the documented number comes back with each minute.
///
/// The service counts by account: give clients of one account the same limits, as the clones of one client have.
#[derive(Clone, Default)]
pub struct RateLimits(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Share of the documented limits; all of them when it is not set.
    share: Option<f64>,
    /// By endpoint and operation.
    windows: Mutex<HashMap<String, HashMap<&'static str, Arc<Window>>>>,
}

impl RateLimits {
    /// The documented limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// A share of the documented limits, where several programs use one account: `0.5` for each of two. Each
    /// operation keeps at least one request a minute.
    pub fn with_share(share: f64) -> Self {
        Self(Arc::new(Inner { share: Some(share.clamp(0.0, 1.0)), windows: Mutex::default() }))
    }

    /// Takes a place, once there is one. First come, first served.
    pub(crate) async fn admit(
        &self,
        endpoint: &str,
        operation: &'static str,
        per_minute: u32,
        time: &Arc<dyn Time>,
    ) -> Place {
        let window = self.window(endpoint, operation, per_minute);
        window.admit(time).await;
        Place { window, time: time.clone() }
    }

    fn window(&self, endpoint: &str, operation: &'static str, per_minute: u32) -> Arc<Window> {
        let mut windows = self.0.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = windows.get(endpoint).and_then(|operations| operations.get(operation)) {
            return window.clone();
        }
        let share = self.0.share.unwrap_or(1.0);
        let window = Arc::new(Window::new((f64::from(per_minute) * share).max(1.0).floor()));
        windows.entry(endpoint.to_owned()).or_default().insert(operation, window.clone());
        window
    }
}

impl fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimits").field("share", &self.0.share).finish_non_exhaustive()
    }
}

/// A request's place among those of the last minute. Dropped when its answer has come, or will not come.
pub(crate) struct Place {
    window: Arc<Window>,
    time: Arc<dyn Time>,
}

impl Place {
    /// The service refused the request as one too many: fewer for a while, and none at all for `hold`.
    pub(crate) fn refused(&self, hold: Duration) {
        let now = self.time.monotonic();
        self.window.state().refused(now, hold);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let now = self.time.monotonic();
        self.window.state().give_back(now);
        self.window.answered.notify_one();
    }
}

/// The requests of one operation in the last minute.
struct Window {
    state: Mutex<State>,
    /// Whose turn it is; the others wait in line.
    turn: tokio::sync::Mutex<()>,
    answered: Notify,
}

struct State {
    /// The limit.
    most: f64,
    /// What is left of it after refusals.
    now: f64,
    /// When a refusal, or the recovery from it, was counted last.
    changed: Duration,
    /// Until when nothing is sent.
    closed_until: Duration,
    /// Requests without an answer.
    open: usize,
    /// When the places of answered requests become free, in order.
    free_at: VecDeque<Duration>,
}

impl Window {
    fn new(most: f64) -> Self {
        let state = State {
            most,
            now: most,
            changed: Duration::ZERO,
            closed_until: Duration::ZERO,
            open: 0,
            free_at: VecDeque::new(),
        };
        Self { state: Mutex::new(state), turn: tokio::sync::Mutex::default(), answered: Notify::new() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn admit(&self, time: &Arc<dyn Time>) {
        let _turn = self.turn.lock().await;
        loop {
            let wait = self.state().try_take(time.monotonic());
            match wait {
                Wait::None => return,
                Wait::For(rest) => {
                    tracing::debug!(seconds = rest.as_secs_f64(), "waiting for the rate limit");
                    time.sleep(rest).await;
                }
                Wait::Answer => self.answered.notified().await,
            }
        }
    }
}

/// What a request that wants to leave has to wait for.
enum Wait {
    None,
    For(Duration),
    /// All places are taken by requests that have no answer yet.
    Answer,
}

impl State {
    fn try_take(&mut self, now: Duration) -> Wait {
        self.recover(now);
        if now < self.closed_until {
            return Wait::For(self.closed_until - now);
        }
        while self.free_at.front().is_some_and(|free_at| *free_at <= now) {
            self.free_at.pop_front();
        }
        // At least one: `now` never falls below it.
        let taken = self.open + self.free_at.len();
        if (taken as f64) + 1.0 <= self.now {
            self.open += 1;
            return Wait::None;
        }
        match self.free_at.front() {
            Some(free_at) => Wait::For(*free_at - now),
            None => Wait::Answer,
        }
    }

    fn give_back(&mut self, now: Duration) {
        self.open = self.open.saturating_sub(1);
        self.free_at.push_back(now + WINDOW);
    }

    fn refused(&mut self, now: Duration, hold: Duration) {
        self.recover(now);
        // Requests that left together are refused together: that is one sign, not many.
        if now >= self.closed_until {
            self.now = (self.now / 2.0).max(1.0);
        }
        self.closed_until = self.closed_until.max(now + hold);
        self.changed = now;
    }

    fn recover(&mut self, now: Duration) {
        if self.now < self.most {
            let minutes = now.saturating_sub(self.changed).as_secs_f64() / 60.0;
            self.now = (self.now + minutes * RECOVERY_PER_MINUTE * self.most).min(self.most);
        }
        self.changed = now;
    }
}
