//! The one clock of these programs. It may run faster than the machine's, alike in all that are given the same numbers.

use std::time::{Duration, SystemTime};

use clap::Args;
use mrs_iam_sync::{MachineTime, Sleep, Time};
use mrs_iam_sync_emulator::Clock;

/// A time that is the machine's at one moment and runs faster from there on.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Scaled {
    /// How much faster than the machine's time runs
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// When both are the same, in milliseconds since 1970
    #[arg(long, default_value_t = 0)]
    from: u64,
}

impl Scaled {
    fn date(self) -> SystemTime {
        let from = SystemTime::UNIX_EPOCH + Duration::from_millis(self.from);
        from + MachineTime.now().duration_since(from).unwrap_or_default().mul_f64(self.speed)
    }
}

impl Time for Scaled {
    fn now(&self) -> SystemTime {
        self.date()
    }

    fn monotonic(&self) -> Duration {
        MachineTime.monotonic().mul_f64(self.speed)
    }

    fn sleep(&self, duration: Duration) -> Sleep<'_> {
        MachineTime.sleep(duration.div_f64(self.speed))
    }

    fn chance(&self) -> f64 {
        MachineTime.chance()
    }
}

impl Clock for Scaled {
    fn now(&self) -> SystemTime {
        self.date()
    }
}
