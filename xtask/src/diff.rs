//! `cargo xtask diff`: what a change of the documents means for those who built on them.
//!
//! The crate `drift` compares what operations take and answer, `members` everything else.
//! What cannot be classified counts as breaking. A breaking change passes when it is acknowledged, with a reason, in
//! `openapi/diff/acknowledged.yaml`.

mod members;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use drift::{Change, ChangeClass, ChangeComparison, JsonPathStack};
use serde::Deserialize;
use serde_json::Value;

use crate::docs;
use crate::document::{Document, DocumentError};
use crate::release::{self, ReleaseError, Released};

/// Where breaking changes are acknowledged.
pub const ACKNOWLEDGED: &str = "openapi/diff/acknowledged.yaml";

/// Why nothing could be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiffError {
    /// A document of today that cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A released version is not what it was.
    #[error(transparent)]
    Released(#[from] ReleaseError),
    /// What it is to be compared with cannot be had.
    #[error("{base}: {message}")]
    Base {
        /// The version or revision.
        base: String,
        /// What is wrong.
        message: String,
    },
    /// The documents cannot be compared.
    #[error("{document}: {message}")]
    Compare {
        /// The document.
        document: String,
        /// What is wrong.
        message: String,
    },
    /// The acknowledgements cannot be read.
    #[error("{ACKNOWLEDGED}: {0}")]
    Acknowledged(String),
    /// The findings could not be printed.
    #[error("cannot print: {0}")]
    Print(std::io::Error),
}

/// What a change does to those who use the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// What worked before does not any more.
    Breaking,
    /// Nobody can tell; counts as breaking.
    Unclassified,
    /// What worked before works.
    Compatible,
}

impl Class {
    const fn shown(self) -> &'static str {
        match self {
            Self::Breaking => "BREAKING",
            Self::Unclassified => "UNCLASSIFIED",
            Self::Compatible => "compatible",
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What it does.
    pub class: Class,
    /// The document's name.
    pub document: String,
    /// Where, as a JSON pointer.
    pub place: String,
    /// What has changed.
    pub message: String,
}

/// A breaking change that is meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Acknowledgement {
    document: String,
    place: String,
    reason: String,
}

/// Compares the documents with a released version or a revision of git, the last released version unless given, and
/// prints the changes; whether none breaks anything that is not acknowledged.
///
/// # Errors
/// When something cannot be read, compared or printed.
pub fn run(root: &Path, base: Option<&str>, out: &mut dyn Write) -> Result<bool, DiffError> {
    let print = DiffError::Print;
    release::check(root)?;
    let released = release::released(root)?;
    let base = match (base, released.last()) {
        (Some(base), _) => base.to_owned(),
        (None, Some(last)) => last.version.to_string(),
        (None, None) => {
            writeln!(out, "no version of the documents is released yet: nothing to compare with")
                .map_err(print)?;
            return Ok(true);
        }
    };
    let today = Document::load_all(root)?;
    let before = match released.iter().find(|known| known.version.to_string() == base.trim_start_matches('v'))
    {
        Some(known) => frozen(root, &known.version)?,
        None => at_revision(root, &base)?,
    };
    let today = today.into_iter().map(|document| (document.name, document.value)).collect();
    let findings = compare(&before, &today)?;
    let mut acknowledged = acknowledgements(root)?;
    let mut open = 0;
    for finding in &findings {
        let place =
            |known: &Acknowledgement| known.document == finding.document && known.place == finding.place;
        let reason = acknowledged.iter().position(place).filter(|_| finding.class != Class::Compatible);
        let reason = reason.map(|index| acknowledged[index].reason.clone());
        open += usize::from(finding.class != Class::Compatible && reason.is_none());
        let Finding { class, document, place, message } = finding;
        writeln!(out, "{:<12} {document} {place}: {message}", class.shown()).map_err(print)?;
        if let Some(reason) = reason {
            writeln!(out, "             acknowledged: {reason}").map_err(print)?;
        }
    }
    // They are about the last release; another base says nothing of them.
    let is_last = |last: &Released| base.trim_start_matches('v') == last.version.to_string();
    let is_theirs = released.last().is_some_and(is_last);
    let is_used = |known: &Acknowledgement| {
        !is_theirs
            || findings.iter().any(|finding| {
                finding.class != Class::Compatible
                    && finding.document == known.document
                    && finding.place == known.place
            })
    };
    acknowledged.retain(|known| !is_used(known));
    for Acknowledgement { document, place, .. } in &acknowledged {
        writeln!(out, "{ACKNOWLEDGED}: {document} {place}: there is no such change; remove it")
            .map_err(print)?;
    }
    writeln!(
        out,
        "against {base}: {} changes, {open} of them neither compatible nor acknowledged",
        findings.len()
    )
    .map_err(print)?;
    Ok(open == 0 && acknowledged.is_empty())
}

type Documents = BTreeMap<String, Value>;

