//! Linters of OpenAPI documents, without a network: no finding at all, warnings included.

use std::fs::File;
use std::process::Stdio;

use super::installation::{Unprepared, documents, ended, npm, places};
use super::{Ground, Row, Verdict, Witness};
use crate::process;

/// Where nobody listens: whoever asks the network for something is refused.
const NOBODY: &str = "http://127.0.0.1:9";
const CONFIGURATIONS: [&str; 2] = ["redocly.yaml", "spectral.yaml"];

/// A linter as it is called.
pub(super) struct Linter {
    name: &'static str,
    /// Its package, whose version is told.
    package: &'static str,
    /// All but the document.
    arguments: &'static [&'static str],
}

pub(super) static LINTERS: [Linter; 2] = [
    Linter {
        name: "spectral",
        package: "@stoplight/spectral-cli",
        arguments: &["lint", "--ruleset", "spectral.yaml", "--fail-severity", "warn"],
    },
    Linter {
        name: "redocly",
        package: "@redocly/cli",
        arguments: &["lint", "--config", "redocly.yaml", "--max-problems", "1000"],
    },
];

impl Witness for &'static Linter {
    fn name(&self) -> &'static str {
        self.name
    }

    fn testify(&self, ground: &Ground) -> Row {
        let mut row = Row::unheard(self.name, Verdict::Passed);
        match self.testimony(ground, &mut row) {
            Ok(complaints) if complaints.is_empty() => row,
            Ok(complaints) => Row { verdict: Verdict::Failed(complaints), ..row },
            Err(unprepared) => unprepared.row(self.name),
        }
    }
}

impl Linter {
    fn testimony(&self, ground: &Ground, row: &mut Row) -> Result<Vec<String>, Unprepared> {
        let (sources, folder) = places(ground, "linters")?;
        row.language = npm(&sources, &folder, &CONFIGURATIONS)?;
        let installed = folder.join("node_modules").join(self.package).join("package.json");
        let installed = std::fs::read(installed).map_err(Unprepared::files)?;
        let installed: serde_json::Value = serde_json::from_slice(&installed).unwrap_or_default();
        row.version = installed["version"].as_str().unwrap_or("-").to_owned();
        let (mut passed, mut complaints) = (0, Vec::new());
        let documents = documents(&ground.root)?;
        for document in &documents {
            let log = folder.join(format!("{}.log", self.name));
            let said = File::create(&log).map_err(Unprepared::files)?;
            let program = if cfg!(windows) { format!("{}.cmd", self.name) } else { self.name.to_owned() };
            let mut command = process::unset(folder.join("node_modules/.bin").join(program));
            command.args(self.arguments).arg(document).current_dir(&folder);
            command.env("HTTPS_PROXY", NOBODY).env("HTTP_PROXY", NOBODY);
            command.env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
            command.stdin(Stdio::null()).stderr(said.try_clone().map_err(Unprepared::files)?).stdout(said);
            let status = ended(&mut command).map_err(|error| Unprepared::Broken(error.to_string()))?;
            if status.success() {
                passed += 1;
            } else {
                let said = std::fs::read_to_string(&log).map_err(Unprepared::files)?;
                complaints.extend(said.lines().map(str::to_owned));
            }
        }
        row.steps = Some((passed, documents.len()));
        Ok(complaints)
    }
}
