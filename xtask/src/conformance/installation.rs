//! What witnesses need on this machine: languages that are there, packages that are installed from their registries.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use super::{Ground, Row, Verdict};

/// For an installation, downloads included, and for whatever else runs to its end.
const DEADLINE: Duration = Duration::from_secs(600);
const LOOK: Duration = Duration::from_millis(100);

/// What installers say when it is not theirs, nor ours, that they failed.
const UNREACHABLE: [&str; 16] = [
    "bad gateway",
    "connection refused",
    "connection reset",
    "connection timed out",
    "could not transfer artifact",
    "dial tcp",
    "eai_again",
    "econnrefused",
    "econnreset",
    "enotfound",
    "etimedout",
    "failed to establish a new connection",
    "gateway time",
    "i/o timeout",
    "service unavailable",
    "temporary failure in name resolution",
];

/// What they say when it did answer, whatever else went wrong on the way.
const ANSWERED: [&str; 8] = [
    "checksum",
    "eintegrity",
    "forbidden",
    "hash mismatch",
    "hashes are required",
    "no matching distribution",
    "status: 403",
    "undefined:",
];

/// Why a witness cannot be asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unprepared {
    /// The language is not installed, or its registry does not answer.
    Absent(String),
    /// Anything else.
    Broken(String),
}

impl Unprepared {
    pub(crate) fn files(error: std::io::Error) -> Self {
        Self::Broken(format!("files for it cannot be written: {error}"))
    }

    /// What the closing table says of it.
    pub(super) fn row(self, witness: &'static str) -> Row {
        let verdict = match self {
            Self::Absent(why) => Verdict::Skipped(why),
            Self::Broken(why) => Verdict::Failed(vec![why]),
        };
        Row::unheard(witness, verdict)
    }
}

/// Where a driver's sources are, and where it may install.
pub(super) fn places(ground: &Ground, language: &str) -> Result<(PathBuf, PathBuf), Unprepared> {
    let folder = ground.folder.join(language);
    std::fs::create_dir_all(&folder).map_err(Unprepared::files)?;
    Ok((ground.root.join("tests/conformance").join(language), folder))
}

/// What these are called where programs that are scripts have another name.
pub(crate) fn script(name: &'static str) -> &'static str {
    match name {
        "mvn" if cfg!(windows) => "mvn.cmd",
        "npm" if cfg!(windows) => "npm.cmd",
        _ => name,
    }
}

/// The version of a program that has to be there already.
pub(crate) fn tool(program: &str, flag: &str) -> Result<String, Unprepared> {
    match Command::new(program).arg(flag).stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        Ok(output) => Err(Unprepared::Absent(format!("{program} does not work ({})", output.status))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Unprepared::Absent(format!("{program} is not installed")))
        }
        Err(error) => Err(Unprepared::Absent(format!("{program} does not start: {error}"))),
    }
}

