//! Signals, and readers that go away.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mrs_iam_sync_emulator::Emulator;

use crate::support::{CLUSTER, Run, Service, answering, cli};

pub(crate) fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
}

/// Starts a wait that never ends, interrupts it once the service was looked at after acceptance.
fn interrupted(signal: &str, format: &str) -> Run {
    let service = Service::with(Emulator::builder().sync_duration(Duration::from_secs(3600)));
    let mut child = service.on_cluster(["sync", "--user", "user1", "--wait", "-o", format]).start();
    while !service.calls().iter().any(|call| call.starts_with("ListSyncStatus")) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was interrupted");
        std::thread::sleep(Duration::from_millis(10));
    }
    send(signal, &child);
    Run::from(child.wait_with_output().unwrap())
}

#[test]
fn sigint_says_that_the_request_goes_on() {
    check!(interrupted("-INT", "table"), @"
    exit: 130
    ----- stderr -----
    error: interrupted; the service had accepted the request, which goes on there
    hint: follow it with `mrs-iam-sync status` and `mrs-iam-sync list`
    ");
}

#[test]
fn sigterm_says_so_to_programs() {
    check!(interrupted("-TERM", "json"), @r#"
    exit: 143
    ----- stderr -----
    {"error":{"kind":"interrupted","status":null,"error_code":null,"error_msg":"interrupted; the service had accepted the request, which goes on there","request_id":"[ID]","hint":"follow it with `mrs-iam-sync status` and `mrs-iam-sync list`","accepted":true}}
    "#);
}

/// Killed between the request and the look at its result, with no chance to say or keep anything.
#[cfg(unix)]
#[test]
fn a_second_run_finishes_what_a_killed_one_began() {
    let service = Service::start();
    let names = ["sync", "--user", "user1", "--wait", "-o", "json"];
    let mut child = service.on_cluster(names).start();
    while !service.calls().iter().any(|call| call.starts_with("ListSyncStatus")) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was killed");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    std::thread::sleep(Duration::from_millis(1700));
    let again = service.on_cluster(names).args(["--user", "user2", "--if-missing"]).run();
    assert_eq!(again.code, 0, "{again}");
    let result = again.json();
    assert_eq!(result["already_present"]["users"], serde_json::json!(["user1"]), "{again}");
    assert_eq!(result["arrived"]["users"], serde_json::json!(["user2"]), "{again}");
    let writes = service.emulator.requests();
    let last = writes.iter().rfind(|request| request.method == "POST").unwrap();
    assert_eq!(last.body, r#"{"is_all_sync":false,"user_names":["user2"]}"#, "only what is missing");
}

#[test]
fn a_read_has_changed_nothing() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let child = cli(["list", "--cluster", CLUSTER]).at(&endpoint).start();
    let _connection = listener.accept().unwrap();
    send("-INT", &child);
    check!(Run::from(child.wait_with_output().unwrap()), @"
    exit: 130
    ----- stderr -----
    error: interrupted; nothing was changed
    ");
}

#[test]
fn a_write_without_an_answer_is_uncertain() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let child = cli(["sync", "--cluster", CLUSTER, "--user", "user1"]).at(&endpoint).start();
    let _connection = listener.accept().unwrap();
    send("-TERM", &child);
    check!(Run::from(child.wait_with_output().unwrap()), @"
    exit: 143
    ----- stderr -----
    error: interrupted; whether the service has accepted the request is not known
    hint: look with `mrs-iam-sync status` and `mrs-iam-sync list` before sending it again
    ");
}

#[test]
fn a_reader_that_has_seen_enough() {
    let big = format!(r#"{{"user_names":["{}"],"group_names":[]}}"#, "u".repeat(1_000_000));
    let endpoint = answering(crate::support::http("200 OK", "content-type: application/json\r\n", &big));
    for command in
        [&["schema", "sync"][..], &["completion", "bash"], &["--help"], &["list", "--cluster", CLUSTER]]
    {
        let mut command = {
            let mut made = Command::new(env!("CARGO_BIN_EXE_mrs-iam-sync"));
            made.env_clear().args(command);
            made.env("HUAWEICLOUD_SDK_AK", "AK").env("HUAWEICLOUD_SDK_SK", "SK");
            made.env("HUAWEICLOUD_SDK_PROJECT_ID", "p1").env("MRS_IAM_SYNC_ENDPOINT", &endpoint);
            made
        };
        // The reading end is closed before anything is written.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command.stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{output:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_mrs-iam-sync")).arg("schema").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stderr.starts_with(b"error: the result cannot be written to stdout"), "{output:?}");
}
