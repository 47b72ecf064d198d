//! Code samples of the operations, with the documented values.
//!
//! They are written to `samples/<operationId>/`, shown in both references, and offered by the page.

use mrs_iam_sync_samples::{Language, Values, render};
use serde::Serialize;

use super::reference::Reference;
use super::{Artifact, DocsError};

/// One code sample.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Sample {
    /// The language as the page's highlighter knows it, `rust` for example.
    pub(super) language: &'static str,
    /// The language as people write it.
    pub(super) title: &'static str,
    /// Name of the file, `rust.rs` for example.
    pub(super) file: String,
    /// The code.
    pub(super) code: String,
}

/// The samples of an operation; none of one that there is no sample for.
pub(super) fn of(operation_id: &str) -> Result<Vec<Sample>, DocsError> {
    let Some(values) = Values::example(operation_id) else {
        return Ok(Vec::new());
    };
    let sample = |language: Language| {
        let code = render(language, operation_id, &values).map_err(|error| DocsError::Sample {
            operation: operation_id.to_owned(),
            language: language.title(),
            message: error.to_string(),
        })?;
        let (_, ending) = language.main_file().rsplit_once('.').unwrap_or_default();
        Ok(Sample {
            language: language.highlight(),
            title: language.title(),
            file: format!("{}.{ending}", language.slug()),
            code,
        })
    };
    Language::ALL.into_iter().map(sample).collect()
}

/// Each sample as a file.
pub(super) fn artifacts(reference: &Reference) -> Vec<Artifact> {
    let samples = reference.operations.iter().flat_map(|operation| {
        let path = |sample: &Sample| format!("samples/{}/{}", operation.id, sample.file);
        operation.samples.iter().map(move |sample| Artifact::text(path(sample), sample.code.as_str()))
    });
    samples.collect()
}
