//! The explorer on an emulator: what it refuses, what it forwards, and what nobody gets to see.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use mrs_iam_sync::{Credentials, Names};
use mrs_iam_sync_emulator::{SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY};
use mrs_iam_sync_explorer::{Explorer, StartError};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{
    CLUSTER, PROJECT, Page, SECURITY_TOKEN, TOKEN, client, echo, emulated, emulated_with, exchange, values,
    with,
};

#[tokio::test]
async fn the_address_lets_in_and_nothing_else_does() {
    let page = emulated().await.page;
    let (addr, url) = (page.addr(), page.explorer.url().to_owned());
    let token = url.rsplit('=').next().unwrap();
    assert!(token.len() == 64 && !page.cookie.contains(token), "the cookie is another secret");
    assert!(!format!("{:?}", page.explorer).contains(token));
    let host = format!("host: {addr}\r\n");
    let entered = exchange(addr, &format!("GET /?token={token} HTTP/1.1\r\n{host}"), b"").await;
    let cookie = entered.header("set-cookie").unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
    for path in ["/", "/api/context", "/assets/main.js", "/nothing"] {
        let refused = exchange(addr, &format!("GET {path} HTTP/1.1\r\n{host}"), b"").await;
        assert_eq!(refused.status, 403, "{path}");
        assert!(refused.text().contains("mrs-iam-sync explorer"), "it says what to do: {}", refused.text());
        assert_eq!(page.get(path).await.status, if path == "/nothing" { 404 } else { 200 }, "{path}");
    }
    let wrong = format!("{}{}", &token[..63], if token.ends_with('0') { '1' } else { '0' });
    for given in [wrong.as_str(), "", &token[..63]] {
        let refused = exchange(addr, &format!("GET /?token={given} HTTP/1.1\r\n{host}"), b"").await;
        assert_eq!((refused.status, refused.header("set-cookie")), (403, None), "{given}");
    }
    let other = page.cookie.replace(&addr.port().to_string(), "1");
    for cookie in [&other, &page.cookie[..page.cookie.len() - 1], "", "mrs_iam_sync_explorer"] {
        let head = format!("GET / HTTP/1.1\r\n{host}cookie: {cookie}\r\n");
        assert_eq!(exchange(addr, &head, b"").await.status, 403, "{cookie}");
    }
}

/// Each with everything else right, so that it is this that is refused.
#[tokio::test]
async fn whoever_else_asks_is_refused_and_nothing_is_forwarded() {
    let setting = emulated().await;
    let page = &setting.page;
    let addr = page.addr().to_string();
    let order = json!({"operation_id": "UpdateSyncIamUser", "values": with("user_names", json!(["user1"])),
                       "confirmed": true})
    .to_string();
    let head = page.head("POST", "/api/send");
    let cases = [
        ("a foreign host", head.replace(&format!("host: {addr}"), "host: evil.example"), 421),
        ("another port", head.replace(&format!("host: {addr}"), "host: 127.0.0.1:1"), 421),
        ("two hosts", format!("{head}host: {addr}\r\n"), 421),
        ("as to a proxy", head.replace("/api/send", &format!("http://{addr}/api/send")), 421),
        ("a foreign origin", head.replace("origin: http://", "origin: http://evil."), 403),
        ("no origin", head.replace(&format!("origin: http://{addr}\r\n"), ""), 403),
        ("a hidden origin", head.replace(&format!("origin: http://{addr}"), "origin: null"), 403),
        ("another site", head.replace("same-origin", "cross-site"), 403),
        ("another port of this site", head.replace("same-origin", "same-site"), 403),
        ("typed", head.replace("same-origin", "none"), 403),
        ("no cookie", head.replace("cookie:", "x:"), 403),
        ("a form", head.replace("application/json", "text/plain"), 415),
        ("another method", head.replace("POST", "PUT"), 405),
        ("a GET", page.head("GET", "/api/send"), 405),
    ];
    for (what, head, status) in cases {
        let refused = exchange(page.addr(), &head, order.as_bytes()).await;
        assert_eq!(refused.status, status, "{what}: {}", refused.text());
        assert!(refused.json()["error"]["message"].is_string(), "{what}");
    }
    assert!(setting.emulator.requests().is_empty());
    // The same without a fault does it.
    assert_eq!(exchange(page.addr(), &head, order.as_bytes()).await.status, 200);
    assert_eq!(setting.emulator.requests().len(), 1);
}

