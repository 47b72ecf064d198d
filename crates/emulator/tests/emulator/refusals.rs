//! Every refusal in one table: what is sent, and what the answer says.

use std::fmt::Write as _;

use mrs_iam_sync_contract::iam_sync_user as api;
use mrs_iam_sync_emulator::{Clock, Emulator, SAMPLE_ACCESS_KEY, World};
use sdk_hmac_sha256::Credentials;

use crate::documented::assert_documented;
use crate::support::{Draft, SECOND, SYNC, Stage, delete, get, path, post, sample_key};

fn names(count: usize) -> String {
    let names: Vec<_> = (0..count).map(|number| format!("\"u{number}\"")).collect();
    names.join(",")
}

fn authentication(stage: &Stage) -> Vec<(&'static str, Draft)> {
    let now = stage.clock.now();
    let signed = |draft: Draft| draft.sign(&sample_key(), now);
    let wrong = Credentials::new(SAMPLE_ACCESS_KEY, "wrong").unwrap();
    let unknown = Credentials::new("NOBODY", "secret").unwrap();
    let temporary = Credentials::new("TEMPORARY", "secret").unwrap();
    let other = temporary.clone().with_security_token("other").unwrap();
    let digest = "0".repeat(64);
    vec![
        ("no credentials", get(SYNC)),
        ("unknown token", get(SYNC).header("x-auth-token", "nobody's")),
        ("wrong secret key", get(SYNC).sign(&wrong, now)),
        ("unknown access key", get(SYNC).sign(&unknown, now)),
        ("signed 15 min 1 s ago", get(SYNC).sign(&sample_key(), now - 901 * SECOND)),
        ("signed 15 min 1 s ahead", get(SYNC).sign(&sample_key(), now + 901 * SECOND)),
        ("temporary key without token", get(SYNC).sign(&temporary, now)),
        ("temporary key with another's token", get(SYNC).sign(&other, now)),
        ("token not signed", get(SYNC).sign(&temporary, now).header("x-security-token", "token")),
        ("token with a permanent key", get(SYNC).sign(&sample_key().with_security_token("t").unwrap(), now)),
        ("another scheme", get(SYNC).header("authorization", "Bearer abc")),
        (
            "another algorithm",
            get(SYNC).header("authorization", "V11-HMAC-SHA256 Credential=a, SignedHeaders=b"),
        ),
        ("half a signature", get(SYNC).header("authorization", "SDK-HMAC-SHA256 Access=a")),
        ("two signatures", signed(get(SYNC)).header("authorization", "SDK-HMAC-SHA256 Access=a")),
        ("signed header missing", signed(get(SYNC).header("x-extra", "1")).without("x-extra")),
        ("unreadable date", signed(get(SYNC)).set("x-sdk-date", "today")),
        ("digest of another body", signed(get(SYNC).header("x-sdk-content-sha256", digest))),
    ]
}

