//! `emulator` with a world of its own, and with state that outlives it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;

use crate::support::{CLUSTER, cli};

/// A running emulator, killed when it is dropped.
struct Running {
    child: Child,
    lines: Vec<String>,
}

impl Running {
    /// Reads its first lines, the URL and what `--env` prints.
    fn start<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let mut child = cli(["emulator", "--env"]).args(arguments).start();
        let mut lines = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            lines.push(line.unwrap());
            if lines.last().is_some_and(|line| line.contains(" MRS_IAM_SYNC_ENDPOINT=")) {
                break;
            }
        }
        assert!(lines.len() > 1, "{:?}", child.wait());
        Self { child, lines }
    }

    fn url(&self) -> &str {
        &self.lines[0]
    }

    /// Without a chance to write anything.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn with_state(directory: &Path, seed: &Path) -> Running {
    let [directory, seed] = [directory, seed].map(|path| path.to_str().unwrap());
    Running::start(["--state", directory, "--seed", seed, "--sync-duration", "0s"])
}

#[test]
fn nothing_acknowledged_is_lost_by_a_kill() {
    const ROUNDS: usize = 5;
    let folder = tempfile::tempdir().unwrap();
    let (state, seed) = (folder.path().join("state"), folder.path().join("seed.yaml"));
    let users: String = (0..ROUNDS).map(|number| format!("- name: u{number}\n")).collect();
    let project = "ff8080828997cb24018a1b2db3440b80";
    let text = format!(
        "projects: [{{ id: {project} }}]\nclusters: [{{ id: {CLUSTER}, project: {project} }}]\nusers:\n{users}"
    );
    std::fs::write(&seed, text).unwrap();
    for round in 0..ROUNDS {
        let running = with_state(&state, &seed);
        let user = format!("u{round}");
        let run = cli(["sync", "--cluster", CLUSTER, "--user", &user]).at(running.url()).run();
        assert_eq!(run.code, 0, "{run}");
        running.kill();
    }
    let running = with_state(&state, &seed);
    let listed = cli(["list", "--cluster", CLUSTER, "-o", "json"]).at(running.url()).run().json();
    let expected: Vec<_> = (0..ROUNDS).map(|number| format!("u{number}")).collect();
    assert_eq!(listed["users"], serde_json::json!(expected), "{listed}");
}

#[test]
fn what_is_wrong_with_a_seed_is_told_before_it_starts() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("seed.yaml"), "users:\n- name: a\n  groups: [b]\n").unwrap();
    check!(cli(["emulator", "--seed", "seed.yaml"]).in_directory(folder.path()).run(), @"
    exit: 2
    ----- stderr -----
    error: seed.yaml: line 3: users[0].groups[0]: there is no group `b`
    hint: mrs-iam-sync schema seed prints what may be in it
    ");
    let run = cli(["emulator", "--seed", "none.yaml"]).in_directory(folder.path()).run();
    assert_eq!(run.code, 2, "{run}");
    let both = cli(["emulator", "--sync-polls", "1", "--sync-duration", "1s"]).run();
    assert_eq!(both.code, 2, "{both}");
}

#[test]
fn one_emulator_has_the_state() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().to_str().unwrap();
    let _running = Running::start(["--state", directory]);
    let second = cli(["emulator", "--state", directory]).run();
    assert_eq!(second.code, 1, "{second}");
    assert!(second.stderr.contains("cannot be used"), "{second}");
}

#[test]
fn the_first_key_of_a_seed_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let seed = folder.path().join("seed.yaml");
    let text =
        "projects: [{ id: p1 }]\nusers: [{ name: a, access_keys: [{ access_key: AK-A, secret_key: SK-A }] }]";
    std::fs::write(&seed, text).unwrap();
    let running = Running::start(["--seed", seed.to_str().unwrap()]);
    for expected in [
        "export HUAWEICLOUD_SDK_AK='AK-A'".to_owned(),
        "export HUAWEICLOUD_SDK_SK='SK-A'".to_owned(),
        "export HUAWEICLOUD_SDK_PROJECT_ID='p1'".to_owned(),
        format!("export HUAWEICLOUD_SDK_IAM_ENDPOINT='{}'", running.url()),
        format!("export HUAWEICLOUD_SDK_REGION_MRS_CN_NORTH_4='{}'", running.url()),
        format!("export MRS_IAM_SYNC_IAM_ENDPOINT='{}'", running.url()),
    ] {
        assert!(running.lines.contains(&expected), "{expected}: {:?}", running.lines);
    }
}

