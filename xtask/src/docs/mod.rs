//! `cargo xtask docs`: from the documents and the program to what is published in `docs/api`.
//!
//! Everything is rendered in memory first; writing and checking differ only in what is done with the result.

mod documents;
mod examples;
mod fields;
mod page;
mod program;
mod prose;
mod reference;
mod samples;
mod schemas;
mod sums;
mod templates;

use std::io::Write;
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use crate::document::{Document, DocumentError};
use crate::release::{self, ReleaseError};
use crate::schema::SchemaError;

pub use program::{DESCRIPTION, describe};

/// The command that mends a stale file, as messages name it.
pub const COMMAND: &str = "cargo xtask docs";

/// What is published, below the workspace's root.
pub const FOLDER: &str = "docs/api";

/// Maintained by hand, published as it is.
const CHANGELOG: &str = "openapi/CHANGELOG.md";

/// Its own test holds it to what the program prints.
const DIFFERENCES: &str = "crates/emulator/DIFFERENCES.md";

/// One published file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its path below [`FOLDER`], with forward slashes.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Artifact {
    fn text(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), bytes: text.into().into_bytes() }
    }

    /// JSON as it is published: laid out, with a newline at the end.
    fn json(path: impl Into<String>, value: &Value) -> Self {
        Self::text(path, format!("{value:#}\n"))
    }
}

/// Why nothing could be published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocsError {
    /// A document that cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The list of released versions cannot be read.
    #[error(transparent)]
    Released(Box<ReleaseError>),
    /// A schema that cannot be converted to JSON Schema 2020-12.
    #[error("{path}: {source}")]
    Schema {
        /// The document.
        path: String,
        /// What is wrong.
        source: SchemaError,
    },
    /// Something that the reference needs is missing or of the wrong form.
    #[error("{path}: {place}: {message}; `cargo xtask lint` says more")]
    Fact {
        /// The document, or the file.
        path: String,
        /// Where, as a JSON pointer or an operationId.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// A code sample that cannot be rendered.
    #[error("sample of {operation} for {language}: {message}")]
    Sample {
        /// The operation.
        operation: String,
        /// The language.
        language: &'static str,
        /// What is wrong.
        message: String,
    },
    /// A template that does not render.
    #[error("template {0}")]
    Template(String),
    /// The program could not be built or run.
    #[error("{0}")]
    Build(String),
    /// What the program tells of itself is not what is expected.
    #[error("`mrs-iam-sync reference`: {0}")]
    Program(String),
    /// The page's script is not where its crate was unpacked.
    #[error("the crate scalar_api_reference has no {0}; `cargo fetch` unpacks it again")]
    Asset(&'static str),
    /// A file that cannot be read, written or removed.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the machine said.
        source: std::io::Error,
    },
    /// Committed files are not what is generated.
    #[error("{FOLDER}/{path}: {what}{}\nrun: {COMMAND}", and_more(*.more))]
    Stale {
        /// The first such file, below [`FOLDER`].
        path: String,
        /// How it differs.
        what: String,
        /// How many others there are.
        more: usize,
    },
    /// The summary could not be printed.
    #[error("cannot print: {0}")]
    Print(std::io::Error),
}

fn and_more(more: usize) -> String {
    if more == 0 { String::new() } else { format!(" (and {more} more)") }
}

/// Renders every published file, without touching any; `program` is what [`describe`] gives.
///
/// # Errors
/// When a document cannot be read or lacks something, or when `program` is of another form.
pub fn render(root: &Path, program: &Value) -> Result<Vec<Artifact>, DocsError> {
    // Whether each is what it was, `release::check` says.
    let released = release::released(root).map_err(|error| DocsError::Released(Box::new(error)))?;
    let released = released.iter().rev().map(|known| known.version.to_string()).collect();
    rendered(root, program, &Edition { released, frozen: false })
}

/// What the pages of an edition link to, beside their own.
#[derive(Debug, Serialize)]
struct Edition {
    /// The released versions, the newest first.
    released: Vec<String>,
    /// Whether it is one of them, and without what is too large to be kept each time.
    frozen: bool,
}

