//! `--emulated`, with which the README begins.

use crate::support::{CLUSTER, cli};

const README: [&str; 11] = [
    "sync",
    "--emulated",
    "--cluster",
    CLUSTER,
    "--group",
    "groups1",
    "--user",
    "user1",
    "--user",
    "user2",
    "--wait",
];

#[test]
fn the_first_command_of_the_readme() {
    check!(cli(README).run(), @"
    exit: 0
    ----- stdout -----
    STATE          KIND   NAME
    arrived        user   user1
    arrived        user   user2
    arrived        group  groups1
    brought along  group  group1

    Finished after [SECONDS] s.
    ----- stderr -----
    EMULATED: nothing real was changed; state ends with this command (keep one with: mrs-iam-sync emulator)
    Changes of roles take up to 5 minutes to reach the nodes.
    Before a new user can log in to Manager, the cluster's administrator has to initialise the user's password there.
    ");
}

#[test]
fn the_same_as_json() {
    let run = cli(README).args(["-o", "json"]).run();
    check!(run, @r#"
    exit: 0
    ----- stdout -----
    {
      "operation": "sync",
      "cluster_id": "f7f45c04-4303-411c-9b71-d2cb730dd162",
      "project_id": "ff8080828997cb24018a1b2db3440b80",
      "emulated": true,
      "merged": [],
      "accepted": [
        {
          "state": "synchronizing",
          "request_id": "[ID]",
          "attempts": 1,
          "seconds": [SECONDS]
        }
      ],
      "completion": "finished",
      "verified": true,
      "arrived": {
        "users": [
          "user1",
          "user2"
        ],
        "groups": [
          "groups1"
        ]
      },
      "already_present": {
        "users": [],
        "groups": []
      },
      "brought_along": {
        "users": [],
        "groups": [
          "group1"
        ]
      },
      "present": {
        "users": [],
        "groups": []
      },
      "missing": {
        "users": [],
        "groups": []
      },
      "differs_in_case": [],
      "seconds": [SECONDS]
    }
    ----- stderr -----
    EMULATED: nothing real was changed; state ends with this command (keep one with: mrs-iam-sync emulator)
    "#);
    let schema = cli(["schema", "sync"]).run().json();
    jsonschema::draft202012::new(&schema).unwrap().validate(&run.json()).unwrap();
}

#[test]
fn every_command_that_talks_to_the_service() {
    let path = format!("/v2/{{project_id}}/clusters/{CLUSTER}/iam-sync");
    let commands: [&[&str]; 5] = [
        &["sync", "--cluster", CLUSTER, "--user", "user1"],
        &["cancel", "--cluster", CLUSTER, "--user", "user1"],
        &["list", "--cluster", CLUSTER],
        &["status", "--cluster", CLUSTER],
        &["api", "GET", &path],
    ];
    for command in commands {
        let run = cli(command.iter().copied()).args(["--emulated", "-o", "json"]).run();
        assert_eq!(run.code, 0, "{run}");
        assert_eq!(run.json()["emulated"], true, "{run}");
        let notice = "EMULATED: nothing real was changed; state ends with this command (keep one with: mrs-iam-sync \
                      emulator)\n";
        assert_eq!(run.stderr, notice);
    }
}

#[test]
fn the_environment_plays_no_part() {
    let run = cli(["list", "--emulated", "--cluster", CLUSTER, "--region", "nowhere"])
        .env("MRS_IAM_SYNC_ENDPOINT", "https://mrs.example.com")
        .env("MRS_IAM_SYNC_PROJECT_ID", "p1")
        .env("HUAWEICLOUD_SDK_AK", "half a key")
        .env("MRS_IAM_SYNC_TOKEN", "token")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("http_proxy", "http://127.0.0.1:9")
        .env("ALL_PROXY", "http://127.0.0.1:9")
        .run();
    check!(run, @"
    exit: 0
    ----- stdout -----
    No user is on Manager.
    No group is on Manager.
    ----- stderr -----
    EMULATED: nothing real was changed; state ends with this command (keep one with: mrs-iam-sync emulator)
    ");
}

#[test]
fn an_address_beside_it_is_a_mistake() {
    check!(cli(["list", "--emulated", "--cluster", CLUSTER, "--endpoint", "https://mrs.example.com"]).run(), @"
    exit: 2
    ----- stderr -----
    error: --endpoint cannot be used together with --emulated
    hint: --emulated works on a sample world inside this program: leave one of them out
    ");
    check!(cli(["list", "--emulated", "--cluster", CLUSTER, "--project-id", "p1"]).run(), @"
    exit: 2
    ----- stderr -----
    error: --project-id cannot be used together with --emulated
    hint: --emulated works on a sample world inside this program: leave one of them out
    ");
}

#[test]
fn a_removal_does_not_ask_and_finds_nobody() {
    let run = cli(["cancel", "--emulated", "--cluster", CLUSTER, "--user", "user1"]).run();
    check!(run, @"
    exit: 0
    ----- stdout -----
    Accepted: synchronizing (request id [ID])
    ----- stderr -----
    EMULATED: nothing real was changed; state ends with this command (keep one with: mrs-iam-sync emulator)
    The service goes on in the background: add --wait to see what comes of it.
    Groups that came along with a user stay on Manager unless they are named too.
    ");
}
