//! Servers that answer as the documentation does not say: each operation, each fault.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::Duration;

use mrs_iam_sync::{Cluster, Credentials, Error, ErrorKind, Names};
use mrs_iam_sync_emulator::{Emulator, ManualClock};
use workspace_tests::CLUSTER_ID;

use crate::support::{Scripted, Step, Steps, VirtualTime, answer, builder, cluster_at, json};

/// Calls one of the five operations, without a wait.
async fn call(cluster: &Cluster, operation: &str) -> Result<(), Error> {
    let names = Names::builder().users(["user1", "user2"]).group("groups1").build().expect("names");
    match operation {
        "UpdateSyncIamUser" => cluster.sync(names).send().await.map(drop),
        "CancelSyncIamUser" => cluster.cancel(names).send().await.map(drop),
        "ShowSyncIamUser" => cluster.synchronized().await.map(drop),
        "ListSyncStatus" => cluster.is_synchronizing().await.map(drop),
        _ => cluster.is_synchronous().await.map(drop),
    }
}

/// What a person sees of an error.
fn shown(error: &Error, address: &str) -> String {
    let mut text = format!("{}: {error}", error.kind().as_str());
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let _ = write!(text, "\n    caused by: {cause}");
        source = cause.source();
    }
    if let Some(hint) = error.hint() {
        let _ = write!(text, "\n    hint: {hint}");
    }
    text.replace(address, "HOST:PORT")
}

/// A look whether a synchronization runs, which a write takes before it is repeated.
fn is_look(operation: &str, request: &str) -> bool {
    operation != "ListSyncStatus" && request.contains("/iam-sync HTTP")
}