fn gateway() -> Vec<(&'static str, Draft)> {
    let long = "x".repeat(33 * 1024);
    let many =
        (0..5).fold(get(SYNC), |draft, number| draft.header(&format!("x-{number}"), &long[..30 * 1024]));
    vec![
        ("unknown path", get("iam-sync-users")),
        ("slash at the end", get("iam-sync/")),
        ("unknown method", Draft::new("PUT", &path(SYNC))),
        ("HEAD", Draft::new("HEAD", &path(SYNC))),
        ("POST to a read", Draft::new("POST", &path("iam-sync")).json("{}")),
        ("own path that is none", Draft::new("GET", "/_emulator/nothing")),
        ("own path with another method", Draft::new("GET", "/_emulator/reset")),
        ("body above 12 MB", post(r#""#).body(vec![b' '; 12 * 1024 * 1024 + 1])),
        ("URI above 32 KB", Draft::new("GET", &format!("{}?{long}", path(SYNC)))),
        ("header above 32 KB", get(SYNC).header("x-long", &long)),
        ("headers above 128 KB", many),
    ]
}

fn paths() -> Vec<(&'static str, Draft)> {
    let get = |project: &str, cluster: &str| {
        Draft::new("GET", &format!("/v2/{project}/clusters/{cluster}/iam-sync"))
    };
    let (project, cluster) = ("ff8080828997cb24018a1b2db3440b80", "f7f45c04-4303-411c-9b71-d2cb730dd162");
    let long = "a".repeat(65);
    vec![
        ("project id with a hyphen", get("a-b", cluster)),
        ("project id of 65 characters", get(&long, cluster)),
        ("project id percent-encoded", get("a%2Fb", cluster)),
        ("project of nobody", get("cn0north04", cluster)),
        ("cluster id with a dot", get(project, "a.b")),
        ("cluster id of 65 characters", get(project, &long)),
        ("cluster id of no UTF-8", get(project, "%FF")),
        ("cluster of nobody", get(project, "11111111-4303-411c-9b71-d2cb730dd162")),
        ("cluster of another project", get("other", cluster)),
        ("query parameter", Draft::new("GET", &format!("{}?limit=10&offset=0", path(SYNC)))),
    ]
}

fn bodies() -> Vec<(&'static str, Draft)> {
    let long = "n".repeat(65);
    vec![
        ("POST without body", Draft::new("POST", &path(SYNC))),
        ("DELETE without body", Draft::new("DELETE", &path(SYNC))),
        ("POST {}", post("{}")),
        ("DELETE {}", delete("{}")),
        ("POST is_all_sync false alone", post(r#"{"is_all_sync":false}"#)),
        ("POST empty lists", post(r#"{"user_names":[],"group_names":[]}"#)),
        ("POST everything and a name", post(r#"{"is_all_sync":true,"user_names":["user1"]}"#)),
        ("no content type", post(r#"{"user_names":["user1"]}"#).without("content-type")),
        ("another content type", post(r#"{"user_names":["user1"]}"#).set("content-type", "text/plain")),
        ("another charset", post("{}").set("content-type", "application/json; charset=gbk")),
        ("not JSON", post(r#"{"user_names":["#)),
        ("not UTF-8", post("").body(b"{\"user_names\":[\"\xff\"]}".to_vec())),
        ("two values", post("{} {}")),
        ("too deep", post(&"[".repeat(100_000))),
        ("a list", post(r#"["user1"]"#)),
        ("null", post("null")),
        ("unknown field", post(r#"{"user_names":["user1"],"users":[]}"#)),
        ("is_all_sync in DELETE", delete(r#"{"is_all_sync":true}"#)),
        ("is_all_sync as text", post(r#"{"is_all_sync":"true"}"#)),
        ("null list", post(r#"{"user_names":null}"#)),
        ("name as number", post(r#"{"user_names":["user1",2]}"#)),
        ("empty name", post(r#"{"group_names":[""]}"#)),
        ("name of 65 characters", post(&format!(r#"{{"user_names":["{long}"]}}"#))),
        ("name twice", delete(r#"{"group_names":["a","b","a"]}"#)),
        ("1001 names", post(&format!(r#"{{"user_names":[{}]}}"#, names(1001)))),
        ("1001 names to remove", delete(&format!(r#"{{"user_names":[{}]}}"#, names(1001)))),
    ]
}

#[tokio::test]
async fn all_refusals() {
    let world = World::sample().with_cluster("other", "of-another-project");
    let builder = Emulator::builder()
        .world(world)
        .access_key(SAMPLE_ACCESS_KEY, mrs_iam_sync_emulator::SAMPLE_SECRET_KEY)
        .temporary_key("TEMPORARY", "secret", "token");
    let stage = Stage::with(builder).await;
    let now = stage.clock.now();
    let signed = |(name, draft): (&'static str, Draft)| (name, draft.sign(&sample_key(), now));
    let groups = [
        ("The gateway", gateway().into_iter().map(signed).collect()),
        ("Authentication", authentication(&stage)),
        ("Path and query", paths().into_iter().map(signed).collect()),
        ("Body", bodies().into_iter().map(signed).collect::<Vec<_>>()),
    ];
    let mut table = String::new();
    for (group, drafts) in groups {
        writeln!(table, "# {group}").unwrap();
        for (name, draft) in drafts {
            let head = draft.method == "HEAD";
            let answer = stage.send(draft).await;
            if !head {
                assert_documented(&api::UPDATE_SYNC_IAM_USER, &answer);
            }
            let (status, code) = answer.outcome();
            writeln!(table, "{name}\n    {status} {code} {}", answer.message()).unwrap();
            stage.emulator.reset();
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn the_limits_themselves_are_accepted() {
    let stage = Stage::new().await;
    let name = "é".repeat(64);
    for body in [
        format!(r#"{{"user_names":[{0}],"group_names":[{0}]}}"#, names(1000)),
        format!(r#"{{"user_names":["{name}"]}}"#),
        r#"{"is_all_sync":true,"user_names":[],"group_names":[]}"#.to_owned(),
    ] {
        stage.finished(post(&body)).await;
    }
    let mut padded = br#"{"user_names":["user1"]}"#.to_vec();
    padded.resize(12 * 1024 * 1024, b' ');
    stage.finished(delete("").body(padded)).await;
}

#[tokio::test]
async fn what_the_gateway_refuses_changes_nothing_and_mrs_never_sees() {
    let stage = Stage::new().await;
    // Everything is wrong with it: each check hides those behind it.
    let draft = || Draft::new("POST", "/v2/a-b/clusters/a.b/iam-sync-user?x").json("nonsense");
    assert_eq!(stage.send(draft()).await.outcome(), (401, "APIGW.0301"));
    assert_eq!(stage.send(draft().body(vec![0; 13 << 20])).await.outcome(), (413, "APIGW.0201"));
    let unknown = |draft: Draft| Draft { target: "/v3".into(), ..draft };
    assert_eq!(stage.send(unknown(draft())).await.outcome(), (404, "APIGW.0101"));
    assert_eq!(stage.signed(draft()).await.outcome(), (400, "12000107"));
    assert_eq!(stage.on_manager().await.0, [""; 0]);
}
