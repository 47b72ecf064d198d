//! `cargo xtask codegen`: from the documents to the generated client and the contract's facts.
//!
//! Everything is rendered in memory first; writing and checking differ only in what is done with the result.

mod client;
mod contract;
mod docs;
mod rewrite;

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::document::{Document, DocumentError};
use crate::schema::SchemaError;

/// The command that mends a stale file, as messages name it.
pub const COMMAND: &str = "cargo xtask codegen";

/// Folders that hold nothing but generated files: what is there and not rendered is stale.
const FOLDERS: [&str; 3] =
    ["crates/client/src/generated", "crates/contract/documents", "crates/contract/src/generated"];

/// One generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its path below the workspace's root, with forward slashes.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Everything that the documents generate, and what was rewritten on the way.
#[derive(Debug, Clone)]
pub struct Rendering {
    /// The files, sorted by path.
    pub artifacts: Vec<Artifact>,
    /// One line for each kind of rewrite and document, with its count.
    pub rewrites: Vec<String>,
}

/// Why nothing could be generated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodegenError {
    /// A document that cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A schema that cannot be converted to JSON Schema 2020-12.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The generator refuses a document.
    #[error("{path}: progenitor: {message}")]
    Generator {
        /// The document.
        path: String,
        /// What the generator said.
        message: String,
    },
    /// A fact that the contract needs is missing or of the wrong form.
    #[error("{path}: {place}: {message}; `cargo xtask lint` says more")]
    Fact {
        /// The document.
        path: String,
        /// Where, as a JSON pointer or an operationId.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// A rewrite of the generated code that found nothing, or too much, to rewrite.
    #[error(
        "{path}: rewrite `{rewrite}` expected {expected} place(s) and found {found}: the generator has changed, so the rewrite must"
    )]
    Rewrite {
        /// The document.
        path: String,
        /// The rewrite.
        rewrite: &'static str,
        /// How many places it must find.
        expected: usize,
        /// How many it found.
        found: usize,
    },
    /// Generated text that is not Rust.
    #[error("{path}: the generated code does not parse: {source}")]
    Rust {
        /// The document.
        path: String,
        /// Where it stopped parsing.
        source: syn::Error,
    },
    /// A generated file that cannot be read, written or removed.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the machine said.
        source: std::io::Error,
    },
    /// Committed files are not what the documents generate.
    #[error("generated files are stale:\n{files}run: {COMMAND}")]
    Stale {
        /// A line for each file.
        files: String,
    },
    /// The summary could not be printed.
    #[error("cannot print: {0}")]
    Print(std::io::Error),
}

/// Renders every generated file from the documents below `root`, without touching any.
///
/// # Errors
/// When a document cannot be read, lacks a fact, or is refused by the generator.
pub fn render(root: &Path) -> Result<Rendering, CodegenError> {
    let documents = Document::load_all(root)?;
    let (mut artifacts, mut rewrites) = (Vec::new(), Vec::new());
    for document in &documents {
        let (artifact, done) = client::module(document)?;
        artifacts.push(artifact);
        rewrites.extend(done.into_iter().map(|line| format!("{}: {line}", document.path)));
        artifacts.extend(contract::artifacts(document)?);
    }
    artifacts.push(client::index(&documents)?);
    artifacts.push(contract::index(&documents)?);
    artifacts.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Rendering { artifacts, rewrites })
}

/// Writes what has changed, or with `check` only says that something has.
///
/// # Errors
/// As [`render`]; with `check` also [`CodegenError::Stale`] when a committed file differs from its rendering.
pub fn run(root: &Path, check: bool, out: &mut dyn Write) -> Result<(), CodegenError> {
    let rendering = render(root)?;
    let stale = stale(root, &rendering.artifacts)?;
    if check {
        if stale.is_empty() {
            return writeln!(out, "{} generated files are up to date", rendering.artifacts.len())
                .map_err(CodegenError::Print);
        }
        let files = stale.iter().map(|(path, what)| format!("  {path}: {what}\n")).collect();
        return Err(CodegenError::Stale { files });
    }
    for (path, _) in &stale {
        let file = root.join(path);
        match rendering.artifacts.iter().find(|artifact| artifact.path == *path) {
            Some(artifact) => write(&file, &artifact.text),
            None if file.is_dir() => std::fs::remove_dir_all(&file),
            None => std::fs::remove_file(&file),
        }
        .map_err(|source| CodegenError::File { path: path.clone(), source })?;
    }
    for line in &rendering.rewrites {
        writeln!(out, "rewrote {line}").map_err(CodegenError::Print)?;
    }
    for (path, what) in &stale {
        writeln!(out, "{path}: {what}").map_err(CodegenError::Print)?;
    }
    writeln!(out, "{} generated files, {} changed", rendering.artifacts.len(), stale.len())
        .map_err(CodegenError::Print)
}

fn write(file: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(file, text)
}

/// The files that differ from their rendering, with how.
fn stale(root: &Path, artifacts: &[Artifact]) -> Result<Vec<(String, String)>, CodegenError> {
    let mut stale = Vec::new();
    for artifact in artifacts {
        match std::fs::read_to_string(root.join(&artifact.path)) {
            Ok(committed) if committed.replace("\r\n", "\n") == artifact.text => {}
            Ok(committed) => {
                stale.push((artifact.path.clone(), first_difference(&committed, &artifact.text)))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                stale.push((artifact.path.clone(), "missing".to_owned()));
            }
            Err(source) => return Err(CodegenError::File { path: artifact.path.clone(), source }),
        }
    }
    for folder in FOLDERS {
        for file in files_in(&root.join(folder))
            .map_err(|source| CodegenError::File { path: folder.into(), source })?
        {
            let path = format!("{folder}/{file}");
            if !artifacts.iter().any(|artifact| artifact.path == path) {
                stale.push((path, "left over, no document generates it".to_owned()));
            }
        }
    }
    Ok(stale)
}

/// Names of what is in a folder; none when there is no such folder.
fn files_in(folder: &Path) -> std::io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path: PathBuf = entry?.path();
        files.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
    }
    files.sort();
    Ok(files)
}

/// Where two texts part, for a message.
fn first_difference(committed: &str, rendered: &str) -> String {
    let line = committed.lines().zip(rendered.lines()).take_while(|(old, new)| old == new).count();
    format!("differs from line {} on", line + 1)
}

/// The first lines of a generated Rust file.
fn header(document: &Document) -> String {
    format!(
        "// Generated by `{COMMAND}` from {}; do not edit.\n// SHA-256 of that document: {}\n\n",
        document.path,
        document.sha256()
    )
}

/// Formats tokens, with `head` before them.
fn rust(path: &str, head: &str, tokens: proc_macro2::TokenStream) -> Result<String, CodegenError> {
    let mut file = syn::parse2(tokens).map_err(|source| CodegenError::Rust { path: path.into(), source })?;
    docs::tidy(&mut file);
    Ok(format!("{head}{}", prettyplease::unparse(&file)))
}

/// The components with `x-secret`: values that no type may show.
fn secrets(document: &Document) -> Vec<&str> {
    let schemas = document.value.pointer("/components/schemas").and_then(Value::as_object);
    let is_secret = |schema: &Value| schema.get("x-secret") == Some(&Value::Bool(true));
    schemas
        .into_iter()
        .flatten()
        .filter(|(_, schema)| is_secret(schema))
        .map(|(name, _)| name.as_str())
        .collect()
}

/// The name of the module that belongs to a document.
fn module_name(document: &Document) -> proc_macro2::Ident {
    quote::format_ident!("{}", document.name.replace('-', "_"))
}
