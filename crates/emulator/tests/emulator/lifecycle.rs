//! Starting, stopping, several at once, and what can be seen from outside.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use mrs_iam_sync_emulator::{Emulator, ManualClock, SAMPLE_CLUSTER_ID, SAMPLE_PROJECT_ID, StartError};
use sdk_hmac_sha256::Credentials;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Draft, SYNC, Stage, get, owned, post};

const USER_1: &str = r#"{"user_names":["user1"]}"#;

#[tokio::test]
async fn only_loopback_addresses() {
    for addr in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"] {
        let addr: SocketAddr = addr.parse().unwrap();
        let error = Emulator::builder().listen(addr).start().await.unwrap_err();
        assert!(matches!(error, StartError::NotLoopback { addr: refused } if refused == addr), "{error:?}");
    }
    let emulator = Emulator::builder().listen("127.0.0.1:0".parse().unwrap()).start().await.unwrap();
    assert_eq!(emulator.base_url(), format!("http://127.0.0.1:{}", emulator.addr().port()));
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_at_the_start() {
    let taken = Emulator::builder().start().await.unwrap();
    let error = Emulator::builder().listen(taken.addr()).start().await.unwrap_err();
    assert!(matches!(error, StartError::Listen { .. }) && std::error::Error::source(&error).is_some());
    for builder in [
        Emulator::builder().access_key("A B", "secret-1"),
        Emulator::builder().access_key("A", "secret-1 "),
        Emulator::builder().temporary_key("A", "secret-1", "secret-2 "),
    ] {
        let error = builder.start().await.unwrap_err();
        assert!(matches!(error, StartError::Credentials(_)), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("secret-"), "{error:?}");
    }
    let error = Emulator::builder().token("a b").start().await.unwrap_err();
    assert!(matches!(error, StartError::Token));
}

#[tokio::test]
async fn shutdown_frees_the_port() {
    let stage = Stage::new().await;
    let addr = stage.emulator.addr();
    assert_eq!(stage.signed(get(SYNC)).await.status, 200);
    // One connection that waits for its next request, one in the middle of a request.
    let stream = TcpStream::connect(addr).await.unwrap();
    let (mut idle, connection) = http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    assert_eq!(get(SYNC).send_over(&mut idle).await.status, 401);
    let mut half = TcpStream::connect(addr).await.unwrap();
    half.write_all(b"GET / HTTP/1.1\r\nHost: ").await.unwrap();
    stage.emulator.shutdown().await;
    assert_eq!(half.read(&mut [0; 16]).await.unwrap_or(0), 0, "cut");
    assert!(TcpStream::connect(addr).await.is_err());
    TcpListener::bind(addr).await.unwrap();
}

#[tokio::test]
async fn dropping_stops_it() {
    let emulator = Emulator::builder().start().await.unwrap();
    let addr = emulator.addr();
    let mut open = TcpStream::connect(addr).await.unwrap();
    drop(emulator);
    assert_eq!(open.read(&mut [0; 16]).await.unwrap_or(0), 0, "closed with it");
    assert!(TcpStream::connect(addr).await.is_err());
}

#[test]
fn it_outlives_no_runtime() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let emulator = first.block_on(Emulator::builder().start()).unwrap();
    drop(first);
    drop(emulator);
    runtime().block_on(async {
        assert_eq!(Stage::new().await.signed(get(SYNC)).await.status, 200);
    });
}

#[tokio::test]
async fn several_share_nothing() {
    let first = Stage::new().await;
    let second = Stage::with(Emulator::builder().access_key("OTHER", "other")).await;
    assert_ne!(first.emulator.addr(), second.emulator.addr());
    first.finished(post(USER_1)).await;
    assert_eq!(second.signed(get(SYNC)).await.status, 401, "the first one's key");
    let other = Credentials::new("OTHER", "other").unwrap();
    let at = mrs_iam_sync_emulator::Clock::now(&*second.clock);
    let answer = second.send(get(SYNC).sign(&other, at)).await;
    assert_eq!(answer.body, json!({ "user_names": [], "group_names": [] }));
    assert_eq!((first.emulator.requests().len(), second.emulator.requests().len()), (1, 2));
}

#[tokio::test]
async fn requests_over_one_connection() {
    let stage = Stage::new().await;
    let stream = TcpStream::connect(stage.emulator.addr()).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    for draft in [get(SYNC), get("x"), post("{").body(vec![b' '; 13 << 20]), post("{"), get(SYNC)] {
        let status = draft.send_over(&mut sender).await.status;
        assert!(status.is_client_error(), "{status}");
        sender.ready().await.unwrap();
    }
    assert_eq!(stage.emulator.requests().len(), 5);
}

