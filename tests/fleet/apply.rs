//! What is done to clusters, and what becomes of them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use mrs_iam_sync_emulator::{Fault, FaultKind, Quota, World};
use mrs_iam_sync_fleet::{ClusterReport, Event, Jobs, Memory, PlanOptions, Planned, Status, Stop};
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

/// An account whose endpoint does not answer takes none of the others' places, and not all of its time one by one.
#[tokio::test(start_paused = true)]
async fn no_account_waits_for_another() {
    let stage = Stage::new(world(40)).await;
    let dead: String = (0..39)
        .map(|number| format!("  - {{ id: {}, profile: dead, users: [user1] }}\n", id(number)))
        .collect();
    let text = format!("version: 1\nclusters:\n{dead}  - {{ id: {}, users: [user1] }}\n", id(39));
    let alone = stage.apply("version: 1\nclusters: [{ id: c00000, profile: dead, users: [user1] }]").await;
    let one = stage.time.passed();
    assert_eq!(alone[0].status, Status::Failed);
    let run = stage.run().with_concurrency(4);
    let jobs = run.find(&fleet(&text)).await.expect("jobs");
    let mut reports = std::pin::pin!(run.apply(jobs));
    let mut others = 0;
    while reports.next().await.expect("a report").status != Status::Applied {
        others += 1;
    }
    assert!(others < 10, "{others} of the dead ones came first");
    while reports.next().await.is_some() {}
    let all = stage.time.passed() - one;
    assert!(all < one * 25, "39 clusters, one by one at first and then three at once: {all:?}, one {one:?}");

    let run = stage.run().with_concurrency(4);
    let jobs = run.find(&fleet(&text)).await.expect("jobs");
    let planned: Vec<Planned> = run.plan(jobs).collect().await;
    assert!(matches!(planned.last(), Some(Planned::Plan(_))), "in the file's order: {:?}", planned.last());
}

