//! What is done to clusters, and what becomes of them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use mrs_iam_sync_emulator::{Fault, FaultKind, Quota, World};
use mrs_iam_sync_fleet::{ClusterReport, Event, Jobs, PlanOptions, Planned, Status, Stop};
use workspace_tests::virtual_time::client;

use crate::support::{Stage, file, fleet, id, owned, reports, statuses, world};

fn bad(kind: &str, reports: &[ClusterReport]) -> Vec<String> {
    let failed =
        reports.iter().filter(|report| report.error.as_ref().is_some_and(|error| error.kind == kind));
    failed.filter_map(|report| report.cluster.cluster_id.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_sent_and_what_is_there_is_not() {
    let stage = Stage::new(world(3)).await;
    stage.apply(&file(1, "users: [user1]")).await;
    let text = file(3, "users: [user1, user2], groups: [groups1]");
    let done = stage.apply(&text).await;
    assert_eq!(statuses(&done), [Status::Applied; 3]);
    assert_eq!(
        (done[0].added.users.clone(), done[1].added.users.clone()),
        (owned(&["user2"]), owned(&["user1", "user2"]))
    );
    assert_eq!(done[1].brought_along, owned(&["group1"]));
    for number in 0..3 {
        assert_eq!(
            stage.on_manager(&id(number)),
            (owned(&["user1", "user2"]), owned(&["group1", "groups1"]))
        );
    }
    let again = stage.apply(&text).await;
    assert_eq!(statuses(&again), [Status::Unchanged; 3]);
    assert_eq!(stage.calls("UpdateSyncIamUser").len(), 4, "no needless write");
    assert!(again.iter().all(|report| report.writes == 0 && report.request_ids.is_empty()));
}

/// Three of fifty do not exist, and one wants somebody who is not in IAM: those are named, the others are done.
#[tokio::test(start_paused = true)]
async fn a_part_that_fails() {
    let stage = Stage::new(world(47)).await;
    let text = file(50, "users: [user1]").replace("c00007, users: [user1]", "c00007, users: [user1, nobody]");
    let done = stage.apply(&text).await;
    assert_eq!(bad("not_found", &done), [id(47), id(48), id(49)]);
    let partly: Vec<_> = done.iter().filter(|report| report.status == Status::Partly).collect();
    let [partly] = partly.as_slice() else { panic!("{partly:#?}") };
    assert_eq!(partly.cluster.cluster_id, Some(id(7)));
    assert_eq!(
        (partly.missing.users.clone(), partly.added.users.clone()),
        (owned(&["nobody"]), owned(&["user1"]))
    );
    assert_eq!(done.iter().filter(|report| report.status == Status::Applied).count(), 46);
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_synchronization_is_waited_for() {
    let stage = Stage::with(world(1), |builder| builder.sync_duration(Duration::from_secs(100))).await;
    let other = client(&stage.emulator.base_url(), &stage.time).cluster(&id(0)).expect("a cluster");
    let names = mrs_iam_sync::Names::builder().user("user1").build().expect("names");
    other.sync(names).send().await.expect("accepted");
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = told.clone();
    let run = stage.run().on_event(move |event| {
        if let Event::Busy(cluster) = event {
            heard.lock().expect("no panic").push(cluster.title());
        }
    });
    let jobs = run.find(&fleet(&file(1, "users: [user1, user2]"))).await.expect("jobs");
    let done = reports(&run, jobs).await;
    assert_eq!(statuses(&done), [Status::Applied]);
    assert_eq!(done[0].added.users, owned(&["user2"]), "what the other one brought is there by now");
    assert!(stage.time.passed() > Duration::from_secs(100));
}

/// Five refused signatures lock an access key: one is enough. Other accounts go on.
#[tokio::test(start_paused = true)]
async fn an_account_stops_at_the_first_refused_signature() {
    let stage = Stage::new(world(100)).await;
    let text = file(100, "users: [user1]").replacen("c00000,", "c00000, profile: wrong,", 1);
    let text = (1..60).fold(text, |text, number| {
        text.replace(&format!("{},", id(number)), &format!("{}, profile: wrong,", id(number)))
    });
    let done = stage.apply(&text).await;
    let refused = stage.emulator.requests().iter().filter(|call| call.status == 401).count();
    assert_eq!(refused, 1, "requests with the wrong key");
    let statuses = statuses(&done);
    assert!(statuses[60..].iter().all(|status| *status == Status::Applied), "{statuses:?}");
    assert_eq!(statuses[..60].iter().filter(|status| **status == Status::Failed).count(), 1);
    assert_eq!(statuses[..60].iter().filter(|status| **status == Status::NotStarted).count(), 59);
    assert_eq!(bad("authentication", &done).len(), 60, "each says why");
}

/// What was sent is followed to its end, nothing more is sent, and the next run does the rest.
#[tokio::test(start_paused = true)]
async fn stopped_and_run_again() {
    let stage = Stage::with(world(300), |builder| builder.sync_duration(Duration::from_secs(30))).await;
    let text = file(300, "users: [user1]");
    let stop = Stop::new();
    let run = stage.run().with_stop(stop.clone());
    let jobs = run.find(&fleet(&text)).await.expect("jobs");
    let time = stage.time.clone();
    let stopping = async {
        mrs_iam_sync::Time::sleep(&*time, Duration::from_secs(70)).await;
        stop.request();
    };
    let (done, ()) = futures_util::future::join(reports(&run, jobs), stopping).await;
    let of = |status| done.iter().filter(|report| report.status == status).count();
    assert_eq!(
        (of(Status::Applied), of(Status::NotStarted)),
        (120, 180),
        "a minute's writes, and the next one's"
    );
    assert!(stage.time.passed() < Duration::from_secs(120));
    assert_eq!(stage.calls("UpdateSyncIamUser").len(), 120);
    let again = stage.apply(&text).await;
    assert_eq!(again.iter().filter(|report| report.status == Status::Unchanged).count(), 120);
    assert_eq!(stage.calls("UpdateSyncIamUser").len(), 300, "each cluster once");
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_was_kept() {
    let stage = Stage::new(world(4)).await;
    let text = file(4, "users: [user1]");
    let planned = stage.plan(&text, PlanOptions::new()).await;
    // The second is done by somebody else, on the third somebody else is.
    stage
        .apply("version: 1\nclusters: [{ id: c00001, users: [user1] }, { id: c00002, users: [user2] }]")
        .await;
    let before = stage.calls("UpdateSyncIamUser").len();
    let run = stage.run();
    let done = reports(&run, planned.into_iter().collect::<Jobs>()).await;
    assert_eq!(statuses(&done), [Status::Applied, Status::Unchanged, Status::Moved, Status::Applied]);
    assert_eq!(stage.calls("UpdateSyncIamUser").len() - before, 2);
    assert_eq!(stage.on_manager("c00002").0, owned(&["user2"]), "left alone");
}

/// What could not be looked at is told again when what was seen is carried out.
#[tokio::test(start_paused = true)]
async fn a_plan_of_what_does_not_exist() {
    let stage = Stage::new(world(1)).await;
    let planned = stage.plan(&file(2, "users: [user1]"), PlanOptions::new()).await;
    assert!(matches!(planned.as_slice(), [Planned::Plan(_), Planned::Failed(..)]), "{planned:?}");
    let run = stage.run();
    assert_eq!(
        statuses(&reports(&run, planned.into_iter().collect()).await),
        [Status::Applied, Status::Failed]
    );
}

#[tokio::test(start_paused = true)]
async fn removed_after_the_others_have_arrived() {
    let stage = Stage::new(world(1)).await;
    stage.apply(&file(1, "users: [user1]")).await;
    let text = file(1, "users: [user2], absent: { users: [user1] }");
    let done = stage.apply_with(&text, PlanOptions::new().max_removals(Some(1))).await;
    assert_eq!((done[0].status, done[0].writes), (Status::Applied, 2));
    assert_eq!(
        (done[0].added.users.clone(), done[0].removed.users.clone()),
        (owned(&["user2"]), owned(&["user1"]))
    );
    assert_eq!(stage.on_manager("c00000"), (owned(&["user2"]), owned(&["group1"])));
}

#[tokio::test(start_paused = true)]
async fn everybody() {
    let stage = Stage::new(world(2)).await;
    let text = file(2, "all: true");
    let done = stage.apply(&text).await;
    assert_eq!(statuses(&done), [Status::Applied; 2]);
    assert_eq!(stage.on_manager("c00001"), (owned(&["user1", "user2"]), owned(&["group1", "groups1"])));
    assert_eq!(statuses(&stage.apply(&text).await), [Status::Unchanged; 2]);
    stage.emulator.change_world(|world| world.add_user("user3"));
    let done = stage.apply(&text).await;
    assert_eq!(
        (done[0].status, done[0].added.users.clone()),
        (Status::Applied, owned(&["user3"])),
        "who is new"
    );
    stage.emulator.change_world(|world| world.grant_user("user1", "MRS ReadOnlyAccess"));
    let done = stage.apply(&text).await;
    assert_eq!((done[0].status, done[0].added.users.len()), (Status::Applied, 0), "whose roles are stale");
    assert_eq!(statuses(&stage.apply(&text).await), [Status::Unchanged; 2]);
}

/// Members of IAM groups, with those who joined since the file was written.
#[tokio::test(start_paused = true)]
async fn iam_as_the_source() {
    let world = World::sample().with_user("new", &["group1"]).with_named_cluster("p2", "elsewhere", "other");
    let stage = Stage::new(world).await;
    let clusters = owned(&["mrs-sample"]);
    let wish = mrs_iam_sync_fleet::Fleet::from_iam(&owned(&["group1"]), &clusters).expect("a fleet");
    let run = stage.run();
    let jobs = run.find(&wish).await.expect("jobs");
    let done = reports(&run, jobs).await;
    assert_eq!(done[0].added.users, owned(&["new", "user1", "user2"]));
    assert_eq!(done[0].brought_along, owned(&["group1"]), "the group comes with its members");
    assert!(mrs_iam_sync_fleet::Fleet::from_iam(&owned(&[""]), &clusters).is_err());
}

/// At most so many clusters are between the look and the write, while as many as want are followed.
#[tokio::test(start_paused = true)]
async fn what_was_seen_does_not_grow_old() {
    let stage = Stage::with(world(200), |builder| builder.quota(Quota::Sliding)).await;
    let run = stage.run().with_concurrency(8);
    let jobs = run.find(&fleet(&file(200, "users: [user1]"))).await.expect("jobs");
    let mut running = std::pin::pin!(run.apply(jobs));
    let mut most = 0;
    while running.next().await.is_some() {
        let looks = stage.calls("ListSyncRequirements").len();
        most = most.max(looks.saturating_sub(stage.calls("UpdateSyncIamUser").len()));
    }
    // Those that have finished are looked at once more.
    let looks = stage.calls("ListSyncRequirements").len();
    assert_eq!(looks, 400);
    assert!(most <= 200 + 8, "{most}");
}

/// A name that the service loses is told, and tried again by the next run.
#[tokio::test(start_paused = true)]
async fn a_name_that_is_lost() {
    let stage = Stage::new(world(1)).await;
    stage.emulator.inject(Fault::new(FaultKind::PartialSync));
    let text = file(1, "users: [user1, user2]");
    let done = stage.apply(&text).await;
    assert_eq!((done[0].status, done[0].missing.users.clone()), (Status::Partly, owned(&["user2"])));
    assert_eq!(statuses(&stage.apply(&text).await), [Status::Applied]);
}

/// Those between look and write when a stop is asked for do not write any more.
#[tokio::test(start_paused = true)]
async fn nothing_more_is_sent_after_a_stop() {
    let stage = Stage::new(world(120)).await;
    let stop = Stop::new();
    let asked = stop.clone();
    let run = stage.run().with_stop(stop).on_event(move |event| {
        if matches!(event, Event::Writing(_)) {
            asked.request();
        }
    });
    let jobs = run.find(&fleet(&file(120, "users: [user1]"))).await.expect("jobs");
    let looks = stage.calls("ShowSyncIamUser").len();
    let done = reports(&run, jobs).await;
    let of = |status| done.iter().filter(|report| report.status == status).count();
    assert_eq!((of(Status::Applied), of(Status::NotStarted)), (1, 119));
    assert_eq!(stage.calls("UpdateSyncIamUser").len(), 1);
    assert!(stage.calls("ShowSyncIamUser").len() - looks <= 64 + 1, "nobody else is looked at");
}

/// A wait for the service's answer, or for the quota of looks, ends with the stop.
#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_looks() {
    let stage = Stage::new(world(3)).await;
    stage.emulator.inject(Fault::new(FaultKind::Stall).on("ShowSyncIamUser").times(9));
    let stop = Stop::new();
    let run = stage.run().with_stop(stop.clone());
    let jobs = run.find(&fleet(&file(3, "users: [user1]"))).await.expect("jobs");
    let time = stage.time.clone();
    let stopping = async {
        mrs_iam_sync::Time::sleep(&*time, Duration::from_secs(1)).await;
        stop.request();
    };
    let (done, ()) = futures_util::future::join(reports(&run, jobs), stopping).await;
    assert_eq!(statuses(&done), [Status::NotStarted; 3]);
    assert!(stage.time.passed() < Duration::from_secs(2), "{:?}", stage.time.passed());
}

/// Of names in several requests the first one does not end in time: it goes on, and the others were not sent.
#[tokio::test(start_paused = true)]
async fn time_runs_out_between_two_parts() {
    let users: Vec<String> = (0..2500).map(|number| format!("u{number:04}")).collect();
    let world = users.iter().fold(world(1), |world, user| world.with_user(user.as_str(), &[]));
    let stage = Stage::with(world, |builder| builder.sync_duration(Duration::from_secs(1000))).await;
    let done = stage.apply(&file(1, &format!("users: [{}]", users.join(", ")))).await;
    assert_eq!(
        (done[0].status, done[0].writes, done[0].request_ids.len()),
        (Status::Unfinished, 1, 1),
        "{:?}",
        done[0].error
    );
}

/// Stopped after the synchronization and before the removal: what was done is told, and who is left.
#[tokio::test(start_paused = true)]
async fn stopped_between_synchronization_and_removal() {
    let stage = Stage::new(world(1)).await;
    stage.apply(&file(1, "users: [user1]")).await;
    let stop = Stop::new();
    let asked = stop.clone();
    let options = PlanOptions::new().max_removals(Some(1));
    let run = stage.run().with_options(options).with_stop(stop).on_event(move |event| {
        if matches!(event, Event::Ended(_)) {
            asked.request();
        }
    });
    let jobs = run.find(&fleet(&file(1, "users: [user2], absent: { users: [user1] }"))).await.expect("jobs");
    let done = reports(&run, jobs).await;
    assert_eq!((done[0].status, done[0].writes), (Status::Partly, 1));
    assert_eq!((&done[0].added.users, &done[0].left.users), (&owned(&["user2"]), &owned(&["user1"])));
    assert_eq!(stage.calls("CancelSyncIamUser").len(), 0);
}