fn rendered(root: &Path, program: &Value, edition: &Edition) -> Result<Vec<Artifact>, DocsError> {
    let documents = Document::load_all(root)?;
    let environment = templates::environment()?;
    let mut artifacts = Vec::new();
    let mut references = Vec::new();
    for document in &documents {
        let reference = reference::Reference::new(document)?;
        artifacts.extend(documents::artifacts(document)?);
        artifacts.extend(schemas::artifacts(document)?);
        artifacts.extend(examples::artifacts(&reference));
        artifacts.extend(samples::artifacts(&reference));
        references.push(reference);
    }
    artifacts.extend(reference::artifacts(&environment, &references, edition)?);
    artifacts.extend(page::artifacts(&environment, &documents, &references)?);
    artifacts.extend(program::artifacts(&environment, program)?);
    artifacts.push(Artifact::text("CHANGELOG.md", changelog(root, &references)?));
    artifacts.push(Artifact::text("emulator-differences.md", read(root, DIFFERENCES)?));
    artifacts.push(templates::text(
        &environment,
        "llms.txt",
        json!({ "documents": references, "edition": edition }),
    )?);
    artifacts.sort_by(|a, b| a.path.cmp(&b.path));
    sums::add(&mut artifacts, &documents);
    Ok(artifacts)
}

/// What a released version keeps: all but the browsable page, whose script weighs more than the rest together, and
/// what is not about the documents.
pub(crate) fn frozen(root: &Path, program: &Value) -> Result<Vec<Artifact>, DocsError> {
    const KEPT: [&str; 11] = [
        "CHANGELOG.md",
        "cli.json",
        "cli.md",
        "cli/",
        "examples/",
        "openapi/",
        "page.css",
        "reference.html",
        "reference.md",
        "samples/",
        "schemas/",
    ];
    let mut artifacts = rendered(root, program, &Edition { released: Vec::new(), frozen: true })?;
    artifacts.retain(|artifact| KEPT.iter().any(|kept| artifact.path.starts_with(kept)));
    sums::add(&mut artifacts, &Document::load_all(root)?);
    Ok(artifacts)
}

/// Writes what has changed, or with `check` only says that something has.
///
/// # Errors
/// As [`describe`] and [`publish`].
pub fn run(root: &Path, check: bool, out: &mut dyn Write) -> Result<(), DocsError> {
    publish(root, &describe(root)?, check, out)
}

/// The same with what the program tells of itself.
///
/// # Errors
/// As [`render`]; with `check` also [`DocsError::Stale`] when a committed file differs.
pub fn publish(root: &Path, program: &Value, check: bool, out: &mut dyn Write) -> Result<(), DocsError> {
    let artifacts = render(root, program)?;
    let stale = stale(root, &artifacts)?;
    if check {
        return match stale.first() {
            None => {
                writeln!(out, "{} published files are up to date", artifacts.len()).map_err(DocsError::Print)
            }
            Some((path, what)) => {
                Err(DocsError::Stale { path: path.clone(), what: what.clone(), more: stale.len() - 1 })
            }
        };
    }
    for (path, _) in &stale {
        let file = root.join(FOLDER).join(path);
        match artifacts.iter().find(|artifact| artifact.path == *path) {
            Some(artifact) => write(&file, &artifact.bytes),
            None => remove(&root.join(FOLDER), &file),
        }
        .map_err(|source| DocsError::File { path: format!("{FOLDER}/{path}"), source })?;
    }
    summary(&artifacts, &stale, out).map_err(DocsError::Print)
}

