//! The one error type.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mrs_iam_sync_contract::{Kind, iam_sync_user::DOCUMENT};

use crate::outcome::NameLists;

/// Why a call failed.
///
/// `Display` says what happened, in one line; [`source`](StdError::source) says why, where a lower layer knows;
/// [`hint`](Error::hint) says what to do. No secret is in any of them.
///
/// Cheap enough to clone: all who wait for the same credentials are told of the same failure.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    status: Option<u16>,
    error_code: Option<String>,
    error_msg: Option<String>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    attempts: u32,
    accepted: bool,
    parts: Option<Parts>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// How far a selection of several requests got before one of them failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parts {
    /// Names of the requests that were accepted, and whose synchronization has ended.
    pub done: NameLists,
    /// Names of the request that failed, and of those that were not sent any more.
    pub not_done: NameLists,
}

/// What sort of failure an [`Error`] is.
///
/// A refusal is sorted by the service's error code first and by its HTTP status second: the tables give statuses that
/// the service does not keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An id, a name, an endpoint or another setting is missing or not usable. No synchronization was sent.
    ///
    /// **Usual cause:** a typing error, or a name that several projects or clusters have.
    /// **What to do:** change the value that the message names; the hint says the rule.
    InvalidInput,
    /// There are no credentials, half of them, or two kinds at once; or those that a provider gets did not come. No
    /// synchronization was sent.
    ///
    /// **Usual cause:** a variable that is not exported, or a file that lacks a line.
    /// **What to do:** set what the message names, or unset one of two.
    Credentials,
    /// The service refused the credentials.
    ///
    /// **Usual cause:** a wrong secret key, a missing security token, an expired token, or a clock that is more than 15
    /// minutes off.
    /// **What to do:** check them, and the clock where the hint shows two times. Do not repeat the call blindly: five
    /// failures in a row lock an access key for five minutes.
    Authentication,
    /// The caller is known and may not do this.
    ///
    /// **Usual cause:** the action `mrs:cluster:syncUser` is not granted (the role MRS Administrator alone is not
    /// enough), or IAM is asked for users and groups without the rights of an administrator.
    /// **What to do:** have it granted; the hint or the service's message names what is lacking.
    Permission,
    /// The cluster, or the project or cluster of a name, does not exist, or the gateway knows no such operation.
    ///
    /// **Usual cause:** a cluster id from another region or project, or a wrong endpoint. The two status operations are
    /// unknown to older services: [`Error::is_unknown_operation`].
    /// **What to do:** check id, project and region; [`Client::clusters`](crate::Client::clusters) lists what there is.
    NotFound,
    /// A synchronization is already running on the cluster (error code `12000154`), and the deadline did not suffice to
    /// wait for its end.
    ///
    /// **Usual cause:** somebody else, or the console, has started one, or it is long.
    /// **What to do:** send the request again when [`Cluster::is_synchronizing`](crate::Cluster::is_synchronizing) says
    /// no, or give a longer deadline.
    SyncRunning,
    /// Too many requests in a minute, and the deadline did not suffice to wait for the next ones.
    ///
    /// **Usual cause:** other programs use the same account.
    /// **What to do:** wait for [`Error::retry_after`], or a minute; give each program its share
    /// ([`RateLimits::with_share`](crate::RateLimits::with_share)).
    Throttled,
    /// The service, or something on the way, is not available at the moment.
    ///
    /// **Usual cause:** an outage or maintenance, or nodes of the cluster that do not run.
    /// **What to do:** try again later. A write may have been carried out all the same: look before sending it again
    /// where that matters.
    Unavailable,
    /// The service refused the request as wrong.
    ///
    /// **Usual cause:** a name or a state of the cluster that the service does not take, or a body of one's own making
    /// in [`Client::execute_raw`](crate::Client::execute_raw).
    /// **What to do:** change what [`Error::error_code`] and [`Error::error_msg`] name; the same request fails again.
    InvalidRequest,
    /// The service failed.
    ///
    /// **Usual cause:** a fault of the service, or one between it and IAM or Manager (`12000156`, `12000163` and
    /// their like).
    /// **What to do:** try again later; if it goes on, quote [`Error::request_id`] to support. A write may have been
    /// carried out.
    Internal,
    /// The connection could not be made, could not be trusted, or broke.
    ///
    /// **Usual cause:** a wrong endpoint, a proxy, a firewall, or an authority that the machine does not trust.
    /// **What to do:** check endpoint, network and proxy settings; give the authority's certificate
    /// ([`ClientBuilder::with_ca_file`](crate::ClientBuilder::with_ca_file)). After a connection that broke, a write
    /// may have been carried out.
    Connection,
    /// The deadline passed before the answer came, or before a part of many names was done.
    ///
    /// **Usual cause:** a slow network or service, or a deadline that is too short.
    /// **What to do:** a write may have been carried out: look before sending it again, or send it again where a second
    /// synchronization does no harm.
    Timeout,
    /// The answer is not the documented one: HTML, empty, truncated, a redirect, an unknown status. It is never taken
    /// for success.
    ///
    /// **Usual cause:** the endpoint is not MRS, or a proxy answers in its place.
    /// **What to do:** check both. A write may have been carried out.
    UnexpectedAnswer,
    /// Whoever called asked to stop before all names were sent: [`SyncRequest::stop_when`](crate::SyncRequest::stop_when).
    ///
    /// **Usual cause:** a signal, between two requests of more than 1000 names.
    /// **What to do:** send the rest again; [`Error::parts`] tells which names were not done, where some were.
    Stopped,
}

