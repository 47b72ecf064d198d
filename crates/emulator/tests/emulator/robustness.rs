//! Whatever arrives, it is answered as documented.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use mrs_iam_sync_contract::iam_sync_user::DOCUMENT;
use mrs_iam_sync_emulator::{Emulator, Quota};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Answer, Draft, SAMPLE, SYNC, Stage, get, sample_key};

fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("v2".to_owned()),
        Just("clusters".to_owned()),
        Just("iam-sync".to_owned()),
        Just("iam-sync-user".to_owned()),
        Just("is-synchronous".to_owned()),
        "(v1\\.1|cluster_infos|v3|auth|tokens|projects|users|groups)",
        Just(SAMPLE[0].to_owned()),
        Just(SAMPLE[1].to_owned()),
        "[!$&-.0-;=@-Z_a-z~%]{0,12}",
        "(%[0-9A-F]{2}){1,4}",
    ]
}

fn target() -> impl Strategy<Value = String> {
    let any = prop::collection::vec(segment(), 0..8).prop_map(|segments| format!("/{}", segments.join("/")));
    let known = ("(iam-sync-user|iam-sync|iam-sync/is-synchronous)", segment(), segment());
    let near = known.prop_map(|(end, project, cluster)| format!("/v2/{project}/clusters/{cluster}/{end}"));
    let found = prop_oneof![
        (segment(), segment())
            .prop_map(|(project, cluster)| format!("/v1.1/{project}/cluster_infos/{cluster}")),
        segment().prop_map(|user| format!("/v3/users/{user}/groups")),
        "/v3/(auth/tokens|projects|users|groups)",
        Just(format!("/v1.1/{}/cluster_infos", SAMPLE[0])),
    ];
    let exact = "(iam-sync-user|iam-sync|iam-sync/is-synchronous)"
        .prop_map(|end| format!("/v2/{}/clusters/{}/{end}", SAMPLE[0], SAMPLE[1]));
    let path = prop_oneof![1 => any, 1 => near, 1 => found, 3 => exact];
    (path, prop::option::weighted(0.2, "[!$&-.0-;=?-Z_a-z~%]{0,20}")).prop_map(|(path, query)| match query {
        Some(query) => format!("{path}?{query}"),
        None => path,
    })
}

