//! A request as it was received, and as it is recorded.

use std::collections::VecDeque;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use sdk_hmac_sha256::{Authorization, is_sensitive_header};
use serde_json::{Value, json};

use crate::router::decoded;
use crate::time::http_date;

/// Most requests that are kept; older ones drop out.
const MOST_REQUESTS: usize = 10_000;
/// Most bytes of paths, headers and bodies that are kept.
const MOST_BYTES: usize = 64 * 1024 * 1024;
const MASK: &str = "***";

/// A request as it came over the wire.
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) completeness: Completeness,
}

/// Whether the body is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Completeness {
    Complete,
    /// Larger than the gateway takes; the rest was thrown away.
    TooLarge,
    /// It broke off, or its framing is wrong.
    Broken,
}

impl Received {
    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.get(name).map(http::HeaderValue::as_bytes)
    }

    /// Path and query as they stand on the wire.
    pub(crate) fn target(&self) -> &str {
        self.uri.path_and_query().map_or("", |target| target.as_str())
    }
}

/// A request that an emulator has answered, without its secrets.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// Counts all requests to the service from 1, those that are no longer kept included.
    pub number: u64,
    /// When it was answered, by the emulator's clock.
    pub at: SystemTime,
    /// Method as received.
    pub method: String,
    /// Path and query as received, percent-encoded.
    pub path: String,
    /// The operation of the contract, where method and path are those of one.
    pub operation: Option<&'static str>,
    /// Status of the answer.
    pub status: u16,
    /// Error code of the answer, where it is a refusal.
    pub error_code: Option<String>,
    /// `X-Request-Id` of the answer.
    pub request_id: String,
    /// Headers in the order of arrival, names in lower case. Of `authorization` the signature is masked (all of it,
    /// when it is no `SDK-HMAC-SHA256`), of tokens and cookies everything.
    pub headers: Vec<(String, String)>,
    /// The [fault](crate::FaultKind) that was injected, by its name in JSON. With one of the connection the client did
    /// not see the answer as it stands here.
    pub fault: Option<&'static str>,
    /// The body; empty when it was larger than the gateway takes. One that may hold a password is not there byte by
    /// byte, but with the same JSON, the secrets masked; as `***` where it is no JSON.
    pub body: Bytes,
}

impl RecordedRequest {
    /// The value of a header, the first one of that name. Upper and lower case are the same.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Bytes of what a client can make as large as it likes.
    fn size(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len());
        self.method.len() + self.path.len() + headers.sum::<usize>() + self.body.len()
    }

    pub(crate) fn json(&self) -> Value {
        let headers = self.headers.iter().map(|(name, value)| json!([name, value])).collect::<Vec<_>>();
        json!({
            "number": self.number,
            "at": http_date(self.at),
            "method": self.method,
            "path": self.path,
            "operation": self.operation,
            "status": self.status,
            "error_code": self.error_code,
            "request_id": self.request_id,
            "fault": self.fault,
            "headers": headers,
            "body": String::from_utf8_lossy(&self.body),
        })
    }
}

/// Headers as they may be shown.
pub(crate) fn masked_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let shown = |name: &str, value: &[u8]| {
        let text = String::from_utf8_lossy(value);
        let cookie = matches!(name, "cookie" | "proxy-authorization" | "x-subject-token");
        match text.parse::<Authorization>() {
            Ok(claimed) if name == "authorization" => masked_authorization(&claimed),
            _ if cookie || is_sensitive_header(name) => MASK.to_owned(),
            _ => text.into_owned(),
        }
    };
    headers.iter().map(|(name, value)| (name.to_string(), shown(name.as_str(), value.as_bytes()))).collect()
}

/// A body as it may be shown: what may hold a password is written anew, as it was read, with masks.
pub(crate) fn masked_body(path: &str, body: &Bytes) -> Bytes {
    let for_secrets = decoded(path).to_ascii_lowercase().contains("/auth");
    let speaks_of_one = body.windows(8).any(|word| word.eq_ignore_ascii_case(b"password"));
    if body.is_empty() || !for_secrets && !speaks_of_one {
        return body.clone();
    }
    match serde_json::from_slice(body) {
        Ok(mut value) => {
            mask(&mut value);
            Bytes::from(value.to_string())
        }
        Err(_) => Bytes::from_static(MASK.as_bytes()),
    }
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let secret =
                    ["password", "passcode", "secret", "token"].contains(&name.to_lowercase().as_str());
                // `identity.password` is an object that holds the user.
                if secret && (name == "token" || !value.is_object()) {
                    *value = Value::from(MASK);
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(mask),
        _ => {}
    }
}

