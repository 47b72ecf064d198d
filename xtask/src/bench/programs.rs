//! The programs that are measured: built, installed, started.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::BenchError;

/// The keys that requests are signed with, by the names that every SDK and the command line read.
const KEYS: [(&str, &str); 2] = [
    ("HUAWEICLOUD_SDK_AK", "AKEXAMPLE00000000000"),
    ("HUAWEICLOUD_SDK_SK", "SKSECRET0000000000000000000000000000000"),
];

/// Packages of the official Python SDK.
const PYTHON_PACKAGES: [&str; 2] = ["huaweicloudsdkcore==3.1.219", "huaweicloudsdkmrs==3.1.219"];

/// A command whose environment holds the keys, and nothing that could send its requests elsewhere.
pub(super) fn command(program: impl AsRef<Path>) -> Command {
    let mut command = crate::process::unset(program);
    command.envs(KEYS).stdin(Stdio::null());
    command
}

/// Builds a package with a profile, `release` for example, and returns its program.
pub(crate) fn built(root: &Path, package: &str, profile: &str) -> Result<PathBuf, BenchError> {
    crate::process::built(root, package, profile).map_err(BenchError::Failed)
}

/// Installs the official Python SDK under `folder`, unless it is there; the interpreter that has it, or why there is
/// none.
pub(super) fn python(folder: &Path) -> Result<PathBuf, String> {
    let environment = folder.join("python");
    let bin = environment.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let python = bin.join("python");
    let installed = |python: &Path| {
        let mut check = Command::new(python);
        check.args(["-c", "import huaweicloudsdkmrs.v2"]).output().is_ok_and(|output| output.status.success())
    };
    if !installed(&python) {
        let mut venv = Command::new("python3");
        said(venv.args(["-m", "venv"]).arg(&environment))?;
        said(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PYTHON_PACKAGES))?;
    }
    Ok(python)
}

/// Builds the program that calls with the official Go SDK; it, or why there is none.
pub(super) fn go(root: &Path, folder: &Path) -> Result<PathBuf, String> {
    let program = folder.join(format!("go-calls{}", std::env::consts::EXE_SUFFIX));
    let mut build = Command::new("go");
    build.args(["build", "-mod=readonly", "-o"]).arg(&program).arg(".");
    said(build.current_dir(root.join("xtask/bench/go")))?;
    Ok(program)
}

/// Runs a command; what it prints, or in one line why it failed.
fn said(command: &mut Command) -> Result<String, String> {
    output(command).map_err(|error| {
        error.to_string().lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().to_owned()
    })
}

/// Runs a command to its end and returns what it prints.
pub(super) fn output(command: &mut Command) -> Result<String, BenchError> {
    crate::process::output(command).map_err(BenchError::Failed)
}

/// Runs a command that prints names and numbers.
pub(super) fn numbers(command: &mut Command) -> Result<HashMap<String, f64>, BenchError> {
    let text = output(command)?;
    let numbers: Option<_> = text
        .lines()
        .map(|line| {
            let (name, number) = line.split_once(' ')?;
            Some((name.to_owned(), number.parse().ok()?))
        })
        .collect();
    numbers.ok_or_else(|| BenchError::Failed(format!("not names and numbers: {text}")))
}

/// How long a process takes from its start to its end.
#[expect(clippy::disallowed_methods, reason = "the one place of xtask that asks for the time")]
pub(super) fn lifetime(command: &mut Command) -> Result<Duration, BenchError> {
    let start = Instant::now();
    let result = output(command);
    let elapsed = start.elapsed();
    result.map(|_| elapsed)
}

/// Keeps this process, and with it those that it starts, on one CPU until it is dropped.
///
/// A client and a server that answer each other on two CPUs let each of them sleep in between; waking it is counted
/// as the client's time, and on a virtual machine is more than all the rest of a call.
pub(super) struct OneCpu {
    /// The CPUs that it may use otherwise.
    all: String,
}

impl OneCpu {
    /// None where that cannot be done: without Linux or without `taskset`.
    pub(super) fn keep() -> Option<Self> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let all = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?.trim().to_owned();
        let last = all.rsplit([',', '-']).next()?;
        use_cpus(last).then_some(Self { all: all.clone() })
    }
}

impl Drop for OneCpu {
    fn drop(&mut self) {
        use_cpus(&self.all);
    }
}

fn use_cpus(list: &str) -> bool {
    let mut taskset = Command::new("taskset");
    taskset.args(["--all-tasks", "--cpu-list", "--pid", list]).arg(std::process::id().to_string());
    taskset.output().is_ok_and(|output| output.status.success())
}

/// The server that all talk to. It ends when this is dropped.
pub(super) struct Server {
    child: Child,
    pub(super) http: String,
    pub(super) https: String,
    pub(super) ca_file: PathBuf,
}

impl Server {
    pub(super) fn start(program: &Path, folder: &Path) -> Result<Self, BenchError> {
        let failed = |what: String| BenchError::Failed(format!("the server {what}"));
        let ca_file = folder.join("server.pem");
        let mut child = Command::new(program)
            .arg("server")
            .arg(&ca_file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(format!("does not start: {error}")))?;
        let mut lines = child.stdout.take().map(BufReader::new).into_iter().flat_map(BufReader::lines);
        let mut url = || lines.next().and_then(Result::ok).ok_or_else(|| failed("gives no URL".to_owned()));
        Ok(Self { http: url()?, https: url()?, ca_file, child })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its end of input is its signal to stop.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
