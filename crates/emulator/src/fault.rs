//! Faults on request: what a network, a load balancer or the service does wrong now and then.

use std::time::Duration;

use mrs_iam_sync_contract::iam_sync_user::{DOCUMENT, UPDATE_SYNC_IAM_USER};
use serde_json::{Value, json};

use crate::error::Refusal;
use crate::router::is_operation;

/// A fault that is to happen to the next requests; see [`Emulator::inject`](crate::Emulator::inject).
///
/// ```
/// use mrs_iam_sync_emulator::{Fault, FaultKind};
///
/// let fault = Fault::new(FaultKind::Stall).on("ShowSyncIamUser").times(2);
/// assert_eq!((fault.count(), fault.consumed()), (2, 0));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    kind: FaultKind,
    operation: Option<String>,
    count: u32,
    consumed: u32,
}

/// What goes wrong.
///
/// With [`Status`](Self::Status) and [`Html`](Self::Html) the service never sees the request, whatever its
/// credentials are. With all others it is answered as usual, a write takes effect, and the answer is damaged or lost
/// on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// The answer is an error.
    Status {
        /// Its status, from 200 to 599; everything else becomes 500.
        status: u16,
        /// Its error code, one of the tables or any other. IAM's errors have none.
        error_code: String,
        /// Seconds of a `Retry-After` header.
        retry_after: Option<u64>,
    },
    /// The connection is reset instead of an answer.
    ResetBefore,
    /// The connection is reset after half of the body.
    ResetWithin,
    /// No answer ever comes. The connection stays open until the client or the emulator ends it.
    Stall,
    /// The body comes byte by byte, with this pause before each.
    Drip {
        /// The pause; real time, not the clock's.
        every: Duration,
    },
    /// The JSON breaks off in its middle, while all headers are right.
    Truncate,
    /// A page of a load balancer.
    Html {
        /// Its status; as for [`Status`](Self::Status).
        status: u16,
    },
    /// The JSON is called `text/plain`.
    ContentType,
    /// Every field of the JSON is a number, and what was a number is text.
    WrongType,
    /// A synchronization is accepted, and loses one name: the last user that would have arrived, or the last group
    /// where there is no user. Others than `UpdateSyncIamUser`, and synchronizations by which nobody would arrive,
    /// do not consume it.
    PartialSync,
}

/// What is told of a kind.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// Besides `operation`, `kind` and `count`.
    pub(crate) fields: &'static [&'static str],
    pub(crate) effect: &'static str,
}

