//! The SDK's examples do what they say, to an emulator.

#![allow(clippy::duplicate_mod, reason = "each example brings the module that all of them share")]

#[expect(dead_code, reason = "shared with the other tests of the SDK, which use all of it")]
#[path = "sdk/support.rs"]
mod support;

#[expect(dead_code, reason = "an example has a `main` of its own")]
#[path = "../crates/sdk/examples/cancel.rs"]
pub mod cancel;
#[expect(dead_code, reason = "an example has a `main` of its own")]
#[path = "../crates/sdk/examples/credentials.rs"]
pub mod credentials;
#[expect(dead_code, reason = "an example has a `main` of its own")]
#[path = "../crates/sdk/examples/errors.rs"]
pub mod errors;
#[expect(dead_code, reason = "an example has a `main` of its own")]
#[path = "../crates/sdk/examples/from_iam_group.rs"]
pub mod from_iam_group;
#[expect(dead_code, reason = "an example has a `main` of its own")]
#[path = "../crates/sdk/examples/list.rs"]
pub mod list;
#[expect(dead_code, reason = "an example has a `main` of its own")]
#[path = "../crates/sdk/examples/many_names.rs"]
pub mod many_names;
#[expect(dead_code, reason = "an example has a `main` of its own")]
#[path = "../crates/sdk/examples/observe.rs"]
pub mod observe;
#[expect(dead_code, reason = "an example has a `main` of its own")]
#[path = "../crates/sdk/examples/raw.rs"]
pub mod raw;
#[expect(dead_code, reason = "an example has a `main` of its own")]
#[path = "../crates/sdk/examples/sync.rs"]
pub mod sync;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mrs_iam_sync::{Client, Completion, ErrorKind, Names, Source};
use mrs_iam_sync_emulator::{
    Emulator, Fault, FaultKind, SAMPLE_ACCESS_KEY, SAMPLE_CLUSTER_NAME, SAMPLE_SECRET_KEY, World,
};
use workspace_tests::{CLUSTER_ID, PROJECT_ID};

use crate::support::{builder, emulated, operations};

/// The users and groups on Manager, in order.
fn on_manager(emulator: &Emulator) -> (Vec<String>, Vec<String>) {
    let world = emulator.world();
    let cluster = world.cluster(CLUSTER_ID).expect("the sample cluster");
    let sorted = |names: Vec<&str>| {
        let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        names.sort();
        names
    };
    (sorted(cluster.user_names()), sorted(cluster.group_names()))
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("user-{number:04}")).collect()
}

/// A world with so many users.
fn crowd(count: usize) -> World {
    let world = World::new().with_cluster(PROJECT_ID, CLUSTER_ID);
    numbered(count).into_iter().fold(world, |world, user| world.with_user(user, &[]))
}

#[tokio::test(start_paused = true)]
async fn sync_brings_users_and_their_groups() {
    let (emulator, cluster, _) = emulated(|builder| builder).await;
    let users = owned(&["user1", "nobody"]);
    let outcome = sync::run(cluster.client().clone(), CLUSTER_ID, users).await.expect("an outcome");
    assert_eq!(on_manager(&emulator), (owned(&["user1"]), owned(&["group1"])));
    assert_eq!(outcome.missing.expect("known").users, ["nobody"]);
}

#[tokio::test(start_paused = true)]
async fn cancel_removes_users_and_leaves_groups() {
    let (emulator, cluster, _) = emulated(|builder| builder).await;
    let names = Names::builder().users(["user1", "user2"]).build().expect("names");
    cluster.sync(names).wait().await.expect("an outcome");
    let before = emulator.requests().len();
    let outcome =
        cancel::run(cluster.client().clone(), CLUSTER_ID, owned(&["user1"])).await.expect("an outcome");
    assert_eq!(on_manager(&emulator), (owned(&["user2"]), owned(&["group1"])));
    assert_eq!(outcome.groups_left, ["group1"]);
    let cancels = operations(&emulator)[before..].iter().filter(|name| **name == "CancelSyncIamUser").count();
    assert_eq!(cancels, 1, "a preview is not sent");
}

