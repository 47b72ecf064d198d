//! Plans: what is different, what that means, and what is not removed.

use mrs_iam_sync::NameLists;
use mrs_iam_sync_emulator::World;
use mrs_iam_sync_fleet::{ClusterPlan, PlanOptions, Planned, Status, Verdict};
use workspace_tests::{CLUSTER_ID, PROJECT_ID};

use crate::support::{Stage, owned, world};

fn one(rest: &str) -> String {
    format!("version: 1\nclusters:\n  - {{ id: {CLUSTER_ID}, {rest} }}\n")
}

const NONE: PlanOptions = PlanOptions::new();

/// Users a, b, c in group abc; d in group d and in others; e alone. a, b and d are on Manager, with their groups.
async fn stage() -> Stage {
    let world = World::new()
        .with_named_cluster(PROJECT_ID, CLUSTER_ID, "first")
        .with_user("a", &["abc"])
        .with_user("b", &["abc"])
        .with_user("c", &["abc"])
        .with_user("d", &["d", "others"])
        .with_user("e", &[])
        .with_group("empty");
    let stage = Stage::new(world).await;
    let done = stage.apply(&one("users: [a, b, d]")).await;
    assert_eq!(done[0].added.users, owned(&["a", "b", "d"]));
    stage
}

/// Users, then groups, then who is held back and why.
fn lists(plan: &ClusterPlan) -> String {
    let mut text = format!("{:?}", plan.verdict);
    for (what, names) in [
        ("add", &plan.add),
        ("again", &plan.resync),
        ("remove", &plan.remove),
        ("unchanged", &plan.unchanged),
        ("unlisted", &plan.unlisted),
    ] {
        for (kind, list) in [("users", &names.users), ("groups", &names.groups)] {
            if !list.is_empty() {
                text += &format!("\n{what} {kind}: {}", list.join(" "));
            }
        }
    }
    if !plan.brought_along.is_empty() {
        text += &format!("\ncame along: {}", plan.brought_along.join(" "));
    }
    for held in &plan.held_back {
        text += &format!("\nstays: {} {}: {}", held.kind, held.name, held.why);
    }
    text
}

