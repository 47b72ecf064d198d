//! `projects`.

use mrs_iam_sync::Project;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{Globals, Projects};
use crate::context;
use crate::error::Result;
use crate::output::Output;
use crate::text;

/// Result of `projects`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "projects")]
pub(crate) struct ProjectsResult {
    /// Present, and true, when nothing real was read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    emulated: bool,
    /// The projects, in the service's order.
    projects: Vec<Project>,
}

pub(crate) async fn run(flags: &Projects, globals: &Globals, output: Output) -> Result<()> {
    let iam = context::iam(globals, output, &flags.service).await?;
    let projects = iam.iam.projects(flags.name.as_deref()).await?;
    let result = ProjectsResult { emulated: iam.emulated, projects };
    output.result(&result, || table(&result.projects))
}

fn table(projects: &[Project]) -> String {
    if projects.is_empty() {
        return "IAM lists no such project.\n".to_owned();
    }
    let mut rows = vec![["NAME", "ID", "ENABLED"]];
    rows.extend(projects.iter().map(|project| {
        let enabled = match project.enabled {
            Some(true) => "yes",
            Some(false) => "no",
            None => "-",
        };
        [project.name.as_str(), project.id.as_str(), enabled]
    }));
    text::table(&rows)
}
