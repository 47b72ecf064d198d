//! `cargo xtask conformance`: others witness that the emulator answers as documented, and look at what is written here.
//!
//! A witness is a program that nobody here wrote, or our own SDK beside it, and ends as a row of the closing table. The
//! official SDKs all take the steps of one reviewed scenario; what they report, and what the emulator received of it,
//! is compared here and nowhere else.

mod deploy;
mod driver;
mod emulator;
pub(crate) mod installation;
mod languages;
mod linters;
mod oasdiff;
mod readme;
mod samples;
mod scenario;
mod schemathesis;

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use scenario::Scenario;

/// Why nobody could testify.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConformanceError {
    /// Something that all witnesses need is not there, or `--only` names nobody.
    #[error("{0}")]
    Failed(String),
    /// The results could not be written.
    #[error("cannot write the results: {0}")]
    Write(#[from] std::io::Error),
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Names of the witnesses to hear; all when it is empty.
    pub only: Vec<String>,
    /// Whether a witness that cannot be had is a failure.
    pub require_all: bool,
}

/// What witnesses need to testify.
struct Ground {
    /// The workspace.
    root: PathBuf,
    /// Where they may install and write.
    folder: PathBuf,
    /// The built command line, whose `emulator` answers.
    program: PathBuf,
    scenario: Scenario,
}

/// Somebody who can tell whether the emulator answers as documented.
trait Witness {
    /// What `--only` calls it.
    fn name(&self) -> &'static str;

    /// Installs what it needs, starts an emulator of its own and looks.
    fn testify(&self, ground: &Ground) -> Row;
}

/// A witness in the closing table.
#[derive(Debug)]
struct Row {
    witness: &'static str,
    /// Version of what is tested with.
    version: String,
    /// Its language, with version.
    language: String,
    /// Steps that were as expected, and all.
    steps: Option<(usize, usize)>,
    /// Requests of it that the emulator received.
    requests: usize,
    /// Headers that it signed.
    signed: String,
    verdict: Verdict,
    /// What the reviewed table lets it see otherwise, one a line.
    remarks: Vec<String>,
}

impl Row {
    /// Of a witness that was not heard.
    fn unheard(witness: &'static str, verdict: Verdict) -> Self {
        let [version, language, signed] = std::array::from_fn(|_| "-".to_owned());
        Self { witness, version, language, steps: None, requests: 0, signed, verdict, remarks: Vec::new() }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    /// It cannot be had here, and why.
    Skipped(String),
    /// What was not as expected, one a line.
    Failed(Vec<String>),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::Skipped(why) => write!(f, "SKIPPED, {why}"),
            Self::Failed(_) => f.write_str("FAILED"),
        }
    }
}

/// All witnesses, ours first: when it fails, others need not be asked why.
fn witnesses() -> Vec<Box<dyn Witness>> {
    let sdks = languages::SDKS.iter().map(|sdk| Box::new(sdk) as Box<dyn Witness>);
    let samples = samples::SAMPLES.iter().map(|sample| Box::new(sample) as _);
    let others = [Box::new(readme::Readme) as _, Box::new(schemathesis::Schemathesis) as _];
    let linters = linters::LINTERS.iter().map(|linter| Box::new(linter) as _);
    let oasdiff = [Box::new(oasdiff::Oasdiff) as _];
    let deploy = deploy::DEPLOY.iter().map(|part| Box::new(part) as _);
    sdks.chain(samples).chain(others).chain(linters).chain(oasdiff).chain(deploy).collect()
}

/// Hears the witnesses one after the other and prints the closing table; whether all of them agree.
///
/// # Errors
/// When the emulator cannot be built, the scenario cannot be read, or a name in `options` is nobody's.
pub fn run(root: &Path, options: &Options, out: &mut impl Write) -> Result<bool, ConformanceError> {
    let witnesses = chosen(witnesses(), &options.only)?;
    let scenario =
        Scenario::read(&root.join("tests/conformance/scenario.yaml")).map_err(ConformanceError::Failed)?;
    let program = crate::process::built(root, "mrs-iam-sync-cli", "dev").map_err(ConformanceError::Failed)?;
    let folder = program.ancestors().nth(2).unwrap_or(root).join("conformance");
    std::fs::create_dir_all(&folder)?;
    let ground = Ground { root: root.to_owned(), folder, program, scenario };
    let mut rows = Vec::new();
    for witness in witnesses {
        writeln!(out, "{} …", witness.name())?;
        out.flush()?;
        rows.push(witness.testify(&ground));
    }
    report(&rows, out)?;
    Ok(rows.iter().all(|row| match row.verdict {
        Verdict::Passed => true,
        Verdict::Skipped(_) => !options.require_all,
        Verdict::Failed(_) => false,
    }))
}

