//! The code samples, run from their folders as whoever downloads one runs it, with ordinary and with awkward names.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;

use mrs_iam_sync_samples::{Language, Values, folder, operation_ids};
use serde_json::{Value, json};

use super::emulator::{Emulator, Recorded};
use super::installation::{Unprepared, ended, failed, script, tool};
use super::{Ground, Row, Verdict, Witness};
use crate::process;

/// What shells, templates and compilers give a meaning to, and what cannot be seen.
const AWKWARD: [&str; 12] = [
    "it's \"quoted\"",
    r"back\slash\n\u0041",
    "$HOME `id` $(id) ${x} %s {{x}} #{x}",
    "line\nbreak\r\nand\ttab",
    "Jörg 用户",
    "emoji 🐘",
    "right \u{202e}to left",
    "separator \u{2028}",
    "</script><!--",
    "-leading --dash",
    " spaces ",
    "\u{1}\u{7f}",
];

/// The samples of a language.
pub(super) struct Samples {
    name: &'static str,
    language: Language,
    /// What has to be there already, and how it tells its version.
    tool: (&'static str, &'static str),
}

pub(super) static SAMPLES: [Samples; 7] = [
    Samples { name: "sample-curl", language: Language::Curl, tool: ("curl", "--version") },
    Samples { name: "sample-cli", language: Language::Cli, tool: ("bash", "--version") },
    Samples { name: "sample-rust", language: Language::Rust, tool: ("cargo", "--version") },
    Samples { name: "sample-python", language: Language::Python, tool: ("python3", "--version") },
    Samples { name: "sample-go", language: Language::Go, tool: ("go", "version") },
    Samples { name: "sample-java", language: Language::Java, tool: ("mvn", "--version") },
    Samples { name: "sample-node", language: Language::Node, tool: ("node", "--version") },
];

impl Witness for &'static Samples {
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

impl Samples {
    fn testimony(&self, ground: &Ground, row: &mut Row) -> Result<Vec<String>, Unprepared> {
        let version = tool(script(self.tool.0), self.tool.1)?;
        // Maven colours it, and some tell where they come from.
        let plain =
            version.lines().next().unwrap_or_default().replace("\u{1b}[1m", "").replace("\u{1b}[m", "");
        row.language = plain.split('(').next().unwrap_or_default().trim().to_owned();
        let emulator = Emulator::start_with(ground, &["--quota", "off", "--sync-duration", "0s"])
            .map_err(Unprepared::Broken)?;
        let token = emulator.token().map_err(Unprepared::Broken)?;
        let (mut complaints, mut passed, mut seen) = (Vec::new(), 0, 0);
        let cases = cases();
        for (operation, values) in &cases {
            let outcome = self.run(ground, &emulator, &token, operation, values)?;
            let recorded = emulator.requests().map_err(Unprepared::Broken)?;
            match outcome.or_else(|| complaint(operation, values, recorded.get(seen..).unwrap_or_default())) {
                None => passed += 1,
                Some(what) => complaints.push(format!("{operation} of {:?}: {what}", values.user_names)),
            }
            seen = recorded.len();
        }
        complaints.extend(emulator.panic());
        (row.steps, row.requests) = (Some((passed, cases.len())), seen);
        Ok(complaints)
    }

    /// What it says when it fails.
    fn run(
        &self,
        ground: &Ground,
        emulator: &Emulator,
        token: &str,
        operation: &str,
        values: &Values,
    ) -> Result<Option<String>, Unprepared> {
        // The same folder for all, so that what is installed in it is installed once.
        let place = ground.folder.join("samples").join(self.language.slug());
        let files = folder(self.language, operation, values)
            .map_err(|error| Unprepared::Broken(format!("{operation}: {error}")))?;
        for file in &files {
            write(&place.join(file.path), file.contents.as_bytes())?;
        }
        if self.language == Language::Rust {
            // It is not in the registry yet.
            let path = ground.root.join("crates/sdk");
            let patch =
                format!("[patch.crates-io]\nmrs-iam-sync = {{ path = {:?} }}\n", path.display().to_string());
            write(&place.join(".cargo/config.toml"), patch.as_bytes())?;
        }
        let log = place.join("run.log");
        let said = File::create(&log).map_err(Unprepared::files)?;
        let mut command = process::unset("sh");
        command.arg("run.sh").current_dir(&place).stdin(Stdio::null());
        command.stderr(said.try_clone().map_err(Unprepared::files)?).stdout(said);
        command.envs(&emulator.variables).env("MRS_IAM_SYNC_TOKEN", token);
        if self.language != Language::Curl {
            // It would be another credential beside the key.
            command.env_remove("MRS_IAM_SYNC_TOKEN");
        }
        let repository = ground.folder.join("java/repository");
        command.env("MAVEN_OPTS", format!("-Dmaven.repo.local={}", repository.display()));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = ground.program.parent().map(Into::into).into_iter().chain(std::env::split_paths(&path));
        let path = std::env::join_paths(folders).map_err(|error| Unprepared::Broken(error.to_string()))?;
        command.env("PATH", path);
        let status = ended(&mut command).map_err(|error| Unprepared::Broken(error.to_string()))?;
        if status.success() {
            return Ok(None);
        }
        let said = std::fs::read(&log).map_err(Unprepared::files)?;
        let said = String::from_utf8_lossy(&said);
        match failed("sh run.sh", &said, &log) {
            Unprepared::Broken(_) => Ok(Some(format!("{status}: {}", said.trim()))),
            absent => Err(absent),
        }
    }
}

/// Each operation with the documented values, then writes with all that is awkward.
fn cases() -> Vec<(&'static str, Values)> {
    let documented = operation_ids().filter_map(|id| Some((id, Values::example(id)?)));
    let awkward = ["UpdateSyncIamUser", "CancelSyncIamUser"].into_iter().filter_map(|id| {
        let mut values = Values::example(id)?;
        values.user_names = AWKWARD.map(str::to_owned).to_vec();
        values.group_names = AWKWARD.iter().rev().map(|&name| name.to_owned()).collect();
        Some((id, values))
    });
    documented.chain(awkward).collect()
}

/// What the emulator should not have received, or should have.
fn complaint(operation: &str, values: &Values, recorded: &[Recorded]) -> Option<String> {
    let all = || recorded.iter().map(|request| request.what.as_str()).collect::<Vec<_>>().join(", ");
    if recorded.iter().any(|request| !request.what.contains(" 20")) {
        return Some(format!("the emulator answered {}", all()));
    }
    let wanted = |request: &&Recorded| request.what.split(' ').next() == Some(operation);
    let Some(request) = recorded.iter().find(wanted) else {
        return Some(format!("the emulator received {}", all()));
    };
    let sent: Value = serde_json::from_str(&request.body).unwrap_or_default();
    let names = |field: &str, wanted: &[String]| {
        let empty = json!([]);
        let sent = if sent[field].is_null() { &empty } else { &sent[field] };
        *sent == json!(wanted)
    };
    let is_right = names("user_names", &values.user_names)
        && names("group_names", &values.group_names)
        && sent["is_all_sync"] != true;
    (!is_right).then(|| format!("the emulator received {}", request.body))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Unprepared> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Unprepared::files)?;
    }
    std::fs::write(path, bytes).map_err(Unprepared::files)
}
