//! Servers that answer as the documentation does not say: each operation, each fault.

use std::fmt::Write as _;
use std::time::Duration;

use mrs_iam_sync::{Cluster, Error, ErrorKind, Names};
use mrs_iam_sync_emulator::{Emulator, ManualClock};

use crate::support::{Scripted, VirtualTime, answer, cluster_at, json};

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

#[tokio::test]
async fn no_fault_is_taken_for_success() {
    let elsewhere = Scripted::new(|_, _| json(200, r#"{"is_synchronizing":false}"#));
    let to = elsewhere.base_url();
    let redirect = move |status| answer(status, &format!("location: {to}/v2/x\r\n"), "");
    let html = "content-type: text/html\r\n";
    let faults: Vec<(&str, Vec<u8>)> = vec![
        ("HTML 200", answer(200, html, "<html><body>Please log in</body></html>")),
        ("HTML 202", answer(202, html, "<html><body>Please log in</body></html>")),
        ("HTML 502", answer(502, html, "<html><h1>502 Bad Gateway</h1></html>")),
        (
            "JSON as text",
            answer(
                200,
                "content-type: text/plain\r\n",
                r#"{"state":"x","is_synchronizing":true,"is_synchronous":true,"user_names":[]}"#,
            ),
        ),
        ("nothing at all", Vec::new()),
        ("empty 200", json(200, "")),
        ("empty 202", json(202, "")),
        ("no content", answer(204, "", "")),
        ("truncated JSON", json(200, r#"{"user_names":["user1"#)),
        ("{} 200", json(200, "{}")),
        ("{} 202", json(202, "{}")),
        ("{} 400", json(400, "{}")),
        ("null", json(202, "null")),
        ("[] 202", json(202, r#"["synchronizing"]"#)),
        ("[] 200", json(200, "[false]")),
        ("[[]] 200", json(200, r#"[["user1"],["group1"]]"#)),
        (
            "too short",
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"state\""
                .to_vec(),
        ),
        ("not HTTP", b"220 smtp.example ESMTP\r\n".to_vec()),
        ("redirect 302", redirect(302)),
        ("redirect 307", redirect(307)),
        (
            "keystone 401",
            json(401, r#"{"error":{"message":"Authentication failed","code":401,"title":"Unauthorized"}}"#),
        ),
        (
            "gateway 429",
            answer(
                429,
                "content-type: application/json\r\nretry-after: 7\r\n",
                r#"{"error_code":"APIG.0308","error_msg":"The throttling threshold has been reached","request_id":"r-308"}"#,
            ),
        ),
        ("status unknown", json(418, r#"{"error_code":"MRS.9999","error_msg":"a teapot"}"#)),
        ("running under 400", json(400, r#"{"error_code":"12000154","error_msg":"already running"}"#)),
    ];
    let operations = [
        "UpdateSyncIamUser",
        "CancelSyncIamUser",
        "ShowSyncIamUser",
        "ListSyncStatus",
        "ListSyncRequirements",
    ];
    let mut report = String::new();
    for (fault, bytes) in faults {
        let mut seen: Vec<(String, Vec<&str>)> = Vec::new();
        for operation in operations {
            let bytes = bytes.clone();
            let server = Scripted::new(move |_, _| bytes.clone());
            let cluster = cluster_at(&server.base_url(), &VirtualTime::new());
            let line = match call(&cluster, operation).await {
                Ok(()) => "SUCCESS".to_owned(),
                Err(error) => shown(&error, &server.address.to_string()),
            };
            assert_eq!(server.requests().len(), 1, "{fault} {operation}");
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
    insta::assert_snapshot!(report.replace(&elsewhere.address.to_string(), "ELSEWHERE:PORT"));
}

#[tokio::test]
async fn a_closed_port_names_the_endpoint() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let error = call(&cluster_at(&format!("http://{port}"), &VirtualTime::new()), "ShowSyncIamUser").await;
    let error = error.expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

#[tokio::test]
async fn a_wrong_secret_key_is_told_apart_from_a_wrong_clock() {
    let emulator = Emulator::builder().access_key("EMULATEDACCESSKEY000", "another-secret");
    let time = VirtualTime::new();
    let emulator = emulator.clock(time.clock()).start().await.expect("an emulator");
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

#[tokio::test]
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

#[tokio::test]
async fn a_body_without_end_is_cut() {
    let long = format!(r#"{{"user_names":["{}"]}}"#, "x".repeat(20 * 1024 * 1024));
    let server = Scripted::new(move |_, _| json(200, &long));
    let error = call(&cluster_at(&server.base_url(), &VirtualTime::new()), "ShowSyncIamUser").await;
    let error = error.expect_err("too long");
    assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer);
    assert!(error.to_string().ends_with("answered 200 with a body of more than 16 MiB"), "{error}");
}
