//! Runs the binary, and the services it talks to.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use mrs_iam_sync_emulator::{
    Clock, Emulator, EmulatorBuilder, SAMPLE_ACCESS_KEY, SAMPLE_PROJECT_ID, SAMPLE_SECRET_KEY,
};

pub(crate) const CLUSTER: &str = "f7f45c04-4303-411c-9b71-d2cb730dd162";

/// What differs from run to run.
pub(crate) const FILTERS: &[(&str, &str)] = &[
    (r"127\.0\.0\.1:[1-9]\d*", "127.0.0.1:PORT"),
    (r"request id [0-9a-f]{32}", "request id [ID]"),
    (r#""request_id":( ?)"[0-9a-f]{32}""#, r#""request_id":$1"[ID]""#),
    // Words and numbers of the operating system's errors are its own.
    (r"caused by: [A-Z][a-z ]+ \(os error \d+\)", "caused by: [OS ERROR]"),
    (r"[A-Z][a-z ]+ \(os error \d+\)", "[OS ERROR]"),
    (r"\b(after|in) \d+\.\d s", "$1 [SECONDS] s"),
    (r#""seconds": \d+\.\d+"#, r#""seconds": [SECONDS]"#),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[TIME]"),
    (r"\b\d{8}T\d{6}Z\b", "[DATE]"),
    (r"(?m)^mrs-iam-sync \d+\.\d+\.\d+$", "mrs-iam-sync [VERSION]"),
];

/// Compares a run with what it should be, but for what differs from run to run.
macro_rules! check {
    ($run:expr, @$expected:literal) => {
        insta::with_settings!(
            { filters => crate::support::FILTERS.iter().copied() },
            { insta::assert_snapshot!($run, @$expected) }
        )
    };
}

/// A command line to run in an environment of its own.
pub(crate) struct Cli {
    command: Command,
    stdin: Vec<u8>,
}

/// Without any variable but PATH.
pub(crate) fn cli<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Cli {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mrs-iam-sync"));
    command.env_clear().args(arguments);
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.env("MRS_IAM_SYNC_METADATA", "off");
    Cli { command, stdin: Vec::new() }
}

/// What a command printed, and how it ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Cli {
    pub(crate) fn args<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn stdin(mut self, bytes: &[u8]) -> Self {
        self.stdin = bytes.to_vec();
        self
    }

    /// The sample credentials and project, and this endpoint. One attempt only: what retries do is tested where time
    /// can be made to pass.
    pub(crate) fn at(self, endpoint: &str) -> Self {
        self.env("MRS_IAM_SYNC_MAX_ATTEMPTS", "1")
            .env("HUAWEICLOUD_SDK_AK", SAMPLE_ACCESS_KEY)
            .env("HUAWEICLOUD_SDK_SK", SAMPLE_SECRET_KEY)
            .env("HUAWEICLOUD_SDK_PROJECT_ID", SAMPLE_PROJECT_ID)
            .env("MRS_IAM_SYNC_ENDPOINT", endpoint)
            .env("MRS_IAM_SYNC_IAM_ENDPOINT", endpoint)
    }

    pub(crate) fn in_directory(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    pub(crate) fn start(&mut self) -> Child {
        let mut child =
            self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that reads nothing may be gone already.
        let _ = child.stdin.take().unwrap().write_all(&self.stdin);
        child
    }

    pub(crate) fn run(mut self) -> Run {
        Run::from(self.start().wait_with_output().unwrap())
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Run {
    /// Stdout as JSON; fails when it is not one object.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// The error object, the last line of stderr.
    pub(crate) fn error(&self) -> serde_json::Value {
        let line = self.stderr.lines().last().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "exit: {}", self.code)?;
        if !self.stdout.is_empty() {
            writeln!(f, "----- stdout -----\n{}", self.stdout.trim_end())?;
        }
        if !self.stderr.is_empty() {
            writeln!(f, "----- stderr -----\n{}", self.stderr.trim_end())?;
        }
        Ok(())
    }
}

/// An emulator in this process, on a thread of its own.
pub(crate) struct Service {
    pub(crate) emulator: Arc<Emulator>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    /// One whose synchronizations take long enough for the first look of a wait to see them run, and end before the
    /// second: a wait that never saw one run takes the SDK's settle time.
    pub(crate) fn start() -> Self {
        Self::with(Emulator::builder().sync_duration(Duration::from_millis(1600)))
    }

    /// One whose synchronizations end at once; not for waits.
    pub(crate) fn prompt() -> Self {
        Self::with(Emulator::builder().sync_duration(Duration::ZERO))
    }

    pub(crate) fn with(builder: EmulatorBuilder) -> Self {
        let (started, starts) = mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                started.send(Arc::new(builder.start().await.unwrap())).unwrap();
                let _ = stopped.await;
            });
        });
        Self { emulator: starts.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }

    /// A command on the sample cluster.
    pub(crate) fn on_cluster<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Cli {
        self.cli(arguments).args(["--cluster", CLUSTER])
    }

    pub(crate) fn cli<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Cli {
        cli(arguments).at(&self.emulator.base_url())
    }

    /// The operations that were called, with their statuses.
    pub(crate) fn calls(&self) -> Vec<String> {
        let requests = self.emulator.requests();
        requests
            .iter()
            .map(|call| format!("{} {}", call.operation.unwrap_or(&call.path), call.status))
            .collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The machine's clock, so much ahead (or behind).
pub(crate) struct Shifted {
    pub(crate) by: Duration,
    pub(crate) ahead: bool,
}

impl Clock for Shifted {
    #[expect(clippy::disallowed_methods, reason = "the signatures of the binary carry the machine's time")]
    fn now(&self) -> SystemTime {
        let now = SystemTime::now();
        if self.ahead { now + self.by } else { now - self.by }
    }
}

/// Answers every request with these bytes; with none it closes the connection. Returns its endpoint.
pub(crate) fn answering(answer: impl Into<Vec<u8>>) -> String {
    let answer = answer.into();
    answering_by(move |_| answer.clone())
}

/// Answers each request by its first line. Returns its endpoint.
pub(crate) fn answering_by(mut answer: impl FnMut(&str) -> Vec<u8> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            while !workspace_tests::is_whole(&request) {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => break,
                    Ok(read) => request.extend_from_slice(&buffer[..read]),
                }
            }
            let request = String::from_utf8_lossy(&request);
            let _ = stream.write_all(&answer(request.lines().next().unwrap_or_default()));
        }
    });
    endpoint
}

/// An answer with this status, these headers (each with its line end) and body.
pub(crate) fn http(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}
