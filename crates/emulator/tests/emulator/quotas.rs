//! How often an operation may be called, by both kinds of minutes.

use std::time::Duration;

use mrs_iam_sync_contract::iam_sync_user::DOCUMENT;
use mrs_iam_sync_emulator::{Emulator, Quota};

use crate::support::{Answer, Draft, SECOND, SYNC, Stage, get, post};

const THROTTLED: (u16, &str) = (429, "APIGW.0308");

/// Sends a write that MRS refuses, which costs nothing but the count.
async fn write(stage: &Stage) -> Answer {
    stage.post("{}").await
}

/// How many writes pass in a row.
async fn passing(stage: &Stage) -> usize {
    for passed in 0..200 {
        if write(stage).await.outcome() == THROTTLED {
            return passed;
        }
    }
    200
}

#[tokio::test]
async fn each_operation_has_the_documents_limit() {
    let stage = Stage::with(Emulator::builder().token("t")).await;
    for operation in DOCUMENT.operations {
        let [project, cluster] = crate::support::SAMPLE;
        let path = operation.path_with(&[("project_id", project), ("cluster_id", cluster)]);
        let draft = Draft::new(operation.method.as_str(), &path).header("x-auth-token", "t");
        for _ in 0..operation.rate_limit.per_minute {
            let answer = stage.send(draft.clone()).await;
            assert_ne!(answer.outcome(), THROTTLED, "{}", operation.id);
        }
        let answer = stage.send(draft).await;
        assert_eq!(answer.outcome(), THROTTLED, "{}", operation.id);
        let message = format!(
            "The throttling threshold has been reached: policy user over ratelimit,limit:{},time:1 minute.",
            operation.rate_limit.per_minute,
        );
        assert_eq!(answer.message(), message);
        assert_eq!(answer.body["request_id"], *answer.header("x-request-id"));
    }
}

#[tokio::test]
async fn a_sliding_minute_frees_a_place_for_each_that_is_sixty_seconds_old() {
    let stage = Stage::new().await;
    for _ in 0..30 {
        assert_eq!(write(&stage).await.status, 400);
    }
    stage.clock.advance(30 * SECOND);
    assert_eq!(passing(&stage).await, 30);
    // Of the 61 requests so far 30 are a minute old now, and 31 are not: the refused one counts.
    stage.clock.advance(30 * SECOND);
    assert_eq!(passing(&stage).await, 29);
    stage.clock.advance(30 * SECOND - Duration::from_nanos(1));
    assert_eq!(write(&stage).await.outcome(), THROTTLED);
    stage.clock.advance(Duration::from_nanos(1));
    assert_eq!(passing(&stage).await, 29, "31 are a minute old now");
}

#[tokio::test]
async fn a_fixed_minute_starts_anew_with_the_clocks() {
    // The clock shows 03:04:05.
    let stage = Stage::with(Emulator::builder().quota(Quota::Fixed).retry_after(true)).await;
    stage.clock.advance(54 * SECOND);
    assert_eq!(passing(&stage).await, 60);
    stage.clock.advance(SECOND - Duration::from_nanos(1));
    assert_eq!(write(&stage).await.header("retry-after"), "1");
    stage.clock.advance(Duration::from_nanos(1));
    assert_eq!(passing(&stage).await, 60, "the refused ones were of another minute");
    assert_eq!(write(&stage).await.header("retry-after"), "60");
}

#[tokio::test]
async fn all_credentials_count_together_and_none_do_not() {
    let stage = Stage::with(Emulator::builder().token("t").retry_after(true)).await;
    for _ in 0..59 {
        assert_eq!(stage.send(post("{}").header("x-auth-token", "wrong")).await.status, 401);
        assert_eq!(stage.send(post("{}").header("x-auth-token", "t")).await.status, 400);
    }
    assert_eq!(write(&stage).await.status, 400);
    stage.clock.advance(SECOND / 2);
    let answer = write(&stage).await;
    assert_eq!((answer.outcome(), answer.header("retry-after")), (THROTTLED, "60"));
    assert_eq!(stage.send(post("{}")).await.status, 401, "credentials come first");
    assert_eq!(stage.signed(get(SYNC)).await.status, 200, "another operation");
}

#[tokio::test]
async fn a_reset_starts_anew_and_off_is_off() {
    let stage = Stage::new().await;
    assert_eq!(passing(&stage).await, 60);
    let reset = stage.send(Draft::new("POST", "/_emulator/reset")).await;
    assert_eq!(reset.status, 200);
    assert_eq!(passing(&stage).await, 60);
    let stage = Stage::with(Emulator::builder().quota(Quota::Off)).await;
    assert_eq!(passing(&stage).await, 200);
}
