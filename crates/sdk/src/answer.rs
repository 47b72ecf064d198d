//! What an answer says, and what is wrong with one that does not say what is documented.

use std::fmt;
use std::time::{Duration, SystemTime};

use http::header::{DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use mrs_iam_sync_client::Answer;
use sdk_hmac_sha256 as signer;

pub(crate) fn is_json(content_type: &HeaderValue) -> bool {
    let text = content_type.to_str().unwrap_or_default();
    let media = text.split(';').next().unwrap_or_default().trim();
    media.eq_ignore_ascii_case("application/json") || media.to_ascii_lowercase().ends_with("+json")
}

/// What is wrong with the body of a success.
pub(crate) fn fault(answer: &Answer, error: &serde_json::Error) -> String {
    if !answer.complete {
        return too_long();
    }
    match error.classify() {
        serde_json::error::Category::Eof if !answer.body.is_empty() => {
            format!("JSON that ends too early, at byte {}", answer.body.len())
        }
        serde_json::error::Category::Data => format!("JSON that is not the documented one: {error}"),
        _ => body_in_words(answer),
    }
}

/// A body that was not read to its end.
pub(crate) fn too_long() -> String {
    format!("a body of more than {} MiB", mrs_iam_sync_client::BODY_LIMIT / (1024 * 1024))
}

pub(crate) fn wrong_status(answer: &Answer) -> String {
    if answer.status.is_redirection() {
        let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let url = location.and_then(|location| url::Url::parse(location).ok());
        let to = url.map_or_else(String::new, |url| {
            format!(" to {}", url.authority().rsplit('@').next().unwrap_or_default())
        });
        return format!("a redirect{to}, which is not followed since the credentials would go along");
    }
    format!("{}, under a status that is not documented for this operation", body_in_words(answer))
}

pub(crate) fn body_in_words(answer: &Answer) -> String {
    let start =
        String::from_utf8_lossy(&answer.body[..answer.body.len().min(512)]).trim_start().to_ascii_lowercase();
    match answer.body.len() {
        0 => "an empty body".to_owned(),
        _ if start.starts_with('<') => "an HTML page".to_owned(),
        _ if start.starts_with(['{', '[']) => "JSON that is not the documented one".to_owned(),
        length => format!("a body of {length} bytes that is not JSON"),
    }
}

/// `Retry-After`, in seconds or as a date. A date is taken against the answer's own `Date`: it needs no trust in our
/// clock, and without one it says nothing.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let wait = http_date(text)?.as_second().checked_sub(date(headers)?.as_second())?;
    Some(Duration::from_secs(u64::try_from(wait).unwrap_or_default()))
}

/// What was the time there.
fn date(headers: &HeaderMap) -> Option<jiff::Timestamp> {
    http_date(headers.get(DATE)?.to_str().ok()?)
}

fn http_date(text: &str) -> Option<jiff::Timestamp> {
    Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp())
}

/// What the two clocks say of a signature that was refused, ours and the server's.
pub(crate) fn clocks(headers: &HeaderMap, sent_at: Option<SystemTime>) -> Option<Clocks> {
    Some(Clocks { ours: jiff::Timestamp::try_from(sent_at?).ok()?, theirs: date(headers)? })
}

/// Two clocks at about the same time.
pub(crate) struct Clocks {
    ours: jiff::Timestamp,
    theirs: jiff::Timestamp,
}

impl Clocks {
    /// Whether they differ by more than the gateway allows.
    pub(crate) fn are_apart(&self) -> bool {
        self.seconds().unsigned_abs() > signer::MAX_SKEW.as_secs()
    }

    fn seconds(&self) -> i64 {
        self.ours.as_second() - self.theirs.as_second()
    }
}

impl fmt::Display for Clocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const FORM: &str = "%Y-%m-%dT%H:%M:%SZ";
        let (ours, theirs) = (self.ours.strftime(FORM), self.theirs.strftime(FORM));
        if !self.are_apart() {
            return write!(f, "the clock is {ours} here and {theirs} there");
        }
        let minutes = self.seconds().unsigned_abs() / 60;
        let way = if self.seconds() > 0 { "ahead of" } else { "behind" };
        write!(
            f,
            "this machine's clock is {minutes} minutes {way} the server's ({ours} here, {theirs} there); signatures \
             more than 15 minutes off are refused: set the clock"
        )
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn wait(value: &str, date: Option<&str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_bytes(value.as_bytes()).ok()?);
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_bytes(date.as_bytes()).ok()?);
        }
        retry_after(&headers)
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_beside_the_answers_own() {
        const NOON: &str = "Mon, 23 Nov 2026 12:00:00 GMT";
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(wait("7", None), seconds(7));
        assert_eq!(wait(" 0 ", None), seconds(0));
        assert_eq!(wait("Mon, 23 Nov 2026 12:01:30 GMT", Some(NOON)), seconds(90));
        assert_eq!(wait("Mon, 23 Nov 2026 11:00:00 GMT", Some(NOON)), seconds(0), "it is over");
        for (value, date) in [
            ("Mon, 23 Nov 2026 12:01:30 GMT", None),
            ("Mon, 23 Nov 2026 12:01:30 GMT", Some("noon")),
            ("-1", Some(NOON)),
            ("1.5", Some(NOON)),
            ("", Some(NOON)),
            ("99999999999999999999", Some(NOON)),
            ("soon", Some(NOON)),
        ] {
            assert_eq!(wait(value, date), None, "{value}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_headers_are_read(value in ".{0,60}", date in proptest::option::of(".{0,60}")) {
            wait(&value, date.as_deref());
        }

        #[test]
        fn any_date_is_read(
            day in 0_u8..40, year in 0_u32..100_000, hour in 0_u8..30, zone in "GMT|[+-][0-9]{4}|", twice: bool,
        ) {
            let date = format!("Mon, {day:02} Nov {year} {hour:02}:00:00 {zone}");
            wait(&date, Some(if twice { &date } else { "Mon, 23 Nov 2026 12:00:00 GMT" }));
        }
    }
}
