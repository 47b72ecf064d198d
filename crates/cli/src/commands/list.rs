//! `list`.

use mrs_iam_sync::Synchronized;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{Globals, Target};
use crate::commands::write;
use crate::context;
use crate::error::Result;
use crate::output::Output;
use crate::results::Subject;
use crate::text;

/// Result of `list`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "list")]
pub(crate) struct ListResult {
    #[serde(flatten)]
    subject: Subject,
    #[serde(flatten)]
    synchronized: Synchronized,
}

pub(crate) async fn run(target: &Target, globals: &Globals, output: Output) -> Result<()> {
    let (context, cluster) = context::on_cluster(globals, output, target).await?;
    let result = ListResult {
        synchronized: cluster.synchronized().await?,
        subject: write::subject(&context, &cluster, "list"),
    };
    output.result(&result, || table(&result.synchronized))
}

fn table(synchronized: &Synchronized) -> String {
    let lists = [("user", &synchronized.users), ("group", &synchronized.groups)];
    let mut rows = vec![["KIND", "NAME"]];
    let mut remarks = String::new();
    for (kind, names) in lists {
        match names.as_deref() {
            None => remarks += &format!("The answer has no list of {kind}s.\n"),
            Some([]) => remarks += &format!("No {kind} is on Manager.\n"),
            Some(names) => rows.extend(names.iter().map(|name| [kind, name.as_str()])),
        }
    }
    if rows.len() == 1 {
        return remarks;
    }
    let table = text::table(&rows);
    if remarks.is_empty() { table } else { format!("{table}\n{remarks}") }
}
