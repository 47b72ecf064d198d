//! `cargo xtask release X.Y.Z`: freezes what is published of the documents, and the check that nobody changes it.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use semver::Version;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::codegen::{self, CodegenError};
use crate::docs::{self, DocsError};
use crate::document::{Document, DocumentError};

/// One line for each released version: the version and the SHA-256 of its `SHA256SUMS`.
pub const LIST: &str = "openapi/releases.txt";

const CHANGELOG: &str = "openapi/CHANGELOG.md";
const UNRELEASED: &str = "## Unreleased";
const SUMS: &str = "SHA256SUMS";

/// Why nothing was released, or what is wrong with what was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// The version cannot be released.
    #[error("{version}: {message}")]
    Version {
        /// The version.
        version: String,
        /// Why not.
        message: String,
    },
    /// A released version is not what it was.
    #[error(
        "{path}: {message}; what is released never changes: `git checkout` it, and release another version"
    )]
    Changed {
        /// The file.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the machine said.
        source: std::io::Error,
    },
    /// A document cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Generated code cannot be written.
    #[error(transparent)]
    Codegen(#[from] CodegenError),
    /// What is published cannot be written.
    #[error(transparent)]
    Docs(#[from] DocsError),
}

/// A released version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// The version.
    pub version: Version,
    /// SHA-256 of its `SHA256SUMS`, in hexadecimal digits.
    pub sums: String,
}

/// All released versions, the oldest first.
///
/// # Errors
/// When the list cannot be read.
pub fn released(root: &Path) -> Result<Vec<Released>, ReleaseError> {
    let text = match std::fs::read_to_string(root.join(LIST)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(ReleaseError::File { path: LIST.to_owned(), source }),
    };
    let mut found: Vec<Released> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let wrong =
            |message: &str| ReleaseError::Version { version: line.to_owned(), message: message.to_owned() };
        let (version, sums) = line.split_once(' ').ok_or_else(|| wrong("not a version and a checksum"))?;
        let version = Version::parse(version).map_err(|_| wrong("not a version and a checksum"))?;
        if found.last().is_some_and(|last| last.version >= version) {
            return Err(wrong("not later than the one before it"));
        }
        found.push(Released { version, sums: sums.to_owned() });
    }
    Ok(found)
}

/// Whether every released version is what it was. Answers how many there are.
///
/// # Errors
/// [`ReleaseError::Changed`] with the first file that is not, or that nobody released.
pub fn check(root: &Path) -> Result<usize, ReleaseError> {
    let released = released(root)?;
    let top = root.join(docs::FOLDER);
    for Released { version, sums } in &released {
        let folder = top.join(format!("v{version}"));
        let shown = |path: &str| format!("{}/v{version}/{path}", docs::FOLDER);
        let changed = |path: &str, message: &str| ReleaseError::Changed {
            path: shown(path),
            message: message.to_owned(),
        };
        let text = std::fs::read_to_string(folder.join(SUMS)).map_err(|_| changed(SUMS, "missing"))?;
        if digest(text.as_bytes()) != *sums {
            return Err(changed(SUMS, "changed"));
        }
        let mut known = vec![SUMS.to_owned()];
        for line in text.lines() {
            let (sum, path) =
                line.split_once("  ").ok_or_else(|| changed(SUMS, "not a list of checksums"))?;
            let bytes = std::fs::read(folder.join(path)).map_err(|_| changed(path, "missing"))?;
            if digest(&bytes) != sum {
                return Err(changed(path, "changed"));
            }
            known.push(path.to_owned());
        }
        let mut found = Vec::new();
        docs::files_below(&folder, "", &mut found)
            .map_err(|source| ReleaseError::File { path: shown(""), source })?;
        if let Some(stray) = found.iter().find(|path| !known.contains(path)) {
            return Err(changed(stray, "added"));
        }
    }
    let entries =
        top.read_dir().map_err(|source| ReleaseError::File { path: docs::FOLDER.to_owned(), source })?;
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let version = name.strip_prefix('v').and_then(|version| Version::parse(version).ok());
        if version.is_some_and(|version| released.iter().all(|known| known.version != version)) {
            let path = format!("{}/{name}", docs::FOLDER);
            let message = format!("not in {LIST}");
            return Err(ReleaseError::Changed { path, message });
        }
    }
    Ok(released.len())
}