fn summary(artifacts: &[Artifact], stale: &[(String, String)], out: &mut dyn Write) -> std::io::Result<()> {
    for (path, what) in stale {
        writeln!(out, "{FOLDER}/{path}: {what}")?;
    }
    let weight = |wanted: &dyn Fn(&str) -> bool| {
        let bytes: usize = artifacts
            .iter()
            .filter(|artifact| wanted(&artifact.path))
            .map(|artifact| artifact.bytes.len())
            .sum();
        format!("{}.{} kB", bytes / 1000, bytes % 1000 / 100)
    };
    writeln!(out, "index.html with its scripts: {}", weight(&|path| page::FILES.contains(&path)))?;
    writeln!(out, "reference.html, alone: {}", weight(&|path| path == "reference.html"))?;
    writeln!(out, "{} files of {}, {} changed", artifacts.len(), weight(&|_| true), stale.len())
}

/// The files that differ from their rendering, with how; by path, those that list the others last.
///
/// # Errors
/// When a file or folder cannot be read.
pub fn stale(root: &Path, artifacts: &[Artifact]) -> Result<Vec<(String, String)>, DocsError> {
    let folder = root.join(FOLDER);
    let mut stale = Vec::new();
    for artifact in artifacts {
        match std::fs::read(folder.join(&artifact.path)) {
            Ok(committed) if committed == artifact.bytes => {}
            Ok(committed) => stale.push((artifact.path.clone(), difference(&committed, &artifact.bytes))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                stale.push((artifact.path.clone(), "missing".to_owned()));
            }
            Err(source) => {
                return Err(DocsError::File { path: format!("{FOLDER}/{}", artifact.path), source });
            }
        }
    }
    let mut found = Vec::new();
    files_below(&folder, "", &mut found)
        .map_err(|source| DocsError::File { path: FOLDER.to_owned(), source })?;
    let is_known = |path: &String| artifacts.iter().any(|artifact| artifact.path == *path);
    let stray = found.into_iter().filter(|path| !is_known(path) && !is_released(path));
    stale.extend(stray.map(|path| (path, "stray, nothing generates it".to_owned())));
    // What follows from the others says least about what has changed.
    stale.sort_by_key(|(path, _)| (sums::FILES.contains(&path.as_str()), path.clone()));
    Ok(stale)
}

/// Whether a path is below `v1.2.3`: a released version never changes.
fn is_released(path: &str) -> bool {
    let version = path.split_once('/').and_then(|(name, _)| name.strip_prefix('v'));
    version.is_some_and(|version| semver::Version::parse(version).is_ok())
}

/// The paths of all files below a folder.
pub(crate) fn files_below(folder: &Path, prefix: &str, found: &mut Vec<String>) -> std::io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            files_below(&entry.path(), &format!("{path}/"), found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

/// Where two texts part, for a message.
fn difference(committed: &[u8], rendered: &[u8]) -> String {
    let lines = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let (old, new) = (lines(committed), lines(rendered));
    let same = old.lines().zip(new.lines()).take_while(|(old, new)| old == new).count();
    format!("differs from line {} on", same + 1)
}

pub(crate) fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(file, bytes)
}

/// Removes a file, and the folders that it leaves empty.
fn remove(top: &Path, file: &Path) -> std::io::Result<()> {
    std::fs::remove_file(file)?;
    for folder in file.ancestors().skip(1).take_while(|folder| *folder != top) {
        if std::fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}

fn read(root: &Path, path: &str) -> Result<String, DocsError> {
    std::fs::read_to_string(root.join(path))
        .map_err(|source| DocsError::File { path: path.to_owned(), source })
}

/// The changelog of the documents, which must have an entry for what each of them is now.
fn changelog(root: &Path, references: &[reference::Reference]) -> Result<String, DocsError> {
    let text = read(root, CHANGELOG)?;
    for reference in references {
        let heading = format!("### {} {}", reference.name, reference.version);
        if !text.lines().any(|line| line.trim_end() == heading) {
            return Err(DocsError::Fact {
                path: CHANGELOG.to_owned(),
                place: reference.name.clone(),
                message: format!("there is no heading `{heading}`"),
            });
        }
    }
    Ok(text)
}

/// What is wrong at a place of a document.
fn fact(document: &Document, place: &str, message: impl Into<String>) -> DocsError {
    DocsError::Fact { path: document.path.clone(), place: place.to_owned(), message: message.into() }
}
