//! What the examples share: where requests go, what the command line gives, and how a failure is shown.

use std::fmt;

use mrs_iam_sync::{Client, ClientBuilder};

/// A client's settings from the variables that the command line reads, too: `MRS_IAM_SYNC_REGION`, and for an
/// emulator what `mrs-iam-sync emulator --env` prints. Credentials and project are found by `connect`.
pub(crate) fn builder() -> ClientBuilder {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut builder = Client::builder();
    if let Some(region) = set("MRS_IAM_SYNC_REGION") {
        builder = builder.region(region);
    }
    if let Some(endpoint) = set("MRS_IAM_SYNC_ENDPOINT") {
        builder = builder.endpoint(endpoint);
    }
    if let Some(endpoint) = set("MRS_IAM_SYNC_IAM_ENDPOINT") {
        builder = builder.with_iam_endpoint(endpoint);
    }
    if let Some(project_id) = set("MRS_IAM_SYNC_PROJECT_ID") {
        builder = builder.project_id(project_id);
    }
    builder
}

/// The first `N` words of the command line, and those behind them. `usage` names them.
pub(crate) fn arguments<const N: usize>(usage: &str) -> Result<([String; N], Vec<String>), Failure> {
    let mut first: Vec<String> = std::env::args().skip(1).collect();
    let rest = first.split_off(N.min(first.len()));
    let first = first.try_into().map_err(|_| {
        Failure(format!(
            "arguments are missing: {usage}\nset MRS_IAM_SYNC_REGION to the cluster's region, too"
        ))
    })?;
    Ok((first, rest))
}

/// Why an example ends. `main` shows it by `Debug`, so that this is text for people.
pub(crate) struct Failure(String);

impl From<mrs_iam_sync::Error> for Failure {
    fn from(error: mrs_iam_sync::Error) -> Self {
        match error.hint() {
            Some(hint) => Self(format!("{error}\nhint: {hint}")),
            None => Self(error.to_string()),
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
