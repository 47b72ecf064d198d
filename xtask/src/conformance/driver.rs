//! A driver: a small program that makes the calls of the scenario with the SDK of its language.
//!
//! It says in its first line which SDK and language it is, then answers each line of stdin (a step) with one of stdout.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde::Deserialize;

use super::emulator::{Emulator, Recorded};
use super::scenario::{Reply, Step};
use super::{Ground, Row, Verdict};

/// For one call, or for the driver to start.
const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct Hello {
    sdk: String,
    language: String,
}

/// Has a driver take all steps with an emulator of its own.
pub(super) fn testify(witness: &'static str, ground: &Ground, command: Command) -> Row {
    let mut testimony = Testimony::new(witness);
    if let Err(complaint) = testimony.hear(ground, command) {
        testimony.complaints.push(complaint);
    }
    testimony.row(ground.scenario.steps.len())
}

struct Testimony {
    witness: &'static str,
    hello: Option<Hello>,
    passed: usize,
    complaints: Vec<String>,
    remarks: Vec<String>,
    requests: usize,
    signed: String,
}

impl Testimony {
    const fn new(witness: &'static str) -> Self {
        Self {
            witness,
            hello: None,
            passed: 0,
            complaints: Vec::new(),
            remarks: Vec::new(),
            requests: 0,
            signed: String::new(),
        }
    }

    /// The error is what ended it before its time.
    fn hear(&mut self, ground: &Ground, command: Command) -> Result<(), String> {
        let emulator = Emulator::start(ground)?;
        let domain = emulator.variable("HUAWEICLOUD_SDK_DOMAIN_ID")?;
        let mut driver = Driver::start(self.witness, command, &emulator, &ground.folder)?;
        let hello = driver.read()?;
        self.hello = Some(serde_json::from_str(&hello).map_err(|_| format!("it began with {hello:?}"))?);
        let mut taken = Vec::new();
        for step in &ground.scenario.steps {
            self.remarks.extend(step.remark(self.witness));
            if step.advance > 0 {
                emulator.advance(step.advance)?;
            }
            let line = ground.scenario.line(step, &emulator.url, domain);
            let mut complaint = None;
            for _ in 0..step.times {
                let reply = driver.take(&line).map_err(|what| format!("{}: {what}", step.step))?;
                complaint = complaint.or_else(|| step.complaint(self.witness, &reply));
                let answered = reply.is_answered();
                taken.push((step, reply));
                // Each may have taken its time.
                if complaint.is_some() && !answered {
                    break;
                }
            }
            match complaint {
                None => self.passed += 1,
                Some(what) => self.complaints.push(format!("{}: {what}", step.step)),
            }
        }
        let recorded = emulator.requests()?;
        self.requests = recorded.len();
        self.signed = signed(&recorded);
        match ground.scenario.signs.get(self.witness) {
            Some(expected) if *expected == self.signed => {}
            expected => {
                let expected = expected.map_or("nothing", String::as_str);
                self.complaints.push(format!("it signs {} instead of {expected}", self.signed));
            }
        }
        self.complaints.extend(unlike(self.witness, &taken, &recorded));
        self.complaints.extend(emulator.panic());
        Ok(())
    }

    fn row(self, all: usize) -> Row {
        let (version, language) = match self.hello {
            Some(hello) => (hello.sdk, hello.language),
            None => ("-".to_owned(), "-".to_owned()),
        };
        let verdict = match self.complaints.is_empty() {
            true => Verdict::Passed,
            false => Verdict::Failed(self.complaints),
        };
        let Self { witness, passed, requests, signed, remarks, .. } = self;
        Row { witness, version, language, steps: Some((passed, all)), requests, signed, verdict, remarks }
    }
}

/// The first request that the emulator should have received and has not, or the other way round.
fn unlike(witness: &str, taken: &[(&Step, Reply)], recorded: &[Recorded]) -> Option<String> {
    let mut recorded = recorded.iter();
    for (step, reply) in taken {
        let mut latest = None;
        for sent in step.sends(witness) {
            latest = recorded.next();
            let received = latest.map_or("nothing", |request| request.what.as_str());
            if received != sent {
                return Some(format!("{}: the emulator received {received} instead of {sent}", step.step));
            }
        }
        let known = latest.map(|request| request.request_id.as_str());
        if reply.request_id().is_some() && reply.request_id() != known {
            return Some(format!("{}: the request id is not the one of the answer", step.step));
        }
    }
    recorded.next().map(|request| format!("after the last step the emulator received {}", request.what))
}

