//! A request as it was received, and as it is recorded.

use std::collections::VecDeque;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use serde_json::{Value, json};

use crate::time::http_date;

/// Most requests that are kept; older ones drop out.
const MOST_REQUESTS: usize = 10_000;
/// Most bytes of paths, headers and bodies that are kept.
const MOST_BYTES: usize = 64 * 1024 * 1024;

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
    /// Path and query as received, percent-encoded; parameters that are called like a secret are masked.
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
    /// when it is no `SDK-HMAC-SHA256`), of cookies and what is called like a secret everything.
    pub headers: Vec<(String, String)>,
    /// The [fault](crate::FaultKind) that was injected, by its name in JSON. With one of the connection the client did
    /// not see the answer as it stands here.
    pub fault: Option<&'static str>,
    /// The body; empty when it was larger than the gateway takes. One that has secrets is not there byte by byte, but
    /// with the same JSON, the secrets masked; as `***` where it is no JSON.
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
}
