//! The SDKs that take the scenario's steps: what is installed for each, and how its driver is started.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Ground, Row, Verdict, Witness, driver};
use crate::process;

/// For an installation, downloads included.
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

/// An SDK with the driver that calls it.
pub(super) struct Sdk {
    name: &'static str,
    prepare: fn(&Ground) -> Result<Command, Unprepared>,
}

/// Ours first: when it fails, others need not be asked why.
pub(super) static SDKS: [Sdk; 5] = [
    Sdk { name: "rust", prepare: rust },
    Sdk { name: "python", prepare: python },
    Sdk { name: "go", prepare: go },
    Sdk { name: "java", prepare: java },
    Sdk { name: "node", prepare: node },
];

impl Witness for &'static Sdk {
    fn name(&self) -> &'static str {
        self.name
    }

    fn testify(&self, ground: &Ground) -> Row {
        match (self.prepare)(ground) {
            Ok(command) => driver::testify(self.name, ground, command),
            Err(Unprepared::Absent(why)) => Row::unheard(self.name, Verdict::Skipped(why)),
            Err(Unprepared::Broken(why)) => Row::unheard(self.name, Verdict::Failed(vec![why])),
        }
    }
}

/// Why there is no driver.
#[derive(Debug, PartialEq, Eq)]
enum Unprepared {
    /// The language is not installed, or its registry does not answer.
    Absent(String),
    /// Anything else.
    Broken(String),
}

impl Unprepared {
    fn files(error: std::io::Error) -> Self {
        Self::Broken(format!("files for it cannot be written: {error}"))
    }
}

fn rust(ground: &Ground) -> Result<Command, Unprepared> {
    let program = process::built(&ground.root, "conformance-driver", "dev").map_err(Unprepared::Broken)?;
    let version = tool("rustc", "--version")?;
    let mut command = process::unset(program);
    let version = version.split(' ').nth(1).unwrap_or_default();
    command.env("CONFORMANCE_LANGUAGE", format!("Rust {version}"));
    Ok(command)
}

fn python(ground: &Ground) -> Result<Command, Unprepared> {
    let (sources, folder) = places(ground, "python")?;
    let version = tool("python3", "--version")?;
    let environment = folder.join("venv");
    let bin = environment.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let python = bin.join("python");
    let requirements = sources.join("requirements.txt");
    once(&folder, &version, &[&requirements], || {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv", "--clear"]).arg(&environment);
        // Some systems have it in a package of its own.
        installed(&mut venv, &folder).map_err(|_| Unprepared::Absent("python3 has no venv".to_owned()))?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--requirement"]).arg(&requirements);
        installed(&mut pip, &folder)
    })?;
    let mut command = process::unset(python);
    command.arg(sources.join("driver.py")).env("PYTHONUTF8", "1");
    Ok(command)
}

fn go(ground: &Ground) -> Result<Command, Unprepared> {
    let (sources, folder) = places(ground, "go")?;
    tool("go", "version")?;
    let program = folder.join(format!("driver{}", std::env::consts::EXE_SUFFIX));
    // Modules stay in Go's own cache, which go.sum checks, and Go knows best what is to be built again.
    let mut build = Command::new("go");
    build.args(["build", "-mod=readonly", "-o"]).arg(&program).arg(".").current_dir(sources);
    installed(&mut build, &folder)?;
    Ok(process::unset(program))
}

fn java(ground: &Ground) -> Result<Command, Unprepared> {
    let (sources, folder) = places(ground, "java")?;
    let version = tool("javac", "-version")?;
    let maven = script("mvn");
    tool(maven, "--version")?;
    let output = folder.join("target");
    let code = ["Driver", "StatusCalls"].map(|class| sources.join(format!("src/main/java/{class}.java")));
    let pom = sources.join("pom.xml");
    once(&folder, &version, &[&pom, &code[0], &code[1]], || {
        let property = |name: &str, value: &Path| format!("-D{name}={}", value.display());
        let mut build = Command::new(maven);
        build.args(["--batch-mode", "--quiet", "--file"]).arg(&pom);
        build.arg(property("maven.repo.local", &folder.join("repository")));
        build.arg(property("conformance.output", &output));
        build.arg("compile");
        installed(&mut build, &folder)
    })?;
    let jars = std::fs::read_to_string(output.join("classpath")).map_err(Unprepared::files)?;
    let all = [output.join("classes")].into_iter().chain(std::env::split_paths(jars.trim()));
    let all = std::env::join_paths(all).map_err(|error| Unprepared::Broken(error.to_string()))?;
    let mut command = process::unset("java");
    // Java does not ask HOME where the home is.
    command.arg(format!("-Duser.home={}", ground.folder.join("home").display()));
    command.arg("-cp").arg(all).arg("Driver");
    Ok(command)
}