impl ErrorKind {
    /// A stable name for programs, `sync_running` for example.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::Credentials => "credentials",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::SyncRunning => "sync_running",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::InvalidRequest => "invalid_request",
            Self::Internal => "internal",
            Self::Connection => "connection",
            Self::Timeout => "timeout",
            Self::UnexpectedAnswer => "unexpected_answer",
            Self::Stopped => "stopped",
        }
    }

    /// From the document's tables: error code first, status second.
    pub(crate) fn of_answer(status: u16, error_code: Option<&str>) -> Self {
        match DOCUMENT.kind(status, error_code) {
            Some(Kind::Authentication) => Self::Authentication,
            Some(Kind::Permission) => Self::Permission,
            Some(Kind::NotFound) => Self::NotFound,
            Some(Kind::SyncRunning) => Self::SyncRunning,
            Some(Kind::Throttled) => Self::Throttled,
            Some(Kind::Unavailable) => Self::Unavailable,
            Some(Kind::Internal) => Self::Internal,
            _ if status >= 500 => Self::Internal,
            _ => Self::InvalidRequest,
        }
    }
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            hint: None,
            status: None,
            error_code: None,
            error_msg: None,
            request_id: None,
            retry_after: None,
            attempts: 0,
            accepted: false,
            parts: None,
            source: None,
        }))
    }

    /// For a provider of credentials that has none to give: [`ErrorKind::Credentials`]. `message` must not hold a
    /// secret; `cause` becomes the [`source`](StdError::source).
    pub fn no_credentials(
        message: impl Into<String>,
        cause: Option<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        let error = Self::new(ErrorKind::Credentials, message);
        match cause {
            Some(cause) => error.with_source(cause),
            None => error,
        }
    }

    /// Nothing more is sent, as whoever called has asked.
    pub(crate) fn stopped() -> Self {
        Self::new(ErrorKind::Stopped, "stopped before all was sent").with_hint("send the rest again later")
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_parts(mut self, parts: Parts) -> Self {
        self.0.parts = Some(parts);
        self
    }

    pub(crate) fn with_answer(mut self, status: u16, request_id: Option<String>) -> Self {
        (self.0.status, self.0.request_id) = (Some(status), request_id);
        self
    }

    pub(crate) fn with_code(mut self, error_code: Option<String>, error_msg: Option<String>) -> Self {
        (self.0.error_code, self.0.error_msg) = (error_code, error_msg);
        self
    }

    pub(crate) fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.0.retry_after = retry_after;
        self
    }

    /// Marks a failure that came after the service had accepted a write.
    pub(crate) fn after_acceptance(mut self) -> Self {
        self.0.accepted = true;
        self
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// HTTP status of the answer, if one came.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The service's error code, `12000154` or `APIGW.0308` for example.
    pub fn error_code(&self) -> Option<&str> {
        self.0.error_code.as_deref()
    }

    /// The service's own message.
    pub fn error_msg(&self) -> Option<&str> {
        self.0.error_msg.as_deref()
    }

    /// The request id to quote when asking support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long the service asks to wait (header `Retry-After`; not documented for this API).
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How many requests the failed operation had sent, 0 when none was; those that only look do not count.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Which names were done and which were not, where a selection took more than one request.
    pub fn parts(&self) -> Option<&Parts> {
        self.0.parts.as_ref()
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Whether the service had accepted a write before this failure; what became of it is not known then.
    pub fn is_after_acceptance(&self) -> bool {
        self.0.accepted
    }

    /// Whether the credentials are missing, unusable or were refused.
    pub fn is_authentication(&self) -> bool {
        matches!(self.kind(), ErrorKind::Credentials | ErrorKind::Authentication)
    }

    /// Whether the caller sent too many requests.
    pub fn is_throttled(&self) -> bool {
        self.kind() == ErrorKind::Throttled
    }

    /// Whether the deadline passed before the answer came.
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// Whether the same call may succeed later without any change of it.
    pub fn is_transient(&self) -> bool {
        use ErrorKind::{Connection, Internal, SyncRunning, Throttled, Timeout, Unavailable};
        matches!(self.kind(), Connection | Internal | SyncRunning | Throttled | Timeout | Unavailable)
    }

    /// Whether the gateway says that the token has to be renewed (code tail `0307`): it is older than 24 hours, or its
    /// user was changed.
    pub fn is_expired_token(&self) -> bool {
        self.is_code("APIGW.0307")
    }

    /// Whether the gateway says that it has no such operation (code tail `0101`), as for the two status operations
    /// in front of older services, or with a wrong endpoint.
    pub fn is_unknown_operation(&self) -> bool {
        self.is_code("APIGW.0101")
    }

    /// Whether the error code is this one of the document.
    fn is_code(&self, documented: &str) -> bool {
        let row = DOCUMENT.error_code(documented);
        self.error_code().is_some_and(|code| row.is_some_and(|row| row.matches(code)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.accepted {
            f.write_str("the request had been accepted, but what became of it is not known: ")?;
        }
        f.write_str(&self.0.message)?;
        match self.0.attempts {
            0 | 1 => Ok(()),
            attempts => write!(f, " (after {attempts} attempts)"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("status", &self.0.status)
            .field("error_code", &self.0.error_code)
            .field("error_msg", &self.0.error_msg)
            .field("request_id", &self.0.request_id)
            .field("hint", &self.0.hint)
            .field("attempts", &self.0.attempts)
            .field("parts", &self.0.parts)
            .field("accepted", &self.0.accepted)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