/// Which key signed which headers is worth knowing in a test; the signature could be sent again.
fn masked_authorization(claimed: &Authorization) -> String {
    let text = claimed.as_str();
    let signature = text.rfind("Signature=").map_or(0, |start| start + "Signature=".len());
    format!("{}{MASK}", &text[..signature])
}

/// The latest requests.
#[derive(Default)]
pub(crate) struct Records {
    requests: VecDeque<RecordedRequest>,
    bytes: usize,
    count: u64,
}

impl Records {
    pub(crate) fn push(&mut self, mut request: RecordedRequest) {
        self.count += 1;
        request.number = self.count;
        self.bytes += request.size();
        self.requests.push_back(request);
        while self.requests.len() > MOST_REQUESTS || self.bytes > MOST_BYTES {
            let Some(oldest) = self.requests.pop_front() else {
                break;
            };
            self.bytes -= oldest.size();
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &RecordedRequest> {
        self.requests.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(body: usize) -> RecordedRequest {
        RecordedRequest {
            number: 0,
            at: SystemTime::UNIX_EPOCH,
            method: String::new(),
            path: String::new(),
            operation: None,
            status: 404,
            error_code: None,
            request_id: String::new(),
            fault: None,
            headers: Vec::new(),
            body: Bytes::from(vec![0; body]),
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut records = Records::default();
        (0..MOST_REQUESTS + 5).for_each(|_| records.push(record(0)));
        assert_eq!((records.requests.len(), records.requests[0].number), (MOST_REQUESTS, 6));
        (0..3).for_each(|_| records.push(record(MOST_BYTES / 2)));
        assert_eq!((records.requests.len(), records.bytes), (2, MOST_BYTES));
        let half = "a".repeat(MOST_BYTES / 2);
        for long in [
            RecordedRequest { path: half.clone(), ..record(0) },
            RecordedRequest { method: half.clone(), ..record(0) },
            RecordedRequest { headers: vec![("x".to_owned(), half.clone())], ..record(0) },
        ] {
            (0..3).for_each(|_| records.push(long.clone()));
            assert!(records.requests.len() <= 2 && records.bytes <= MOST_BYTES, "{}", records.bytes);
        }
    }

    #[test]
    fn passwords_are_masked_whatever_the_body_is() {
        let shown = |path: &str, body: &str| {
            let shown = masked_body(path, &Bytes::copy_from_slice(body.as_bytes()));
            String::from_utf8(shown.to_vec()).unwrap()
        };
        let tokens = "/v3/auth/tokens";
        for (path, body, expected) in [
            (tokens, r#"{"password":{"user":{"name":"u", "password":"hush"}}}"#, true),
            (tokens, r#"{"pass\u0077ord":"hush"}"#, true),
            (tokens, r#"{"password":"hush","password":{}}"#, true),
            (tokens, r#"{"password":["hush"]}"#, true),
            (tokens, r#"{"token":{"id":"hush"},"totp":{"passcode":"hush"}}"#, true),
            (tokens, r#"{"auth":{"password":"hush"#, false),
            ("/v3/auth/tokens/", "hush", false),
            ("/v3/%61uth/tokens", r#"{"pass\u0077ord":"hush"}"#, true),
            ("/elsewhere", r#"[{"Password":"hush"}]"#, true),
            ("/elsewhere", r#"password=hush"#, false),
        ] {
            let shown = shown(path, body);
            assert!(!shown.contains("hush"), "{shown}");
            assert_eq!(serde_json::from_str::<Value>(&shown).is_ok(), expected, "{shown}");
        }
        let plain = r#"{ "user_names": ["passenger"] }"#;
        assert_eq!(shown("/v2/p", plain), plain, "byte by byte");
        let named = shown("/v2/p", r#"{"user_names":["password"],"methods":["password"]}"#);
        assert_eq!(named, r#"{"user_names":["password"],"methods":["password"]}"#);
    }

    #[test]
    fn what_is_no_signature_is_masked_as_a_whole() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer secret"),
            ("x-auth-token", "secret"),
            ("x-security-token", "secret"),
            ("cookie", "secret"),
            ("accept", "shown"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let shown = masked_headers(&headers);
        assert!(!format!("{shown:?}").contains("secret"), "{shown:?}");
        assert!(shown.contains(&("accept".into(), "shown".into())));
    }
}
