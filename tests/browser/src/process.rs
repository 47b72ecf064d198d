//! The two programs that this one starts and ends: the explorer, and chromedriver.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use mrs_iam_sync_emulator::{SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use url::Url;

/// For a program to say where it listens.
const START: Duration = Duration::from_secs(20);

/// In the environment it is what an explorer signs with.
const SAMPLE_KEY: [(&str, &str); 2] =
    [("HUAWEICLOUD_SDK_AK", SAMPLE_ACCESS_KEY), ("HUAWEICLOUD_SDK_SK", SAMPLE_SECRET_KEY)];

/// A running explorer. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Explorer {
    _child: Child,
    /// The service that it goes to, when that is a process of its own.
    _emulator: Option<Child>,
    /// A home without files, where one is needed.
    _home: Option<TempDir>,
    /// The address that it prints, with its token.
    pub(crate) entrance: Url,
}

impl Explorer {
    /// On an emulator within it.
    pub(crate) async fn start(program: &Path) -> Result<Self, String> {
        Self::explorer(Command::new(program).args(["explorer", "--emulated"])).await
    }

    /// On an older service, which cannot tell whether a synchronization runs. One takes three seconds.
    pub(crate) async fn on_an_older_service(program: &Path) -> Result<Self, String> {
        let mut command = Command::new(program);
        command.args(["emulator", "--sync-duration", "3s", "--without-status-operations"]);
        let failed = |what: String| format!("the emulator {what}");
        let (emulator, mut lines) = started(&mut command).map_err(failed)?;
        let address = said(&mut lines, |_| true).await.map_err(failed)?;
        let mut command = Command::new(program);
        command.args(["explorer", "--endpoint", address.trim(), "--iam-endpoint", address.trim()]);
        command.envs(SAMPLE_KEY);
        Ok(Self { _emulator: Some(emulator), ..Self::explorer(&mut command).await? })
    }

    /// On an address where nobody is; without credentials, wherever they may be looked for, nobody is asked there.
    pub(crate) async fn on_nothing(program: &Path, credentials: bool) -> Result<Self, String> {
        const NOBODY: &str = "http://127.0.0.1:9";
        let home = tempfile::tempdir().map_err(|error| format!("no temporary directory: {error}"))?;
        let mut command = Command::new(program);
        command.args(["explorer", "--endpoint", NOBODY, "--iam-endpoint", NOBODY]);
        command.env("HOME", home.path()).env("MRS_IAM_SYNC_METADATA", "off");
        if credentials {
            command.envs(SAMPLE_KEY);
        }
        Ok(Self { _home: Some(home), ..Self::explorer(&mut command).await? })
    }

    async fn explorer(command: &mut Command) -> Result<Self, String> {
        let failed = |what: String| format!("the explorer {what}");
        let (child, mut lines) = started(command).map_err(failed)?;
        let line = said(&mut lines, |_| true).await.map_err(failed)?;
        let entrance =
            Url::parse(line.trim()).map_err(|error| format!("the explorer prints {line:?}: {error}"))?;
        Ok(Self { _child: child, _emulator: None, _home: None, entrance })
    }
}

/// A running chromedriver. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Driver {
    _child: Child,
    pub(crate) url: String,
}

impl Driver {
    pub(crate) async fn start(program: &Path) -> Result<Self, String> {
        let mut command = Command::new(program);
        command.arg("--port=0");
        let failed = |what: String| format!("{} {what}", program.display());
        let (child, mut lines) = started(&mut command).map_err(failed)?;
        let line =
            said(&mut lines, |line| line.contains("started successfully on port")).await.map_err(failed)?;
        let port: String = line
            .chars()
            .rev()
            .skip_while(|char| !char.is_ascii_digit())
            .take_while(char::is_ascii_digit)
            .collect();
        let port: String = port.chars().rev().collect();
        // Whoever writes to a pipe that nobody reads waits or ends.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { _child: child, url: format!("http://127.0.0.1:{port}") })
    }
}

fn started(command: &mut Command) -> Result<(Child, Lines<BufReader<ChildStdout>>), String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| format!("does not start: {error}"))?;
    let stdout = child.stdout.take().ok_or("has no output")?;
    Ok((child, BufReader::new(stdout).lines()))
}

async fn said(
    lines: &mut Lines<BufReader<ChildStdout>>,
    wanted: impl Fn(&str) -> bool,
) -> Result<String, String> {
    let look = async {
        loop {
            match lines.next_line().await {
                Ok(Some(line)) if wanted(&line) => return Ok(line),
                Ok(Some(_)) => {}
                Ok(None) => return Err("has ended without saying where it listens".to_owned()),
                Err(error) => return Err(format!("cannot be read: {error}")),
            }
        }
    };
    tokio::time::timeout(START, look)
        .await
        .map_err(|_| format!("did not say within {} s where it listens", START.as_secs()))?
}
