//! Times as text.

use std::time::SystemTime;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

/// The form of the `Date` header; `None` for times that it cannot say.
pub(crate) fn http_date(time: SystemTime) -> Option<String> {
    let timestamp = Timestamp::try_from(time).ok()?;
    DateTimePrinter::new().timestamp_to_rfc9110_string(&timestamp).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates() {
        let of = |seconds| http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(of(1_767_323_045).as_deref(), Some("Fri, 02 Jan 2026 03:04:05 GMT"));
        assert_eq!(of(u64::MAX / 4), None);
    }
}
