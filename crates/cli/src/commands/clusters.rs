//! `clusters`.

use mrs_iam_sync::ClusterSummary;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{Globals, Service};
use crate::context::Context;
use crate::error::Result;
use crate::output::Output;
use crate::text;

/// Result of `clusters`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "clusters")]
pub(crate) struct ClustersResult {
    /// Id of the project.
    project_id: String,
    /// Present, and true, when nothing real was read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    emulated: bool,
    /// The existing clusters of the project, in the service's order.
    clusters: Vec<ClusterSummary>,
}

pub(crate) async fn run(service: &Service, globals: &Globals, output: Output) -> Result<()> {
    let context = Context::new(globals, output, service).await?;
    let result = ClustersResult {
        clusters: context.client.clusters().await?,
        project_id: context.client.project_id().to_owned(),
        emulated: context.emulated,
    };
    output.result(&result, || table(&result.clusters))
}

fn table(clusters: &[ClusterSummary]) -> String {
    if clusters.is_empty() {
        return "The project has no existing cluster.\n".to_owned();
    }
    const NONE: &str = "-";
    let mut rows = vec![["NAME", "ID", "STATE", "VERSION"]];
    rows.extend(clusters.iter().map(|cluster| {
        let (state, version) = (cluster.state.as_deref(), cluster.version.as_deref());
        [cluster.name.as_str(), cluster.id.as_str(), state.unwrap_or(NONE), version.unwrap_or(NONE)]
    }));
    text::table(&rows)
}
