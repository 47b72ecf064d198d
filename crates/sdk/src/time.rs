//! Time, sleep and chance, all injected: the only module that asks the machine for them.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

/// What [`Time::sleep`] returns.
pub type Sleep<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Where a client takes time, sleep and chance from. Programs leave it alone; tests pass one that they control.
pub trait Time: Debug + Send + Sync {
    /// The time of day, for signatures.
    fn now(&self) -> SystemTime;

    /// Time since some fixed moment; never goes back, for deadlines.
    fn monotonic(&self) -> Duration;

    /// Waits.
    fn sleep(&self, duration: Duration) -> Sleep<'_>;

    /// A number from 0 up to, but not including, 1, evenly spread.
    fn chance(&self) -> f64;
}

/// The machine's own; what clients use unless they are given another.
#[derive(Debug, Clone, Copy, Default)]
pub struct MachineTime;

impl Time for MachineTime {
    #[expect(clippy::disallowed_methods, reason = "this is the SDK's clock module")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        #[expect(clippy::disallowed_methods, reason = "this is the SDK's clock module")]
        static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        ORIGIN.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Sleep<'_> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn chance(&self) -> f64 {
        fastrand::f64()
    }
}