#[test]
fn the_exported_project_is_that_of_the_exported_region() {
    let folder = tempfile::tempdir().unwrap();
    let seed = folder.path().join("seed.yaml");
    std::fs::write(&seed, "projects: [{ id: p1, name: cn-south-1 }, { id: p2, name: cn-north-4 }]").unwrap();
    let running = Running::start(["--seed", seed.to_str().unwrap()]);
    let expected = "export HUAWEICLOUD_SDK_PROJECT_ID='p2'";
    assert!(running.lines.iter().any(|line| line == expected), "{:?}", running.lines);
}

#[test]
fn a_temporary_key_is_exported_with_its_token() {
    let folder = tempfile::tempdir().unwrap();
    let seed = folder.path().join("seed.yaml");
    let key = "{ access_key: AK-T, secret_key: SK-T, security_token: TOKEN-T }";
    std::fs::write(&seed, format!("projects: [{{ id: p1 }}]\naccess_keys: [{key}]")).unwrap();
    let running = Running::start(["--seed", seed.to_str().unwrap()]);
    let place = |expected: &str| running.lines.iter().position(|line| line.contains(expected));
    let unset = place("unset MRS_IAM_SYNC_PROFILE ").unwrap();
    assert!(place("export HUAWEICLOUD_SDK_SECURITY_TOKEN='TOKEN-T'").unwrap() > unset, "{:?}", running.lines);
    assert!(place("export HUAWEICLOUD_SDK_AK='AK-T'").is_some());
}

#[test]
fn others_may_reach_it_when_that_is_said() {
    let mut running = Running::start(["--listen", "0.0.0.0:0", "--allow-remote", "--tls"]);
    assert!(running.url().starts_with("https://127.0.0.1:"), "{}", running.url());
    let mut warning = String::new();
    BufReader::new(running.child.stderr.take().unwrap()).read_line(&mut warning).unwrap();
    assert!(warning.starts_with("warning: others can reach it"), "{warning}");
}

#[test]
fn the_flags_reach_the_emulator() {
    let mut running = Running::start(["--without-status-operations", "--quota", "off", "--explain-auth"]);
    let status = cli(["status", "--cluster", CLUSTER]).at(running.url()).run();
    assert_ne!(status.code, 0, "{status}");
    let path = format!("/v2/{{project_id}}/clusters/{CLUSTER}/iam-sync-user");
    let refused = cli(["api", "GET", &path]).at(running.url()).env("HUAWEICLOUD_SDK_SK", "wrong").run();
    assert_eq!(refused.code, 4, "{refused}");
    running.child.kill().unwrap();
    let mut said = String::new();
    running.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("canonical_request"), "{said}");
}

#[test]
fn virtual_time_is_moved_over_http() {
    let running = Running::start(["--virtual-time", "--sync-duration", "1h"]);
    let on_cluster = |command| cli([command, "--cluster", CLUSTER, "-o", "json"]).at(running.url());
    assert_eq!(on_cluster("sync").args(["--user", "user1"]).run().code, 0);
    assert_eq!(on_cluster("status").run().json()["is_synchronizing"], true);
    let answer = post(running.url(), "/_emulator/clock", r#"{"advance_seconds":3600}"#);
    assert!(answer.contains(r#""ahead_seconds":3600.0"#), "{answer}");
    assert_eq!(on_cluster("status").run().json()["is_synchronizing"], false);
    let fixed = Running::start([]);
    let refused = post(fixed.url(), "/_emulator/clock", r#"{"advance_seconds":3600}"#);
    assert!(refused.starts_with("HTTP/1.1 400"), "{refused}");
}

#[test]
fn it_says_how_it_differs_from_the_real_service() {
    let run = cli(["emulator", "--differences"]).run();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    assert_eq!(run.stdout, mrs_iam_sync_emulator::differences());
    let both = cli(["emulator", "--differences", "--tls"]).run();
    assert_eq!(both.code, 2, "{both}");
}

fn post(url: &str, path: &str, body: &str) -> String {
    let addr = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(addr).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {addr}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