#[tokio::test]
async fn there_are_no_other_paths() {
    let setting = emulated().await;
    let page = &setting.page;
    let iam = format!("/v2/{PROJECT}/clusters/{CLUSTER}/iam-sync");
    for path in [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/send/",
        "/api/send/../projects",
        "//api/send",
        "/api//send",
        "/api/%73end",
        "/api/%2e%2e/send",
        "/../api/send",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/assets/../main.js",
        "/assets/%2e%2e%2fmain.js",
        "/assets/..%5cmain.js",
        "/assets/",
        "/assets/main.js/",
        "/assets/none.js",
        "/assets/%ff",
        "/v3/projects",
        iam.as_str(),
    ] {
        for method in ["GET", "POST"] {
            let refused = exchange(page.addr(), &page.head(method, path), b"{}").await;
            assert!(matches!(refused.status, 404 | 405), "{method} {path}: {}", refused.status);
            let is_page = refused.header("content-type") == Some("text/html; charset=utf-8");
            assert!(is_page || refused.json()["error"]["code"].is_string(), "{method} {path}");
        }
    }
    assert!(setting.emulator.requests().is_empty());
}

#[tokio::test]
async fn what_breaks_a_rule_is_not_forwarded() {
    let setting = emulated().await;
    let page = &setting.page;
    let order = |operation: &str, values: Value| json!({"operation_id": operation, "values": values, "confirmed": true});
    let sync = |values| order("UpdateSyncIamUser", values);
    let read = |values| order("ListSyncStatus", values);
    let many: Vec<String> = (0..1001).map(|number| format!("u{number}")).collect();
    let mut more = read(values());
    more["path"] = "/v3/users".into();
    let cases = [
        ("operation_id", order("ListClusters", values())),
        ("operation_id", order("KeystoneListUsers", values())),
        ("operation_id", order("../../v3/users", values())),
        ("operation_id", order("", values())),
        ("", more),
        ("", read(with("endpoint", "http://evil.example"))),
        ("", read(json!({}))),
        ("", read(with("user_names", "user1"))),
        ("", json!([])),
        ("region", read(with("region", "evil.example/"))),
        ("project_id", read(with("project_id", "p\r\nX-Evil: 1"))),
        ("project_id", read(with("project_id", ".."))),
        ("cluster_id", read(with("cluster_id", "c\r\nX-Evil: 1"))),
        ("cluster_id", read(with("cluster_id", "../../../v3/users"))),
        ("cluster_id", read(with("cluster_id", "%2e%2e%2f"))),
        ("cluster_id", read(with("cluster_id", "c?limit=1"))),
        ("cluster_id", read(with("cluster_id", ""))),
        ("user_names", read(with("user_names", json!(["user1"])))),
        ("user_names", sync(values())),
        ("user_names", sync(with("user_names", json!(["a\r\nX-Evil: 1"])))),
        ("group_names", sync(with("group_names", json!(["a\u{0}b"])))),
        ("user_names", sync(with("user_names", json!(["x".repeat(65)])))),
        ("user_names", sync(with("user_names", json!(["a", "a"])))),
        ("user_names", sync(with("user_names", many))),
        ("is_all_sync", order("CancelSyncIamUser", with("everything", true))),
        ("confirmed", json!({"operation_id": "UpdateSyncIamUser", "values": with("everything", true)})),
    ];
    for (field, body) in cases {
        let refused = page.post("/api/send", &body).await;
        let shown = refused.json();
        assert_eq!(refused.status, 400, "{body}: {shown}");
        assert_eq!(shown["error"]["field"].as_str().unwrap_or_default(), field, "{body}: {shown}");
    }
    for (path, body) in [
        ("/api/projects", json!({"region": "evil.example/"})),
        ("/api/projects", json!({"region": "cn-north-4", "name": "x"})),
        ("/api/members", json!({"region": ""})),
        ("/api/clusters", json!({"region": "cn-north-4", "project_id": "../x"})),
        ("/api/clusters", json!({"region": "cn-north-4"})),
        ("/api/preview", json!({"operation_id": "ListSyncStatus", "values": with("cluster_id", "a/b")})),
        ("/api/sample", json!({"language": "cobol", "operation_id": "ListSyncStatus", "values": values()})),
        ("/api/archive", json!({"language": "go", "operation_id": "X", "values": values()})),
    ] {
        assert_eq!(page.post(path, &body).await.status, 400, "{path} {body}");
    }
    for broken in [&b""[..], b"{", b"\xff", b"operation_id=ListSyncStatus"] {
        assert_eq!(page.post_bytes("/api/send", broken).await.status, 400);
    }
    assert!(setting.emulator.requests().is_empty());
}

