//! `explorer`, as far as the command line goes; what it serves is tested beside it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::support::{Run, cli};

/// The first line on stdout: the address.
fn address(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    line.trim().to_owned()
}

fn get(url: &str) -> String {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[cfg(unix)]
#[test]
fn a_playground_until_a_signal() {
    for signal in ["-INT", "-TERM"] {
        let mut child = cli(["explorer", "--emulated"]).start();
        let url = address(&mut child);
        assert!(get(&url).starts_with("HTTP/1.1 303 "), "{url}");
        assert!(get(url.split('?').next().unwrap()).starts_with("HTTP/1.1 403 "), "{url}");
        let id = child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let run = Run::from(child.wait_with_output().unwrap());
        assert_eq!((run.code, run.stderr.lines().count()), (0, 2), "{run}");
        assert!(run.stderr.starts_with("Open this address in a browser"), "{run}");
        assert!(run.stderr.contains("\nEMULATED: nothing real was changed"), "{run}");
    }
}

#[cfg(unix)]
#[test]
fn without_credentials_it_shows_and_says_so() {
    let mut child = cli(["explorer"]).start();
    assert!(get(&address(&mut child)).starts_with("HTTP/1.1 303 "));
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    check!(Run::from(child.wait_with_output().unwrap()), @"
    exit: 0
    ----- stderr -----
    Open this address in a browser on this machine; Ctrl-C ends it.
    note: no credentials in environment or files: requests fail unless this ECS instance has an agency; set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK
    ");
}

#[cfg(unix)]
#[test]
fn no_secret_is_in_the_log() {
    use mrs_iam_sync_emulator::{SAMPLE_PROJECT_ID, SAMPLE_SECRET_KEY};

    let mut child = cli(["explorer", "--emulated", "-vv"]).start();
    let url = address(&mut child);
    let entered = get(&url);
    let cookie = entered.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let host = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let body = format!(
        r#"{{"operation_id": "ListSyncStatus", "values": {{"region": "cn-north-4",
            "project_id": "{SAMPLE_PROJECT_ID}", "cluster_id": "{}"}}}}"#,
        crate::support::CLUSTER
    );
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "POST /api/send HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\ncookie: {cookie}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("is_synchronizing"), "{answer}");
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let log = Run::from(child.wait_with_output().unwrap()).stderr;
    assert!(log.contains("ListSyncStatus"), "the log is on: {log}");
    for secret in [url.rsplit('=').next().unwrap(), cookie.rsplit('=').next().unwrap(), SAMPLE_SECRET_KEY] {
        assert!(secret.len() >= 40 && !log.contains(secret), "{log}");
    }
}

/// Nobody reads the address; it runs on, and says nothing more.
#[cfg(unix)]
#[test]
fn a_closed_stdout_is_no_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_mrs-iam-sync"));
    command.env_clear().args(["explorer", "--emulated", "--quiet"]);
    let mut child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    said.read_line(&mut line).unwrap();
    assert!(line.starts_with("EMULATED"), "{line}");
    assert!(child.try_wait().unwrap().is_none());
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    line.clear();
    said.read_to_string(&mut line).unwrap();
    assert_eq!(line, "");
}

#[test]
fn no_other_machine_reaches_it() {
    check!(cli(["explorer", "--emulated", "--listen", "0.0.0.0:0"]).run(), @"
    exit: 2
    ----- stderr -----
    error: the explorer listens on this machine only, not on 0.0.0.0:0: whoever reaches it signs with your key
    hint: from another machine use `ssh -L`; mrs-iam-sync explorer --help shows how
    ");
}

#[test]
fn an_address_in_use_is_told_with_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for command in [&["explorer", "--emulated"][..], &["emulator"]] {
        let run = cli(command.iter().copied()).args(["--listen", &address]).run();
        assert_eq!(run.code, 1, "{run}");
        assert!(
            run.stderr.starts_with(&format!("error: cannot listen on {address}\n  caused by: ")),
            "{run}"
        );
        let hint = "\nhint: another program listens there: --listen chooses, and port 0 is any free one\n";
        assert!(run.stderr.ends_with(hint), "{run}");
    }
}

#[test]
fn what_contradicts_is_refused_before_anything_starts() {
    check!(cli(["explorer", "--emulated", "--project-id", "p1"]).run(), @"
    exit: 2
    ----- stderr -----
    error: --project-id cannot be used together with --emulated
    hint: --emulated works on a sample world inside this program: leave one of them out
    ");
    let unknown = cli(["explorer", "--region", "cn-nroth-4"]).run();
    assert_eq!(unknown.code, 2, "{unknown}");
    assert!(unknown.stderr.contains("did you mean cn-north-4"), "{unknown}");
    let half = cli(["explorer"]).env("HUAWEICLOUD_SDK_AK", "AK").run();
    assert_eq!(half.code, 4, "{half}");
}
