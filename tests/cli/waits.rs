//! `--wait`: what arrived, what is missing, and what the exit code says of it.

use std::time::Duration;

use mrs_iam_sync_emulator::Emulator;

use crate::support::Service;

#[test]
fn who_arrived_and_who_was_there() {
    let service = Service::start();
    let first = service.on_cluster(["sync", "--user", "user1", "--wait"]).run();
    check!(first, @"
    exit: 0
    ----- stdout -----
    STATE          KIND   NAME
    arrived        user   user1
    brought along  group  group1

    Finished after [SECONDS] s.
    ----- stderr -----
    Changes of roles take up to 5 minutes to reach the nodes.
    Before a new user can log in to Manager, the cluster's administrator has to initialise the user's password there.
    ");
    let second =
        service.on_cluster(["sync", "--user", "user1", "--user", "user2", "--wait", "--user", "user1"]).run();
    check!(second, @r#"
    exit: 0
    ----- stdout -----
    STATE            KIND  NAME
    arrived          user  user2
    already present  user  user1

    Finished after [SECONDS] s.
    ----- stderr -----
    note: 1 name given more than once, sent once ("user1" for example)
    note: presence does not prove that the roles of those already present were refreshed.
    Changes of roles take up to 5 minutes to reach the nodes.
    Before a new user can log in to Manager, the cluster's administrator has to initialise the user's password there.
    "#);
}

#[test]
fn who_is_missing() {
    // Long enough for the first look to see it run on a slow machine as well.
    let service = Service::with(Emulator::builder().sync_duration(Duration::from_millis(2500)));
    assert_eq!(service.on_cluster(["sync", "--user", "user1", "--wait"]).run().code, 0);
    let names =
        ["sync", "--user", "USER1", "--user", "user2", "--group", "nobody", "--wait", "--wait-timeout", "6s"];
    check!(service.on_cluster(names).run(), @r#"
    exit: 3
    ----- stdout -----
    STATE    KIND   NAME
    arrived  user   user2
    missing  user   USER1
    missing  group  nobody

    Finished after [SECONDS] s.
    ----- stderr -----
    note: "USER1" is missing, but "user1" is on Manager: IAM tells them apart, Manager does not.
    Changes of roles take up to 5 minutes to reach the nodes.
    Before a new user can log in to Manager, the cluster's administrator has to initialise the user's password there.
    error: the service has finished, but of what was named, 1 user and 1 group cannot be found on Manager
    hint: check that the names exist in IAM, letter by letter; the result lists them
    "#);
    let json = service.on_cluster(names).args(["-o", "json"]).run();
    assert_eq!(json.code, 3, "{json}");
    assert_eq!(json.json()["missing"]["groups"][0], "nobody", "{json}");
    assert_eq!(json.json()["completion"], "finished", "{json}");
    check!(json.stderr, @r#"{"error":{"kind":"missing","status":null,"error_code":null,"error_msg":"the service has finished, but of what was named, 1 user and 1 group cannot be found on Manager","request_id":"[ID]","hint":"check that the names exist in IAM, letter by letter; the result lists them","accepted":true}}"#);
}

#[test]
fn everything_is_not_compared() {
    let service = Service::start();
    check!(service.on_cluster(["sync", "--all", "--wait"]).run(), @"
    exit: 0
    ----- stdout -----
    STATE    KIND   NAME
    arrived  user   user1
    arrived  user   user2
    arrived  group  group1
    arrived  group  groups1

    Finished after [SECONDS] s.
    ----- stderr -----
    Changes of roles take up to 5 minutes to reach the nodes.
    Before a new user can log in to Manager, the cluster's administrator has to initialise the user's password there.
    ");
}

#[test]
fn a_deadline_that_passes() {
    let service = Service::with(Emulator::builder().sync_duration(Duration::from_secs(3600)));
    let wait = ["--wait", "--wait-timeout", "500ms"];
    check!(service.on_cluster(["sync", "--user", "user1"]).args(wait).run(), @"
    exit: 6
    ----- stdout -----
    STATE          KIND  NAME
    not there yet  user  user1

    Accepted, but not finished after [SECONDS] s.
    ----- stderr -----
    error: the service had accepted the request, but the wait deadline passed before it had finished
    hint: it goes on: look with `mrs-iam-sync status`; --wait-timeout gives it more time
    ");
    let impatient = ["--timeout", "1s"];
    check!(service.on_cluster(["cancel", "--user", "user1"]).args(wait).args(impatient).run(), @"
    exit: 5
    ----- stderr -----
    error: http://127.0.0.1:PORT answered 500, 12000154: IAM synchronization of cluster f7f45c04-4303-411c-9b71-d2cb730dd162 is already running. (request id [ID])
    hint: Wait until it has finished (ListSyncStatus says so), then send the request again.
    ");
    service.emulator.reset();
    let json = service.on_cluster(["cancel", "--user", "user1", "-o", "json"]).args(wait).run();
    assert_eq!(json.code, 6, "{json}");
    assert_eq!(json.error()["error"]["kind"], "deadline_passed", "{json}");
    assert_eq!(json.error()["error"]["accepted"], true, "{json}");
    assert_eq!(json.error()["error"]["request_id"], json.json()["accepted"][0]["request_id"], "{json}");
}

#[test]
fn who_was_removed_and_which_groups_are_left() {
    let service = Service::start();
    assert_eq!(service.on_cluster(["sync", "--user", "user1", "--user", "user2", "--wait"]).run().code, 0);
    let names = ["cancel", "--user", "user1", "--user", "nobody", "--wait"];
    check!(service.on_cluster(names).run(), @"
    exit: 0
    ----- stdout -----
    STATE            KIND   NAME
    removed          user   user1
    already absent   user   nobody
    left, not named  group  group1

    Finished after [SECONDS] s.
    ----- stderr -----
    note: 1 group not named, still on Manager: the groups that came along with a user stay.
    ");
    let json = service.on_cluster(names).args(["-o", "json"]).run();
    assert_eq!(json.json()["already_absent"]["users"][0], "user1", "{json}");
    assert_eq!(json.json()["groups_left"][0], "group1", "{json}");
}

#[test]
fn a_synchronization_that_runs_already() {
    let service = Service::with(Emulator::builder().sync_duration(Duration::from_secs(3600)));
    assert_eq!(service.on_cluster(["sync", "--user", "user1"]).run().code, 0);
    let impatient = ["--timeout", "1s"];
    check!(service.on_cluster(["sync", "--user", "user2"]).args(impatient).run(), @"
    exit: 5
    ----- stderr -----
    error: http://127.0.0.1:PORT answered 500, 12000154: IAM synchronization of cluster f7f45c04-4303-411c-9b71-d2cb730dd162 is already running. (request id [ID])
    hint: Wait until it has finished (ListSyncStatus says so), then send the request again.
    ");
    let json = service.on_cluster(["cancel", "--user", "user2", "-o", "json"]).args(impatient).run();
    assert_eq!(json.code, 5, "{json}");
    check!(json.stderr, @r#"{"error":{"kind":"sync_running","status":500,"error_code":"12000154","error_msg":"IAM synchronization of cluster f7f45c04-4303-411c-9b71-d2cb730dd162 is already running.","request_id":"[ID]","hint":"Wait until it has finished (ListSyncStatus says so), then send the request again."}}"#);
}
