//! oasdiff: a second opinion on what the documents' changes break against the last release.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::installation::{Unprepared, ended, installed, once, places, tool};
use super::{Ground, Row, Verdict, Witness};
use crate::docs;
use crate::process;
use crate::{diff, release};

/// Its module, with the version that is asked.
const MODULE: &str = "github.com/oasdiff/oasdiff@v1.36.0";

pub(super) struct Oasdiff;

impl Witness for Oasdiff {
    fn name(&self) -> &'static str {
        "oasdiff"
    }

    fn testify(&self, ground: &Ground) -> Row {
        let mut row = Row::unheard(self.name(), Verdict::Passed);
        match testimony(ground, &mut row) {
            Ok(complaints) if complaints.is_empty() => row,
            Ok(complaints) => Row { verdict: Verdict::Failed(complaints), ..row },
            Err(unprepared) => unprepared.row(self.name()),
        }
    }
}

fn testimony(ground: &Ground, row: &mut Row) -> Result<Vec<String>, Unprepared> {
    let (_, folder) = places(ground, "oasdiff")?;
    let version = tool("go", "version")?;
    once(&folder, &format!("{version} {MODULE}"), &[], || {
        let mut install = Command::new("go");
        installed(install.args(["install", MODULE]).env("GOBIN", &folder), &folder)
    })?;
    let program = folder.join(format!("oasdiff{}", std::env::consts::EXE_SUFFIX));
    row.language = version.trim_start_matches("go version ").chars().take(12).collect();
    row.version = MODULE.rsplit_once("@v").map_or("-", |(_, version)| version).to_owned();
    let today = ground.root.join(docs::FOLDER).join("openapi");
    let released = release::released(&ground.root).map_err(|error| Unprepared::Broken(error.to_string()))?;
    let before = match released.last() {
        Some(last) => ground.root.join(docs::FOLDER).join(format!("v{}/openapi", last.version)),
        None => {
            row.remarks
                .push("no version of the documents is released yet: compared with themselves".to_owned());
            today.clone()
        }
    };
    let (mut complaints, mut passed, mut all) = (Vec::new(), 0, 0);
    for document in documents(&today)? {
        let name = document.file_name().unwrap_or_default();
        all += 1;
        // Whoever finds nothing has to be able to find something.
        let broken = folder.join(name);
        let text = std::fs::read(&document).map_err(Unprepared::files)?;
        let value = serde_json::from_slice(&text).map_err(|error| Unprepared::Broken(error.to_string()))?;
        std::fs::write(&broken, without_an_answer(value).to_string()).map_err(Unprepared::files)?;
        match (breaks(&program, &document, &broken, &folder)?, before.join(name)) {
            (None, _) => complaints.push(format!("{}: it finds no change in a broken copy", name.display())),
            (Some(_), old) if !old.exists() => passed += 1,
            (Some(_), old) => match breaks(&program, &old, &document, &folder)? {
                None => passed += 1,
                Some(_) if ground.root.join(diff::ACKNOWLEDGED).exists() => {
                    row.remarks.push(format!("{}: breaks, as acknowledged", name.display()));
                    passed += 1;
                }
                Some(said) => complaints.extend(said.lines().map(str::to_owned)),
            },
        }
    }
    row.steps = Some((passed, all));
    Ok(complaints)
}

/// What it says of a change that breaks something.
fn breaks(program: &Path, old: &Path, new: &Path, folder: &Path) -> Result<Option<String>, Unprepared> {
    let log = folder.join("oasdiff.log");
    let said = std::fs::File::create(&log).map_err(Unprepared::files)?;
    let mut command = process::unset(program);
    command.arg("breaking").args([old, new]).args(["--fail-on", "ERR"]);
    command.stdin(Stdio::null()).stderr(said.try_clone().map_err(Unprepared::files)?).stdout(said);
    let status = ended(&mut command).map_err(|error| Unprepared::Broken(error.to_string()))?;
    let said = std::fs::read_to_string(&log).map_err(Unprepared::files)?;
    match status.code() {
        Some(0) => Ok(None),
        Some(1) => Ok(Some(said)),
        _ => Err(Unprepared::Broken(format!("oasdiff: {status}: {said}"))),
    }
}

/// A document whose operations answer with a list instead of an object.
fn without_an_answer(mut document: Value) -> Value {
    let schemas = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
    for (name, schema) in schemas.into_iter().flatten() {
        if name.ends_with("Response") {
            *schema = json!({ "type": "array", "items": { "type": "string" } });
        }
    }
    document
}

/// The published documents, not dereferenced.
fn documents(folder: &Path) -> Result<Vec<PathBuf>, Unprepared> {
    let entries = folder.read_dir().map_err(Unprepared::files)?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>();
    let mut found = paths.map_err(Unprepared::files)?;
    found.retain(|path| {
        let name = path.to_string_lossy();
        name.ends_with(".json") && !name.ends_with(".deref.json")
    });
    found.sort();
    Ok(found)
}
