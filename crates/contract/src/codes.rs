//! Error codes and HTTP statuses with their remedies.

use crate::Document;

/// What a client should make of an error code or a status. The classification is this project's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// It worked.
    Success,
    /// The credentials are missing, wrong, expired or locked.
    Authentication,
    /// The caller may not do this.
    Permission,
    /// The cluster, the API or something else that was named does not exist.
    NotFound,
    /// A synchronization is already running on the cluster.
    SyncRunning,
    /// Too many requests.
    Throttled,
    /// Not to be had at the moment; later it may work.
    Unavailable,
    /// The request itself is wrong.
    InvalidRequest,
    /// The service failed.
    Internal,
    /// The code alone does not tell; the HTTP status does.
    ByStatus,
}

/// One error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorCode {
    /// The code as documented; codes of the API gateway start with `APIGW.`.
    pub code: &'static str,
    /// Statuses that the published tables give for it. They are unreliable: match on the code.
    pub http: &'static [u16],
    /// What a client should make of it.
    pub kind: Kind,
    /// What it means.
    pub meaning: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

/// One HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusCode {
    /// The status.
    pub status: u16,
    /// What a client should make of it.
    pub kind: Kind,
    /// What it means.
    pub meaning: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

/// The other prefixes under which the gateway's codes are seen (elsewhere, and in ROMA), with the same digits.
const GATEWAY_PREFIXES: [&str; 3] = ["APIGW.", "APIG.", "APIC."];

/// The digits of a code of the API gateway, whichever of its prefixes stands before them.
fn gateway_tail(code: &str) -> Option<&str> {
    GATEWAY_PREFIXES.iter().find_map(|prefix| code.strip_prefix(prefix))
}

impl ErrorCode {
    /// Whether it comes from the API gateway, before MRS has seen the request.
    pub fn is_gateway(&self) -> bool {
        gateway_tail(self.code).is_some()
    }

    /// Whether an answer's `error_code` is this one; the gateway's prefixes count as equal.
    pub fn matches(&self, error_code: &str) -> bool {
        match (gateway_tail(self.code), gateway_tail(error_code)) {
            (Some(mine), Some(theirs)) => mine == theirs,
            _ => self.code == error_code,
        }
    }
}

impl Document {
    /// Looks an answer's `error_code` up. The gateway's codes are found under each of their known prefixes.
    ///
    /// ```
    /// use mrs_iam_sync_contract::{Kind, iam_sync_user};
    ///
    /// let row = iam_sync_user::DOCUMENT.error_code("APIG.0308").unwrap();
    /// assert_eq!((row.code, row.kind), ("APIGW.0308", Kind::Throttled));
    /// ```
    pub fn error_code(&self, error_code: &str) -> Option<&'static ErrorCode> {
        self.error_codes.iter().find(|row| row.matches(error_code))
    }

    /// Looks an HTTP status up.
    pub fn status_code(&self, status: u16) -> Option<&'static StatusCode> {
        self.status_codes.iter().find(|row| row.status == status)
    }

    /// What to make of an answer: its error code first, its status second, `None` where neither is known.
    pub fn kind(&self, status: u16, error_code: Option<&str>) -> Option<Kind> {
        error_code
            .and_then(|code| self.error_code(code))
            .map(|row| row.kind)
            .filter(|kind| *kind != Kind::ByStatus)
            .or_else(|| self.status_code(status).map(|row| row.kind))
    }
}