/// Every fault, by its name.
fn faults(elsewhere: &str) -> Vec<(String, Steps)> {
    let html = "content-type: text/html\r\n";
    let typed = "content-type: application/json\r\n";
    let throttled = r#"{"error_code":"APIG.0308","error_msg":"The throttling threshold has been reached","request_id":"r-308"}"#;
    let complete = r#"{"state":"x","is_synchronizing":true,"is_synchronous":true,"user_names":[]}"#;
    let code = |code: &str| format!(r#"{{"error_code":"{code}","error_msg":"as asked for"}}"#);
    let steps = |steps: Vec<Step>| Steps(steps);
    let begun = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"state\""
        .to_vec();
    let mut faults: Vec<(&str, Steps)> = vec![
        ("429", answer(429, typed, throttled).into()),
        ("429, Retry-After: 7", answer(429, &format!("{typed}retry-after: 7\r\n"), throttled).into()),
        ("429, Retry-After: 3600", answer(429, &format!("{typed}retry-after: 3600\r\n"), throttled).into()),
        ("500", json(500, &code("12000004")).into()),
        ("502 HTML", answer(502, html, "<html><h1>502 Bad Gateway</h1></html>").into()),
        ("503", json(503, &code("APIGW.0613")).into()),
        (
            "503, Retry-After: 9",
            answer(503, &format!("{typed}retry-after: 9\r\n"), &code("APIGW.0613")).into(),
        ),
        ("504", json(504, &code("APIGW.0203")).into()),
        ("running under 400", json(400, &code("12000154")).into()),
        ("reset before the answer", steps(vec![Step::Reset])),
        ("reset within the answer", steps(vec![Step::Send(begun.clone()), Step::Rest(MOMENT), Step::Reset])),
        ("end before the answer", Vec::new().into()),
        ("too short for its Content-Length", begun.clone().into()),
        ("slow drip", steps(vec![Step::Drip(json(200, complete), Duration::from_secs(1))])),
        ("no answer", Steps::silence()),
        ("no end of the answer", steps(vec![Step::Send(begun), Step::Rest(Duration::from_secs(100_000))])),
        ("HTML 200", answer(200, html, "<html><body>Please log in</body></html>").into()),
        ("HTML 202", answer(202, html, "<html><body>Please log in</body></html>").into()),
        ("wrong content type 200", answer(200, "content-type: text/plain\r\n", complete).into()),
        ("wrong content type 202", answer(202, "content-type: text/plain\r\n", complete).into()),
        ("empty 200", json(200, "").into()),
        ("empty 202", json(202, "").into()),
        ("no content", answer(204, "", "").into()),
        ("truncated JSON 200", json(200, r#"{"user_names":["user1"#).into()),
        ("truncated JSON 202", json(202, r#"{"state":"synchro"#).into()),
        ("{} 200", json(200, "{}").into()),
        ("{} 202", json(202, "{}").into()),
        ("{} 400", json(400, "{}").into()),
        ("null", json(202, "null").into()),
        ("[] 202", json(202, r#"["synchronizing"]"#).into()),
        ("[] 200", json(200, "[false]").into()),
        ("[[]] 200", json(200, r#"[["user1"],["group1"]]"#).into()),
        ("64 MiB", json(200, &format!(r#"{{"user_names":["{}"]}}"#, "x".repeat(64 << 20))).into()),
        ("invalid UTF-8 200", invalid_utf8(200).into()),
        ("invalid UTF-8 202", invalid_utf8(202).into()),
        ("nested 100,000 deep 200", json(200, &format!(r#"{{"user_names":{}"#, "[".repeat(100_000))).into()),
        ("nested 100,000 deep 202", json(202, &format!(r#"{{"state":{}"#, "[".repeat(100_000))).into()),
        ("not HTTP", b"220 smtp.example ESMTP\r\n".to_vec().into()),
        (
            "keystone 401",
            json(401, r#"{"error":{"message":"Authentication failed","code":401,"title":"Unauthorized"}}"#)
                .into(),
        ),
        ("signature refused", json(401, &code("APIGW.0301")).into()),
        ("token expired", json(401, &code("APIGW.0307")).into()),
        ("forbidden", json(403, &code("APIGW.0302")).into()),
        ("status unknown", json(418, &code("MRS.9999")).into()),
    ];
    let mut named: Vec<_> = faults.drain(..).map(|(name, steps)| (name.to_owned(), steps)).collect();
    for status in [301, 302, 307, 308] {
        let location = format!("location: {elsewhere}/v2/x\r\n");
        named.push((format!("{status} to another host"), answer(status, &location, "").into()));
        named.push((format!("{status} to itself"), answer(status, "location: /v2/x\r\n", "").into()));
    }
    named
}

/// Long enough for what was sent before to arrive.
const MOMENT: Duration = Duration::from_millis(10);

fn invalid_utf8(status: u16) -> Vec<u8> {
    let body = b"{\"state\":\"\xff\xfe\",\"user_names\":[\"\xc3\x28\"],\"is_synchronizing\":\xff}";
    let head = format!(
        "HTTP/1.1 {status} S\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// What no error may hold.
const SECRETS: [&str; 2] = ["secret-key-that-nobody-sees", "security-token-that-nobody-sees"];

/// Each operation against each fault: what came of it, how many requests and looks it took, how long it lasted.
#[tokio::test(start_paused = true)]
async fn no_fault_is_taken_for_success() {
    let elsewhere = Scripted::new(|_, _| json(200, r#"{"is_synchronizing":false}"#));
    let operations = [
        "UpdateSyncIamUser",
        "CancelSyncIamUser",
        "ShowSyncIamUser",
        "ListSyncStatus",
        "ListSyncRequirements",
    ];
    let mut report = String::new();
    for (fault, steps) in faults(&elsewhere.base_url()) {
        let mut seen: Vec<(String, Vec<&str>)> = Vec::new();
        for operation in operations {
            let steps = steps.clone();
            let server = Scripted::new(move |_, request| match is_look(operation, request) {
                true => Steps::from(json(200, r#"{"is_synchronizing":false}"#)),
                false => steps.clone(),
            });
            let time = VirtualTime::new();
            let credentials =
                Credentials::temporary("AK", SECRETS[0], SECRETS[1]).expect("usable credentials");
            let client = builder(&server.base_url(), &time).credentials(credentials).build();
            let cluster = client.expect("a client").cluster(CLUSTER_ID).expect("a cluster");
            let came = match call(&cluster, operation).await {
                Ok(()) => "SUCCESS".to_owned(),
                Err(error) => {
                    let debug = format!("{error:?}");
                    assert!(SECRETS.iter().all(|secret| !debug.contains(secret)), "{debug}");
                    shown(&error, &server.address.to_string())
                }
            };
            let requests = server.requests();
            let looks = requests.iter().filter(|request| is_look(operation, request)).count();
            let seconds = time.passed().as_millis() as f64 / 1000.0;
            let count = format!("{} requests, {looks} looks, {seconds:.1} s", requests.len() - looks);
            let line = format!("[{count}] {came}");
            match seen.iter_mut().find(|(other, _)| *other == line) {
                Some((_, operations)) => operations.push(operation),
                None => seen.push((line, vec![operation])),
            }
        }
        let _ = writeln!(report, "{fault}");
        for (line, same) in seen {
            let who = if same.len() == operations.len() { "all".to_owned() } else { same.join(", ") };
            let _ = writeln!(report, "  {who}\n    {line}");
        }
    }
    assert!(!report.contains("SUCCESS"), "{report}");
    assert!(elsewhere.requests().is_empty(), "a redirect was followed");
    assert!(SECRETS.iter().all(|secret| !report.contains(secret)), "{report}");
    insta::assert_snapshot!(report.replace(&elsewhere.address.to_string(), "ELSEWHERE:PORT"));
}

#[tokio::test(start_paused = true)]
async fn a_write_answered_503_twice_succeeds_with_the_third() {
    let server = Scripted::new(|number, request| match (number, is_look("", request)) {
        (_, true) => json(200, r#"{"is_synchronizing":false}"#),
        (0 | 2, _) => json(503, "{}"),
        _ => json(202, r#"{"state":"synchronizing"}"#),
    });
    let time = VirtualTime::new();
    let cluster = cluster_at(&server.base_url(), &time);
    let names = Names::builder().user("user1").build().expect("names");
    let accepted = cluster.sync(names).send().await.expect("accepted").remove(0);
    assert_eq!((accepted.attempts, accepted.seconds), (3, 3.0));
    let lines =
        ["POST iam-sync-user", "GET iam-sync", "POST iam-sync-user", "GET iam-sync", "POST iam-sync-user"];
    assert_eq!(server.lines(), lines);
}

/// Each attempt is signed anew, since the time has gone on.
#[tokio::test(start_paused = true)]
async fn each_attempt_has_a_signature_of_its_own() {
    let server = Scripted::new(|_, _| json(503, "{}"));
    let cluster = cluster_at(&server.base_url(), &VirtualTime::new());
    cluster.synchronized().await.expect_err("unavailable");
    let header = |request: &String, name: &str| {
        let line = request.lines().find(|line| line.starts_with(name)).expect("a header");
        line.to_owned()
    };
    let sent = server.requests();
    let dates: HashSet<String> = sent.iter().map(|request| header(request, "x-sdk-date")).collect();
    let signatures: HashSet<String> = sent.iter().map(|request| header(request, "authorization")).collect();
    assert_eq!((sent.len(), dates.len(), signatures.len()), (3, 3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_short_deadline_holds_whatever_the_server_does() {
    let elsewhere = Scripted::new(|_, _| json(200, "{}"));
    for (fault, steps) in faults(&elsewhere.base_url()) {
        for operation in ["UpdateSyncIamUser", "ShowSyncIamUser"] {
            let steps = steps.clone();
            let server = Scripted::new(move |_, _| steps.clone());
            let time = VirtualTime::new();
            let builder = builder(&server.base_url(), &time).with_timeout(Duration::from_secs(4));
            let cluster = builder.build().expect("a client").cluster(CLUSTER_ID).expect("a cluster");
            call(&cluster, operation).await.expect_err("a fault");
            assert!(time.passed() <= Duration::from_secs(5), "{fault} {operation}: {:?}", time.passed());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_closed_port_names_the_endpoint() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let error = call(&cluster_at(&format!("http://{port}"), &VirtualTime::new()), "ShowSyncIamUser").await;
    let error = error.expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_key_is_told_apart_from_a_wrong_clock() {
    let emulator = Emulator::builder().access_key("EMULATEDACCESSKEY000", "another-secret");
    let time = VirtualTime::new();
    let emulator = emulator.clock(time.clone()).start().await.expect("an emulator");
    let error =
        call(&cluster_at(&emulator.base_url(), &time), "ListSyncStatus").await.expect_err("a wrong key");
    assert_eq!(
        (error.kind(), error.status(), error.error_code()),
        (ErrorKind::Authentication, Some(401), Some("APIGW.0301"))
    );
    assert!(error.hint().expect("a hint").starts_with("Check AK, SK"), "{error:?}");

    let clock = std::sync::Arc::new(ManualClock::default());
    let emulator = Emulator::builder().clock(clock.clone()).start().await.expect("an emulator");
    clock.advance(Duration::from_secs(20 * 60));
    let error =
        call(&cluster_at(&emulator.base_url(), &time), "ListSyncStatus").await.expect_err("a wrong clock");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Authentication, Some(401)));
    insta::assert_snapshot!(error.hint().expect("a hint"), @"this machine's clock is 20 minutes behind the server's (2026-01-02T03:04:05Z here, 2026-01-02T03:24:05Z there); signatures more than 15 minutes off are refused: set the clock");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_cluster_is_not_found_under_any_status() {
    let emulator = Emulator::builder().start().await.expect("an emulator");
    let client = mrs_iam_sync::Client::builder()
        .endpoint(emulator.base_url())
        .project_id(workspace_tests::PROJECT_ID)
        .credentials(crate::support::sample_credentials())
        .build()
        .expect("a client");
    let error =
        call(&client.cluster("other").expect("an id"), "ShowSyncIamUser").await.expect_err("no such cluster");
    assert_eq!(
        (error.kind(), error.status(), error.error_code()),
        (ErrorKind::NotFound, Some(400), Some("12000003"))
    );
}