#[tokio::test]
async fn a_body_without_end_is_refused() {
    let setting = emulated().await;
    let endless = vec![b' '; 100 * 1024 * 1024];
    let refused = setting.page.post_bytes("/api/send", &endless).await;
    assert_eq!((refused.status, refused.json()["error"]["code"].as_str()), (413, Some("too_large")));
    // As many names as a request takes, of full length, are not too large.
    let names = |letter: char| -> Vec<String> {
        (0..1000).map(|number| format!("{number:04}{}", letter.to_string().repeat(60))).collect()
    };
    let mut values = with("user_names", names('😀'));
    values["group_names"] = names('😁').into();
    let sent = setting.page.send("UpdateSyncIamUser", values).await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    assert_eq!(setting.emulator.requests().len(), 1);
}

#[tokio::test]
async fn five_operations_and_what_finds_their_values() {
    let setting = emulated_with(|builder| builder.sync_polls(1)).await;
    let page = &setting.page;
    let context = page.get("/api/context").await.json();
    let operations = context["operations"].as_array().unwrap();
    assert_eq!(operations.len(), 5);
    assert_eq!((&context["emulated"], &context["region"]), (&json!(true), &json!("cn-north-4")));
    assert!(context["regions"].as_array().unwrap().contains(&json!("eu-west-101")));

    let region = json!({"region": "cn-north-4"});
    let projects = page.post("/api/projects", &region).await.json();
    assert_eq!(projects["projects"][0]["id"], PROJECT);
    let in_project = json!({"region": "cn-north-4", "project_id": PROJECT});
    let clusters = page.post("/api/clusters", &in_project).await.json();
    assert_eq!(clusters["clusters"][0]["id"], CLUSTER);
    let members = page.post("/api/members", &region).await.json();
    assert_eq!(members["user_names"], json!(["user1", "user2"]));
    assert_eq!(members["group_names"], json!(["group1", "groups1"]));

    let mut named = with("user_names", json!(["user1"]));
    named["group_names"] = json!(["groups1"]);
    let accepted = page.send("UpdateSyncIamUser", named.clone()).await.json();
    assert_eq!(
        (&accepted["status"], &accepted["reason"], &accepted["success"]),
        (&json!(202), &json!("Accepted"), &json!(true)),
        "{accepted:#}"
    );
    assert_eq!(accepted["body"], r#"{"state":"synchronizing"}"#);
    assert!(accepted["duration_ms"].as_f64().is_some_and(|duration| duration > 0.0));
    assert_eq!(accepted["explanation"], Value::Null);
    let last = setting.emulator.requests().pop().unwrap();
    assert_eq!(accepted["request_id"].as_str(), Some(last.request_id.as_str()));
    assert_eq!(last.body, r#"{"is_all_sync":false,"group_names":["groups1"],"user_names":["user1"]}"#);
    let status = page.send("ListSyncStatus", values()).await.json();
    assert_eq!(status["body"], r#"{"is_synchronizing":true}"#);
    let status = page.send("ListSyncStatus", values()).await.json();
    assert_eq!(status["body"], r#"{"is_synchronizing":false}"#);
    let listed = page.send("ShowSyncIamUser", values()).await.json();
    let body: Value = serde_json::from_str(listed["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({"user_names": ["user1"], "group_names": ["groups1", "group1"]}));
    let synchronous = page.send("ListSyncRequirements", values()).await.json();
    assert_eq!(synchronous["status"], 200);
    let removed = page.send("CancelSyncIamUser", with("user_names", json!(["user1"]))).await.json();
    assert_eq!((&removed["status"], &removed["method"]), (&json!(202), &json!("DELETE")));
}

#[tokio::test]
async fn an_error_of_the_service_is_an_answer_with_its_meaning() {
    let setting = emulated_with(|builder| builder.sync_duration(std::time::Duration::from_secs(3600))).await;
    let page = &setting.page;
    let wrong = page.send("ListSyncStatus", with("cluster_id", "elsewhere")).await;
    assert_eq!(wrong.status, 200, "the explorer has done its part");
    let wrong = wrong.json();
    assert_eq!((&wrong["status"], &wrong["error_code"]), (&json!(400), &json!("12000003")));
    assert_eq!(wrong["explanation"]["meaning"], "The cluster does not exist.");
    assert!(wrong["explanation"]["remedy"].as_str().is_some_and(|remedy| remedy.contains("region")));

    let all = with("everything", true);
    assert_eq!(page.send("UpdateSyncIamUser", all.clone()).await.json()["status"], 202);
    let busy = page.send("UpdateSyncIamUser", all).await.json();
    assert_eq!(busy["error_code"], "12000154", "sent once: {busy:#}");
    assert!(
        busy["explanation"]["meaning"].as_str().is_some_and(|meaning| meaning.contains("already running"))
    );
    assert_eq!(setting.emulator.requests().len(), 3);

    let key = Credentials::access_key("AK", "SK").unwrap();
    let nobody = Page::on("http://127.0.0.1:1", key).await;
    let failed = nobody.send("ListSyncStatus", values()).await;
    let shown = failed.json();
    assert_eq!((failed.status, &shown["error"]["code"]), (502, &json!("connection")), "{shown}");
    assert!(shown["error"]["hint"].is_string());
}

#[tokio::test]
async fn a_request_is_shown_as_it_would_be_sent() {
    let setting = emulated().await;
    let page = &setting.page;
    let mut named = with("user_names", json!(["user1", "user2"]));
    named["group_names"] = json!(["groups1"]);
    let shown = page
        .post("/api/preview", &json!({"operation_id": "UpdateSyncIamUser", "values": named}))
        .await
        .json();
    assert!(setting.emulator.requests().is_empty());

    // As the SDK's own call, but for the moment of signing.
    let endpoint = setting.emulator.base_url();
    let key = Credentials::access_key(SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY).unwrap();
    let cluster = client(&endpoint, key).project_id(PROJECT).build().unwrap().cluster(CLUSTER).unwrap();
    let names = Names::builder().users(["user1", "user2"]).group("groups1").build().unwrap();
    let typed = cluster.sync(names).preview().await.unwrap().remove(0);
    assert_eq!((&shown["method"], &shown["url"]), (&json!(typed.method), &json!(typed.url)));
    assert_eq!(shown["body"].as_str(), typed.body.as_deref());

    let header = |wanted: &str| {
        let headers = shown["headers"].as_array().unwrap();
        headers.iter().find(|header| header[0] == wanted).map(|header| header[1].as_str().unwrap().to_owned())
    };
    assert_eq!(
        header("authorization").unwrap(),
        format!(
            "SDK-HMAC-SHA256 Access={SAMPLE_ACCESS_KEY}, SignedHeaders=content-type;host;x-project-id;x-sdk-date, \
             Signature=***"
        )
    );
    let signing = &shown["signing"];
    let canonical = signing["canonical_request"].as_str().unwrap();
    assert!(canonical.starts_with(&format!("POST\n/v2/{PROJECT}/clusters/{CLUSTER}/iam-sync-user/\n\n")));
    assert!(canonical.contains(&format!("x-sdk-date:{}\n", header("x-sdk-date").unwrap())));
    assert!(signing["string_to_sign"].as_str().unwrap().starts_with("SDK-HMAC-SHA256\n"));
    assert_eq!(signing["signed_headers"], json!(["content-type", "host", "x-project-id", "x-sdk-date"]));
}

/// The strictest server of all: it sends back everything that it gets. [`exchange`] looks for secrets in each answer.
#[tokio::test]
async fn no_secret_comes_out_whatever_the_service_says() {
    let temporary = Credentials::temporary(SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY, SECURITY_TOKEN).unwrap();
    let token = Credentials::token(TOKEN).unwrap();
    for (credentials, secret) in [(temporary, SECURITY_TOKEN), (token, TOKEN)] {
        let (endpoint, got) = echo().await;
        let page = Page::on(&endpoint, credentials).await;
        let answer = page.send("UpdateSyncIamUser", with("everything", true)).await;
        let shown = answer.json();
        assert_eq!(shown["error_code"], "APIGW.0301");
        assert!(shown["body"].as_str().is_some_and(|body| body.contains("***")), "{shown:#}");
        let headers = shown["headers"].as_array().unwrap();
        assert!(headers.contains(&json!(["x-subject-token", "(not shown)"])), "{headers:?}");
        let preview = json!({"operation_id": "ListSyncStatus", "values": values()});
        let preview = page.post("/api/preview", &preview).await;
        assert_eq!(preview.status, 200);
        assert!(preview.text().contains("***"));
        let region = json!({"region": "cn-north-4"});
        for path in ["/api/projects", "/api/members"] {
            assert_eq!(page.post(path, &region).await.status, 502);
        }
        let in_project = json!({"region": "cn-north-4", "project_id": PROJECT});
        assert_eq!(page.post("/api/clusters", &in_project).await.status, 502);
        page.get("/api/context").await;
        // The server did see what is looked for: the test can fail.
        assert!(got.lock().unwrap().iter().all(|request| request.contains(secret)));
    }
}

#[tokio::test]
async fn samples_are_made_of_the_values() {
    let setting = emulated().await;
    let page = &setting.page;
    let languages = page.get("/api/context").await.json()["languages"].clone();
    for language in languages.as_array().unwrap() {
        let slug = language["slug"].as_str().unwrap();
        for operation in [
            "UpdateSyncIamUser",
            "ShowSyncIamUser",
            "CancelSyncIamUser",
            "ListSyncStatus",
            "ListSyncRequirements",
        ] {
            let mut wanted = json!({"language": slug, "operation_id": operation,
                                    "values": with("cluster_id", "my-cluster")});
            if operation.starts_with(['U', 'C']) {
                wanted["values"]["user_names"] = json!(["o'hara"]);
            }
            let sample = page.post("/api/sample", &wanted).await.json();
            assert!(sample["code"].as_str().is_some_and(|code| code.contains("my-cluster")), "{sample}");
            assert_eq!(sample["placeholders"], json!([]));
            let archive = page.post("/api/archive", &wanted).await;
            assert_eq!(archive.header("content-type"), Some("application/zip"));
            let name = format!("attachment; filename=\"{operation}-{slug}.zip\"");
            assert_eq!(archive.header("content-disposition"), Some(name.as_str()));
            assert!(archive.body.starts_with(b"PK"));
        }
    }
    // Before anything is filled in, something stands in its place, and that is said.
    let empty = json!({"region": "", "project_id": "", "cluster_id": ""});
    let wanted = json!({"language": "python", "operation_id": "UpdateSyncIamUser", "values": empty});
    let sample = page.post("/api/sample", &wanted).await.json();
    assert_eq!(sample["placeholders"], json!(["region", "project_id", "cluster_id", "user_names"]));
    assert!(setting.emulator.requests().is_empty());
}

#[tokio::test]
async fn the_page_is_all_there() {
    let page = emulated().await.page;
    let index = page.get("/").await;
    assert_eq!(index.header("content-type"), Some("text/html; charset=utf-8"));
    for part in index.text().split("/assets/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert_eq!(page.get(&format!("/assets/{name}")).await.status, 200, "{name}");
    }
    let head = page.head("GET", "/").replace("GET", "HEAD");
    let answer = exchange(page.addr(), &head, b"").await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
}

#[tokio::test]
async fn it_listens_on_this_machine_only_and_lets_go_of_its_port() {
    let key = || Credentials::access_key("AK", "SK").unwrap();
    let builder = || Explorer::builder(client("http://127.0.0.1:1", key()));
    for addr in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:127.0.0.1]:0"] {
        let error = builder().listen(addr.parse().unwrap()).start().await.unwrap_err();
        assert!(matches!(error, StartError::NotLoopback { .. }), "{addr}: {error}");
    }
    let explorer = builder().start().await.unwrap();
    let addr = explorer.addr();
    let taken = builder().listen(addr).start().await.unwrap_err();
    assert!(matches!(taken, StartError::Bind { .. }), "{taken}");
    explorer.shutdown().await;
    drop(builder().listen(addr).start().await.unwrap());
}

/// Half a request, and none: both are let go, and neither keeps others from being answered.
#[tokio::test]
async fn who_says_nothing_is_not_waited_for() {
    let page = emulated().await.page;
    let mut silent = Vec::new();
    for said in ["", "GET / HTTP/1.1\r\nhost: "] {
        for _ in 0..64 {
            let mut stream = TcpStream::connect(page.addr()).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            silent.push(stream);
        }
    }
    let length = "content-length: 10\r\n\r\n{";
    let mut slow = TcpStream::connect(page.addr()).await.unwrap();
    slow.write_all(format!("{}{length}", page.head("POST", "/api/projects")).as_bytes()).await.unwrap();
    assert_eq!(page.get("/").await.status, 200);
    tokio::time::pause();
    let mut bytes = Vec::new();
    slow.read_to_end(&mut bytes).await.unwrap();
    assert!(bytes.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&bytes));
    for mut stream in silent {
        bytes.clear();
        stream.read_to_end(&mut bytes).await.unwrap();
        assert!(bytes.is_empty());
    }
}

#[tokio::test]
async fn dropped_it_answers_nobody_any_more() {
    let page = emulated().await.page;
    let mut begun = TcpStream::connect(page.addr()).await.unwrap();
    let head = format!("{}expect: 100-continue\r\ncontent-length: 2\r\n\r\n", page.head("POST", "/api/send"));
    begun.write_all(head.as_bytes()).await.unwrap();
    let mut bytes = vec![0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    begun.read_exact(&mut bytes).await.unwrap();
    assert!(bytes.starts_with(b"HTTP/1.1 100 "), "it waits for the body");
    drop(page);
    let closed = tokio::time::timeout(std::time::Duration::from_secs(5), begun.read(&mut bytes)).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))), "{closed:?}");
}
