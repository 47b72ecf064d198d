//! `emulator` with a world of its own, and with state that outlives it.

use std::io::{BufRead as _, BufReader};
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
fn others_may_reach_it_when_that_is_said() {
    let running = Running::start(["--listen", "0.0.0.0:0", "--allow-remote"]);
    assert!(running.url().starts_with("http://127.0.0.1:"), "{}", running.url());
    let run = cli(["list", "--cluster", CLUSTER]).at(running.url()).run();
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn the_flags_reach_the_emulator() {
    let running = Running::start(["--without-status-operations", "--quota", "off", "--explain-auth"]);
    let status = cli(["status", "--cluster", CLUSTER]).at(running.url()).run();
    assert_ne!(status.code, 0, "{status}");
    let path = format!("/v2/{{project_id}}/clusters/{CLUSTER}/iam-sync-user");
    let refused = cli(["api", "GET", &path]).at(running.url()).env("HUAWEICLOUD_SDK_SK", "wrong").run();
    assert_eq!(refused.code, 4, "{refused}");
}
