//! The emulator that a witness talks to: a process on loopback.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use super::Ground;
use crate::process;

/// For what is answered at once: the emulator's start and its own paths.
const DEADLINE: Duration = Duration::from_secs(30);

/// A request as the emulator has recorded it.
pub(super) struct Recorded {
    /// Operation, status and error code.
    pub(super) what: String,
    pub(super) request_id: String,
    /// Names of the signed headers; none where it was not signed.
    pub(super) signed: Vec<String>,
    pub(super) body: String,
}

/// A running emulator, killed when it is dropped.
pub(super) struct Emulator {
    child: Child,
    /// What it says on stderr.
    log: PathBuf,
    pub(super) url: String,
    /// The variables that `--env` prints.
    pub(super) variables: BTreeMap<String, String>,
}

impl Emulator {
    /// Starts one with the scenario's world, whose time can be moved.
    pub(super) fn start(ground: &Ground) -> Result<Self, String> {
        let seed = ground.root.join("tests/conformance/seed.yaml");
        let seed = seed.to_str().ok_or("the workspace's path is not UTF-8")?;
        Self::start_with(ground, &["--virtual-time", "--sync-duration", "20s", "--seed", seed])
    }

    /// Starts one with these flags.
    pub(super) fn start_with(ground: &Ground, flags: &[&str]) -> Result<Self, String> {
        let mut command = process::unset(&ground.program);
        command.args(["emulator", "--env"]).args(flags);
        let log = ground.folder.join("emulator.log");
        let said = std::fs::File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(said);
        let mut child = command.spawn().map_err(|error| format!("the emulator does not start: {error}"))?;
        let (sender, lines) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                let lines = BufReader::new(stdout).lines().map_while(Result::ok);
                lines.for_each(|line| drop(sender.send(line)));
            });
        }
        let mut emulator = Self { child, log, url: String::new(), variables: BTreeMap::new() };
        loop {
            let line = match lines.recv_timeout(DEADLINE) {
                Ok(line) => line,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    return Err("the emulator does not get ready".to_owned());
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => return Err(emulator.last_words()),
            };
            match exported(&line) {
                Some((name, value)) => {
                    let last = name == "MRS_IAM_SYNC_ENDPOINT";
                    emulator.variables.insert(name, value);
                    if last {
                        return Ok(emulator);
                    }
                }
                None if emulator.url.is_empty() => emulator.url = line,
                None => {}
            }
        }
    }

    fn last_words(&mut self) -> String {
        // All of it is there once it has ended.
        let _ = self.child.wait();
        format!("the emulator ended: {}", self.said().trim())
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// What it has said from its first panic on.
    pub(super) fn panic(&self) -> Option<String> {
        let said = self.said();
        Some(format!("the emulator: {}", said[said.find("panicked at")?..].trim()))
    }

    /// The variable of that name, which `--env` prints.
    pub(super) fn variable(&self, name: &str) -> Result<&str, String> {
        let found = self.variables.get(name).map(String::as_str);
        found.ok_or_else(|| format!("the emulator's --env does not print {name}"))
    }

    pub(super) fn advance(&self, seconds: u32) -> Result<(), String> {
        let body = serde_json::json!({ "advance_seconds": seconds }).to_string();
        self.own("POST", "clock", &body).map(drop)
    }

    /// All requests so far.
    pub(super) fn requests(&self) -> Result<Vec<Recorded>, String> {
        let answer = self.own("GET", "requests", "")?;
        let requests = answer["requests"].as_array().ok_or("the emulator records no requests")?;
        Ok(requests.iter().map(recorded).collect())
    }

    /// A token of the sample world's first user.
    pub(super) fn token(&self) -> Result<String, String> {
        const LOGIN: &str = r#"{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"user1",
            "password":"emulated-password-opens-nothing-real-0","domain":{"name":"sample-domain"}}}},"scope":{}}}"#;
        let (head, _) = self.exchange("POST", "/v3/auth/tokens", LOGIN)?;
        let token = head.lines().find_map(|line| line.strip_prefix("x-subject-token: "));
        token.map(str::to_owned).ok_or_else(|| format!("no token: {head}"))
    }

    /// Asks for what is the emulator's own.
    fn own(&self, method: &str, path: &str, body: &str) -> Result<Value, String> {
        let (_, body) = self.exchange(method, &format!("/_emulator/{path}"), body)?;
        serde_json::from_str(&body).map_err(|error| format!("{method} /_emulator/{path}: {error}"))
    }

    /// Head and body of an answer that is a success.
    fn exchange(&self, method: &str, path: &str, body: &str) -> Result<(String, String), String> {
        let host = self.url.strip_prefix("http://").unwrap_or(&self.url);
        let exchange = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(host)?;
            stream.set_read_timeout(Some(DEADLINE))?;
            write!(
                stream,
                "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        let answer = exchange().map_err(|error| format!("{method} {path}: {error}"))?;
        match answer.split_once("\r\n\r\n") {
            Some((head, body)) if head.starts_with("HTTP/1.1 20") => Ok((head.to_owned(), body.to_owned())),
            _ => Err(format!("{method} {path}: {answer}")),
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Name and value of a line like `export NAME='value'`.
fn exported(line: &str) -> Option<(String, String)> {
    let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
    let value = value.strip_prefix('\'')?.strip_suffix('\'')?;
    Some((name.to_owned(), value.replace(r"'\''", "'")))
}

fn recorded(request: &Value) -> Recorded {
    let text = |name: &str| request[name].as_str().map(str::to_owned);
    let headers = request["headers"].as_array().into_iter().flatten();
    let mut values =
        headers.filter(|header| header[0] == "authorization").filter_map(|header| header[1].as_str());
    let signed = values.find_map(|value| {
        let names = value.split_once("SignedHeaders=")?.1.split(',').next()?;
        Some(names.split(';').map(str::to_owned).collect())
    });
    let parts = [
        text("operation").or_else(|| text("path")),
        request["status"].as_u64().map(|status| status.to_string()),
        text("error_code"),
    ];
    Recorded {
        what: parts.into_iter().flatten().collect::<Vec<_>>().join(" "),
        request_id: text("request_id").unwrap_or_default(),
        signed: signed.unwrap_or_default(),
        body: text("body").unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_emulator_exports_is_read() {
        assert_eq!(exported(r"export A='it'\''s b'"), Some(("A".to_owned(), "it's b".to_owned())));
        assert_eq!(exported("unset A B"), None);
    }

    #[test]
    fn a_recorded_request_in_short() {
        let request = serde_json::json!({
            "operation": "ListSyncStatus", "path": "/v2/p", "status": 401, "error_code": "APIGW.0301",
            "request_id": "r",
            "headers": [["host", "h"], ["authorization", "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature=***"]],
        });
        let recorded = recorded(&request);
        assert_eq!(recorded.what, "ListSyncStatus 401 APIGW.0301");
        assert_eq!(recorded.signed, ["host", "x-sdk-date"]);
    }
}
