//! The error that ends a command.

use std::error::Error as StdError;

use mrs_iam_sync::NameLists;
use mrs_iam_sync_fleet::FileError;
use schemars::JsonSchema;
use serde::Serialize;

use crate::exit::Exit;

/// Why a command ended without success.
#[derive(Debug)]
pub(crate) struct CliError {
    pub(crate) exit: Exit,
    /// What happened, in one line.
    message: String,
    causes: Vec<String>,
    /// The place in a file, drawn; several lines.
    excerpt: Option<String>,
    report: Box<Report>,
}

/// Result of a command's parts.
pub(crate) type Result<T, E = CliError> = std::result::Result<T, E>;

/// The one object on stderr when a command with `-o json` does not end with exit code 0. It is the last line there.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(title = "error")]
pub(crate) struct ErrorDocument {
    /// What went wrong.
    pub(crate) error: Report,
}

/// What went wrong.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(crate) struct Report {
    /// What sort of failure it is: `usage`, `credentials`, `authentication`, `permission`, `not_found`,
    /// `sync_running`, `throttled`, `unavailable`, `refused`, `internal`, `connection`, `timeout`,
    /// `unexpected_answer`, `missing`, `remaining`, `not_verified`, `deadline_passed`, `declined`, `interrupted`, `partly`,
    /// `io`.
    /// More may come.
    kind: String,
    /// HTTP status of the answer; null without an answer.
    status: Option<u16>,
    /// The service's error code; null when the failure is not the service's.
    error_code: Option<String>,
    /// The service's message, or this program's when the failure is not the service's.
    error_msg: String,
    /// The request id to quote when asking support.
    request_id: Option<String>,
    /// What to do about it.
    hint: Option<String>,
    /// Present, and true, when the service had accepted a write before the failure: it goes on there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    accepted: bool,
    /// Requests that the failed operation had sent; absent when it was none or one.
    #[serde(skip_serializing_if = "is_one")]
    attempts: u32,
    /// Present when names were sent in several requests: which were done before the failure, and which were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<Parts>,
}

/// Names of a write that took several requests.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Parts {
    /// Their requests were accepted, and the service has finished with them.
    done: NameLists,
    /// Those of the request that failed, and those that were not sent any more.
    not_done: NameLists,
}

fn is_one(attempts: &u32) -> bool {
    *attempts <= 1
}

impl CliError {
    /// A failure of this program's own.
    pub(crate) fn new(exit: Exit, kind: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let report = Report { kind: kind.to_owned(), error_msg: message.clone(), ..Report::default() };
        Self { exit, message, causes: Vec::new(), excerpt: None, report: Box::new(report) }
    }

    /// The command line, or a file it names, is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// Something on this machine cannot be read or written.
    pub(crate) fn io(message: impl Into<String>, cause: &dyn StdError) -> Self {
        Self::new(Exit::Failed, "io", message).with_cause(cause)
    }

    /// An address that cannot be listened on, which `flag` chose; says what to do where another program has it.
    pub(crate) fn listen(message: impl Into<String>, cause: &std::io::Error, flag: &str) -> Self {
        let made = Self::io(message, cause);
        match cause.kind() {
            std::io::ErrorKind::AddrInUse => made.with_hint(format!(
                "another program listens there: {flag} chooses, and port 0 is any free one"
            )),
            _ => made,
        }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.report.hint = Some(hint.into());
        self
    }

    pub(crate) fn with_cause(mut self, cause: &dyn StdError) -> Self {
        let mut next = Some(cause);
        while let Some(cause) = next {
            self.causes.push(cause.to_string());
            next = cause.source();
        }
        self
    }

    /// Puts the place of a mistake, a line of a file for example, before the message.
    pub(crate) fn at(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self.report.error_msg = format!("{place}: {}", self.report.error_msg);
        self
    }

    /// Marks a failure that came after the service had accepted a write.
    pub(crate) fn after_acceptance(mut self, request_id: Option<String>) -> Self {
        self.report.accepted = true;
        self.report.request_id = request_id;
        self
    }

    /// What happened, in one line.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Why, from the outermost layer to the innermost.
    pub(crate) fn causes(&self) -> &[String] {
        &self.causes
    }

    /// The place in a file, drawn.
    pub(crate) fn excerpt(&self) -> Option<&str> {
        self.excerpt.as_deref()
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.report.hint.as_deref()
    }

    /// The form for programs.
    pub(crate) fn document(&self) -> ErrorDocument {
        ErrorDocument { error: (*self.report).clone() }
    }
}

impl From<FileError> for CliError {
    fn from(error: FileError) -> Self {
        let made = Self { excerpt: error.excerpt.clone(), ..Self::usage(error.to_string()) };
        match error.hint {
            Some(hint) => made.with_hint(hint),
            None => made,
        }
    }
}

impl From<mrs_iam_sync::Error> for CliError {
    fn from(error: mrs_iam_sync::Error) -> Self {
        let exit = Exit::from(error.kind());
        let message = error.to_string();
        let report = Report {
            kind: match exit {
                Exit::Usage => "usage",
                _ => error.kind().as_str(),
            }
            .to_owned(),
            status: error.status(),
            error_code: error.error_code().map(str::to_owned),
            error_msg: error.error_msg().unwrap_or(&message).to_owned(),
            request_id: error.request_id().map(str::to_owned),
            hint: error.hint().map(str::to_owned),
            accepted: error.is_after_acceptance(),
            attempts: error.attempts(),
            parts: error
                .parts()
                .map(|parts| Parts { done: parts.done.clone(), not_done: parts.not_done.clone() }),
        };
        // Whoever reads the message is the one who asks support.
        let message = match error.request_id() {
            Some(id) => format!("{message} (request id {id})"),
            None => message,
        };
        let made = Self { exit, message, causes: Vec::new(), excerpt: None, report: Box::new(report) };
        match StdError::source(&error) {
            Some(cause) => made.with_cause(cause),
            None => made,
        }
    }
}
