//! The JSON results of writes; a contract. `mrs-iam-sync schema` prints the schemas of these types.

use mrs_iam_sync::{Accepted, RequestPreview};
use schemars::JsonSchema;
use serde::Serialize;

/// What a result is about, the same for each command on a cluster.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Subject {
    /// The command.
    pub(crate) operation: &'static str,
    /// Id of the cluster.
    pub(crate) cluster_id: String,
    /// Id of the project.
    pub(crate) project_id: String,
    /// Present, and true, when nothing real was changed or read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) emulated: bool,
}

/// Result of a write. Everything from `completion` on is there only with `--wait`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WriteResult<O> {
    #[serde(flatten)]
    pub(crate) subject: Subject,
    /// Names that were given more than once; they are sent once.
    pub(crate) merged: Vec<String>,
    #[serde(flatten)]
    pub(crate) report: Report<O>,
}

/// How far a write was followed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Report<O> {
    /// To its end, with `--wait`.
    Waited(O),
    /// To its acceptance.
    Sent {
        /// How the service answered each request; empty when nothing had to be sent.
        accepted: Vec<Accepted>,
    },
}

/// Result of `sync --dry-run` and `cancel --dry-run`: nothing was sent.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "dry-run")]
pub(crate) struct DryRunResult {
    #[serde(flatten)]
    pub(crate) subject: Subject,
    /// Always true.
    pub(crate) dry_run: bool,
    /// The requests, in their order; none when nothing would be sent.
    pub(crate) requests: Vec<Request>,
    /// Names that were given more than once; they are sent once.
    pub(crate) merged: Vec<String>,
}

/// A request as it would be sent.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Request {
    /// HTTP method.
    method: String,
    /// The whole URL.
    url: String,
    /// Headers in alphabetical order; signature and secrets are masked.
    headers: Vec<Header>,
    /// The body, byte for byte; null when there is none.
    body: Option<String>,
}

/// A header of a request.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Header {
    /// Name in lower case.
    name: String,
    /// Value.
    value: String,
}

impl From<&RequestPreview> for Request {
    fn from(preview: &RequestPreview) -> Self {
        let header = |(name, value): &(String, String)| Header { name: name.clone(), value: value.clone() };
        Self {
            method: preview.method.clone(),
            url: preview.url.clone(),
            headers: preview.headers.iter().map(header).collect(),
            body: preview.body.clone(),
        }
    }
}
