//! More names than one request takes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mrs_iam_sync::{Completion, Names, Progress};
use mrs_iam_sync_emulator::{Emulator, Fault, FaultKind, World};
use workspace_tests::{CLUSTER_ID, PROJECT_ID};

use crate::support::{VirtualTime, cluster_at, emulated, operations};

fn user(number: usize) -> String {
    format!("user-{number:04}")
}

fn names(count: usize) -> Names {
    Names::builder().users((0..count).map(user)).group("groups1").build().expect("names")
}

/// An emulator with 2500 users in IAM.
async fn crowded() -> (Emulator, mrs_iam_sync::Cluster, Arc<VirtualTime>) {
    emulated(|builder| {
        let world = World::new().with_cluster(PROJECT_ID, CLUSTER_ID).with_group("groups1");
        builder.world((0..2500).fold(world, |world, number| world.with_user(user(number), &[])))
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn parts_are_sent_one_after_the_other() {
    let (emulator, cluster, _) = crowded().await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = told.clone();
    let request = cluster.sync(names(2500)).on_progress(move |progress| {
        if let Progress::Part { part, of, done } = progress {
            listener.lock().expect("no panic").push((*part, *of, *done));
        }
    });
    let outcome = request.wait().await.expect("an outcome");
    assert_eq!((outcome.completion, outcome.accepted.len()), (Completion::Finished, 3));
    assert_eq!((outcome.arrived.users.len(), outcome.arrived.groups.len()), (2500, 1));
    assert!(outcome.missing.expect("known").is_empty() && outcome.verified);
    assert_eq!(*told.lock().expect("no panic"), [(1, 3, 0), (2, 3, 1001), (3, 3, 2001)]);
    // One synchronization runs at a time, and nobody had to be told so.
    assert!(emulator.requests().iter().all(|request| request.error_code.is_none()));
    let sizes: Vec<usize> = emulator
        .requests()
        .iter()
        .filter(|request| request.method == "POST")
        .map(|request| String::from_utf8_lossy(&request.body).matches("user-").count())
        .collect();
    assert_eq!(sizes, [1000, 1000, 500]);
}

#[tokio::test(start_paused = true)]
async fn without_a_wait_all_but_the_last_are_waited_for() {
    let (emulator, cluster, _) = crowded().await;
    let accepted = cluster.sync(names(1001)).send().await.expect("accepted");
    assert_eq!(accepted.len(), 2);
    assert_eq!(operations(&emulator).iter().filter(|name| **name == "UpdateSyncIamUser").count(), 2);
    assert!(cluster.is_synchronizing().await.expect("an answer"), "the last goes on");
}

#[tokio::test(start_paused = true)]
async fn a_removal_is_split_as_well() {
    let (emulator, cluster, _) = crowded().await;
    cluster.sync(names(1500)).wait().await.expect("an outcome");
    let outcome = cluster.cancel(names(1500)).wait().await.expect("an outcome");
    assert_eq!((outcome.accepted.len(), outcome.removed.users.len()), (2, 1500));
    assert_eq!(emulator.world().cluster(CLUSTER_ID).expect("the cluster").user_names().len(), 0);
    assert_eq!(cluster.cancel(names(1500)).preview().await.expect("previews").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failure_tells_which_names_are_done() {
    let (emulator, cluster, _) = crowded().await;
    let told = cluster.clone();
    // The second part is refused for good.
    let emulator = Arc::new(emulator);
    let injecting = emulator.clone();
    let request = told.sync(names(2500)).on_progress(move |progress| {
        if matches!(progress, Progress::Part { part: 2, .. }) {
            let kind =
                FaultKind::Status { status: 403, error_code: "APIGW.0302".to_owned(), retry_after: None };
            injecting.inject(Fault::new(kind).on("UpdateSyncIamUser").times(1));
        }
    });
    let error = request.wait().await.expect_err("refused");
    let parts = error.parts().expect("several requests");
    assert_eq!((parts.done.users.len(), parts.done.groups.len()), (1000, 1));
    assert_eq!((parts.not_done.users.len(), parts.not_done.users.first()), (1500, Some(&user(1000))));
    assert_eq!(error.error_code(), Some("APIGW.0302"));
    // What was done is done.
    assert_eq!(cluster.synchronized().await.expect("a list").users.map(|users| users.len()), Some(1000));
}

#[tokio::test(start_paused = true)]
async fn a_part_that_does_not_end_holds_the_others_back() {
    let (emulator, cluster, _) = emulated(|builder| builder.sync_duration(Duration::from_secs(86_400))).await;
    let error = cluster.sync(names(1001)).wait().await.expect_err("the first part goes on for a day");
    assert!(error.is_timeout() && error.is_after_acceptance(), "{error}");
    assert_eq!(error.parts().expect("several requests").done.len(), 0);
    assert_eq!(operations(&emulator).iter().filter(|name| **name == "UpdateSyncIamUser").count(), 1);
}

/// Killed between the request and the look at its result: the next run sends only what is missing.
#[tokio::test(start_paused = true)]
async fn a_second_run_finishes_what_a_killed_one_began() {
    let (emulator, cluster, time) = crowded().await;
    let task = tokio::spawn({
        let cluster = cluster.clone();
        async move { cluster.sync(names(1500)).wait().await }
    });
    while operations(&emulator).iter().filter(|name| **name == "UpdateSyncIamUser").count() < 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    task.abort();
    tokio::time::sleep(Duration::from_secs(5)).await;
    // A new process: nothing is remembered.
    let cluster = cluster_at(&emulator.base_url(), &time);
    let outcome = cluster.sync(names(1500)).if_missing().wait().await.expect("an outcome");
    assert_eq!((outcome.already_present.users.len(), outcome.arrived.users.len()), (1000, 500));
    let sent = emulator.requests();
    let last = sent.iter().rfind(|request| request.method == "POST").expect("a write");
    assert_eq!(String::from_utf8_lossy(&last.body).matches("user-").count(), 500, "only what is missing");
}