/// Installs what these files ask for, unless just that has been installed with this version of the language.
pub(crate) fn once(
    folder: &Path,
    version: &str,
    files: &[&Path],
    install: impl FnOnce() -> Result<(), Unprepared>,
) -> Result<(), Unprepared> {
    let mut wanted = format!("{version}\n");
    for file in files {
        wanted.push_str(&std::fs::read_to_string(file).map_err(Unprepared::files)?);
    }
    let stamp = folder.join("installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    // Whatever breaks off half-way is done again.
    let _ = std::fs::remove_file(&stamp);
    install()?;
    std::fs::write(&stamp, wanted).map_err(Unprepared::files)
}

/// Runs an installer to its end.
pub(crate) fn installed(command: &mut Command, folder: &Path) -> Result<(), Unprepared> {
    let program = command.get_program().to_string_lossy().into_owned();
    let log = folder.join("install.log");
    let file = File::create(&log).map_err(Unprepared::files)?;
    command.stdin(Stdio::null()).stderr(file.try_clone().map_err(Unprepared::files)?).stdout(file);
    let status = ended(command).map_err(|error| match error.kind() {
        ErrorKind::TimedOut => Unprepared::Absent(error.to_string()),
        _ => Unprepared::Broken(error.to_string()),
    })?;
    if status.success() {
        return Ok(());
    }
    let said = std::fs::read(&log).map_err(Unprepared::files)?;
    Err(failed(&program, &String::from_utf8_lossy(&said), &log))
}

/// Runs a command to its end, which is killed when it takes too long.
pub(super) fn ended(command: &mut Command) -> std::io::Result<ExitStatus> {
    let program = command.get_program().to_string_lossy().into_owned();
    let broken = |error: std::io::Error| std::io::Error::new(error.kind(), format!("{program}: {error}"));
    let mut child = command.spawn().map_err(broken)?;
    let mut left = DEADLINE;
    loop {
        match child.try_wait().map_err(broken)? {
            Some(status) => return Ok(status),
            None if left.is_zero() => {
                // It may have ended meanwhile.
                let _ = child.kill();
                let _ = child.wait();
                let what = format!("{program} was not done within {} s", DEADLINE.as_secs());
                return Err(std::io::Error::new(ErrorKind::TimedOut, what));
            }
            None => {
                std::thread::sleep(LOOK);
                left = left.saturating_sub(LOOK);
            }
        }
    }
}

/// Tells a registry that does not answer from everything else.
pub(super) fn failed(program: &str, said: &str, log: &Path) -> Unprepared {
    let said = said.to_lowercase();
    let unreachable = UNREACHABLE.iter().find(|words| said.contains(**words));
    match unreachable.filter(|_| !ANSWERED.iter().any(|words| said.contains(words))) {
        Some(words) => Unprepared::Absent(format!("the registry does not answer ({words})")),
        None => Unprepared::Broken(format!("{program} failed, see {}", log.display())),
    }
}

/// A Python environment with what a `requirements.txt` has; answers the folder of its programs, and Python's version.
pub(crate) fn venv(sources: &Path, folder: &Path) -> Result<(PathBuf, String), Unprepared> {
    let version = tool("python3", "--version")?;
    let environment = folder.join("venv");
    let bin = environment.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let requirements = sources.join("requirements.txt");
    once(folder, &version, &[&requirements], || {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv", "--clear"]).arg(&environment);
        // Some systems have it in a package of its own.
        installed(&mut venv, folder).map_err(|error| {
            match std::fs::read_to_string(folder.join("install.log")) {
                Ok(said) if said.contains("ensurepip") || said.contains("No module named venv") => {
                    Unprepared::Absent("python3 has no venv".to_owned())
                }
                _ => error,
            }
        })?;
        let mut pip = Command::new(bin.join("python"));
        pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--requirement"]).arg(&requirements);
        installed(&mut pip, folder)
    })?;
    Ok((bin, version))
}

/// Node's version, with the packages that a `package-lock.json` has, and copies of these files beside them.
pub(crate) fn npm(sources: &Path, folder: &Path, files: &[&str]) -> Result<String, Unprepared> {
    let version = tool("node", "--version")?;
    let npm = script("npm");
    tool(npm, "--version")?;
    // Node looks for packages beside the program, and the sources' folder stays clean.
    for file in ["package.json", "package-lock.json", ".npmrc"].iter().chain(files) {
        std::fs::copy(sources.join(file), folder.join(file)).map_err(Unprepared::files)?;
    }
    let lock = folder.join("package-lock.json");
    once(folder, &version, &[&lock], || {
        let mut install = Command::new(npm);
        install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder);
        installed(&mut install, folder)
    })?;
    Ok(format!("Node {}", version.trim_start_matches('v')))
}

/// All documents, in the order of their names.
pub(super) fn documents(root: &Path) -> Result<Vec<PathBuf>, Unprepared> {
    let entries = root.join("openapi").read_dir().map_err(Unprepared::files)?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>();
    let mut found = paths.map_err(Unprepared::files)?;
    found.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_that_does_not_answer_is_no_failure_of_ours() {
        let failed = |said: &str| failed("npm", said, Path::new("install.log"));
        for said in [
            "npm error code ECONNREFUSED",
            "WARNING: Retrying: Failed to establish a new connection: [Errno 111]",
            "go: example.com/m@v1.0.0: Get \"https://proxy/m\": dial tcp: lookup proxy: no such host",
            "[ERROR] Could not transfer artifact a:b:pom:1 from/to central: Unknown host",
        ] {
            assert!(matches!(failed(said), Unprepared::Absent(_)), "{said}");
        }
        for said in [
            "[ERROR] Could not transfer artifact a:b:jar:1 from/to central: Checksum validation failed",
            "[ERROR] Could not transfer artifact a:b:jar:1 from/to central: status code: 403, Forbidden",
            "Retrying: Failed to establish a new connection\nERROR: No matching distribution found for a==1",
        ] {
            assert!(matches!(failed(said), Unprepared::Broken(_)), "{said}");
        }
        for said in ["npm error code EINTEGRITY", "main.go:3: undefined: x", "", "[ERROR] cannot find symbol"]
        {
            assert_eq!(failed(said), Unprepared::Broken("npm failed, see install.log".to_owned()), "{said}");
        }
    }

    #[test]
    fn what_is_not_installed_is_told() {
        let why = "no-such-program is not installed".to_owned();
        assert_eq!(tool("no-such-program", "--version"), Err(Unprepared::Absent(why)));
    }

    #[test]
    fn nothing_is_installed_twice_and_changes_are_seen() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("requirements");
        let install = |version: &str, result: Result<(), Unprepared>| {
            let mut ran = false;
            let done = once(folder.path(), version, &[&file], || {
                ran = true;
                result
            });
            (ran, done.is_ok())
        };
        std::fs::write(&file, "a==1").unwrap();
        assert_eq!(install("1.0", Ok(())), (true, true));
        assert_eq!(install("1.0", Ok(())), (false, true));
        assert_eq!(install("2.0", Ok(())), (true, true));
        std::fs::write(&file, "a==2").unwrap();
        assert_eq!(install("2.0", Err(Unprepared::Broken(String::new()))), (true, false));
        assert_eq!(install("2.0", Ok(())), (true, true));
    }
}
