//! Code samples of the operations: the one place where their renderer plugs in.
//!
//! What [`of`] gives is written to `samples/<operationId>/`, shown in both references, and offered by the page.

use serde::Serialize;

use super::Artifact;
use super::reference::Reference;

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

/// The samples of an operation; none yet.
pub(super) fn of(_document: &str, _operation_id: &str) -> Vec<Sample> {
    Vec::new()
}

pub(super) fn artifacts(reference: &Reference) -> Vec<Artifact> {
    let samples = reference.operations.iter().flat_map(|operation| {
        let path = |sample: &Sample| format!("samples/{}/{}", operation.id, sample.file);
        operation.samples.iter().map(move |sample| Artifact::text(path(sample), sample.code.as_str()))
    });
    samples.collect()
}
