//! Times as text.

use std::time::SystemTime;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

/// The form of the `Date` header; `None` for times that it cannot say.
pub(crate) fn http_date(time: SystemTime) -> Option<String> {
    let timestamp = Timestamp::try_from(time).ok()?;
    DateTimePrinter::new().timestamp_to_rfc9110_string(&timestamp).ok()
}

/// The form of IAM's times, `2020-01-04T09:05:22.701000Z`. `None` and times that it cannot say become the latest.
pub(crate) fn iam_time(time: Option<SystemTime>) -> String {
    let timestamp = time.and_then(|time| Timestamp::try_from(time).ok()).unwrap_or(Timestamp::MAX);
    format!("{timestamp:.6}")
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
    #[test]
    fn times_of_iam() {
        let of = |millis| iam_time(Some(SystemTime::UNIX_EPOCH + Duration::from_millis(millis)));
        assert_eq!(of(1_578_128_722_701), "2020-01-04T09:05:22.701000Z");
        assert_eq!(of(0), "1970-01-01T00:00:00.000000Z");
        assert!(iam_time(None).starts_with("9999-12-") && of(u64::MAX).starts_with("9999-12-"));
    }
}