#[tokio::test]
async fn no_secret_is_shown() {
    let builder = Emulator::builder()
        .temporary_key("AK-SHOWN", "secret-sk", "secret-security-token")
        .token("secret-token");
    let debug = format!("{builder:?}");
    assert!(debug.contains("AK-SHOWN") && !debug.contains("secret-"), "{debug}");
    let stage = Stage::with(builder).await;
    let key = Credentials::new("AK-SHOWN", "secret-sk")
        .unwrap()
        .with_security_token("secret-security-token")
        .unwrap();
    let draft = get(SYNC).sign(&key, mrs_iam_sync_emulator::Clock::now(&*stage.clock));
    let authorization = draft.headers.iter().find(|(name, _)| name == "authorization").unwrap().1.clone();
    let signature = String::from_utf8(authorization).unwrap().split("Signature=").nth(1).unwrap().to_owned();
    assert_eq!(stage.send(draft.clone()).await.status, 200);
    assert_eq!(stage.send(draft.set("host", "elsewhere")).await.status, 401);
    assert_eq!(stage.send(get(SYNC).header("x-auth-token", "secret-token")).await.status, 200);
    assert_eq!(stage.send(get(SYNC).header("authorization", "Basic secret-basic")).await.status, 401);

    let own = stage.send(Draft::new("GET", "/_emulator/requests")).await.body;
    assert_eq!(own["requests"].as_array().unwrap().len(), 4);
    let recorded = stage.emulator.requests();
    for text in [own.to_string(), format!("{recorded:?}"), format!("{:?}", stage.emulator)] {
        assert!(!text.contains("secret-") && !text.contains(&signature), "{text}");
    }
    assert_eq!(recorded[0].header("x-security-token"), Some("***"));
    assert_eq!(recorded[2].header("X-Auth-Token"), Some("***"));
    assert_eq!(recorded[3].header("authorization"), Some("***"));
    assert_eq!(recorded[0].header("x-sdk-date"), Some("20260102T030405Z"));
}

#[tokio::test]
async fn what_is_recorded() {
    let stage = Stage::new().await;
    stage.finished(post(USER_1)).await;
    stage.post("{}").await;
    stage.send(Draft::new("PATCH", "/v9/x%20y?z=1")).await;
    let recorded = stage.emulator.requests();
    let shown: Vec<_> = recorded
        .iter()
        .map(|request| {
            let path = request.path.rsplit('/').next().unwrap();
            (
                request.number,
                request.method.as_str(),
                path,
                request.operation,
                request.status,
                request.error_code.as_deref(),
            )
        })
        .collect();
    let operation = Some("UpdateSyncIamUser");
    assert_eq!(
        shown,
        [
            (1, "POST", "iam-sync-user", operation, 202, None),
            (2, "POST", "iam-sync-user", operation, 400, Some("12000002")),
            (3, "PATCH", "x%20y?z=1", None, 404, Some("APIGW.0101")),
        ]
    );
    assert_eq!(recorded[0].body, USER_1);
}

#[tokio::test]
async fn its_own_paths_need_no_credentials() {
    let stage = Stage::new().await;
    let health = stage.send(Draft::new("GET", "/_emulator/health")).await;
    assert_eq!((health.status.as_u16(), &health.body["status"]), (200, &json!("ok")));
    stage.finished(post(USER_1)).await;
    let manager = stage.send(Draft::new("GET", "/_emulator/manager")).await.body;
    let roles = [
        "Manager_administrator",
        "Manager_auditor",
        "Manager_operator",
        "Manager_tenant",
        "Manager_viewer",
        "System_administrator",
        "default",
        "launcher-job",
    ];
    let cluster = json!({
        "project_id": "ff8080828997cb24018a1b2db3440b80",
        "cluster_id": "f7f45c04-4303-411c-9b71-d2cb730dd162",
        "is_synchronizing": false,
        "user_names": ["user1"],
        "group_names": ["group1"],
        "users": [{ "name": "user1", "roles": roles }],
        "groups": [{ "name": "group1", "roles": roles }],
    });
    assert_eq!(manager, json!({ "clusters": [cluster] }));
    stage.emulator.change_world(|world| world.add_cluster(SAMPLE_PROJECT_ID, "other"));
    let one =
        async |id: &str| stage.send(Draft::new("GET", &format!("/_emulator/manager?cluster_id={id}"))).await;
    assert_eq!(one(SAMPLE_CLUSTER_ID).await.body, manager);
    assert_eq!(one("other").await.body["clusters"][0]["users"], json!([]));
    assert_eq!(one("none").await.outcome(), (400, "12000003"));
    stage.emulator.change_world(|world| world.add_user("user3"));
    assert_eq!(stage.send(Draft::new("POST", "/_emulator/reset")).await.status, 200);
    assert_eq!(stage.emulator.requests().len(), 0);
    assert_eq!(stage.emulator.world().users().collect::<Vec<_>>(), ["user1", "user2"]);
    assert_eq!(stage.on_manager().await, owned(&[], &[]));
}

#[tokio::test]
async fn a_panic_while_the_world_is_changed_stops_nothing() {
    let stage = Stage::with(Emulator::builder()).await;
    let emulator = Arc::new(stage.emulator);
    let copy = emulator.clone();
    let change = std::thread::spawn(move || copy.change_world(|_| panic!("on purpose")));
    assert!(change.join().is_err());
    assert_eq!(get(SYNC).send(emulator.addr()).await.status, 401);
    assert_eq!(emulator.world().clusters().count(), 1);
    let _: Arc<ManualClock> = stage.clock;
}
