//! Many clusters, within the tenant's quota.

use std::time::Duration;

use mrs_iam_sync::RateLimits;
use mrs_iam_sync_emulator::Quota;
use mrs_iam_sync_fleet::{ClusterReport, Run, Status};

use crate::support::{Here, Stage, file, fleet, reports, statuses, world};

/// What the documented quota allows: 60 at once, and 60 more with each minute.
fn ideal(clusters: usize) -> Duration {
    Duration::from_secs(60 * ((clusters as u64 - 1) / 60))
}

fn refused(stage: &Stage) -> usize {
    stage.emulator.requests().iter().filter(|call| call.status == 429).count()
}

#[tokio::test(start_paused = true)]
async fn a_thousand_clusters_take_what_the_quota_allows() {
    for (quota, clusters) in [(Quota::Sliding, 1000), (Quota::Fixed, 130)] {
        let stage = Stage::with(world(clusters), |builder| builder.quota(quota)).await;
        let done = stage.apply(&file(clusters, "users: [user1, user2]")).await;
        assert_eq!(statuses(&done), vec![Status::Applied; clusters], "{quota:?}");
        assert!(done.iter().all(|report| report.writes == 1));
        assert_eq!((refused(&stage), stage.calls("UpdateSyncIamUser").len()), (0, clusters), "{quota:?}");
        let (took, ideal) = (stage.time.passed(), ideal(clusters));
        assert!(took <= ideal.mul_f64(1.05), "{took:?}, at best {ideal:?}");
    }
}

/// A program of its own, with limits of its own, that does those clusters for whose ids `keep` says so. Returns what
/// became of them, and when it had finished.
async fn program(
    stage: &Stage,
    text: &str,
    limits: RateLimits,
    keep: impl Fn(&str) -> bool,
) -> (Vec<ClusterReport>, Duration) {
    let run = Run::new(Here { limits: Some(limits), ..stage.here.clone() }).with_time(stage.time.clone());
    let jobs = run.find(&fleet(text)).await.expect("no cluster twice");
    let done = reports(&run, jobs.keep(|cluster| cluster.cluster_id.as_deref().is_some_and(&keep))).await;
    (done, stage.time.passed())
}

/// Two programs, each with half of 240 clusters. Returns when each had finished.
async fn two(stage: &Stage, limits: [RateLimits; 2]) -> [Duration; 2] {
    let text = file(240, "users: [user1]");
    let [first, second] = limits;
    let (first, second) = futures_util::future::join(
        program(stage, &text, first, |id| id < "c00120"),
        program(stage, &text, second, |id| id >= "c00120"),
    )
    .await;
    for (done, _) in [&first, &second] {
        assert_eq!(statuses(done), [Status::Applied; 120]);
    }
    assert_eq!(stage.calls("UpdateSyncIamUser").iter().filter(|status| **status == 202).count(), 240);
    [first.1, second.1]
}

/// The documented number a minute for both together.
const SHARED: u64 = 180;

#[tokio::test(start_paused = true)]
async fn somebody_else_may_use_half_of_the_quota() {
    let stage = Stage::new(world(240)).await;
    let half = || RateLimits::with_share(0.5);
    let took = two(&stage, [half(), half()]).await;
    assert_eq!((ideal(240).as_secs(), refused(&stage)), (SHARED, 0));
    assert!(took.iter().all(|took| took.as_secs_f64() <= 1.2 * SHARED as f64), "{took:?}");
}

/// Somebody else keeps to half of the quota, and nobody has said so here. Refusals slow both down: the other one
/// suffers, and nothing is lost.
#[tokio::test(start_paused = true)]
async fn somebody_else_uses_half_of_the_quota_and_nobody_said_so() {
    let stage = Stage::new(world(240)).await;
    let [ours, _] = two(&stage, [RateLimits::new(), RateLimits::with_share(0.5)]).await;
    assert!(refused(&stage) > 0, "the test above can fail");
    assert!(ours.as_secs_f64() <= 1.2 * SHARED as f64, "{ours:?}");
}

#[tokio::test(start_paused = true)]
async fn two_that_do_not_know_of_each_other_both_finish() {
    let stage = Stage::new(world(240)).await;
    let took = two(&stage, [RateLimits::new(), RateLimits::new()]).await;
    assert!(refused(&stage) > 0);
    assert!(took.iter().all(|took| took.as_secs_f64() <= 1.7 * SHARED as f64), "{took:?}");
}