const fn kind(name: &'static str, fields: &'static [&'static str], effect: &'static str) -> Kind {
    Kind { name, fields, effect }
}

/// Every kind as it is called in JSON, in records and in the page of differences.
pub(crate) const KINDS: &[Kind] = &[
    kind(
        "status",
        &["status", "error_code", "retry_after"],
        "The answer is that error, whatever the request is; the service never sees it.",
    ),
    kind("html", &["status"], "The answer is a load balancer's page; the service never sees the request."),
    kind("reset-before", &[], "The request takes effect, and the connection is reset instead of an answer."),
    kind(
        "reset-within",
        &[],
        "The request takes effect, and the connection is reset after half of the body.",
    ),
    kind("stall", &[], "The request takes effect, and no answer ever comes."),
    kind("drip", &["every_ms"], "The request takes effect, and the body comes byte by byte with that pause."),
    kind("truncate", &[], "The request takes effect, and the JSON breaks off in its middle."),
    kind("content-type", &[], "The request takes effect, and the JSON is called `text/plain`."),
    kind("wrong-type", &[], "The request takes effect, and no field of the JSON has its type."),
    kind("partial-sync", &[], "A synchronization is accepted, and loses its last user, or its last group."),
];

impl Fault {
    /// A fault that happens once, to whatever operation is called next.
    #[must_use]
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, operation: None, count: 1, consumed: 0 }
    }

    /// To this operation only, by its operationId. One that does not exist is never called.
    #[must_use]
    pub fn on(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// To so many requests.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    /// What goes wrong.
    #[must_use]
    pub fn kind(&self) -> &FaultKind {
        &self.kind
    }

    /// The operation that it is for, `None` for every one.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        self.operation.as_deref()
    }

    /// To how many requests it is to happen.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// To how many it has happened.
    #[must_use]
    pub fn consumed(&self) -> u32 {
        self.consumed
    }

    fn is_for(&self, operation: &str) -> bool {
        self.consumed < self.count && self.operation.as_deref().is_none_or(|known| known == operation)
    }

    /// As JSON, in the form in which [`read`](Self::read) takes it.
    pub(crate) fn json(&self) -> Value {
        let mut text = json!({ "operation": self.operation, "kind": self.kind.name() });
        match &self.kind {
            FaultKind::Status { status, error_code, retry_after } => {
                text["status"] = json!(status);
                text["error_code"] = json!(error_code);
                text["retry_after"] = json!(retry_after);
            }
            FaultKind::Html { status } => text["status"] = json!(status),
            FaultKind::Drip { every } => text["every_ms"] = json!(every.as_millis()),
            _ => {}
        }
        text["count"] = json!(self.count);
        text["consumed"] = json!(self.consumed);
        text
    }

    /// Reads `{"operation": null, "kind": "stall", "count": 1}` and what else belongs to the kind. The error says what
    /// is wrong.
    pub(crate) fn read(body: &[u8]) -> Result<Self, String> {
        let body: Value = serde_json::from_slice(body).map_err(|error| format!("not JSON: {error}"))?;
        let fields = body.as_object().ok_or("not an object")?;
        let kind = fields.get("kind").and_then(Value::as_str).ok_or("kind: missing, or not a text")?;
        let number = |name: &str, default: u64| match fields.get(name) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => value.as_u64().ok_or_else(|| format!("{name}: not a whole number")),
        };
        let error_code = match fields.get("error_code") {
            None => "12000004",
            Some(Value::String(code)) => code.as_str(),
            Some(_) => return Err("error_code: not a text".to_owned()),
        };
        let status = |default| match number("status", default)? {
            status @ 200..=599 => Ok(status as u16),
            _ => Err("status: not from 200 to 599".to_owned()),
        };
        let known = KINDS.iter().find(|known| known.name == kind).ok_or_else(|| {
            let names: Vec<_> = KINDS.iter().map(|known| known.name).collect();
            format!("kind: none of {}", names.join(", "))
        })?;
        let kind = match kind {
            "status" => {
                let documented = DOCUMENT.error_code(error_code).and_then(|row| row.http.first());
                let retry_after = fields.get("retry_after").is_some_and(|value| !value.is_null());
                FaultKind::Status {
                    status: status(documented.map_or(500, |status| u64::from(*status)))?,
                    error_code: error_code.to_owned(),
                    retry_after: if retry_after { Some(number("retry_after", 0)?) } else { None },
                }
            }
            "html" => FaultKind::Html { status: status(502)? },
            "drip" => FaultKind::Drip { every: Duration::from_millis(number("every_ms", 100)?) },
            "reset-before" => FaultKind::ResetBefore,
            "reset-within" => FaultKind::ResetWithin,
            "stall" => FaultKind::Stall,
            "truncate" => FaultKind::Truncate,
            "content-type" => FaultKind::ContentType,
            "wrong-type" => FaultKind::WrongType,
            _ => FaultKind::PartialSync,
        };
        let is_known =
            |name: &str| ["operation", "kind", "count"].contains(&name) || known.fields.contains(&name);
        if let Some(name) = fields.keys().find(|name| !is_known(name)) {
            return Err(format!("unknown field `{name}`"));
        }
        let operation = match fields.get("operation") {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) if is_operation(id) => Some(id.clone()),
            Some(_) => return Err("operation: neither null nor an operationId".to_owned()),
        };
        if kind == FaultKind::PartialSync
            && operation.as_deref().is_some_and(|id| id != UPDATE_SYNC_IAM_USER.id)
        {
            return Err(format!("operation: partial-sync happens to {} only", UPDATE_SYNC_IAM_USER.id));
        }
        let count = u32::try_from(number("count", 1)?).ok().filter(|count| *count > 0);
        let count = count.ok_or("count: not a number of requests")?;
        Ok(Self { kind, operation, count, consumed: 0 })
    }
}

impl FaultKind {
    /// As it is called in JSON and in records.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::ResetBefore => "reset-before",
            Self::ResetWithin => "reset-within",
            Self::Stall => "stall",
            Self::Drip { .. } => "drip",
            Self::Truncate => "truncate",
            Self::Html { .. } => "html",
            Self::ContentType => "content-type",
            Self::WrongType => "wrong-type",
            Self::PartialSync => "partial-sync",
        }
    }

    /// The refusal that stands for the service's answer; of a page, its status.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        let (status, error_code, retry_after) = match self {
            Self::Status { status, error_code, retry_after } => (*status, error_code.as_str(), *retry_after),
            Self::Html { status } => (*status, "", None),
            _ => return None,
        };
        let meaning = DOCUMENT.error_code(error_code).map_or("Injected by the emulator.", |row| row.meaning);
        let status = if (200..600).contains(&status) { status } else { 500 };
        let mut refusal = Refusal::with_status(status, error_code.to_owned(), meaning);
        refusal.retry_after = retry_after;
        Some(refusal)
    }
}

