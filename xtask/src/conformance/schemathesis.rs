//! Schemathesis: requests made up from the documents, valid and invalid ones, and the emulator's answers held to them.

use std::process::Stdio;

use serde_json::Value;

use super::emulator::Emulator;
use super::installation::{Unprepared, documents, ended, places, venv};
use super::{Ground, Row, Verdict, Witness};
use crate::process;

/// Requests that are made up for each operation in a phase.
const EXAMPLES: &str = "50";
/// One for requests about what exists, one for any ids.
const CONFIGURATIONS: [&str; 2] = ["schemathesis.toml", "any-ids.toml"];
const HOOKS: &str = "hooks.py";
/// What stands in these files before each deviation that is no failure.
const ACCEPTED: &str = "# accepted: ";

pub(super) struct Schemathesis;

impl Witness for Schemathesis {
    fn name(&self) -> &'static str {
        "schemathesis"
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
    let (sources, folder) = places(ground, "schemathesis")?;
    let (bin, language) = venv(&sources, &folder)?;
    // It writes where it runs.
    for file in CONFIGURATIONS.into_iter().chain([HOOKS]) {
        let text = std::fs::read_to_string(sources.join(file)).map_err(Unprepared::files)?;
        row.remarks.extend(accepted(&text));
        std::fs::write(folder.join(file), text).map_err(Unprepared::files)?;
    }
    row.language = language;
    let mut complaints = Vec::new();
    let (mut passed, mut all) = (0, 0);
    for document in documents(&ground.root)? {
        for configuration in CONFIGURATIONS {
            let emulator = Emulator::start_with(ground, &["--quota", "off", "--sync-duration", "0s"])
                .map_err(Unprepared::Broken)?;
            let report = folder.join("report.json");
            let log = folder.join("run.log");
            let output = std::fs::File::create(&log).map_err(Unprepared::files)?;
            let mut command = process::unset(bin.join("schemathesis"));
            command.args(["--config-file", configuration, "run"]).arg(&document);
            command.args([
                "--url",
                &emulator.url,
                "--max-examples",
                EXAMPLES,
                "--no-color",
                "--generation-database",
                "none",
            ]);
            command.args(["--report", "json", "--report-json-path"]).arg(&report);
            command.env("EMULATOR_URL", &emulator.url).env("PYTHONUTF8", "1").current_dir(&folder);
            command
                .stdin(Stdio::null())
                .stderr(output.try_clone().map_err(Unprepared::files)?)
                .stdout(output);
            let _ = std::fs::remove_file(&report);
            let status = ended(&mut command).map_err(|error| Unprepared::Broken(error.to_string()))?;
            let name = document.file_name().unwrap_or_default().to_string_lossy();
            let found =
                std::fs::read(&report).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
            let found = found.unwrap_or_default();
            row.version = found["schemathesis_version"].as_str().unwrap_or("-").to_owned();
            let count = |what: &str| found["test_cases"][what].as_u64().unwrap_or_default() as usize;
            let generated = count("generated");
            all += generated;
            passed += generated.saturating_sub(count("with_failures") + count("errored"));
            complaints.extend(emulator.panic());
            row.requests += emulator.requests().map_err(Unprepared::Broken)?.len();
            let whole =
                found["complete"] == true && found["operations"]["tested"] == found["operations"]["total"];
            if !status.success() || !whole || generated == 0 {
                complaints.push(format!("{name} with {configuration}: {status}"));
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                complaints.extend(said.lines().map(str::to_owned));
            }
        }
    }
    row.steps = Some((passed, all));
    Ok(complaints)
}

/// The deviations that a file lets pass, each with its reason.
fn accepted(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines().map(str::trim_start) {
        match (line.strip_prefix(ACCEPTED), line.strip_prefix("# ")) {
            (Some(reason), _) => found.push(reason.to_owned()),
            (None, Some(rest)) if goes_on => {
                if let Some(reason) = found.last_mut() {
                    reason.push_str(&format!(" {rest}"));
                }
            }
            _ => {
                goes_on = false;
                continue;
            }
        }
        goes_on = true;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_read() {
        let text = "# Something.\n  # accepted: one\n  # goes on\n\n# not this\ncode\n# accepted: two\nx\n";
        assert_eq!(accepted(text), ["one goes on", "two"]);
    }
}