/// JSON of the right form, nearly right, and anything.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let field = "\"(user_names|group_names|is_all_sync|x)\"";
    let value = prop_oneof![
        Just("true".to_owned()),
        Just("null".to_owned()),
        Just("1e999".to_owned()),
        r#"\[("(user1|user2|group1|\\ud800|[a-zé ]{0,70})"(,"[a-z]{0,3}"){0,3})?\]"#,
    ];
    let object = prop::collection::vec((field, value), 0..4).prop_map(|fields| {
        let fields: Vec<_> = fields.into_iter().map(|(field, value)| format!("{field}:{value}")).collect();
        format!("{{{}}}", fields.join(",")).into_bytes()
    });
    let valid =
        "(user|group)_names".prop_map(|field| format!(r#"{{"{field}":["user1","group1"]}}"#).into_bytes());
    prop_oneof![1 => valid, 2 => object, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

fn draft() -> impl Strategy<Value = (Draft, bool)> {
    let method = prop_oneof![4 => "(GET|POST|DELETE)", 1 => "(PUT|HEAD|OPTIONS|PATCH|TRACE|[A-Z]{1,8})"];
    let method = method.prop_filter("CONNECT has no path", |method| method != "CONNECT");
    let names =
        "(content-type|authorization|x-auth-token|x-security-token|x-sdk-date|x-sdk-content-sha256|x-a)";
    let value = prop_oneof![
        Just(b"application/json".to_vec()),
        Just(b"UNSIGNED-PAYLOAD".to_vec()),
        Just(b"SDK-HMAC-SHA256 Access=A, SignedHeaders=host;x-sdk-date, Signature=00".to_vec()),
        prop::collection::vec(prop_oneof![Just(9), 32..=126_u8, 128..=255_u8], 0..40),
    ];
    let headers = prop::collection::vec((names, value), 0..4);
    (method, target(), headers, body(), any::<bool>()).prop_map(|(method, target, headers, body, sign)| {
        let draft = Draft::new(&method, &target).body(body);
        (headers.into_iter().fold(draft, |draft, (name, value)| draft.header(&name, value)), sign)
    })
}

fn assert_as_documented(answer: &Answer, head: bool) {
    let status = answer.status.as_u16();
    answer.header("x-request-id");
    answer.header("date");
    if answer.headers.contains_key("x-iam-trace-id") {
        assert!(status < 300 || answer.body["error"]["code"] == status, "{answer:?}");
    } else if status >= 300 && !head {
        let row = DOCUMENT.error_code(answer.code()).unwrap_or_else(|| panic!("{answer:?}"));
        assert!(row.http.contains(&status), "{answer:?}");
        assert!(!answer.message().is_empty());
    }
    assert!(status < 500 || answer.code() == "12000154", "{answer:?}");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn any_request_is_answered_and_the_connection_stays() {
    let runtime = runtime();
    // Off: most of the requests would get no further than the quota.
    let builder = Emulator::builder().sync_duration(std::time::Duration::from_secs(1)).quota(Quota::Off);
    let stage = runtime.block_on(Stage::with(builder));
    let sender = tokio::sync::Mutex::new(runtime.block_on(connect(stage.emulator.addr())));
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(1500) });
    let at = mrs_iam_sync_emulator::Clock::now(&*stage.clock);
    runner
        .run(&draft(), |(draft, sign)| {
            // Every other request is signed, so that it gets as far as MRS.
            let unsignable =
                ["authorization", "x-auth-token", "x-security-token", "x-sdk-date", "x-sdk-content-sha256"];
            let draft = if sign {
                let plain = unsignable.iter().fold(draft, |draft, name| draft.without(name));
                let plain = plain.set("x-a", "").set("content-type", "application/json");
                plain.sign(&sample_key(), at)
            } else {
                draft
            };
            let head = draft.method == "HEAD";
            runtime.block_on(async {
                let mut sender = sender.lock().await;
                let answer = draft.send_over(&mut sender).await;
                assert_as_documented(&answer, head);
                sender.ready().await.unwrap();
            });
            stage.clock.advance(std::time::Duration::from_millis(10));
            Ok(())
        })
        .unwrap();
    let answered = stage.emulator.requests();
    for status in [202, 400, 401, 404, 500] {
        assert!(answered.iter().any(|request| request.status == status), "no answer with {status}");
    }
}

async fn connect(addr: SocketAddr) -> http1::SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(addr).await.unwrap();
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

#[test]
fn bytes_that_are_no_http_break_nothing() {
    let runtime = runtime();
    let stage = runtime.block_on(Stage::new());
    let start = prop::sample::select(vec!["", "GET ", "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nX"]);
    let strategy = (start, prop::collection::vec(any::<u8>(), 0..300));
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(300) });
    runner
        .run(&strategy, |(start, bytes)| {
            runtime.block_on(async {
                let mut stream = TcpStream::connect(stage.emulator.addr()).await.unwrap();
                let _ = stream.write_all(&[start.as_bytes(), &bytes, b"\r\n\r\n"].concat()).await;
                let _ = stream.shutdown().await;
                let mut answer = Vec::new();
                let _ = stream.read_to_end(&mut answer).await;
                let text = String::from_utf8_lossy(&answer);
                assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{text}");
            });
            Ok(())
        })
        .unwrap();
    runtime.block_on(async { assert_eq!(stage.signed(get(SYNC)).await.status, 200) });
}

#[tokio::test]
async fn nothing_of_its_own_happens_by_half_a_request() {
    let stage = Stage::new().await;
    stage.emulator.change_world(|world| world.add_user("user3"));
    let mut stream = TcpStream::connect(stage.emulator.addr()).await.unwrap();
    let head =
        "POST /_emulator/reset HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\n{}";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(stage.emulator.world().users().count(), 3);
}
