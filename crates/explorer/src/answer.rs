//! An answer of the service as the page shows it.

use mrs_iam_sync::RawAnswer;
use mrs_iam_sync_contract::iam_sync_user::DOCUMENT;
use serde::Serialize;

use crate::values::Prepared;

/// Headers whose values are shown. Of others the name is, as nobody knows what a value may be.
const SHOWN: [&str; 14] = [
    "cache-control",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-type",
    "date",
    "retry-after",
    "server",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "via",
    "x-request-id",
];

/// What stands in place of a value that is not shown.
const HIDDEN: &str = "(not shown)";

/// Most of a body that is shown, in bytes.
const MAX_SHOWN: usize = 2 * 1024 * 1024;

#[derive(Debug, Serialize)]
pub(crate) struct Answer<'a> {
    operation_id: &'static str,
    method: &'a str,
    url: String,
    status: u16,
    reason: &'static str,
    success: bool,
    headers: Vec<(&'a str, String)>,
    /// From the request to the end of the answer.
    duration_ms: f64,
    request_id: Option<String>,
    body: String,
    /// Whether the body goes on.
    cut: bool,
    error_code: Option<String>,
    explanation: Option<Explanation>,
}

/// What the contract says of an error code, or else of the status.
#[derive(Debug, Serialize)]
struct Explanation {
    /// The code or the status that it is about.
    of: String,
    meaning: &'static str,
    remedy: &'static str,
}

impl<'a> Answer<'a> {
    pub(crate) fn new(endpoint: &str, request: &'a Prepared, answer: &'a RawAnswer) -> Self {
        let status = answer.status.as_u16();
        let headers = answer.headers.iter().map(|(name, value)| {
            let shown = SHOWN.contains(&name.as_str());
            let text =
                if shown { masked(&String::from_utf8_lossy(value.as_bytes())) } else { HIDDEN.to_owned() };
            (name.as_str(), text)
        });
        let whole = String::from_utf8_lossy(&answer.body);
        let body = masked(up_to(&whole, MAX_SHOWN));
        let error_code = answer.error_code().as_deref().map(masked);
        Self {
            operation_id: request.operation.id,
            method: request.method.as_str(),
            url: format!("{endpoint}{}", request.path),
            status,
            reason: answer.status.canonical_reason().unwrap_or_default(),
            success: status == request.operation.success,
            headers: headers.collect(),
            duration_ms: (answer.duration.as_secs_f64() * 10_000.0).round() / 10.0,
            request_id: answer.request_id.as_deref().map(masked),
            cut: whole.len() > MAX_SHOWN,
            body,
            explanation: (status >= 400).then(|| explanation(status, error_code.as_deref())).flatten(),
            error_code,
        }
    }
}

fn explanation(status: u16, error_code: Option<&str>) -> Option<Explanation> {
    if let Some(row) = error_code.and_then(|code| DOCUMENT.error_code(code)) {
        return Some(Explanation { of: row.code.to_owned(), meaning: row.meaning, remedy: row.remedy });
    }
    let row = DOCUMENT.status_code(status)?;
    Some(Explanation { of: status.to_string(), meaning: row.meaning, remedy: row.remedy })
}

fn up_to(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or_default()]
}

/// Without signatures, which some gateways quote.
pub(crate) fn masked(text: &str) -> String {
    let mut parts = text.split("Signature=");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|character: char| character.is_ascii_hexdigit());
        shown.push_str("Signature=");
        if rest.len() < part.len() {
            shown.push_str("***");
        }
        shown.push_str(rest);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_masked_and_nothing_else() {
        assert_eq!(masked("a Signature=0aF9, b Signature= x"), "a Signature=***, b Signature= x");
        assert_eq!(masked("nothing"), "nothing");
    }

    #[test]
    fn a_code_is_explained_before_a_status() {
        let of = |status, code| explanation(status, code).map(|it| it.of);
        assert_eq!(of(500, Some("12000154")).as_deref(), Some("12000154"));
        assert_eq!(of(429, Some("APIG.0308")).as_deref(), Some("APIGW.0308"));
        assert_eq!(of(401, Some("unknown")).as_deref(), Some("401"));
        assert_eq!(of(499, None), None);
    }

    #[test]
    fn a_long_body_is_cut_between_characters() {
        assert_eq!(up_to("aé", 2), "a");
        assert_eq!(up_to("aé", 9), "aé");
    }
}
