//! What became of each cluster.

use mrs_iam_sync::NameLists;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::{ClusterKey, HeldBack};

/// How it ended on one cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// It is as the file says, after what was sent.
    Applied,
    /// It was as the file says; nothing was sent.
    Unchanged,
    /// The service has finished, but names are missing or left, or who belongs on the cluster is not wholly known
    /// (`doubt`); or the run was stopped before all was sent.
    Partly,
    /// The service had accepted the request and had not finished when the wait deadline passed.
    Unfinished,
    /// More removals than are allowed; nothing was sent.
    Refused,
    /// Who is on Manager has changed since the plan was made; nothing was sent.
    Moved,
    /// It failed.
    Failed,
    /// No cluster has the tags.
    NoCluster,
    /// The run was stopped, or the account's credentials were refused, before its turn; nothing was sent.
    NotStarted,
}

impl Status {
    /// Each of them.
    pub const ALL: [Self; 9] = [
        Self::Applied,
        Self::Unchanged,
        Self::Partly,
        Self::Unfinished,
        Self::Refused,
        Self::Moved,
        Self::Failed,
        Self::NoCluster,
        Self::NotStarted,
    ];

    /// A stable name for programs, `not_started` for example.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Partly => "partly",
            Self::Unfinished => "unfinished",
            Self::Refused => "refused",
            Self::Moved => "moved",
            Self::Failed => "failed",
            Self::NoCluster => "no_cluster",
            Self::NotStarted => "not_started",
        }
    }

    /// Whether the cluster is as it should be.
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Applied | Self::Unchanged | Self::NoCluster)
    }
}

/// Why it failed on a cluster. No secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Failure {
    /// A stable name, `not_found` for example: those of the SDK's error kinds.
    pub kind: String,
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// The service's error code.
    pub error_code: Option<String>,
    /// The request id to quote when asking support.
    pub request_id: Option<String>,
}

impl Failure {
    pub(crate) fn new(kind: &str, message: impl Into<String>) -> Self {
        Self {
            kind: kind.to_owned(),
            message: message.into(),
            hint: None,
            status: None,
            error_code: None,
            request_id: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What became of one cluster.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ClusterReport {
    /// The cluster.
    #[serde(flatten)]
    pub cluster: ClusterKey,
    /// How it ended.
    pub status: Status,
    /// Whether all users and groups of IAM were synchronized.
    pub all: bool,
    /// Not on Manager before, there now.
    pub added: NameLists,
    /// On Manager before already, and synchronized again.
    pub resynced: NameLists,
    /// On Manager before, gone now.
    pub removed: NameLists,
    /// Groups that came along with users.
    pub brought_along: Vec<String>,
    /// To be there, and not there.
    pub missing: NameLists,
    /// To be gone, and still there.
    pub left: NameLists,
    /// Names that were not removed, and why.
    pub held_back: Vec<HeldBack>,
    /// Why it is not known who belongs on the cluster, where a source of names came back empty or cannot be read.
    pub doubt: Option<String>,
    /// Whether nothing was sent because the same was sent before, to no avail ([`Memory`](crate::Memory)).
    pub rests: bool,
    /// What the service reports in the end (`ListSyncRequirements`); null (`None`) when that is not known.
    pub in_line_with_iam: Option<bool>,
    /// The request ids of the writes that were accepted.
    pub request_ids: Vec<String>,
    /// Writes that the service accepted.
    pub writes: u32,
    /// Why it failed.
    pub error: Option<Failure>,
    /// From the first look to the end, in seconds.
    pub seconds: f64,
}

impl ClusterReport {
    pub(crate) fn new(cluster: ClusterKey, status: Status) -> Self {
        Self {
            cluster,
            status,
            all: false,
            added: NameLists::default(),
            resynced: NameLists::default(),
            removed: NameLists::default(),
            brought_along: Vec::new(),
            missing: NameLists::default(),
            left: NameLists::default(),
            held_back: Vec::new(),
            doubt: None,
            rests: false,
            in_line_with_iam: None,
            request_ids: Vec::new(),
            writes: 0,
            error: None,
            seconds: 0.0,
        }
    }

    pub(crate) fn failed(mut self, failure: Failure) -> Self {
        (self.status, self.error) = (Status::Failed, Some(failure));
        self
    }
}