/// Freezes all documents as `version`, of that day (`2026-01-31`), and goes on with the next one's `-dev`.
///
/// # Errors
/// [`ReleaseError::Version`] when it cannot be, a file that is not committed included, [`ReleaseError::Docs`] when something cannot be rendered; nothing was
/// changed then.
pub fn run(
    root: &Path,
    version: &str,
    day: &str,
    program: &Value,
    out: &mut dyn Write,
) -> Result<(), ReleaseError> {
    let refuse = |message: String| ReleaseError::Version { version: version.to_owned(), message };
    let parsed = Version::parse(version).map_err(|error| refuse(format!("not a version: {error}")))?;
    if !parsed.pre.is_empty() || !parsed.build.is_empty() {
        return Err(refuse("a released version has three numbers and nothing else".to_owned()));
    }
    if day.parse::<jiff::civil::Date>().is_err() {
        return Err(refuse(format!("{day:?} is no day, 2026-01-31 for example")));
    }
    if let Some(file) = uncommitted(root) {
        return Err(refuse(format!("{file} is not committed; a release is a commit of its own")));
    }
    check(root)?;
    let mut known = released(root)?;
    if let Some(last) = known.last().filter(|last| last.version >= parsed) {
        return Err(refuse(format!("not later than {}, the last one", last.version)));
    }
    let documents = Document::load_all(root)?;
    for document in &documents {
        let now = document.value.pointer("/info/version").and_then(Value::as_str).unwrap_or_default();
        let Some(next) = now.strip_suffix("-dev").and_then(|next| Version::parse(next).ok()) else {
            return Err(refuse(format!(
                "{}: info.version is {now}, not a version that ends in -dev",
                document.path
            )));
        };
        if parsed < next {
            return Err(refuse(format!("{} is to be {next} at least", document.path)));
        }
    }
    let path = root.join(CHANGELOG);
    let file = |path: &str| {
        let path = path.to_owned();
        move |source| ReleaseError::File { path, source }
    };
    let changelog = std::fs::read_to_string(&path).map_err(file(CHANGELOG))?;
    if !changelog.lines().any(|line| line == UNRELEASED) {
        return Err(refuse(format!("{CHANGELOG} has no heading `{UNRELEASED}`")));
    }

    // What cannot be rendered is told before anything is changed.
    docs::render(root, program)?;
    set_version(root, &documents, version)?;
    let stamped = stamped(&changelog, &documents, version, day);
    std::fs::write(&path, &stamped).map_err(file(CHANGELOG))?;
    codegen::run(root, false, out)?;
    let artifacts = docs::frozen(root, program)?;
    let folder = root.join(docs::FOLDER).join(format!("v{version}"));
    for artifact in &artifacts {
        docs::write(&folder.join(&artifact.path), &artifact.bytes).map_err(file(&artifact.path))?;
    }
    let sums = artifacts.iter().find(|artifact| artifact.path == SUMS);
    let sums = sums.map(|artifact| digest(&artifact.bytes)).unwrap_or_default();
    known.push(Released { version: parsed.clone(), sums });
    let lines =
        known.iter().map(|Released { version, sums }| format!("{version} {sums}\n")).collect::<String>();
    let list = format!("# Written by `cargo xtask release`: version, and SHA-256 of its {SUMS}.\n{lines}");
    std::fs::write(root.join(LIST), list).map_err(file(LIST))?;

    let next = format!("{}-dev", Version::new(parsed.major, parsed.minor, parsed.patch + 1));
    set_version(root, &Document::load_all(root)?, &next)?;
    let headings: String = documents
        .iter()
        .map(|document| format!("\n### {} {next}\n\n- Nothing yet.\n", document.name))
        .collect();
    let opened = stamped.replacen("\n## ", &format!("\n{UNRELEASED}\n{headings}\n## "), 1);
    std::fs::write(&path, opened).map_err(file(CHANGELOG))?;
    codegen::run(root, false, out)?;
    docs::publish(root, program, false, out)?;
    check(root)?;
    writeln!(
        out,
        "{}/v{version} is frozen, the documents are {next} now; run the tests, read the changes, commit them and tag \
         them openapi-v{version}",
        docs::FOLDER
    )
    .map_err(|source| ReleaseError::File { path: "stdout".to_owned(), source })
}

/// A file that git knows to be changed or does not know; none where there is no git to ask.
fn uncommitted(root: &Path) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(root).args(["status", "--porcelain"]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().next().and_then(|line| line.get(3..)).map(str::to_owned)
}

/// Puts a version into `info` of each document, and changes nothing else of it.
fn set_version(root: &Path, documents: &[Document], version: &str) -> Result<(), ReleaseError> {
    for document in documents {
        let line = document.line_of("/info/version").unwrap_or_default();
        let text: String = document
            .text
            .split_inclusive('\n')
            .enumerate()
            .map(|(index, text)| match text.split_once("version:") {
                Some((indent, _)) if index + 1 == line => format!("{indent}version: {version}\n"),
                _ => text.to_owned(),
            })
            .collect();
        std::fs::write(root.join(&document.path), text)
            .map_err(|source| ReleaseError::File { path: document.path.clone(), source })?;
    }
    Ok(())
}

/// The changelog with what was unreleased as that version.
fn stamped(changelog: &str, documents: &[Document], version: &str, day: &str) -> String {
    let mut text = changelog.replacen(UNRELEASED, &format!("## {version}, {day}"), 1);
    for document in documents {
        let now = document.value.pointer("/info/version").and_then(Value::as_str).unwrap_or_default();
        let (from, to) =
            (format!("### {} {now}\n", document.name), format!("### {} {version}\n", document.name));
        text = text.replacen(&from, &to, 1);
    }
    text
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
