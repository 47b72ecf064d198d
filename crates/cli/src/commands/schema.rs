//! `schema`.

use clap::ValueEnum;
use mrs_iam_sync::{CancelOutcome, SyncOutcome};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;

use crate::commands::{
    api::ApiResult, apply::ApplyLine, auth::AuthStatus, clusters::ClustersResult, list::ListResult,
    plan::PlanDocument, projects::ProjectsResult, status::StatusResult,
};
use crate::error::{ErrorDocument, Result};
use crate::output::Output;
use crate::results::{DryRunResult, WriteResult};

/// A JSON output, or a file that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Document {
    Sync,
    Cancel,
    List,
    Status,
    Clusters,
    Projects,
    Api,
    AuthStatus,
    DryRun,
    Plan,
    Apply,
    Error,
    Fleet,
    #[cfg(feature = "emulator")]
    Seed,
}

/// The names, for programs.
#[derive(Debug, Serialize)]
struct Names {
    schemas: Vec<String>,
}

pub(crate) fn run(document: Option<Document>, output: Output) -> Result<()> {
    if let Some(document) = document {
        return output.json(&schema(document));
    }
    let names = Names { schemas: all().into_iter().map(|(name, _)| name).collect() };
    output.result(&names, || format!("{}\n", names.schemas.join("\n")))
}

/// Every schema with its name, in the order of `schema`.
pub(crate) fn all() -> Vec<(String, Schema)> {
    let named = |document: &Document| {
        let value = document.to_possible_value()?;
        Some((value.get_name().to_owned(), schema(*document)))
    };
    Document::value_variants().iter().filter_map(named).collect()
}

fn schema(document: Document) -> Schema {
    match document {
        Document::Sync => titled("sync", of::<WriteResult<SyncOutcome>>()),
        Document::Cancel => titled("cancel", of::<WriteResult<CancelOutcome>>()),
        Document::List => of::<ListResult>(),
        Document::Status => of::<StatusResult>(),
        Document::Clusters => of::<ClustersResult>(),
        Document::Projects => of::<ProjectsResult>(),
        Document::Api => of::<ApiResult>(),
        Document::AuthStatus => of::<AuthStatus>(),
        Document::DryRun => of::<DryRunResult>(),
        Document::Plan => of::<PlanDocument>(),
        Document::Apply => of::<ApplyLine<'_>>(),
        Document::Error => of::<ErrorDocument>(),
        Document::Fleet => read(mrs_iam_sync_fleet::Fleet::json_schema()),
        #[cfg(feature = "emulator")]
        Document::Seed => read(mrs_iam_sync_emulator::Seed::json_schema()),
    }
}

/// Of what is written: a field that is always there is required.
fn of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

/// Of a file that is read.
fn read(schema: serde_json::Value) -> Schema {
    match schema {
        serde_json::Value::Object(fields) => fields.into(),
        _ => Schema::default(),
    }
}

/// Both commands that write share a type, which can have no title of its own.
fn titled(title: &str, mut schema: Schema) -> Schema {
    schema.insert("title".to_owned(), title.into());
    schema
}
