//! One synchronization at a time on each cluster, and exactly as long as configured.

use std::time::Duration;

use mrs_iam_sync_emulator::{Emulator, SAMPLE_PROJECT_ID, World};
use serde_json::json;

use crate::support::{Draft, SECOND, STATUS, SYNC, SYNCHRONOUS, Stage, delete, get, owned, post};

const RUNNING: (u16, &str) = (500, "12000154");
const USER_1: &str = r#"{"user_names":["user1"]}"#;

#[tokio::test]
async fn it_ends_at_its_time_not_before() {
    let stage = Stage::new().await;
    assert_eq!(stage.post(USER_1).await.status, 202);
    stage.clock.advance(2 * SECOND - Duration::from_nanos(1));
    assert_eq!(stage.get(STATUS).await, json!({ "is_synchronizing": true }));
    assert_eq!(stage.on_manager().await, owned(&[], &[]));
    assert_eq!(stage.get(SYNCHRONOUS).await, json!({ "is_synchronous": false }));
    for draft in [post(USER_1), delete(USER_1)] {
        let answer = stage.signed(draft).await;
        assert_eq!(answer.outcome(), RUNNING);
        let message =
            "IAM synchronization of cluster f7f45c04-4303-411c-9b71-d2cb730dd162 is already running.";
        assert_eq!(answer.message(), message);
    }
    stage.clock.advance(Duration::from_nanos(1));
    assert_eq!(stage.get(STATUS).await, json!({ "is_synchronizing": false }));
    assert_eq!(stage.on_manager().await, owned(&["user1"], &["group1"]));
    assert_eq!(stage.get(SYNCHRONOUS).await, json!({ "is_synchronous": true }));
    assert_eq!(stage.delete(USER_1).await.status, 202);
    assert_eq!(stage.post(USER_1).await.outcome(), RUNNING, "a removal takes its time too");
}

#[tokio::test]
async fn each_cluster_has_its_own() {
    let world = World::sample().with_cluster(SAMPLE_PROJECT_ID, "second");
    let stage = Stage::with(Emulator::builder().world(world)).await;
    let second = |draft: Draft| Draft {
        target: draft.target.replace("f7f45c04-4303-411c-9b71-d2cb730dd162", "second"),
        ..draft
    };
    assert_eq!(stage.post(USER_1).await.status, 202);
    assert_eq!(stage.signed(second(get(STATUS))).await.body, json!({ "is_synchronizing": false }));
    assert_eq!(stage.signed(second(post(USER_1))).await.status, 202);
    assert_eq!(stage.post(USER_1).await.outcome(), RUNNING);
    assert_eq!(stage.signed(second(post(USER_1))).await.outcome(), RUNNING);
    stage.clock.advance(2 * SECOND);
    stage.finished(second(delete(USER_1))).await;
    assert_eq!(stage.on_manager().await, owned(&["user1"], &["group1"]));
    assert_eq!(
        stage.signed(second(get(SYNC))).await.body,
        json!({ "user_names": [], "group_names": ["group1"] })
    );
}

#[tokio::test]
async fn the_duration_is_configured() {
    let stage = Stage::with(Emulator::builder().sync_duration(Duration::ZERO)).await;
    assert_eq!(stage.post(USER_1).await.status, 202);
    assert_eq!(stage.delete(USER_1).await.status, 202);
    assert_eq!(stage.get(STATUS).await, json!({ "is_synchronizing": false }));
    let stage = Stage::with(Emulator::builder().sync_duration(Duration::MAX)).await;
    assert_eq!(stage.post(USER_1).await.status, 202);
    stage.clock.advance(1_000_000_000 * SECOND);
    assert_eq!(stage.get(STATUS).await, json!({ "is_synchronizing": true }));
}

#[tokio::test]
async fn of_requests_at_the_same_time_one_is_accepted() {
    let stage = Stage::new().await;
    let requests = (0..8).map(|_| stage.post(USER_1));
    let mut statuses = Vec::new();
    let mut tasks: Vec<_> = requests.map(Box::pin).collect();
    std::future::poll_fn(|context| {
        tasks.retain_mut(|task| match task.as_mut().poll(context) {
            std::task::Poll::Ready(answer) => {
                statuses.push(answer.status.as_u16());
                false
            }
            std::task::Poll::Pending => true,
        });
        if tasks.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 500, 500, 500, 500, 500, 500, 500]);
}

#[tokio::test]
async fn a_synchronization_may_take_looks_instead_of_time() {
    let stage = Stage::with(Emulator::builder().sync_polls(2)).await;
    let running = async || stage.get(STATUS).await["is_synchronizing"] == true;
    assert!(!running().await, "nothing to look at");
    assert_eq!(stage.post(USER_1).await.status, 202);
    stage.clock.advance(3600 * SECOND);
    assert_eq!(stage.get(SYNC).await["user_names"], serde_json::json!([]), "neither time nor this counts");
    assert_eq!(stage.post(USER_1).await.outcome(), (500, "12000154"));
    assert!(running().await && running().await && !running().await);
    assert_eq!(stage.get(SYNC).await["user_names"], serde_json::json!(["user1"]));

    let stage = Stage::with(Emulator::builder().sync_polls(0)).await;
    assert_eq!(stage.post(USER_1).await.status, 202);
    assert_eq!(stage.get(STATUS).await["is_synchronizing"], false);

    let stage = Stage::with(Emulator::builder().sync_polls(1).without_status_operations()).await;
    assert_eq!(stage.post(USER_1).await.status, 202);
    assert_eq!(stage.get(SYNC).await["user_names"], serde_json::json!([]));
    assert_eq!(stage.get(SYNC).await["user_names"], serde_json::json!(["user1"]));
}
