//! The command line's reference, from what the built program tells of itself.

use std::path::Path;

use minijinja::Environment;
use serde_json::{Value, json};

use super::{Artifact, DocsError, templates};
use crate::process;

/// Where it is published as the program prints it, below [`super::FOLDER`].
pub const DESCRIPTION: &str = "cli.json";

/// Builds the program and asks it.
///
/// # Errors
/// When it does not build or run, or prints something else than JSON.
pub fn describe(root: &Path) -> Result<Value, DocsError> {
    let program = process::built(root, "mrs-iam-sync-cli", "dev").map_err(DocsError::Build)?;
    let text = process::output(process::unset(program).arg("reference")).map_err(DocsError::Build)?;
    serde_json::from_str(&text).map_err(|error| DocsError::Program(error.to_string()))
}

/// The reference as the program prints it and as people read it, and a file for each schema of what it writes or reads.
pub(super) fn artifacts(environment: &Environment<'_>, program: &Value) -> Result<Vec<Artifact>, DocsError> {
    for list in ["commands", "exit_codes", "variables"] {
        if program.get(list).and_then(Value::as_array).is_none_or(Vec::is_empty) {
            return Err(DocsError::Program(format!("there is no list `{list}` in it")));
        }
    }
    let schemas = program.get("schemas").and_then(Value::as_object).filter(|schemas| !schemas.is_empty());
    let schemas = schemas.ok_or_else(|| DocsError::Program("there are no `schemas` in it".to_owned()))?;
    let mut artifacts = vec![
        Artifact::json(DESCRIPTION, program),
        templates::text(environment, "cli.md", json!({ "program": program }))?,
    ];
    artifacts.extend(
        schemas.iter().map(|(name, schema)| Artifact::json(format!("cli/{name}.schema.json"), schema)),
    );
    Ok(artifacts)
}
