//! The Python test of the emulator's README, run as it stands there.

use std::fs::File;
use std::process::Stdio;

use super::installation::{Unprepared, ended, places, venv};
use super::{Ground, Row, Verdict, Witness};
use crate::process;

const README: &str = "crates/emulator/README.md";

pub(super) struct Readme;

impl Witness for Readme {
    fn name(&self) -> &'static str {
        "readme"
    }

    fn testify(&self, ground: &Ground) -> Row {
        let mut row = Row::unheard(self.name(), Verdict::Passed);
        match testimony(ground, &mut row) {
            Ok(complaints) if complaints.is_empty() => Row { steps: Some((1, 1)), ..row },
            Ok(complaints) => Row { steps: Some((0, 1)), verdict: Verdict::Failed(complaints), ..row },
            Err(unprepared) => unprepared.row(self.name()),
        }
    }
}

/// The emulator is the test's own, so that its requests cannot be counted.
fn testimony(ground: &Ground, row: &mut Row) -> Result<Vec<String>, Unprepared> {
    let text = std::fs::read_to_string(ground.root.join(README)).map_err(Unprepared::files)?;
    let test = python(&text).ok_or_else(|| Unprepared::Broken(format!("{README} has no test in Python")))?;
    let (sources, folder) = places(ground, "python")?;
    let (bin, language) = venv(&sources, &folder)?;
    row.language = language;
    let (script, log) = (folder.join("readme.py"), folder.join("readme.log"));
    std::fs::write(&script, test).map_err(Unprepared::files)?;
    let said = File::create(&log).map_err(Unprepared::files)?;
    let mut command = process::unset(bin.join("python"));
    command.arg(script).stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
    // It calls the program by its name.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = ground.program.parent().map(Into::into).into_iter().chain(std::env::split_paths(&path));
    let path = std::env::join_paths(folders).map_err(|error| Unprepared::Broken(error.to_string()))?;
    let status = ended(command.env("PATH", path)).map_err(|error| Unprepared::Broken(error.to_string()))?;
    if status.success() {
        return Ok(Vec::new());
    }
    let said = std::fs::read_to_string(&log).map_err(Unprepared::files)?;
    Ok(said.lines().map(str::to_owned).collect())
}

/// The one block of Python in a text.
fn python(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("```python\n")?;
    Some(rest.split_once("```")?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_is_found() {
        assert_eq!(python("a\n```rust\nx\n```\n```python\nprint()\n```\n"), Some("print()\n"));
        assert_eq!(python("```python\nprint()"), None);
    }
}
