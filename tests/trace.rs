//! What the SDK traces: spans of operations and attempts, and nothing secret at any level.
//!
//! A process of its own: whether anybody listens to a span is remembered for the whole process.

#[expect(dead_code, reason = "shared with the other tests of the SDK, which use all of it")]
#[path = "sdk/support.rs"]
mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use mrs_iam_sync::{Client, Credentials, Names};
use tracing_subscriber::layer::SubscriberExt as _;
use workspace_tests::{CLUSTER_ID, PROJECT_ID};

use crate::support::{Scripted, VirtualTime, answer, json};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const SECRETS: [&str; 2] = ["secret-key-that-nobody-sees", "security-token-that-nobody-sees"];

#[tokio::test(start_paused = true)]
async fn operations_and_attempts_are_spans() {
    let lines = Lines::default();
    let writer = lines.clone();
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .without_time()
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE);
    let only = tracing_subscriber::filter::Targets::new().with_target("mrs_iam_sync", tracing::Level::TRACE);
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(only).with(layer));

    let server = Scripted::new(|number, request| match (number, request.contains("/iam-sync HTTP")) {
        (_, true) => json(200, r#"{"is_synchronizing":false}"#),
        (0, _) => answer(
            503,
            "content-type: application/json\r\nx-request-id: r-0\r\n",
            &serde_json::json!({"error_code": "APIGW.0613", "error_msg": request}).to_string(),
        ),
        _ => answer(
            202,
            "content-type: application/json\r\nx-request-id: r-1\r\n",
            r#"{"state":"synchronizing"}"#,
        ),
    });
    let client = Client::builder()
        .endpoint(server.base_url())
        .project_id(PROJECT_ID)
        .credentials(Credentials::temporary("AK", SECRETS[0], SECRETS[1]).expect("credentials"))
        .with_time(VirtualTime::new())
        .build()
        .expect("a client");
    let names = Names::builder().user("user1").build().expect("names");
    client.cluster(CLUSTER_ID).expect("a cluster").sync(names).send().await.expect("accepted");

    let text = String::from_utf8(lines.0.lock().expect("no panic").clone()).expect("text");
    for part in [
        r#"operation{operation="UpdateSyncIamUser" subject="f7f45c04-4303-411c-9b71-d2cb730dd162"}"#,
        "attempt=1",
        "status=503",
        r#"error_code="APIGW.0613""#,
        r#"request_id="r-0""#,
        "attempt=2",
        "status=202",
        r#"request_id="r-1""#,
        "duration_ms=",
        r#"operation="ListSyncStatus""#,
    ] {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
    assert!(server.requests()[0].contains(SECRETS[1]), "the server echoes it");
    assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
}
