//! `status`.

use mrs_iam_sync::Error;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{Globals, Target};
use crate::commands::write;
use crate::context;
use crate::error::Result;
use crate::output::Output;
use crate::results::Subject;
use crate::text;

/// Result of `status`, as the service reports it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "status")]
pub(crate) struct StatusResult {
    #[serde(flatten)]
    subject: Subject,
    /// Whether a synchronization is running; null when the service does not offer the operation.
    is_synchronizing: Option<bool>,
    /// Whether the cluster is in line with IAM; null when the service does not offer the operation.
    is_synchronous: Option<bool>,
}

pub(crate) async fn run(target: &Target, globals: &Globals, output: Output) -> Result<()> {
    let (context, cluster) = context::on_cluster(globals, output, target).await?;
    // One after the other: credentials that are refused count one failure, not two of the five that lock a key.
    let running = offered(cluster.is_synchronizing().await)?;
    let in_line = match (cluster.is_synchronous().await, running) {
        // Neither is offered: the service has no status, or this is not the service.
        (Err(error), None) => return Err(error.into()),
        (answer, _) => offered(answer)?,
    };
    let result = StatusResult {
        subject: write::subject(&context, &cluster, "status"),
        is_synchronizing: running,
        is_synchronous: in_line,
    };
    output.result(&result, || {
        text::table(&[
            ["AS REPORTED", ""],
            ["synchronization running", word(running)],
            ["in line with IAM", word(in_line)],
        ])
    })
}

/// The answer; none when the gateway knows no such operation, as with older services.
fn offered(answer: Result<bool, Error>) -> Result<Option<bool>, Error> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_unknown_operation() => Ok(None),
        Err(error) => Err(error),
    }
}

fn word(answer: Option<bool>) -> &'static str {
    match answer {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not offered by this service",
    }
}
