//! The driver's one clock.

use std::time::{Duration, Instant, SystemTime};

use sdk_hmac_sha256::SigningDate;

/// Counts from when it was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch(Instant);

impl Watch {
    #[expect(clippy::disallowed_methods, reason = "the one place of the driver that asks for the time")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// What to sign with now.
#[expect(clippy::disallowed_methods, reason = "the one place of the driver that asks for the time")]
pub(crate) fn signing_date() -> Result<SigningDate, String> {
    SystemTime::now()
        .try_into()
        .map_err(|error| format!("the machine's clock cannot be signed with: {error}"))
}
