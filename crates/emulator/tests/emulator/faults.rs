//! Faults on request: what the client sees, what the service has done, and what is told about it.

use std::io;
use std::time::Duration;

use mrs_iam_sync_emulator::{Clock, Emulator, Fault, FaultKind};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Draft, SECOND, SYNC, Stage, get, owned, path, post, sample_key};

const USER_1: &str = r#"{"user_names":["user1"]}"#;

/// What comes over the wire, part by part, and how it ends.
async fn raw(stage: &Stage, draft: Draft) -> (Vec<String>, io::Result<()>) {
    let draft = draft.sign(&sample_key(), stage.clock.now());
    let mut head = format!("{} {} HTTP/1.1\r\n", draft.method, draft.target);
    for (name, value) in &draft.headers {
        head += &format!("{name}: {}\r\n", String::from_utf8_lossy(value));
    }
    head += &format!("content-length: {}\r\nconnection: close\r\n\r\n", draft.body.len());
    let mut stream = TcpStream::connect(stage.emulator.addr()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&draft.body).await.unwrap();
    let (mut parts, mut buffer) = (Vec::new(), [0; 4096]);
    let end = loop {
        match tokio::time::timeout(Duration::from_millis(300), stream.read(&mut buffer)).await {
            Ok(Ok(0)) => break Ok(()),
            Ok(Ok(size)) => parts.push(String::from_utf8_lossy(&buffer[..size]).into_owned()),
            Ok(Err(error)) => break Err(error),
            Err(_) => break Err(io::ErrorKind::TimedOut.into()),
        }
    };
    (parts, end)
}

async fn stage_with(kind: FaultKind) -> Stage {
    Stage::with(Emulator::builder().inject(Fault::new(kind))).await
}

#[tokio::test]
async fn errors_take_the_place_of_the_service() {
    let kind = FaultKind::Status { status: 503, error_code: "APIGW.0613".into(), retry_after: Some(7) };
    let fault = Fault::new(kind).on("UpdateSyncIamUser").times(2);
    let stage = Stage::with(Emulator::builder().inject(fault)).await;
    assert_eq!(stage.signed(get(SYNC)).await.status, 200, "another operation");
    for draft in [post(USER_1).sign(&sample_key(), stage.clock.now()), post(USER_1)] {
        let answer = stage.send(draft).await;
        assert_eq!((answer.outcome(), answer.header("retry-after")), ((503, "APIGW.0613"), "7"));
        assert_eq!(answer.body["request_id"], *answer.header("x-request-id"));
    }
    assert_eq!(stage.emulator.faults()[0].consumed(), 2);
    let recorded = stage.emulator.requests();
    assert_eq!((recorded[0].fault, recorded[1].fault), (None, Some("status")));
    assert_eq!(recorded[1].error_code.as_deref(), Some("APIGW.0613"));
    assert_eq!(stage.post(USER_1).await.status, 202, "nothing was running");

    let kind = FaultKind::Status { status: 100, error_code: "x".into(), retry_after: None };
    stage.emulator.inject(Fault::new(kind.clone()));
    let answer = stage.signed(get(SYNC)).await;
    assert_eq!((answer.outcome(), answer.headers.get("retry-after")), ((500, "x"), None));
    stage.emulator.inject(Fault::new(kind).on("KeystoneListUsers"));
    assert_eq!(stage.signed(Draft::new("GET", "/v3/users")).await.body["error"]["code"], 500);
}