/// What was sent is followed to its end, nothing more is sent, and the next run does the rest.
#[tokio::test(start_paused = true)]
async fn stopped_and_run_again() {
    let stage = Stage::with(world(300), |builder| builder.sync_duration(Duration::from_secs(30))).await;
    let text = file(300, "users: [user1]");
    let done = stopped_after(&stage, &text, Duration::from_secs(70)).await;
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

/// A plan holds for what it was made on: names, what the service reports, and who is in the groups that go.
#[tokio::test(start_paused = true)]
async fn a_plan_that_no_longer_holds() {
    let user = |world: World, name: &str| world.with_user(name, &[]);
    let stage = Stage::new(["a", "b", "c"].into_iter().fold(world(3), user).with_group("g")).await;
    stage.apply(&file(3, "users: [a, b], groups: [g]")).await;
    // On the last one somebody's roles are stale already, so that nothing but the group tells.
    stage.apply("version: 1\nclusters: [{ id: c00002, users: [c] }]").await;
    stage.emulator.change_world(|world| world.grant_user("c", "MRS ReadOnlyAccess"));
    let nothing = file(2, "users: [a, b], groups: [g]");
    let removal = "  - { id: c00002, users: [a, b], absent: { groups: [g] }, resync: never }\n";
    let planned = stage.plan(&format!("{nothing}{removal}"), PlanOptions::new().max_removals(Some(1))).await;
    let carried_out = || async {
        let run = stage.run();
        let done = reports(&run, planned.clone().into_iter().collect::<Jobs>()).await;
        done.into_iter()
            .map(|report| (report.status, report.error.map(|error| error.message)))
            .collect::<Vec<_>>()
    };
    let writes = stage.calls("CancelSyncIamUser").len() + stage.calls("UpdateSyncIamUser").len();
    stage.emulator.change_world(|world| world.add_member("b", "g"));
    client(&stage.emulator.base_url(), &stage.time)
        .cluster("c00000")
        .expect("a cluster")
        .cancel(mrs_iam_sync::Names::builder().user("b").build().expect("names"))
        .wait()
        .await
        .expect("removed");
    let done = carried_out().await;
    assert_eq!(done.iter().map(|(status, _)| *status).collect::<Vec<_>>(), [Status::Moved; 3]);
    let said: Vec<&str> = done.iter().filter_map(|(_, message)| message.as_deref()).collect();
    assert!(said[0].contains("who is on Manager has changed"), "{said:?}");
    assert!(said[1].contains("not in line with IAM"), "{said:?}");
    assert!(said[2].contains("the user b, who stays, is in the group g by now"), "{said:?}");
    let after = stage.calls("CancelSyncIamUser").len() + stage.calls("UpdateSyncIamUser").len();
    assert_eq!(after - writes, 1, "what somebody else removed");
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
    let done = stopped_after(&stage, &file(3, "users: [user1]"), Duration::from_secs(1)).await;
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

/// Of names in several requests those that were not sent yet are not sent after a stop, and told.
#[tokio::test(start_paused = true)]
async fn stopped_between_two_parts() {
    let users: Vec<String> = (0..2500).map(|number| format!("u{number:04}")).collect();
    let world = users.iter().fold(world(1), |world, user| world.with_user(user.as_str(), &[]));
    let stage = Stage::with(world, |builder| builder.sync_duration(Duration::from_secs(30))).await;
    let text = file(1, &format!("users: [{}]", users.join(", ")));
    let done = stopped_after(&stage, &text, Duration::from_secs(10)).await;
    assert_eq!((done[0].status, done[0].writes, done[0].missing.users.len()), (Status::Partly, 1, 1500));
    assert_eq!(done[0].error.as_ref().map(|error| error.kind.as_str()), Some("stopped"));
    assert_eq!(stage.on_manager("c00000").0.len(), 1000);
    let again = stage.apply(&text).await;
    assert_eq!((again[0].status, again[0].writes), (Status::Applied, 2), "the rest, and nothing twice");
}

/// The service has finished, and a name is not there: a stop does not wait for it until the deadline.
#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_who_never_comes() {
    let stage = Stage::new(world(1)).await;
    let done = stopped_after(&stage, &file(1, "users: [user1, ghost]"), Duration::from_secs(60)).await;
    assert_eq!((done[0].status, &done[0].missing.users), (Status::Partly, &owned(&["ghost"])));
    assert_eq!(done[0].added.users, owned(&["user1"]));
    assert!(stage.time.passed() < Duration::from_secs(90), "{:?}", stage.time.passed());
}

async fn stopped_after(stage: &Stage, text: &str, delay: Duration) -> Vec<ClusterReport> {
    let stop = Stop::new();
    let run = stage.run().with_stop(stop.clone());
    let jobs = run.find(&fleet(text)).await.expect("jobs");
    let time = stage.time.clone();
    let stopping = async {
        mrs_iam_sync::Time::sleep(&*time, delay).await;
        stop.request();
    };
    futures_util::future::join(reports(&run, jobs), stopping).await.0
}

/// What does not help is done once more and then rests, longer each time, until something else is seen.
#[tokio::test(start_paused = true)]
async fn what_is_to_no_avail_rests() {
    let stage = Stage::new(world(1)).await;
    stage.apply(&file(1, "users: [user1, user2]")).await;
    // Somebody who is not listed is out of line: whatever is done for the others does not mend it.
    stage.emulator.change_world(|world| world.grant_user("user2", "MRS ReadOnlyAccess"));
    let memory = Memory::default();
    let round = |text: String| {
        let run = stage.run().with_memory(memory.clone());
        async move {
            let jobs = run.find(&fleet(&text)).await.expect("jobs");
            let report = reports(&run, jobs).await.remove(0);
            (report.status, report.writes, report.rests)
        }
    };
    let wait = async |minutes: u64| {
        mrs_iam_sync::Time::sleep(&*stage.time, Duration::from_secs(60 * minutes)).await;
    };
    let one = file(1, "users: [user1]");
    let (done, rests) = ((Status::Applied, 1, false), (Status::Unchanged, 0, true));
    assert_eq!(round(one.clone()).await, done);
    assert_eq!(round(one.clone()).await, done, "once more");
    for _ in 0..3 {
        wait(15).await;
        assert_eq!(round(one.clone()).await, rests);
    }
    wait(16).await;
    assert_eq!(round(one.clone()).await, done, "after an hour");
    wait(90).await;
    assert_eq!(round(one.clone()).await, rests, "two hours, now");
    // Another file has more to do.
    stage.emulator.change_world(|world| world.add_user("user3"));
    assert_eq!(round(file(1, "users: [user1, user3]")).await.1, 1, "who is missing is sent at once");
}

/// A name that never comes is not sent in each round.
#[tokio::test(start_paused = true)]
async fn a_name_that_never_comes_rests() {
    let stage = Stage::new(world(1)).await;
    let memory = Memory::default();
    let mut seen = Vec::new();
    for _ in 0..4 {
        let run = stage.run().with_memory(memory.clone());
        let jobs = run.find(&fleet(&file(1, "users: [user1, ghost]"))).await.expect("jobs");
        let report = reports(&run, jobs).await.remove(0);
        assert_eq!(report.missing.users, owned(&["ghost"]));
        seen.push((report.status, report.writes));
    }
    let (sent, rests) = ((Status::Partly, 1), (Status::Partly, 0));
    assert_eq!(seen, [sent, sent, rests, rests]);
}

/// What has come since is no repetition, and what has helped is not to no avail.
#[tokio::test(start_paused = true)]
async fn what_is_new_never_rests() {
    let stage = Stage::new(world(1)).await;
    let memory = Memory::default();
    let run = || stage.run().with_memory(memory.clone());
    let text = file(1, "from_iam: [group1]");
    for round in 0..6 {
        let run = run();
        let jobs = run.find(&fleet(&text)).await.expect("jobs");
        let report = reports(&run, jobs).await.remove(0);
        assert_eq!(
            (report.status, report.writes, report.rests),
            (Status::Applied, 1, false),
            "round {round}"
        );
        stage.emulator.change_world(|world| {
            world.add_user(format!("new{round}"));
            world.add_member(&format!("new{round}"), "group1");
        });
    }
    // Out of line for somebody else, and then somebody new: at the very next look.
    let users = "users: [user1], from_iam: [group1]";
    stage.emulator.change_world(|world| {
        world.add_user("other");
        world.grant_user("other", "MRS ReadOnlyAccess");
    });
    stage.apply("version: 1\nclusters: [{ id: c00000, users: [other] }]").await;
    stage.emulator.change_world(|world| world.revoke_user("other", "MRS ReadOnlyAccess"));
    for round in 6..9 {
        stage.emulator.change_world(|world| {
            world.add_user(format!("new{round}"));
            world.add_member(&format!("new{round}"), "group1");
        });
        let run = run();
        let jobs = run.find(&fleet(&file(1, users))).await.expect("jobs");
        let report = reports(&run, jobs).await.remove(0);
        assert!(report.writes == 1 && report.added.users.contains(&format!("new{round}")), "{report:?}");
    }
}

/// A part that waits for the quota when a stop is asked for does not leave any more.
#[tokio::test(start_paused = true)]
async fn nothing_leaves_that_waits_for_the_quota() {
    let users: Vec<String> = (0..1100).map(|number| format!("u{number:04}")).collect();
    let world = users.iter().fold(world(64), |world, user| world.with_user(user.as_str(), &[]));
    let stage = Stage::new(world).await;
    let many = format!("  - {{ id: c00000, users: [{}] }}\n", users.join(", "));
    let few: String =
        (1..64).map(|number| format!("  - {{ id: {}, users: [u0000] }}\n", id(number))).collect();
    let done =
        stopped_after(&stage, &format!("version: 1\nclusters:\n{many}{few}"), Duration::from_secs(30)).await;
    assert_eq!(stage.calls("UpdateSyncIamUser").len(), 60, "a minute's worth");
    assert_eq!((done[0].status, done[0].writes, done[0].missing.users.len()), (Status::Partly, 1, 100));
    assert_eq!(done.iter().filter(|report| report.status == Status::NotStarted).count(), 4);
}

/// Whoever has looked at a few clusters applies them, and looks at no more: neither keeps the other from its places.
#[tokio::test(start_paused = true)]
async fn a_look_that_is_left_keeps_no_place() {
    let stage = Stage::new(world(20)).await;
    let run = stage.run().with_concurrency(2);
    let jobs = run.find(&fleet(&file(20, "users: [user1]"))).await.expect("jobs");
    let mut plans = std::pin::pin!(run.plan(jobs));
    let planned = plans.next().await.expect("a plan");
    let done = reports(&run, [planned].into_iter().collect()).await;
    assert_eq!(statuses(&done), [Status::Applied]);
    assert!(plans.next().await.is_some());
}
