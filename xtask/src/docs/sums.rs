//! What is published, listed with checksums.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Artifact;
use crate::document::Document;

/// What lists the others.
pub(super) const FILES: [&str; 2] = ["manifest.json", "SHA256SUMS"];

/// Adds `manifest.json`, and `SHA256SUMS` of everything else.
pub(super) fn add(artifacts: &mut Vec<Artifact>, documents: &[Document]) {
    let mut sums: Vec<(String, String, usize)> = artifacts.iter().map(sum).collect();
    let files =
        sums.iter().map(|(path, sha256, bytes)| json!({ "path": path, "bytes": bytes, "sha256": sha256 }));
    let documents = documents.iter().map(|document| {
        let name = &document.name;
        let text = |pointer| document.value.pointer(pointer).cloned().unwrap_or_default();
        json!({
            "name": name,
            "title": text("/info/title"),
            "version": text("/info/version"),
            "sha256": document.sha256(),
            "files": {
                "yaml": format!("openapi/{name}.yaml"),
                "json": format!("openapi/{name}.json"),
                "dereferenced": format!("openapi/{name}.deref.json"),
                "schemas": format!("schemas/{name}.schema.json"),
            },
        })
    });
    let manifest = json!({
        "documents": documents.collect::<Vec<Value>>(),
        "files": files.collect::<Vec<Value>>(),
    });
    let manifest = Artifact::json("manifest.json", &manifest);
    sums.push(sum(&manifest));
    sums.sort();
    let lines = sums.iter().map(|(path, sha256, _)| format!("{sha256}  {path}\n")).collect::<String>();
    artifacts.push(manifest);
    artifacts.push(Artifact::text("SHA256SUMS", lines));
    artifacts.sort_by(|a, b| a.path.cmp(&b.path));
}

fn sum(artifact: &Artifact) -> (String, String, usize) {
    let digest = hex::encode(Sha256::digest(&artifact.bytes));
    (artifact.path.clone(), digest, artifact.bytes.len())
}
