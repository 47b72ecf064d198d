//! What follows which answers: requests, rests, result, as data.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mrs_iam_sync::{Cluster, Context, Credentials, Names, ProvideCredentials, Providing};
use workspace_tests::CLUSTER_ID;

use crate::support::{Scripted, Steps, VirtualTime, answer, builder, json};

/// An answer in a word: `202`, `503`, `429+7` (Retry-After in seconds), `code:12000154`, `reset`, `silence`; for
/// looks `running` and `idle`.
fn step(word: &str) -> Steps {
    let typed = "content-type: application/json\r\n";
    if let Some((status, seconds)) = word.split_once('+') {
        let status = status.parse().expect("a status");
        return answer(status, &format!("{typed}retry-after: {seconds}\r\n"), "{}").into();
    }
    if let Some(code) = word.strip_prefix("code:") {
        return json(400, &format!(r#"{{"error_code":"{code}","error_msg":"m"}}"#)).into();
    }
    match word {
        "200" => json(200, r#"{"user_names":["user1"]}"#).into(),
        "202" => json(202, r#"{"state":"synchronizing"}"#).into(),
        "running" => json(200, r#"{"is_synchronizing":true}"#).into(),
        "idle" => json(200, r#"{"is_synchronizing":false}"#).into(),
        "reset" => Vec::new().into(),
        "silence" => Steps::silence(),
        status => json(status.parse().expect("a status"), "{}").into(),
    }
}

/// The next word of a script; the last one stays.
fn next(script: &Mutex<Vec<&'static str>>) -> &'static str {
    let mut script = script.lock().expect("no panic before");
    if script.len() > 1 { script.remove(0) } else { script[0] }
}

struct Case {
    operation: &'static str,
    answers: &'static str,
    looks: &'static str,
}

async fn call(cluster: &Cluster, operation: &str) -> Result<(), mrs_iam_sync::Error> {
    let names = || Names::builder().user("user1").build().expect("names");
    match operation {
        "sync" => cluster.sync(names()).send().await.map(drop),
        "cancel" => cluster.cancel(names()).send().await.map(drop),
        "list" => cluster.synchronized().await.map(drop),
        write => {
            let method = write.trim_start_matches("raw ").parse().expect("a method");
            let path = "/v2/p/clusters/c/iam-sync-user";
            cluster.client().execute_raw(method, path, Some("{}")).await.map(drop)
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_of_answers_gives_requests_rests_and_a_result() {
    let case = |operation, answers, looks| Case { operation, answers, looks };
    let cases = [
        case("list", "200", "idle"),
        case("list", "503 200", "idle"),
        case("list", "500 502 200", "idle"),
        case("list", "503", "idle"),
        case("list", "503+9 200", "idle"),
        case("list", "503+3600", "idle"),
        case("list", "reset 504 200", "idle"),
        case("list", "silence 200", "idle"),
        case("list", "400", "idle"),
        case("list", "401", "idle"),
        case("list", "code:APIGW.0301", "idle"),
        case("list", "code:APIG.0307", "idle"),
        case("list", "code:APIGW.0613 200", "idle"),
        case("list", "code:12000163 200", "idle"),
        case("list", "429+7 200", "idle"),
        case("list", "429 429 429 200", "idle"),
        case("list", "429+1 503 429+1 503 429+1 200", "idle"),
        case("sync", "202", "idle"),
        case("sync", "503 503 202", "idle"),
        case("sync", "503 202", "running running idle"),
        case("sync", "503 202", "503"),
        case("sync", "503 202", "code:APIGW.0101"),
        case("sync", "reset 202", "running"),
        case("sync", "silence 202", "idle"),
        case("sync", "code:12000154 202", "idle"),
        case("sync", "code:12000154 202", "running running running idle"),
        case("sync", "code:12000154 code:12000154 code:12000154 code:12000154 202", "idle"),
        case("sync", "429+2 503 code:12000154 202", "idle"),
        case("sync", "403", "idle"),
        case("cancel", "504 202", "running idle"),
        case("raw POST", "503 202", "idle"),
        case("raw POST", "reset 202", "idle"),
        case("raw POST", "429+2 202", "idle"),
        case("raw GET", "503 200", "idle"),
    ];
    let mut table = String::new();
    for Case { operation, answers, looks } in cases {
        let (script, looked) =
            [answers, looks].map(|words| Mutex::new(words.split(' ').collect::<Vec<_>>())).into();
        let server = Scripted::new(move |_, request| match request.contains("/iam-sync HTTP") {
            true => step(next(&looked)),
            false => step(next(&script)),
        });
        let time = VirtualTime::new();
        let cluster = builder(&server.base_url(), &time).build().expect("a client").cluster(CLUSTER_ID);
        let result = match call(&cluster.expect("a cluster"), operation).await {
            Ok(()) => "done".to_owned(),
            Err(error) => format!("{} after {}", error.kind().as_str(), error.attempts()),
        };
        let lines = server.lines();
        let look_count = lines.iter().filter(|line| line.as_str() == "GET iam-sync").count();
        let rests: Vec<String> = time.slept().iter().map(|rest| format!("{rest:.1}")).collect();
        let _ = writeln!(
            table,
            "{operation:<8} | {answers} | looks: {looks}\n    {} requests, {look_count} looks, rests [{}], {:.0} s: {result}",
            lines.len() - look_count,
            rests.join(" "),
            time.passed().as_secs_f64(),
        );
    }
    insta::assert_snapshot!(table);
}

/// Gives a new token each time it is asked.
#[derive(Debug, Default)]
struct Tokens(Mutex<Vec<Credentials>>);

impl ProvideCredentials for Tokens {
    fn provide<'a>(&'a self, _: &'a Context) -> Providing<'a> {
        let mut given = self.0.lock().expect("no panic before");
        let token = Credentials::token(format!("token-{}", given.len())).expect("a token");
        given.push(token.clone());
        Box::pin(async move { Ok(token) })
    }
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_renewed_once() {
    let expired = r#"{"error_code":"APIGW.0307","error_msg":"The token must be updated."}"#;
    for (good, renewals) in [("token-1", Ok(())), ("none", Err(()))] {
        let server = Scripted::new(move |_, request| match request.contains(good) {
            true => json(200, r#"{"user_names":[]}"#),
            false => json(401, expired),
        });
        let tokens = Arc::new(Tokens::default());
        let builder = builder(&server.base_url(), &VirtualTime::new()).credentials(tokens.clone());
        let cluster = builder.build().expect("a client").cluster(CLUSTER_ID).expect("a cluster");
        assert_eq!(cluster.synchronized().await.map(drop).map_err(drop), renewals);
        assert_eq!((server.requests().len(), tokens.0.lock().expect("no panic").len()), (2, 2));
    }
}

/// What the observer is told is what happened.
#[tokio::test(start_paused = true)]
async fn each_attempt_is_reported() {
    let server = Scripted::new(|number, _| match number {
        0 => answer(503, "x-request-id: r-0\r\n", r#"{"error_code":"APIGW.0613","error_msg":"m"}"#),
        _ => answer(200, "content-type: application/json\r\nx-request-id: r-1\r\n", r#"{"user_names":[]}"#),
    });
    let reports = Arc::new(Mutex::new(Vec::new()));
    let listener = reports.clone();
    let builder = builder(&server.base_url(), &VirtualTime::new())
        .on_attempt(move |report| listener.lock().expect("no panic").push(format!("{report:?}")));
    let cluster = builder.build().expect("a client").cluster(CLUSTER_ID).expect("a cluster");
    cluster.synchronized().await.expect("the second attempt");
    insta::assert_snapshot!(reports.lock().expect("no panic").join("\n"), @r#"
    AttemptReport { operation: "ShowSyncIamUser", attempt: 1, status: Some(503), failure: Some(Unavailable), error_code: Some("APIGW.0613"), request_id: Some("r-0"), duration: 0ns }
    AttemptReport { operation: "ShowSyncIamUser", attempt: 2, status: Some(200), failure: None, error_code: None, request_id: Some("r-1"), duration: 0ns }
    "#);
}

#[tokio::test(start_paused = true)]
async fn one_attempt_can_be_all() {
    let server = Scripted::new(|_, _| json(503, "{}"));
    let builder = builder(&server.base_url(), &VirtualTime::new()).with_max_attempts(1);
    let cluster = builder.build().expect("a client").cluster(CLUSTER_ID).expect("a cluster");
    let error = cluster.synchronized().await.expect_err("unavailable");
    assert_eq!((server.requests().len(), error.attempts()), (1, 1));
}

/// A service that asks for no rest gets one all the same.
#[tokio::test(start_paused = true)]
async fn no_rest_at_all_is_not_taken() {
    let server = Scripted::new(|_, _| step("429+0"));
    let builder = builder(&server.base_url(), &VirtualTime::new()).without_rate_limits();
    let cluster = builder.build().expect("a client").cluster(CLUSTER_ID).expect("a cluster");
    assert!(cluster.synchronized().await.expect_err("throttled").is_throttled());
    assert!(server.requests().len() < 12, "{} requests", server.requests().len());
}

/// The looks of a write count for its deadline, their wait for a place within the rate limit too.
#[tokio::test(start_paused = true)]
async fn looks_do_not_outlast_the_operation() {
    let server = Scripted::new(|_, request| match request.contains("/iam-sync HTTP") {
        true => step("running"),
        false => step("503"),
    });
    let time = VirtualTime::new();
    let builder = builder(&server.base_url(), &time)
        .with_rate_limits(mrs_iam_sync::RateLimits::with_share(0.0))
        .with_timeout(Duration::from_secs(10));
    let cluster = builder.build().expect("a client").cluster(CLUSTER_ID).expect("a cluster");
    let names = Names::builder().user("user1").build().expect("names");
    cluster.sync(names).send().await.expect_err("unavailable");
    assert!(time.passed() <= Duration::from_secs(10), "{:?}", time.passed());
}