/// The faults that were injected, in their order; those used up stay, to be seen.
#[derive(Clone, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        Self(faults)
    }

    pub(crate) fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn all(&self) -> &[Fault] {
        &self.0
    }

    /// What is to happen to this request: consumes the oldest fault for its operation.
    pub(crate) fn take(&mut self, operation: &str) -> Option<FaultKind> {
        self.take_if(operation, |kind| *kind != FaultKind::PartialSync)
    }

    /// Whether a name is to be lost by this synchronization, which has been accepted.
    pub(crate) fn take_partial(&mut self, operation: &str) -> bool {
        self.take_if(operation, |kind| *kind == FaultKind::PartialSync).is_some()
    }

    fn take_if(&mut self, operation: &str, fits: impl Fn(&FaultKind) -> bool) -> Option<FaultKind> {
        let fault = self.0.iter_mut().find(|fault| fits(&fault.kind) && fault.is_for(operation))?;
        fault.consumed += 1;
        Some(fault.kind.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_can_be_read() {
        let mut seen = std::collections::BTreeSet::new();
        for text in [
            r#"{"kind":"status","status":429,"error_code":"APIGW.0308","retry_after":3,"count":2}"#,
            r#"{"kind":"status"}"#,
            r#"{"kind":"html","status":200,"operation":"ListClusters"}"#,
            r#"{"kind":"drip","every_ms":5}"#,
            r#"{"operation":null,"kind":"stall"}"#,
            r#"{"kind":"reset-before"}"#,
            r#"{"kind":"reset-within"}"#,
            r#"{"kind":"truncate"}"#,
            r#"{"kind":"content-type"}"#,
            r#"{"kind":"wrong-type"}"#,
            r#"{"kind":"partial-sync"}"#,
        ] {
            let fault = Fault::read(text.as_bytes()).unwrap();
            let mut told = fault.json();
            told.as_object_mut().unwrap().remove("consumed");
            seen.insert(fault.kind.name());
            assert_eq!(Fault::read(told.to_string().as_bytes()), Ok(fault), "{text}");
        }
        assert_eq!(seen, KINDS.iter().map(|kind| kind.name).collect());
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for (text, expected) in [
            ("stall", "not JSON"),
            ("[]", "not an object"),
            ("{}", "kind: missing"),
            (r#"{"kind":"crash"}"#, "kind: none of status,"),
            (r#"{"kind":"stall","status":500}"#, "unknown field `status`"),
            (r#"{"kind":"stall","operation":"Nothing"}"#, "operation: neither"),
            (r#"{"kind":"stall","operation":1}"#, "operation: neither"),
            (r#"{"kind":"stall","count":0}"#, "count: not"),
            (r#"{"kind":"stall","count":-1}"#, "count: not"),
            (r#"{"kind":"stall","count":4294967296}"#, "count: not"),
            (r#"{"kind":"html","status":199}"#, "status: not"),
            (r#"{"kind":"status","retry_after":"soon"}"#, "retry_after: not"),
            (r#"{"kind":"status","error_code":308}"#, "error_code: not"),
            (r#"{"kind":"partial-sync","operation":"ListSyncStatus"}"#, "operation: partial-sync"),
        ] {
            let message = Fault::read(text.as_bytes()).unwrap_err();
            assert!(message.starts_with(expected), "{text}: {message}");
        }
    }

    #[test]
    fn a_code_has_its_documented_status() {
        for (text, expected) in [
            (r#"{"kind":"status","error_code":"APIGW.0308"}"#, 429),
            (r#"{"kind":"status","error_code":"APIGW.0308","status":503}"#, 503),
            (r#"{"kind":"status","error_code":"unknown"}"#, 500),
        ] {
            let fault = Fault::read(text.as_bytes()).unwrap();
            assert!(
                matches!(fault.kind(), FaultKind::Status { status, .. } if *status == expected),
                "{fault:?}"
            );
        }
    }

    #[test]
    fn the_oldest_that_fits_is_consumed() {
        let mut faults = Faults::new(vec![
            Fault::new(FaultKind::PartialSync),
            Fault::new(FaultKind::Stall).on("A").times(2),
            Fault::new(FaultKind::Truncate),
            Fault::new(FaultKind::ContentType).times(0),
        ]);
        assert_eq!(faults.take("B"), Some(FaultKind::Truncate));
        assert_eq!(faults.take("B"), None);
        assert_eq!((faults.take("A"), faults.take("A")), (Some(FaultKind::Stall), Some(FaultKind::Stall)));
        assert_eq!(faults.take("A"), None);
        assert!(faults.take_partial("A") && !faults.take_partial("A"));
        let consumed: Vec<_> = faults.all().iter().map(Fault::consumed).collect();
        assert_eq!(consumed, [1, 2, 1, 0]);
    }
}
