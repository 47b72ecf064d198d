//! No secret gets out: not into errors, not into Debug, not into a preview, whatever the server echoes.

use std::fmt::Write as _;

use mrs_iam_sync::{Client, Credentials, Names};
use workspace_tests::{CLUSTER_ID, PROJECT_ID};

use crate::support::{Scripted, answer, json};

const SECRET_KEY: &str = "secret-key-that-nobody-sees";
const SECURITY_TOKEN: &str = "security-token-that-nobody-sees";
const TOKEN: &str = "iam-token-that-nobody-sees";

#[tokio::test(start_paused = true)]
async fn what_the_server_echoes_is_scrubbed() {
    // As a gateway does when a signature fails: the whole request in the message.
    let server = Scripted::new(|_, request| {
        let echo: String = request.replace("\r\n", "|");
        json(
            401,
            &serde_json::json!({"error_code": "APIGW.0301", "error_msg": echo, "request_id": echo})
                .to_string(),
        )
    });
    let temporary = Credentials::temporary("AK", SECRET_KEY, SECURITY_TOKEN).expect("credentials");
    for credentials in [temporary, Credentials::token(TOKEN).expect("a token")] {
        let client = Client::builder()
            .endpoint(server.base_url())
            .project_id(PROJECT_ID)
            .credentials(credentials)
            .build()
            .expect("a client");
        let cluster = client.cluster(CLUSTER_ID).expect("a cluster");
        let names = Names::builder().user("user1").build().expect("names");
        let error = cluster.sync(names.clone()).send().await.expect_err("refused");
        let preview = cluster.sync(names.clone()).preview().await.expect("a preview").remove(0);
        let mut all =
            format!("{error}\n{error:?}\n{error:#?}\n{preview}\n{preview:?}\n{client:?}\n{cluster:#?}\n");
        let _ = write!(all, "{:?} {:?}", error.error_msg(), error.request_id());
        let raw = client.exchange_raw(http::Method::GET, "/v3/x", None).await.expect("an answer");
        let _ = write!(all, "{raw:?} {:?} {}", raw.headers, String::from_utf8_lossy(&raw.body));
        assert!(raw.body.windows(3).any(|part| part == b"***"));
        // The server did see what is looked for: the test can fail.
        let sent = server.requests().join("\n");
        assert!(sent.contains(SECURITY_TOKEN) || sent.contains(TOKEN));
        for secret in [SECRET_KEY, SECURITY_TOKEN, TOKEN] {
            assert!(!all.contains(secret), "{all}");
        }
        assert!(!sent.contains(SECRET_KEY));
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_that_echoes_is_scrubbed_too() {
    let wrong_type = json(200, &serde_json::json!({ "is_synchronizing": TOKEN }).to_string());
    let content_type = answer(200, &format!("content-type: {TOKEN}\r\n"), r#"{"is_synchronizing":true}"#);
    let location = answer(302, &format!("location: http://{TOKEN}.example/\r\n"), "");
    for bytes in [wrong_type, content_type, location] {
        let server = Scripted::new(move |_, _| bytes.clone());
        let client = Client::builder()
            .endpoint(server.base_url())
            .project_id(PROJECT_ID)
            .credentials(Credentials::token(TOKEN).expect("a token"))
            .build()
            .expect("a client");
        let error = client.cluster(CLUSTER_ID).expect("a cluster").is_synchronizing().await.expect_err("odd");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("***") && !shown.contains(TOKEN), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_not_shown_by_debug() {
    let server = Scripted::new(|_, _| answer(200, &format!("x-subject-token: {TOKEN}\r\n"), TOKEN));
    let client = crate::support::client(&server.base_url(), &crate::support::VirtualTime::new());
    let answer = client.execute_raw(http::Method::GET, "/v3/x", None).await.expect("an answer");
    assert_eq!(answer.body, TOKEN.as_bytes());
    assert!(!format!("{answer:?}").contains(TOKEN), "{answer:?}");
}