#[tokio::test(start_paused = true)]
async fn list_tells_who_is_there_and_changes_nothing() {
    let (emulator, cluster, _) = emulated(|builder| builder).await;
    let names = Names::builder().user("user1").build().expect("names");
    cluster.sync(names).send().await.expect("accepted");
    let running = list::run(cluster.client().clone(), CLUSTER_ID).await.expect("an answer");
    assert_eq!(running.is_synchronizing, Some(true));
    tokio::time::sleep(Duration::from_secs(5)).await;

    let before = (emulator.requests().len(), on_manager(&emulator));
    let ended = list::run(cluster.client().clone(), SAMPLE_CLUSTER_NAME).await.expect("an answer");
    assert_eq!((ended.is_synchronizing, ended.is_synchronous), (Some(false), Some(true)));
    assert_eq!(ended.synchronized.users, Some(owned(&["user1"])));
    assert_eq!(ended.synchronized.groups, Some(owned(&["group1"])));
    assert!(emulator.requests()[before.0..].iter().all(|request| request.method == "GET"));
    assert_eq!(on_manager(&emulator), before.1);
}

#[tokio::test(start_paused = true)]
async fn list_works_with_services_that_cannot_tell_their_status() {
    let (_emulator, cluster, _) = emulated(|builder| builder.without_status_operations()).await;
    let standing = list::run(cluster.client().clone(), CLUSTER_ID).await.expect("an answer");
    assert_eq!((standing.is_synchronizing, standing.is_synchronous), (None, None));
    assert_eq!(standing.synchronized.users, Some(vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_groups_members_come_by_names_alone() {
    let (emulator, _, time) = emulated(|builder| builder).await;
    let connect = || {
        Client::builder()
            .region("cn-north-4")
            .endpoint(emulator.base_url())
            .with_iam_endpoint(emulator.base_url())
            .credentials(support::sample_credentials())
            .with_time(time.clone())
            .connect()
    };
    let client = connect().await.expect("a client");
    assert_eq!(client.project_id(), PROJECT_ID);
    let nothing = from_iam_group::run(client.clone(), SAMPLE_CLUSTER_NAME, "no-group").await;
    assert_eq!(nothing.expect("an answer"), None);
    assert_eq!(on_manager(&emulator), (vec![], vec![]));

    let run = from_iam_group::run(client.clone(), SAMPLE_CLUSTER_NAME, "group1").await;
    assert_eq!(run.expect("an answer").expect("a group").completion, Completion::Finished);
    assert_eq!(on_manager(&emulator), (owned(&["user1", "user2"]), owned(&["group1"])));
    let again = from_iam_group::run(client, SAMPLE_CLUSTER_NAME, "group1").await;
    assert_eq!(again.expect("an answer").expect("a group").completion, Completion::NothingToDo);
}

#[tokio::test(start_paused = true)]
async fn credentials_come_three_ways() {
    let (emulator, _, time) = emulated(|builder| builder.token("a-token-of-the-file")).await;
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("token");
    let client = || builder(&emulator.base_url(), &time);

    let explicit = credentials::explicit(SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY.to_owned()).expect("a key");
    let chain = credentials::chain().with_variables(|name| match name {
        "HUAWEICLOUD_SDK_AK" => Some(SAMPLE_ACCESS_KEY.to_owned()),
        "HUAWEICLOUD_SDK_SK" => Some(SAMPLE_SECRET_KEY.to_owned()),
        _ => None,
    });
    let clients = [
        (client().credentials(explicit), "access key", Source::Explicit),
        (
            client().credentials(chain),
            "access key",
            Source::Environment(vec!["HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"]),
        ),
        (client().credentials(credentials::TokenFile(file.clone())), "token", Source::Explicit),
    ];
    std::fs::write(&file, "a-token-of-the-file\n").expect("a file");
    for (client, kind, source) in clients {
        let before = emulator.requests().len();
        let used = credentials::run(client.build().expect("a client"), CLUSTER_ID).await.expect("an answer");
        assert_eq!((used.describe(), used.source()), (kind, &source));
        let request = &emulator.requests()[before];
        assert_eq!((request.operation, &request.error_code), (Some("ShowSyncIamUser"), &None));
    }
    let absent = client().credentials(credentials::TokenFile(directory.path().join("absent")));
    let error = credentials::run(absent.build().expect("a client"), CLUSTER_ID).await.expect_err("no file");
    assert_eq!(error.kind(), ErrorKind::Credentials);
}

#[tokio::test(start_paused = true)]
async fn many_names_are_told_part_by_part() {
    let (emulator, cluster, _) = emulated(|builder| builder.world(crowd(2500))).await;
    let parts = Arc::new(Mutex::new(Vec::new()));
    let told = parts.clone();
    let tell = move |part, of, done| told.lock().expect("no panic").push((part, of, done));
    let users = numbered(2500);
    let run = many_names::run(cluster.client().clone(), CLUSTER_ID, users.clone(), tell).await;
    assert_eq!(run.expect("an outcome").accepted.len(), 3);
    assert_eq!(on_manager(&emulator), (users, vec![]));
    assert_eq!(*parts.lock().expect("no panic"), [(1, 3, 0), (2, 3, 1000), (3, 3, 2000)]);
}

#[tokio::test(start_paused = true)]
async fn each_request_is_counted() {
    let (emulator, cluster, time) = emulated(|builder| builder).await;
    let names = Names::builder().user("user2").build().expect("names");
    cluster.sync(names).wait().await.expect("an outcome");
    emulator.inject(Fault::new(refusal(503, "APIGW.0613", None)).on("ShowSyncIamUser"));

    let counters = observe::Counters::default();
    let counting = counters.clone();
    let client = builder(&emulator.base_url(), &time).on_attempt(move |report| counting.count(report));
    let users = observe::run(client.build().expect("a client"), CLUSTER_ID, &counters).await;
    assert_eq!(users.expect("an answer"), 1);
    let counted = ["ok", "unavailable", "timeout"].map(|outcome| counters.get("ShowSyncIamUser", outcome));
    assert_eq!(counted, [1, 1, 0]);
}

fn refusal(status: u16, error_code: &str, retry_after: Option<u64>) -> FaultKind {
    FaultKind::Status { status, error_code: error_code.to_owned(), retry_after }
}

#[tokio::test(start_paused = true)]
async fn a_failure_says_what_to_send_again() {
    use errors::Next;

    let (emulator, cluster, _) = emulated(|builder| builder.world(crowd(1500))).await;
    let emulator = Arc::new(emulator);
    let run = |count| errors::run(cluster.client().clone(), CLUSTER_ID, numbered(count));

    // Longer than the deadline of an operation, so that it is not waited for.
    emulator.inject(Fault::new(refusal(429, "APIGW.0308", Some(120))).on("UpdateSyncIamUser"));
    assert_eq!(run(1).await.expect("a plan"), Next::Again(numbered(1), Duration::from_secs(120)));
    emulator.inject(Fault::new(refusal(403, "APIGW.0302", None)).on("UpdateSyncIamUser"));
    assert_eq!(run(1).await.expect_err("for somebody to see").kind(), ErrorKind::Permission);
    assert_eq!(on_manager(&emulator), (vec![], vec![]));

    // The second of two parts is refused: the first need not be sent again.
    let sent = operations(&emulator).len();
    let injecting = emulator.clone();
    let refused = tokio::spawn(async move {
        while !operations(&injecting)[sent..].contains(&"UpdateSyncIamUser") {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        injecting.inject(Fault::new(refusal(429, "APIGW.0308", Some(120))).on("UpdateSyncIamUser"));
    });
    let left = numbered(1500).split_off(1000);
    assert_eq!(run(1500).await.expect("a plan"), Next::Again(left, Duration::from_secs(120)));
    refused.await.expect("no panic");
    assert_eq!(on_manager(&emulator), (numbered(1000), vec![]));

    assert_eq!(run(1500).await.expect("a plan"), Next::Nothing);
    assert_eq!(on_manager(&emulator), (numbered(1500), vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_raw_request_is_carried_out() {
    let (emulator, cluster, _) = emulated(|builder| builder.sync_duration(Duration::ZERO)).await;
    let answer = raw::run(cluster.client().clone(), CLUSTER_ID, "user1").await.expect("an answer");
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(on_manager(&emulator), (owned(&["user1"]), owned(&["group1"])));
    assert_eq!(operations(&emulator), ["UpdateSyncIamUser", "ShowSyncIamUser"]);
}