/// The documents of a released version.
fn frozen(root: &Path, version: &semver::Version) -> Result<Documents, DiffError> {
    let folder = root.join(docs::FOLDER).join(format!("v{version}/openapi"));
    let failed = |message: String| DiffError::Base { base: version.to_string(), message };
    let mut documents = Documents::new();
    for entry in std::fs::read_dir(&folder).map_err(|error| failed(error.to_string()))? {
        let path = entry.map_err(|error| failed(error.to_string()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(name) = name.strip_suffix(".json").filter(|name| !name.ends_with(".deref")) {
            let text = std::fs::read(&path).map_err(|error| failed(format!("{name}: {error}")))?;
            let value = serde_json::from_slice(&text).map_err(|error| failed(format!("{name}: {error}")))?;
            documents.insert(name.to_owned(), value);
        }
    }
    if documents.is_empty() { Err(failed("it has no documents".to_owned())) } else { Ok(documents) }
}

/// The documents as they were at a revision of git.
fn at_revision(root: &Path, revision: &str) -> Result<Documents, DiffError> {
    let failed = |message: String| DiffError::Base { base: revision.to_owned(), message };
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(root).args(arguments).output();
        let output = output.map_err(|error| failed(format!("git does not start: {error}")))?;
        if output.status.success() {
            String::from_utf8(output.stdout).map_err(|error| failed(error.to_string()))
        } else {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(failed(format!(
                "neither a released version nor a revision of git with documents: {}",
                said.trim()
            )))
        }
    };
    let mut documents = Documents::new();
    let folder = format!("{revision}:openapi");
    for file in git(&["ls-tree", "--name-only", "--end-of-options", &folder])?.lines() {
        if file.ends_with(".yaml") {
            let text = git(&["show", "--end-of-options", &format!("{revision}:openapi/{file}")])?;
            let document = Document::parse(format!("openapi/{file}"), text)?;
            documents.insert(document.name, document.value);
        }
    }
    Ok(documents)
}

/// Every change, breaking ones first.
///
/// # Errors
/// When two documents cannot be compared.
pub fn compare(before: &Documents, today: &Documents) -> Result<Vec<Finding>, DiffError> {
    let mut findings = Vec::new();
    for (name, old) in before {
        let whole = |class, message: &str| Finding {
            class,
            document: name.clone(),
            place: String::new(),
            message: message.to_owned(),
        };
        match today.get(name) {
            None => findings.push(whole(Class::Breaking, "the document is gone")),
            Some(new) => changes(name, old, new, &mut findings)?,
        }
    }
    for name in today.keys().filter(|name| !before.contains_key(*name)) {
        let message = "the document is new".to_owned();
        let document = name.clone();
        findings.push(Finding { class: Class::Compatible, document, place: String::new(), message });
    }
    findings.sort();
    findings.dedup();
    Ok(findings)
}

/// What changed from one document to the other.
fn changes(name: &str, old: &Value, new: &Value, findings: &mut Vec<Finding>) -> Result<(), DiffError> {
    let mut seen = Vec::new();
    match drifted(old, new) {
        Some(changes) => {
            let changes =
                changes.map_err(|message| DiffError::Compare { document: name.to_owned(), message })?;
            described(name, &changes, &mut seen, findings);
        }
        None => findings.push(Finding {
            class: Class::Unclassified,
            document: name.to_owned(),
            place: String::new(),
            message: "more changed than drift compares: each change is told as it stands".to_owned(),
        }),
    }
    members::add(name, old, new, &seen, findings);
    Ok(())
}

/// What drift says. It panics on some changes, of media types for one: nothing then.
fn drifted(old: &Value, new: &Value) -> Option<Result<Vec<Change>, String>> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = std::panic::catch_unwind(|| drift::compare(old, new).map_err(|error| format!("{error:#}")));
    std::panic::set_hook(hook);
    result.ok()
}

/// What OpenAPI itself describes: operations, parameters, schemas. Adds the places whose changes drift has judged.
fn described(name: &str, changes: &[Change], seen: &mut Vec<String>, findings: &mut Vec<Finding>) {
    for change in changes {
        let Some(path) = change.paths.first() else { continue };
        let is_output = change.paths.iter().all(|path| path.comparison == ChangeComparison::Output);
        for info in &change.changes {
            let class = match info.class {
                ChangeClass::BackwardIncompatible | ChangeClass::Incompatible => Class::Breaking,
                // A client of today with a service of before; of requests that is what a client sends.
                ChangeClass::ForwardIncompatible | ChangeClass::Trivial => Class::Compatible,
                ChangeClass::Unhandled => Class::Unclassified,
            };
            let place = |path: &JsonPathStack, below: &str| {
                let (base, _) = path.base_and_subpath();
                // As it calls a member that is named otherwise.
                let below = below.replace("request_body", "requestBody");
                trimmed(&[base.trim_start_matches('#'), &below].join("/"))
            };
            let old = place(&path.old, &info.old_subpath);
            // Of "schema metadata" it says neither which, nor that some of it is sent.
            if info.class != ChangeClass::Trivial {
                let places = [old.clone(), place(&path.new, &info.new_subpath)];
                // Where it puts whole operations, which are not all that is there.
                seen.extend(places.into_iter().filter(|place| place != "/paths"));
            }
            let side = if is_output { " (in answers)" } else { "" };
            let message = format!("{}{side}", info.message);
            findings.push(Finding { class, document: name.to_owned(), place: old, message });
        }
    }
}

fn trimmed(place: &str) -> String {
    place.trim_end_matches('/').to_owned()
}

fn acknowledgements(root: &Path) -> Result<Vec<Acknowledgement>, DiffError> {
    let wrong = |message: String| DiffError::Acknowledged(message);
    match std::fs::read_to_string(root.join(ACKNOWLEDGED)) {
        Ok(text) => {
            let found: Vec<Acknowledgement> =
                serde_saphyr::from_str(&text).map_err(|error| wrong(error.to_string()))?;
            match found.iter().find(|known| known.reason.trim().is_empty()) {
                Some(known) => Err(wrong(format!("{} {}: no reason is given", known.document, known.place))),
                None => Ok(found),
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(wrong(error.to_string())),
    }
}