fn chosen(all: Vec<Box<dyn Witness>>, only: &[String]) -> Result<Vec<Box<dyn Witness>>, ConformanceError> {
    if let Some(nobody) = only.iter().find(|name| all.iter().all(|witness| witness.name() != *name)) {
        let names: Vec<_> = all.iter().map(|witness| witness.name()).collect();
        let message = format!("--only: there is no witness {nobody:?}; there are {}", names.join(", "));
        return Err(ConformanceError::Failed(message));
    }
    let wanted = |name: &str| only.is_empty() || only.iter().any(|chosen| chosen == name);
    Ok(all.into_iter().filter(|witness| wanted(witness.name())).collect())
}

const TITLES: [&str; 7] = ["witness", "version", "language", "steps", "requests", "signed headers", "result"];

/// What failed in full, what may differ, and the closing table.
fn report(rows: &[Row], out: &mut impl Write) -> std::io::Result<()> {
    for row in rows {
        if let Verdict::Failed(complaints) = &row.verdict {
            writeln!(out, "\n{} FAILED", row.witness)?;
            complaints.iter().try_for_each(|complaint| writeln!(out, "  {complaint}"))?;
        }
    }
    if rows.iter().any(|row| !row.remarks.is_empty()) {
        writeln!(out, "\nnot the same for everybody, as the scenario has it:")?;
    }
    for row in rows {
        row.remarks.iter().try_for_each(|remark| writeln!(out, "  {}: {remark}", row.witness))?;
    }
    let mut lines = vec![TITLES.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| {
        let steps = row.steps.map_or_else(|| "-".to_owned(), |(passed, all)| format!("{passed}/{all}"));
        let (witness, requests) = (row.witness.to_owned(), row.requests.to_string());
        let [version, language, signed] = [&row.version, &row.language, &row.signed].map(Clone::clone);
        [witness, version, language, steps, requests, signed, row.verdict.to_string()]
    }));
    let widths: [usize; TITLES.len()] = std::array::from_fn(|column| {
        lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default()
    });
    writeln!(out)?;
    for line in &lines {
        let cells: Vec<_> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(witness: &'static str, verdict: Verdict) -> Row {
        Row::unheard(witness, verdict)
    }

    #[test]
    fn nobody_is_left_out_silently() {
        let mut passed = row("rust", Verdict::Passed);
        passed.version = "0.1.0".to_owned();
        passed.steps = Some((3, 3));
        passed.requests = 4;
        passed.remarks.push("an empty name: checks names before it sends them".to_owned());
        let rows = [
            passed,
            row("go", Verdict::Skipped("go is not installed".to_owned())),
            row("java", Verdict::Failed(vec!["it runs: status 500 instead of 200".to_owned()])),
        ];
        let mut text = Vec::new();
        report(&rows, &mut text).unwrap();
        let expected = "
java FAILED
  it runs: status 500 instead of 200

not the same for everybody, as the scenario has it:
  rust: an empty name: checks names before it sends them

witness  version  language  steps  requests  signed headers  result
rust     0.1.0    -         3/3    4         -               passed
go       -        -         -      0         -               SKIPPED, go is not installed
java     -        -         -      0         -               FAILED
";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    #[test]
    fn a_name_that_is_nobodys_is_refused() {
        let names = |only: &[&str]| {
            let only: Vec<_> = only.iter().map(|name| (*name).to_owned()).collect();
            chosen(witnesses(), &only).map(|all| all.iter().map(|witness| witness.name()).collect::<Vec<_>>())
        };
        let all = names(&[]).unwrap();
        assert_eq!(all[..6], ["rust", "python", "go", "java", "node", "sample-curl"]);
        assert_eq!(all[all.len() - 8..][..5], ["readme", "schemathesis", "spectral", "redocly", "oasdiff"]);
        assert_eq!(all[all.len() - 3..], ["kubernetes", "kustomize", "hadolint"]);
        assert!(names(&["perl"]).unwrap_err().to_string().contains("\"perl\""));
    }
}