#[tokio::test]
async fn answers_are_spoilt_after_the_write_took_effect() {
    for (kind, head, body) in [
        (FaultKind::Truncate, "content-type: application/json\r\n", r#"{"state":"sy"#),
        (FaultKind::ContentType, "content-type: text/plain\r\n", r#"{"state":"synchronizing"}"#),
        (FaultKind::WrongType, "content-type: application/json\r\n", r#"{"state":0}"#),
    ] {
        let stage = stage_with(kind.clone()).await;
        let (parts, end) = raw(&stage, post(USER_1)).await;
        let text = parts.concat();
        assert!(end.is_ok() && text.starts_with("HTTP/1.1 202"), "{text}");
        assert!(text.contains(head) && text.ends_with(&format!("\r\n\r\n{body}")), "{text}");
        assert!(text.contains(&format!("content-length: {}\r\n", body.len())), "{text}");
        stage.clock.advance(2 * SECOND);
        assert_eq!(stage.on_manager().await.0, ["user1"], "{kind:?}");
    }
    let stage = stage_with(FaultKind::Html { status: 502 }).await;
    let (parts, _) = raw(&stage, post(USER_1)).await;
    let text = parts.concat();
    assert!(text.starts_with("HTTP/1.1 502") && text.contains("content-type: text/html\r\n"), "{text}");
    assert!(text.contains("<h1>502 Bad Gateway</h1>"), "{text}");
    let recorded = stage.emulator.requests().pop().unwrap();
    assert_eq!((recorded.status, recorded.error_code, recorded.fault), (502, None, Some("html")));
    assert_eq!(stage.post(USER_1).await.status, 202, "the service has not seen it");
}

#[tokio::test]
async fn connections_are_reset_before_and_within_the_answer() {
    let stage = stage_with(FaultKind::ResetBefore).await;
    let (parts, end) = raw(&stage, post(USER_1)).await;
    assert_eq!((parts.len(), end.unwrap_err().kind()), (0, io::ErrorKind::ConnectionReset));
    stage.clock.advance(2 * SECOND);
    assert_eq!(stage.on_manager().await.0, ["user1"]);

    let stage = stage_with(FaultKind::ResetWithin).await;
    let (parts, end) = raw(&stage, post(USER_1)).await;
    let text = parts.concat();
    assert!(text.contains("content-length: 25\r\n") && text.ends_with("\r\n\r\n{\"state\":\"sy"), "{text}");
    assert_eq!(end.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    let (parts, end) = raw(&stage, get(SYNC)).await;
    assert!(end.is_ok() && parts.concat().starts_with("HTTP/1.1 200"), "the next is sound");
}

#[tokio::test]
async fn a_stalled_answer_never_comes_and_holds_nobody_up() {
    let stage = stage_with(FaultKind::Stall).await;
    let (parts, end) = raw(&stage, post(USER_1)).await;
    assert_eq!((parts.len(), end.unwrap_err().kind()), (0, io::ErrorKind::TimedOut));
    assert_eq!(stage.post(USER_1).await.outcome(), (500, "12000154"), "it was accepted");
    stage.emulator.inject(Fault::new(FaultKind::Stall));
    let _waiting = TcpStream::connect(stage.emulator.addr()).await.unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(5), stage.emulator.shutdown()).await;
    assert!(stopped.is_ok());
}

#[tokio::test]
async fn a_dripping_answer_is_whole_in_the_end() {
    let stage = stage_with(FaultKind::Drip { every: Duration::from_millis(4) }).await;
    let (parts, end) = raw(&stage, post(USER_1)).await;
    assert!(end.is_ok());
    assert!(parts.concat().ends_with("\r\n\r\n{\"state\":\"synchronizing\"}"), "{parts:?}");
    assert!(parts.len() > 5, "{parts:?}");
}

#[tokio::test]
async fn a_partial_synchronization_loses_one_name() {
    let stage = stage_with(FaultKind::PartialSync).await;
    stage.finished(post(r#"{"user_names":["nobody"]}"#)).await;
    assert_eq!(stage.emulator.faults()[0].consumed(), 0, "nobody would have arrived");
    assert_eq!(stage.post("{}").await.status, 400);
    stage.finished(post(r#"{"user_names":["user2","user1"],"group_names":["groups1"]}"#)).await;
    assert_eq!(stage.on_manager().await, owned(&["user2"], &["groups1", "group1"]));
    assert_eq!(stage.emulator.faults()[0].consumed(), 1);
    let recorded = stage.emulator.requests();
    let faults: Vec<_> = recorded.iter().filter_map(|request| request.fault).collect();
    assert_eq!(faults, ["partial-sync"]);
    stage.finished(post(USER_1)).await;
    assert_eq!(stage.on_manager().await.0, ["user2", "user1"]);
    let stage = stage_with(FaultKind::PartialSync).await;
    stage.finished(post(r#"{"group_names":["groups1","group1"]}"#)).await;
    assert_eq!(stage.on_manager().await, owned(&[], &["groups1"]));
}

#[tokio::test]
async fn faults_are_injected_and_told_over_http() {
    let stage = stage_with(FaultKind::Truncate).await;
    let inject = |body: &str| Draft::new("POST", "/_emulator/faults").body(body.as_bytes().to_vec());
    let told = async || stage.send(Draft::new("GET", "/_emulator/faults")).await.body;
    let answer =
        stage.send(inject(r#"{"operation":"ListSyncStatus","kind":"html","status":504,"count":2}"#)).await;
    assert_eq!(answer.status, 200);
    let injected = json!({
        "operation": "ListSyncStatus", "kind": "html", "status": 504, "count": 2, "consumed": 0,
    });
    assert_eq!(answer.body, injected);
    let truncate = json!({ "operation": null, "kind": "truncate", "count": 1, "consumed": 0 });
    assert_eq!(told().await, json!({ "faults": [truncate, injected] }));
    let answer = stage.send(inject(r#"{"kind":"html","operation":"Nothing"}"#)).await;
    assert_eq!(answer.outcome(), (400, "12000002"));
    assert_eq!(answer.message(), "Invalid fault: operation: neither null nor an operationId.");

    let (parts, _) = raw(&stage, Draft::new("GET", &path("iam-sync"))).await;
    assert!(parts.concat().starts_with("HTTP/1.1 200"), "the oldest first");
    let (parts, _) = raw(&stage, Draft::new("GET", &path("iam-sync"))).await;
    assert!(parts.concat().starts_with("HTTP/1.1 504"));
    let consumed: Vec<_> = stage.emulator.faults().iter().map(Fault::consumed).collect();
    assert_eq!(consumed, [1, 1]);
    assert_eq!(told().await["faults"][1]["consumed"], 1);
    let requests = stage.send(Draft::new("GET", "/_emulator/requests")).await.body;
    assert_eq!(requests["requests"][1]["fault"], "html");
    stage.emulator.reset();
    assert_eq!(told().await, json!({ "faults": [truncate] }), "as at the start");
}
