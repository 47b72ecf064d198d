//! The gateway's quotas: how often an operation may be called in a minute.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::error::Refusal;

const MINUTE: Duration = Duration::from_secs(60);

/// How the requests of a minute are counted.
///
/// What is documented is how many there may be, for each operation and tenant; not how a minute is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Quota {
    /// Not at all.
    Off,
    /// Any 60 seconds: a request falls out of the count exactly 60 seconds after it came. As refused requests count
    /// too, a client that never pauses is never let through again.
    #[default]
    Sliding,
    /// Minutes of the clock, each from its second 0 to the next: all of a minute's requests may come at its end, and
    /// as many again right after it.
    Fixed,
}

/// What was counted so far, by operation. There is one tenant, so all credentials count together.
pub(crate) struct Quotas {
    quota: Quota,
    retry_after: bool,
    windows: Mutex<BTreeMap<&'static str, Window>>,
}

#[derive(Default)]
struct Window {
    /// Sliding: the times of the latest requests, as many as the limit at most; older ones decide nothing.
    latest: VecDeque<SystemTime>,
    /// Fixed: the minute since 1970 that is being counted.
    minute: u64,
    count: u32,
}

impl Quotas {
    pub(crate) fn new(quota: Quota, retry_after: bool) -> Self {
        Self { quota, retry_after, windows: Mutex::default() }
    }

    /// Forgets what was counted.
    pub(crate) fn reset(&self) {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Counts a request, and refuses it when there were too many.
    pub(crate) fn count(&self, operation: &'static str, limit: u32, now: SystemTime) -> Result<(), Refusal> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(operation).or_default();
        let wait = match self.quota {
            Quota::Off => None,
            Quota::Sliding => window.slide(limit, now),
            Quota::Fixed => window.fix(limit, now),
        };
        let Some(wait) = wait else { return Ok(()) };
        let message = format!(
            "The throttling threshold has been reached: policy user over ratelimit,limit:{limit},time:1 minute."
        );
        let mut refusal = Refusal::new("APIGW.0308", message);
        if self.retry_after {
            // Whole seconds, so that it is not too early.
            refusal.retry_after = Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        }
        Err(refusal)
    }
}

impl Window {
    /// `None` for a request that may pass, else how long none may.
    fn slide(&mut self, limit: u32, now: SystemTime) -> Option<Duration> {
        if self.latest.back().is_some_and(|latest| *latest > now) {
            // The clock was set back.
            self.latest.clear();
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let age = |time: &SystemTime| now.duration_since(*time).unwrap_or_default();
        let full = self.latest.len() >= limit && self.latest.front().is_none_or(|first| age(first) < MINUTE);
        self.latest.push_back(now);
        if self.latest.len() > limit {
            self.latest.pop_front();
        }
        full.then(|| self.latest.front().map_or(MINUTE, |first| MINUTE.saturating_sub(age(first))))
    }

    /// As [`slide`](Self::slide).
    fn fix(&mut self, limit: u32, now: SystemTime) -> Option<Duration> {
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let minute = since.as_secs() / MINUTE.as_secs();
        if self.minute != minute {
            (self.minute, self.count) = (minute, 0);
        }
        self.count = self.count.saturating_add(1);
        let passed = Duration::new(since.as_secs() % MINUTE.as_secs(), since.subsec_nanos());
        (self.count > limit).then(|| MINUTE.saturating_sub(passed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// Whether a request passes, and what Retry-After says otherwise.
    fn outcome(quotas: &Quotas, now: SystemTime) -> Result<(), Option<u64>> {
        quotas.count("O", 2, now).map_err(|refusal| refusal.retry_after)
    }

    #[test]
    fn a_sliding_minute_is_any_sixty_seconds() {
        let quotas = Quotas::new(Quota::Sliding, true);
        for (now, expected) in [
            (at(100), Ok(())),
            (at(130), Ok(())),
            // Refused requests count: the next may pass 60 s after the last but one.
            (at(150), Err(Some(40))),
            (at(189), Err(Some(21))),
            (at(210) - Duration::from_nanos(1), Err(Some(39 + 1))),
            (at(249), Ok(())),
            (at(270), Ok(())),
            (at(308), Err(Some(22))),
            // Set back.
            (at(50), Ok(())),
        ] {
            assert_eq!(outcome(&quotas, now), expected, "{now:?}");
        }
    }

    #[test]
    fn a_fixed_minute_is_that_of_the_clock() {
        let quotas = Quotas::new(Quota::Fixed, true);
        for (now, expected) in [
            (at(119), Ok(())),
            (at(119), Ok(())),
            (at(120) - Duration::from_nanos(1), Err(Some(1))),
            (at(120), Ok(())),
            (at(120), Ok(())),
            (at(120), Err(Some(60))),
            (at(179), Err(Some(1))),
            (at(180), Ok(())),
            (at(60), Ok(())),
        ] {
            assert_eq!(outcome(&quotas, now), expected, "{now:?}");
        }
        assert_eq!(outcome(&quotas, at(u64::MAX / 4)), Ok(()));
    }

    #[test]
    fn off_counts_nothing_and_operations_do_not_share() {
        let quotas = Quotas::new(Quota::Off, true);
        (0..9).for_each(|_| assert_eq!(outcome(&quotas, at(0)), Ok(())));
        let quotas = Quotas::new(Quota::Sliding, false);
        (0..2).for_each(|_| assert_eq!(outcome(&quotas, at(0)), Ok(())));
        assert_eq!(outcome(&quotas, at(0)), Err(None));
        assert!(quotas.count("P", 2, at(0)).is_ok());
        quotas.reset();
        assert_eq!(outcome(&quotas, at(0)), Ok(()));
    }
}