#[tokio::test(start_paused = true)]
async fn what_is_there_what_is_not_and_who_else_is() {
    let stage = stage().await;
    let plan = stage.plan_one(&one("users: [a, e], groups: [empty, others]"), NONE).await;
    insta::assert_snapshot!(lists(&plan), @r"
    Change
    add users: e
    add groups: empty
    unchanged users: a
    unchanged groups: others
    unlisted users: b d
    unlisted groups: abc d
    ");
    assert_eq!(stage.calls("UpdateSyncIamUser").len(), 1, "planning sends nothing");
}

/// Names alone do not tell the truth: after a change of permissions everybody is there, and roles are stale.
#[tokio::test(start_paused = true)]
async fn nobody_is_missing_and_roles_are_stale() {
    let stage = stage().await;
    let plan = stage.plan_one(&one("users: [a, b, d]"), NONE).await;
    assert_eq!((plan.verdict, plan.changes()), (Verdict::InLine, false));
    stage.emulator.change_world(|world| world.grant_user("a", "MRS FullAccess"));
    let plan = stage.plan_one(&one("users: [a, b, d]"), NONE).await;
    insta::assert_snapshot!(lists(&plan), @r"
    Change
    again users: a b d
    unlisted groups: abc d others
    ");
    let never = stage.plan_one(&one("users: [a, b, d], resync: never"), NONE).await;
    assert_eq!((never.verdict, never.changes()), (Verdict::Stale, false), "and never called nothing to do");
    let forced = stage.plan_one(&one("users: [a], resync: never"), NONE.resync(true)).await;
    assert_eq!((forced.verdict, forced.resync.users), (Verdict::Change, owned(&["a"])));
    let done = stage.apply(&one("users: [a, b, d]")).await;
    assert_eq!(
        (done[0].resynced.users.clone(), done[0].in_line_with_iam),
        (owned(&["a", "b", "d"]), Some(true))
    );
    let always = stage.plan_one(&one("users: [a], resync: always"), NONE).await;
    assert_eq!(always.resync.users, owned(&["a"]));
}

#[tokio::test(start_paused = true)]
async fn older_services_cannot_tell() {
    let stage = Stage::with(World::sample(), |builder| builder.without_status_operations()).await;
    let text = one("users: [user1]");
    stage.apply(&text).await;
    let plan = stage.plan_one(&text, NONE).await;
    assert_eq!((plan.verdict, plan.in_line_with_iam), (Verdict::Unknown, None));
    let requests = stage.emulator.requests();
    let asked = requests.iter().filter(|call| call.path.ends_with("/is-synchronous")).count();
    assert_eq!(asked, 2, "once in each run");
}

/// A column of the wish, whether with --prune, and what comes of it.
#[tokio::test(start_paused = true)]
async fn removals() {
    let stage = stage().await;
    let mut table = String::new();
    for (options, rest) in [
        (NONE, "users: [a], absent: { users: [b, nobody], groups: [d] }"),
        (NONE, "users: [a], absent: { users: [d], groups: [d, others] }"),
        (NONE, "users: [a], exclusive: true, caller: robot"),
        (NONE.prune(true), "users: [a], caller: robot"),
        (NONE.prune(true), "users: [a], exclusive: true, caller: robot"),
        (NONE.prune(true), "users: [a], exclusive: true, caller: b"),
        (NONE.prune(true), "users: [a], exclusive: true"),
        (NONE.prune(true), "groups: [abc], exclusive: true, caller: robot"),
        (NONE.prune(true), "from_iam: [empty], users: [a], exclusive: true, caller: robot"),
        (NONE.prune(true), "from_iam: [abc], exclusive: true, caller: robot"),
        (NONE.prune(true), "all: true, exclusive: true, caller: robot"),
    ] {
        let plan = stage.plan_one(&one(rest), options.max_removals(Some(10))).await;
        let prune = if options == NONE { "" } else { "--prune, " };
        table += &format!("{prune}{rest}\n  {}\n", lists(&plan).replace('\n', "\n  "));
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn many_removals_want_leave() {
    let users: Vec<String> = (0..60).map(|number| format!("u{number:02}")).collect();
    let world = users.iter().fold(World::sample(), |world, user| world.with_user(user.as_str(), &[]));
    let stage = Stage::new(world).await;
    stage.apply(&one(&format!("users: [{}]", users.join(", ")))).await;
    let removing =
        |count: usize| one(&format!("users: [user1], absent: {{ users: [{}] }}", users[..count].join(", ")));
    for (count, options, verdict) in [
        (10, NONE, Verdict::Change),
        (11, NONE, Verdict::Refused),
        (11, NONE.max_removals(Some(11)), Verdict::Change),
        (12, NONE.max_removals(Some(11)), Verdict::Refused),
        (1, NONE.max_removals(Some(0)), Verdict::Refused),
    ] {
        let plan = stage.plan_one(&removing(count), options).await;
        let needs = (verdict == Verdict::Refused).then_some(count);
        assert_eq!((plan.verdict, plan.needs_max_removals), (verdict, needs), "{count} {options:?}");
    }
    let done = stage.apply(&removing(11)).await;
    let failure = done[0].error.clone().expect("refused");
    assert_eq!((failure.kind.as_str(), stage.calls("CancelSyncIamUser").len()), ("too_many_removals", 0));
    assert_eq!(stage.calls("UpdateSyncIamUser").len(), 1, "nothing else is done there either");
    // A fifth of who is there, where that is less.
    stage.emulator.change_world(|world| world.add_cluster(PROJECT_ID, "small"));
    let small = |rest: &str| format!("version: 1\nclusters: [{{ id: small, {rest} }}]");
    stage.apply(&small("users: [u00, u01, u02, u03, u04, u05, u06, u07, u08]")).await;
    let one = stage.plan_one(&small("absent: { users: [u00] }"), NONE).await;
    let two = stage.plan_one(&small("absent: { users: [u00, u01] }"), NONE).await;
    assert_eq!((one.verdict, two.verdict), (Verdict::Change, Verdict::Refused));
}

/// Without an answer about one group no group is removed.
#[tokio::test(start_paused = true)]
async fn groups_stay_when_memberships_cannot_be_read() {
    use mrs_iam_sync_emulator::{Fault, FaultKind};
    let stage = stage().await;
    let refused = FaultKind::Status { status: 403, error_code: String::new(), retry_after: None };
    stage.emulator.inject(Fault::new(refused).on("KeystoneListUsersForGroupByAdmin"));
    let options = NONE.max_removals(Some(10));
    let plan = stage.plan_one(&one("users: [a], absent: { users: [d], groups: [d, others] }"), options).await;
    assert_eq!((plan.remove.users, plan.remove.groups), (owned(&["d"]), vec![]));
    assert!(plan.held_back.iter().all(|held| held.why.contains("cannot be read")), "{:?}", plan.held_back);
    assert_eq!(plan.held_back.len(), 2);
    let again =
        stage.plan_one(&one("users: [a], absent: { users: [d], groups: [d, others] }"), options).await;
    assert_eq!(again.remove.groups, owned(&["d", "others"]), "the same with an answer");
}

/// A source of names that fails is an error of that cluster, and nothing is removed.
#[tokio::test(start_paused = true)]
async fn a_source_that_fails() {
    use mrs_iam_sync_emulator::{Fault, FaultKind};
    let stage = stage().await;
    let refused = FaultKind::Status { status: 403, error_code: String::new(), retry_after: None };
    stage.emulator.inject(Fault::new(refused).on("KeystoneListGroups"));
    let text = one("from_iam: [abc], exclusive: true, caller: robot, absent: { users: [d] }");
    let planned = stage.plan(&text, NONE.prune(true)).await;
    let [Planned::Failed(_, failure)] = planned.as_slice() else { panic!("{planned:?}") };
    assert_eq!(failure.status, Some(403));
    // A group that is not there may be one that is misspelt: that is no list of nobody.
    let gone = one("from_iam: [gone], exclusive: true, caller: robot, absent: { users: [d] }");
    let planned = stage.plan(&gone, NONE.prune(true)).await;
    let [Planned::Failed(_, failure)] = planned.as_slice() else { panic!("{planned:?}") };
    assert!(failure.kind == "not_found" && failure.message.contains("\"gone\""), "{failure:?}");
    let done = stage.apply(&gone).await;
    assert_eq!((done[0].status, stage.calls("CancelSyncIamUser").len()), (Status::Failed, 0));
    // An empty one may be a fault: it is not called in line.
    let plan = stage.plan_one(&one("from_iam: [empty]"), NONE).await;
    assert_eq!(plan.verdict, Verdict::Unknown);
    assert!(plan.doubt.expect("a doubt").contains("empty"));
    let done = stage.apply(&one("from_iam: [empty]")).await;
    assert_eq!(
        (done[0].status, done[0].writes),
        (Status::Partly, 0),
        "nobody can say that it is as it should be"
    );
    assert!(done[0].doubt.as_ref().is_some_and(|doubt| doubt.contains("empty")), "{done:?}");
}

/// Everyone is meant, and nobody says who that is: that is no cluster in line.
#[tokio::test(start_paused = true)]
async fn everyone_when_iam_cannot_be_read() {
    use mrs_iam_sync_emulator::{Fault, FaultKind};
    let stage = stage().await;
    let refused = FaultKind::Status { status: 403, error_code: String::new(), retry_after: None };
    stage.emulator.inject(Fault::new(refused).on("KeystoneListUsers").times(9));
    let plan = stage.plan_one(&one("all: true"), NONE).await;
    assert_eq!((plan.verdict, plan.in_line_with_iam), (Verdict::Unknown, Some(true)));
    assert!(plan.doubt.expect("a doubt").contains("cannot be read"));
    let done = stage.apply(&one("all: true")).await;
    assert_eq!((done[0].status, done[0].writes), (Status::Partly, 0));
}

/// Who leaves may be in the IAM group for a while: the file, which names them, is right.
#[tokio::test(start_paused = true)]
async fn absent_is_absent_whatever_group_of_iam() {
    let stage = stage().await;
    let text = one("from_iam: [abc], absent: { users: [B, c] }");
    let plan = stage.plan_one(&text, NONE.max_removals(Some(1))).await;
    assert_eq!(
        (&plan.add, &plan.unchanged.users),
        (&NameLists::default(), &owned(&["a", "b"])),
        "B is not b"
    );
    let text = one("from_iam: [abc], absent: { users: [b, c] }");
    let done = stage.apply_with(&text, NONE.max_removals(Some(1))).await;
    assert_eq!((done[0].status, &done[0].removed.users), (Status::Applied, &owned(&["b"])));
    assert_eq!(stage.on_manager(CLUSTER_ID).0, owned(&["a", "d"]));
}

#[tokio::test(start_paused = true)]
async fn clusters_by_name_and_by_tags() {
    let mut world = world(4);
    for (number, tags) in
        [(0, &[("env", "prod")][..]), (1, &[("env", "prod"), ("team", "data")]), (2, &[("env", "test")])]
    {
        for (key, value) in tags {
            world.set_cluster_tag(&crate::support::id(number), *key, *value);
        }
    }
    world.add_named_cluster(PROJECT_ID, "x1", "twin");
    world.add_named_cluster(PROJECT_ID, "x2", "twin");
    let stage = Stage::new(world).await;
    let text = "version: 1\nclusters:
  - { name: mrs-sample, users: [user1] }
  - { name: mrs-sampel, users: [user1] }
  - { name: twin, users: [user1] }
  - { tags: { env: prod }, users: [user1] }
  - { tags: { env: test, team: data }, users: [user1] }\n";
    let mut table = String::new();
    for planned in stage.plan(text, NONE).await {
        table += &match planned {
            Planned::Plan(plan) => format!("{}: {:?}\n", plan.cluster.title(), plan.verdict),
            Planned::Failed(cluster, failure) => {
                format!("{}: {} ({})\n", cluster.title(), failure.message, failure.hint.unwrap_or_default())
            }
            Planned::NoCluster(cluster) => format!("{}: no cluster\n", cluster.title()),
            other => format!("{other:?}\n"),
        };
    }
    insta::assert_snapshot!(table);
    // Each by another entry, found only by asking.
    let twice = "version: 1\nclusters:
  - { tags: { env: prod }, users: [user1] }
  - { tags: { team: data }, users: [user2] }\n";
    let error = stage.run().find(&crate::support::fleet(twice)).await.expect_err("one cluster has both");
    insta::assert_snapshot!(format!("{error}\n{}", error.hint.clone().unwrap_or_default()), @r"
    fleet.yaml: two entries mean the cluster c00001 (c00001) with different wishes: those on line 3 and line 4
    write one entry for it, or choose tags that it has not
    ");
    assert_eq!(stage.calls("UpdateSyncIamUser").len(), 0);
}

/// Manager does not tell letters' cases apart: what it has as `Bob` goes when `bob` is removed.
#[tokio::test(start_paused = true)]
async fn cases_are_not_told_apart() {
    let world = World::new()
        .with_named_cluster(PROJECT_ID, CLUSTER_ID, "first")
        .with_user("Admin", &[])
        .with_user("Bob", &[])
        .with_user("bob", &["Crew", "deck"])
        .with_user("Robot", &[])
        .with_group("crew");
    let stage = Stage::new(world).await;
    stage.apply(&one("users: [Admin, Bob, Robot], groups: [crew, deck]")).await;
    stage.emulator.change_world(|world| world.remove_group("crew"));
    let mut table = String::new();
    for rest in [
        "users: [bob], exclusive: true, caller: robot",
        "users: [Bob], exclusive: true, caller: robot",
        "users: [Bob], groups: [Deck], exclusive: true, caller: robot",
        "absent: { groups: [crew, deck] }",
    ] {
        let plan = stage.plan_one(&one(rest), NONE.prune(true).max_removals(Some(10))).await;
        table += &format!("{rest}\n  {}\n", lists(&plan).replace('\n', "\n  "));
    }
    insta::assert_snapshot!(table);
}

/// A login knows its user: it stays, whatever the file calls the caller.
#[tokio::test(start_paused = true)]
async fn each_caller_stays() {
    let mut stage = stage().await;
    stage.here.caller = Some("b".to_owned());
    let plan = stage
        .plan_one(&one("users: [a], exclusive: true, caller: robot"), NONE.prune(true).max_removals(Some(9)))
        .await;
    assert_eq!(plan.remove.users, owned(&["d"]));
    let plan = stage.plan_one(&one("users: [a], absent: { users: [b] }, caller: robot"), NONE).await;
    assert_eq!((plan.remove.users, plan.held_back.len()), (vec![], 1));
}

/// IAM always has groups: an answer without any says nothing about those on Manager.
#[tokio::test(start_paused = true)]
async fn groups_stay_when_iam_tells_of_none() {
    let stage = stage().await;
    stage.emulator.change_world(|world| {
        for group in ["abc", "d", "others", "empty"] {
            world.remove_group(group);
        }
    });
    let plan = stage
        .plan_one(&one("users: [a], exclusive: true, caller: robot"), NONE.prune(true).max_removals(Some(9)))
        .await;
    assert_eq!(plan.remove.groups, Vec::<String>::new(), "{plan:#?}");
    assert_eq!(plan.held_back.iter().filter(|held| held.kind == "group").count(), 3);
}

/// An id is the same in capitals, and a cluster given by name and by id is one cluster.
#[tokio::test(start_paused = true)]
async fn a_cluster_in_two_entries_is_found_out() {
    let stage = Stage::new(World::sample()).await;
    let capitals = CLUSTER_ID.to_uppercase();
    let profiles = format!(
        "version: 1\nclusters:\n  - {{ id: {CLUSTER_ID}, profile: one, users: [user1] }}\n  - {{ name: mrs-sample, profile: two, users: [user1] }}\n"
    );
    let letters = format!(
        "version: 1\nclusters:\n  - {{ id: {capitals}, region: x, users: [user1] }}\n  - {{ id: {CLUSTER_ID}, users: [user2] }}\n"
    );
    for text in [profiles, letters] {
        let error = stage.run().find(&crate::support::fleet(&text)).await.expect_err("the same cluster");
        assert!(error.message.contains("line 3 and line 4"), "{error}");
    }
    let here = format!(
        "version: 1\nclusters:\n  - {{ id: {capitals}, users: [a] }}\n  - {{ id: {CLUSTER_ID}, users: [a] }}\n"
    );
    assert!(mrs_iam_sync_fleet::Fleet::parse("f", &here, std::path::Path::new("")).is_err());
    let given = owned(&["mrs-sample", CLUSTER_ID]);
    let wish = mrs_iam_sync_fleet::Fleet::from_iam(&owned(&["group1"]), &given).expect("a fleet");
    let run = stage.run();
    let jobs = run.find(&wish).await.expect("the same wish for the same cluster");
    assert_eq!(jobs.len(), 1);
}