/// The headers that all signatures have, and in brackets those that some have.
fn signed(recorded: &[Recorded]) -> String {
    let mut counts = BTreeMap::new();
    let names: Vec<BTreeSet<_>> = recorded.iter().map(|request| request.signed.iter().collect()).collect();
    names.iter().flatten().for_each(|name| *counts.entry(name.as_str()).or_insert(0) += 1);
    let (always, sometimes): (Vec<_>, Vec<_>) = counts.iter().partition(|(_, count)| **count == names.len());
    let text =
        |names: Vec<(&&str, &usize)>| names.iter().map(|(name, _)| **name).collect::<Vec<_>>().join(" ");
    format!("{} [{}]", text(always), text(sometimes))
}

/// A running driver, killed when it is dropped.
struct Driver {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    log: String,
}

impl Driver {
    fn start(name: &str, mut command: Command, emulator: &Emulator, folder: &Path) -> Result<Self, String> {
        let failed = |what: &str, error: std::io::Error| format!("{what}: {error}");
        // SDKs keep files of their own at home, and some read settings there.
        let home = folder.join("home");
        std::fs::create_dir_all(&home).map_err(|error| failed("no home for the driver", error))?;
        let log = folder.join(format!("{name}.log"));
        let stderr = File::create(&log).map_err(|error| failed("no log for the driver", error))?;
        command.envs(&emulator.variables).env("HOME", &home).env("USERPROFILE", &home).current_dir(&home);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
        let mut child = command.spawn().map_err(|error| failed("the driver does not start", error))?;
        let (sender, lines) = channel();
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the driver has no pipes".to_owned());
        };
        std::thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            lines.for_each(|line| drop(sender.send(line)));
        });
        Ok(Self { child, stdin, lines, log: log.display().to_string() })
    }

    fn take(&mut self, line: &str) -> Result<Reply, String> {
        // When it is gone, reading says so.
        let _ = writeln!(self.stdin, "{line}").and_then(|()| self.stdin.flush());
        let answer = self.read()?;
        serde_json::from_str(&answer).map_err(|error| format!("{error}: {answer}"))
    }

    fn read(&mut self) -> Result<String, String> {
        self.lines.recv_timeout(DEADLINE).map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                format!("no answer within {} s, see {}", DEADLINE.as_secs(), self.log)
            }
            RecvTimeoutError::Disconnected => format!("the driver ended, see {}", self.log),
        })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(what: &str, signed: &[&str]) -> Recorded {
        let signed = signed.iter().map(|name| (*name).to_owned()).collect();
        Recorded { what: what.to_owned(), request_id: format!("id of {what}"), signed, body: String::new() }
    }

    fn step(text: &str) -> Step {
        serde_saphyr::from_str(text).unwrap()
    }

    #[test]
    fn each_request_has_to_arrive_and_no_other() {
        let show = step("{ step: show, call: ShowSyncIamUser, expect: { status: 200 } }");
        let taken = || vec![(&show, Reply::default()), (&show, Reply::default())];
        let one = || request("ShowSyncIamUser 200", &[]);
        assert_eq!(unlike("go", &taken(), &[one(), one()]), None);
        let missing = "show: the emulator received nothing instead of ShowSyncIamUser 200";
        assert_eq!(unlike("go", &taken(), &[one()]).unwrap(), missing);
        assert!(unlike("go", &taken(), &[one(), one(), one()]).unwrap().starts_with("after the last step"));
        assert!(unlike("go", &taken(), &[one(), request("ShowSyncIamUser 401 APIGW.0301", &[])]).is_some());
    }

    #[test]
    fn a_request_id_is_that_of_the_answer() {
        let show = step("{ step: show, call: A, expect: { status: 401, error_code: B } }");
        let reply = |id: &str| {
            let text =
                format!(r#"{{"step":"show","ok":false,"status":401,"error_code":"B","request_id":"{id}"}}"#);
            vec![(&show, serde_json::from_str(&text).unwrap())]
        };
        let recorded = [request("A 401 B", &[])];
        assert_eq!(unlike("go", &reply("id of A 401 B"), &recorded), None);
        assert_eq!(unlike("go", &reply(""), &recorded), None);
        assert!(unlike("go", &reply("another"), &recorded).is_some());
    }

    #[test]
    fn headers_that_are_always_signed_and_those_that_are_not() {
        let recorded = [
            request("A 200", &["host", "x-sdk-date", "x-project-id"]),
            request("B 200", &["host", "x-sdk-date", "x-domain-id"]),
        ];
        assert_eq!(signed(&recorded), "host x-sdk-date [x-domain-id x-project-id]");
    }
}