fn node(ground: &Ground) -> Result<Command, Unprepared> {
    let (sources, folder) = places(ground, "node")?;
    let version = tool("node", "--version")?;
    let npm = script("npm");
    tool(npm, "--version")?;
    // Node looks for packages beside the program, and the sources' folder stays clean.
    let files = ["package.json", "package-lock.json", ".npmrc", "driver.js"];
    for file in files {
        std::fs::copy(sources.join(file), folder.join(file)).map_err(Unprepared::files)?;
    }
    let lock = folder.join("package-lock.json");
    once(&folder, &version, &[&lock], || {
        let mut install = Command::new(npm);
        install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
        installed(&mut install, &folder)
    })?;
    let mut command = process::unset("node");
    command.arg(folder.join("driver.js"));
    Ok(command)
}

/// Where a driver's sources are, and where it may install.
fn places(ground: &Ground, language: &str) -> Result<(PathBuf, PathBuf), Unprepared> {
    let folder = ground.folder.join(language);
    std::fs::create_dir_all(&folder).map_err(Unprepared::files)?;
    Ok((ground.root.join("tests/conformance").join(language), folder))
}

/// What these are called where programs that are scripts have another name.
fn script(name: &'static str) -> &'static str {
    match name {
        "mvn" if cfg!(windows) => "mvn.cmd",
        "npm" if cfg!(windows) => "npm.cmd",
        _ => name,
    }
}

/// The version of a program that has to be there already.
fn tool(program: &str, flag: &str) -> Result<String, Unprepared> {
    match Command::new(program).arg(flag).stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        Ok(output) => Err(Unprepared::Absent(format!("{program} does not work ({})", output.status))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Unprepared::Absent(format!("{program} is not installed")))
        }
        Err(error) => Err(Unprepared::Absent(format!("{program} does not start: {error}"))),
    }
}

/// Installs what these files ask for, unless just that has been installed with this version of the language.
fn once(
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
fn installed(command: &mut Command, folder: &Path) -> Result<(), Unprepared> {
    let program = command.get_program().to_string_lossy().into_owned();
    let broken = |error: std::io::Error| Unprepared::Broken(format!("{program}: {error}"));
    let log = folder.join("install.log");
    let file = File::create(&log).map_err(Unprepared::files)?;
    command.stdin(Stdio::null()).stderr(file.try_clone().map_err(Unprepared::files)?).stdout(file);
    let mut child = command.spawn().map_err(broken)?;
    let mut left = DEADLINE;
    let status = loop {
        match child.try_wait().map_err(broken)? {
            Some(status) => break status,
            None if left.is_zero() => {
                let _ = child.kill();
                let _ = child.wait();
                let why = format!("{program} was not done within {} s", DEADLINE.as_secs());
                return Err(Unprepared::Absent(why));
            }
            None => {
                std::thread::sleep(LOOK);
                left = left.saturating_sub(LOOK);
            }
        }
    };
    if status.success() {
        return Ok(());
    }
    let said = std::fs::read(&log).map_err(Unprepared::files)?;
    Err(failed(&program, &String::from_utf8_lossy(&said), &log))
}

/// Tells a registry that does not answer from everything else.
fn failed(program: &str, said: &str, log: &Path) -> Unprepared {
    let said = said.to_lowercase();
    match UNREACHABLE.iter().find(|words| said.contains(**words)) {
        Some(words) => Unprepared::Absent(format!("the registry does not answer ({words})")),
        None => Unprepared::Broken(format!("{program} failed, see {}", log.display())),
    }
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
