//! Exit codes, a contract with scripts.

use std::process::ExitCode;

use mrs_iam_sync::ErrorKind;

/// How the command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Failed, and none of the others fits.
    Failed,
    /// The command line is wrong: a flag, an id, a name or a file. Nothing was sent.
    Usage,
    /// The service has finished, but part of it failed: names are missing (or, for a removal, left), or the answer
    /// lacked what would tell.
    Partly,
    /// The credentials are missing, incomplete or refused, or they do not permit the call.
    Denied,
    /// Throttled, unavailable, not reachable, or busy with another synchronization: may work later.
    Unavailable,
    /// Accepted, but the wait deadline passed before the service had finished.
    Unfinished,
    /// Interrupted by SIGINT (Ctrl-C).
    Interrupted,
    /// Interrupted by SIGTERM.
    Terminated,
}

impl Exit {
    /// Each code, in ascending order.
    pub(crate) const ALL: [Self; 9] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Partly,
        Self::Denied,
        Self::Unavailable,
        Self::Unfinished,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The number that the shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Partly => 3,
            Self::Denied => 4,
            Self::Unavailable => 5,
            Self::Unfinished => 6,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// What it means, for `--help`.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "usage: a wrong flag, id, name or file; nothing was sent",
            Self::Partly => "finished, but names are missing (sync) or left (cancel), or it cannot be told",
            Self::Denied => "authentication or permission; no credentials, or half a key",
            Self::Unavailable => "throttled, unavailable, not reachable, or a synchronization is running",
            Self::Unfinished => "accepted, but the wait deadline passed",
            Self::Interrupted => "interrupted by SIGINT (Ctrl-C)",
            Self::Terminated => "interrupted by SIGTERM",
        }
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        use ErrorKind as K;
        match kind {
            K::InvalidInput => Self::Usage,
            K::Credentials | K::Authentication | K::Permission => Self::Denied,
            K::SyncRunning | K::Throttled | K::Unavailable | K::Connection | K::Timeout => Self::Unavailable,
            // Not found, refused, failed inside, not the documented answer; and kinds to come.
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
