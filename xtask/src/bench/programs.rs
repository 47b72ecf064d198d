//! The programs that are measured: built, installed, started.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::BenchError;

/// The keys that requests are signed with, by the names that every SDK and the command line read.
const KEYS: [(&str, &str); 2] = [
    ("HUAWEICLOUD_SDK_AK", "AKEXAMPLE00000000000"),
    ("HUAWEICLOUD_SDK_SK", "SKSECRET0000000000000000000000000000000"),
];

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

/// Runs a command to its end and returns what it prints.
pub(super) fn output(command: &mut Command) -> Result<String, BenchError> {
    crate::process::output(command).map_err(BenchError::Failed)
}

/// What a program prints: a name and a number in each line.
pub(super) type Numbers = HashMap<String, f64>;

/// Runs a command that prints names and numbers.
pub(super) fn numbers(command: &mut Command) -> Result<Numbers, BenchError> {
    read_numbers(&output(command)?)
}

fn read_numbers(text: &str) -> Result<Numbers, BenchError> {
    let numbers: Option<_> = text
        .lines()
        .map(|line| {
            let (name, number) = line.split_once(' ')?;
            Some((name.to_owned(), number.parse().ok()?))
        })
        .collect();
    numbers.ok_or_else(|| BenchError::Failed(format!("not names and numbers: {text}")))
}

/// Rest between two looks at a process.
const LOOK: Duration = Duration::from_millis(5);

/// How long a process takes from its start to its end.
#[expect(clippy::disallowed_methods, reason = "the one place of xtask that asks for the time")]
pub(super) fn lifetime(command: &mut Command) -> Result<Duration, BenchError> {
    let start = Instant::now();
    let result = output(command);
    let elapsed = start.elapsed();
    result.map(|_| elapsed)
}

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the one place of xtask that asks for the time")]
pub(super) fn since_1970() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A process that has ended well.
pub(super) struct Watched {
    /// From its start to its end.
    pub(super) seconds: f64,
    /// The most memory that it has held; Linux alone tells.
    pub(super) peak_mib: Option<f64>,
    /// What it has printed; none where that are not numbers.
    pub(super) numbers: Numbers,
}

/// Runs a command to its end, and looks at its memory on the way.
#[expect(clippy::disallowed_methods, reason = "the one place of xtask that asks for the time")]
pub(super) fn watched(mut command: Command) -> Result<Watched, BenchError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |what: String| BenchError::Failed(format!("{program} {what}"));
    let start = Instant::now();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().map_err(|error| failed(format!("does not start: {error}")))?;
    let (pid, ended) = (child.id(), AtomicBool::new(false));
    let (output, peak) = std::thread::scope(|scope| {
        // It never falls, so that the last look before the end is the peak but for that look's age.
        let peak = scope.spawn(|| {
            let mut peak = None;
            while !ended.load(Ordering::Relaxed) {
                peak = peak.max(peak_kib(pid));
                std::thread::sleep(LOOK);
            }
            peak
        });
        let output = child.wait_with_output();
        let elapsed = start.elapsed();
        ended.store(true, Ordering::Relaxed);
        (output.map(|output| (output, elapsed)), peak.join().unwrap_or_default())
    });
    let (output, elapsed) = output.map_err(|error| failed(format!("cannot be waited for: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(format!("failed ({}): {}", output.status, said.trim())));
    }
    let numbers = read_numbers(&String::from_utf8_lossy(&output.stdout)).unwrap_or_default();
    Ok(Watched { seconds: elapsed.as_secs_f64(), peak_mib: peak.map(|kib| kib as f64 / 1024.0), numbers })
}

fn peak_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
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

/// A server that says at its end what it has seen. It ends when this is dropped.
pub(super) struct Service {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(super) url: String,
}

impl Service {
    pub(super) fn start(mut command: Command) -> Result<Self, BenchError> {
        let failed = |what: String| BenchError::Failed(format!("the service {what}"));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(format!("does not start: {error}")))?;
        let stdout = child.stdout.take().ok_or_else(|| failed("has no output".to_owned()))?;
        let mut service = Self { child, stdout: BufReader::new(stdout), url: String::new() };
        let read = service.stdout.read_line(&mut service.url);
        service.url = service.url.trim().to_owned();
        match read {
            Ok(_) if !service.url.is_empty() => Ok(service),
            _ => Err(failed("gives no URL".to_owned())),
        }
    }

    /// Ends it.
    pub(super) fn end(mut self) -> Result<Numbers, BenchError> {
        drop(self.child.stdin.take());
        let mut text = String::new();
        self.stdout.read_to_string(&mut text)?;
        read_numbers(&text)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
