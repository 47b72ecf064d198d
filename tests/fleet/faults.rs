//! Faults at random: in the end each cluster is as the file says, and none was written more often than its faults
//! explain.

use std::collections::BTreeMap;

use mrs_iam_sync_emulator::{Fault, FaultKind, Quota};
use mrs_iam_sync_fleet::{ClusterReport, Status};

use crate::support::{Stage, file, fleet, id, owned, reports, world};

const CLUSTERS: usize = 150;

fn any_fault(random: &mut fastrand::Rng) -> FaultKind {
    let status = |status, error_code: &str| FaultKind::Status {
        status,
        error_code: error_code.to_owned(),
        retry_after: None,
    };
    match random.u8(0..8) {
        0 => status(500, "APIGW.0202"),
        1 => status(503, ""),
        2 => status(429, "APIGW.0308"),
        3 => FaultKind::ResetBefore,
        4 => FaultKind::ResetWithin,
        5 => FaultKind::Truncate,
        6 => FaultKind::Html { status: 502 },
        _ => FaultKind::Stall,
    }
}

/// Five faults among a hundred answers, by whoever asks next.
fn run_with_faults(stage: &Stage, random: &mut fastrand::Rng) {
    for operation in ["ShowSyncIamUser", "UpdateSyncIamUser", "ListSyncStatus", "ListSyncRequirements"] {
        for _ in 0..CLUSTERS / 20 {
            stage.emulator.inject(Fault::new(any_fault(random)).on(operation));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn five_answers_in_a_hundred_go_wrong() {
    for seed in 0..4 {
        let mut random = fastrand::Rng::with_seed(seed);
        let stage = Stage::with(world(CLUSTERS), |builder| builder.quota(Quota::Off)).await;
        let text = file(CLUSTERS, "users: [user1, user2], groups: [groups1]");
        let mut rounds = 0;
        loop {
            rounds += 1;
            if rounds <= 3 {
                run_with_faults(&stage, &mut random);
            }
            let run = stage.run();
            let jobs = run.find(&fleet(&text)).await.expect("jobs");
            let done: Vec<ClusterReport> = reports(&run, jobs).await;
            assert_eq!(done.len(), CLUSTERS, "each is told, seed {seed}");
            if rounds > 3 && done.iter().all(|report| report.status == Status::Unchanged) {
                break;
            }
            assert!(
                rounds < 8,
                "seed {seed} does not settle: {:#?}",
                done.iter().find(|r| !r.status.is_good())
            );
        }
        for number in 0..CLUSTERS {
            assert_eq!(
                stage.on_manager(&id(number)),
                (owned(&["user1", "user2"]), owned(&["group1", "groups1"]))
            );
        }
        let mut writes: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for call in stage.emulator.requests() {
            // Those that took effect, whatever the client saw of the answer.
            if call.operation == Some("UpdateSyncIamUser") && call.status == 202 {
                let cluster = call.path.split('/').nth(4).unwrap_or_default().to_owned();
                let (sent, faults) = writes.entry(cluster).or_default();
                *sent += 1;
                *faults += usize::from(call.fault.is_some());
            }
        }
        for (cluster, (sent, faults)) in writes {
            assert!(sent <= 1 + faults, "{cluster}: written {sent} times, {faults} faults, seed {seed}");
        }
    }
}
