//! The five operations, by the command line against an emulator.

use std::io::{BufRead as _, BufReader};
use std::process::Command;

use crate::support::{CLUSTER, Service, cli};

const DOCUMENTED: [&str; 7] = ["sync", "--group", "groups1", "--user", "user1", "--user", "user2"];

#[test]
fn the_documented_synchronization_goes_out_as_documented() {
    let service = Service::prompt();
    check!(service.on_cluster(DOCUMENTED).run(), @"
    exit: 0
    ----- stdout -----
    Accepted: synchronizing (request id [ID])
    ----- stderr -----
    The service goes on in the background: look with `mrs-iam-sync status --cluster f7f45c04-4303-411c-9b71-d2cb730dd162` and `mrs-iam-sync list --cluster f7f45c04-4303-411c-9b71-d2cb730dd162`, or add --wait.
    Changes of roles take up to 5 minutes to reach the nodes.
    Before a new user can log in to Manager, the cluster's administrator has to initialise the user's password there.
    ");
    let requests = service.emulator.requests();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!(
        std::str::from_utf8(&request.body).unwrap(),
        r#"{"is_all_sync":false,"group_names":["groups1"],"user_names":["user1","user2"]}"#
    );
    assert_eq!(request.method, "POST");
    assert_eq!(
        request.path,
        format!("/v2/ff8080828997cb24018a1b2db3440b80/clusters/{CLUSTER}/iam-sync-user")
    );
    assert_eq!(request.header("content-type"), Some("application/json;charset=UTF-8"));
    assert_eq!(request.status, 202);
}

#[test]
fn everything() {
    let service = Service::prompt();
    let run = service.on_cluster(["sync", "--all", "-q"]).run();
    check!(run, @"
    exit: 0
    ----- stdout -----
    Accepted: synchronizing (request id [ID])
    ");
    assert_eq!(&service.emulator.requests()[0].body[..], br#"{"is_all_sync":true}"#);
    check!(service.on_cluster(["list"]).run(), @"
    exit: 0
    ----- stdout -----
    KIND   NAME
    user   user1
    user   user2
    group  group1
    group  groups1
    ");
}

#[test]
fn only_what_is_missing() {
    let service = Service::prompt();
    assert_eq!(service.on_cluster(["sync", "--user", "user1"]).run().code, 0);
    let both = ["sync", "--user", "user1", "--user", "user2", "--if-missing"];
    assert_eq!(service.on_cluster(both).run().code, 0);
    let requests = service.emulator.requests();
    assert_eq!(&requests[2].body[..], br#"{"is_all_sync":false,"user_names":["user2"]}"#);
    check!(service.on_cluster(both).run(), @"
    exit: 0
    ----- stdout -----
    All names are on Manager already: nothing was sent.
    ");
    check!(service.on_cluster(both).args(["-o", "json"]).run(), @r#"
    exit: 0
    ----- stdout -----
    {
      "operation": "sync",
      "cluster_id": "f7f45c04-4303-411c-9b71-d2cb730dd162",
      "project_id": "ff8080828997cb24018a1b2db3440b80",
      "merged": [],
      "accepted": []
    }
    "#);
    check!(service.on_cluster(both).args(["--dry-run"]).run(), @"
    exit: 0
    ----- stdout -----
    All names are on Manager already: no request would be sent.
    ----- stderr -----
    Nothing was sent.
    ");
    check!(service.on_cluster(both).args(["--wait"]).run(), @"
    exit: 0
    ----- stdout -----
    STATE            KIND  NAME
    already present  user  user1
    already present  user  user2

    All names are on Manager already: nothing was sent.
    ----- stderr -----
    note: presence does not prove that the roles of those already present were refreshed.
    ");
    let writes = service.calls().iter().filter(|call| call.starts_with("Update")).count();
    assert_eq!(writes, 2, "{:?}", service.calls());
}

#[test]
fn a_removal() {
    let service = Service::prompt();
    assert_eq!(service.on_cluster(DOCUMENTED).run().code, 0);
    check!(service.on_cluster(["cancel", "--user", "user1", "--group", "groups1"]).run(), @"
    exit: 0
    ----- stdout -----
    Accepted: synchronizing (request id [ID])
    ----- stderr -----
    The service goes on in the background: look with `mrs-iam-sync status --cluster f7f45c04-4303-411c-9b71-d2cb730dd162` and `mrs-iam-sync list --cluster f7f45c04-4303-411c-9b71-d2cb730dd162`, or add --wait.
    Groups that came along with a user stay on Manager unless they are named too.
    ");
    let requests = service.emulator.requests();
    assert_eq!((requests[1].operation, requests[1].method.as_str()), (Some("CancelSyncIamUser"), "DELETE"));
    assert_eq!(&requests[1].body[..], br#"{"group_names":["groups1"],"user_names":["user1"]}"#);
    assert_eq!(requests[1].header("content-type"), Some("application/json;charset=UTF-8"));
    check!(service.on_cluster(["list"]).run(), @"
    exit: 0
    ----- stdout -----
    KIND   NAME
    user   user2
    group  group1
    ");
    check!(service.on_cluster(["list", "-o", "json"]).run(), @r#"
    exit: 0
    ----- stdout -----
    {
      "operation": "list",
      "cluster_id": "f7f45c04-4303-411c-9b71-d2cb730dd162",
      "project_id": "ff8080828997cb24018a1b2db3440b80",
      "users": [
        "user2"
      ],
      "groups": [
        "group1"
      ]
    }
    "#);
}

#[test]
fn status() {
    let service = Service::prompt();
    check!(service.on_cluster(["status"]).run(), @"
    exit: 0
    ----- stdout -----
    AS REPORTED
    synchronization running  no
    in line with IAM         no
    ");
    assert_eq!(service.on_cluster(DOCUMENTED).run().code, 0);
    check!(service.on_cluster(["status", "-o", "json"]).run(), @r#"
    exit: 0
    ----- stdout -----
    {
      "operation": "status",
      "cluster_id": "f7f45c04-4303-411c-9b71-d2cb730dd162",
      "project_id": "ff8080828997cb24018a1b2db3440b80",
      "is_synchronizing": false,
      "is_synchronous": true
    }
    "#);
    assert_eq!(
        service.calls(),
        [
            "ListSyncStatus 200",
            "ListSyncRequirements 200",
            "UpdateSyncIamUser 202",
            "ListSyncStatus 200",
            "ListSyncRequirements 200"
        ]
    );
}

#[test]
fn any_request() {
    let service = Service::prompt();
    let path = format!("/v2/{{project_id}}/clusters/{CLUSTER}/iam-sync-user");
    let body = r#"{ "is_all_sync": false, "user_names": ["user1"] }"#;
    check!(service.cli(["api", "post", &path, "--body", body]).run(), @r#"
    exit: 0
    ----- stdout -----
    {"state":"synchronizing"}
    "#);
    check!(service.cli(["api", "DELETE", &path, "--body", "-"]).stdin(br#"{"user_names":["user1"]}"#).run(), @r#"
    exit: 0
    ----- stdout -----
    {"state":"synchronizing"}
    "#);
    check!(service.cli(["api", "GET", &path, "-o", "json"]).run(), @r#"
    exit: 0
    ----- stdout -----
    {
      "status": 200,
      "request_id": "[ID]",
      "body": {
        "user_names": [],
        "group_names": [
          "group1"
        ]
      }
    }
    "#);
    check!(service.cli(["api", "GET", "/v2/nothing"]).run(), @"
    exit: 1
    ----- stderr -----
    error: http://127.0.0.1:PORT answered 404, APIGW.0101: The API does not exist or has not been published in the environment (request id [ID])
    hint: Check region and endpoint: the host must be that of MRS, and the region must offer this operation.
    ");
    check!(service.cli(["api", "GET", "https://mrs.example.com/v2"]).run(), @"
    exit: 2
    ----- stderr -----
    error: the path must begin with one slash
    hint: a path is relative to the endpoint: /v2/PROJECT/clusters/CLUSTER/iam-sync-user
    ");
    check!(service.cli(["api", "POST", &path, "--body", "{"]).run(), @r#"
    exit: 2
    ----- stderr -----
    error: the body is not JSON
      caused by: EOF while parsing an object at line 1 column 1
    hint: quote it for the shell: --body '{"is_all_sync":true}'
    "#);
    check!(service.cli(["api", "GE T", &path]).run(), @r#"
    exit: 2
    ----- stderr -----
    error: "GE T" is not an HTTP method
    hint: GET, POST, PUT and DELETE are the usual ones
    "#);
}

#[test]
fn a_dry_run_sends_nothing() {
    let service = Service::prompt();
    check!(service.on_cluster(DOCUMENTED).args(["--dry-run", "--wait"]).run(), @r#"
    exit: 0
    ----- stdout -----
    POST http://127.0.0.1:PORT/v2/ff8080828997cb24018a1b2db3440b80/clusters/f7f45c04-4303-411c-9b71-d2cb730dd162/iam-sync-user
    accept: application/json
    authorization: SDK-HMAC-SHA256 Access=EMULATEDACCESSKEY000, SignedHeaders=content-type;host;x-project-id;x-sdk-date, Signature=***
    content-type: application/json;charset=UTF-8
    host: 127.0.0.1:PORT
    user-agent: mrs-iam-sync/0.1.0
    x-project-id: ff8080828997cb24018a1b2db3440b80
    x-sdk-date: [DATE]

    {"is_all_sync":false,"group_names":["groups1"],"user_names":["user1","user2"]}
    ----- stderr -----
    Nothing was sent.
    "#);
    check!(service.on_cluster(DOCUMENTED).args(["--dry-run", "-o", "json"]).run(), @r#"
    exit: 0
    ----- stdout -----
    {
      "operation": "sync",
      "cluster_id": "f7f45c04-4303-411c-9b71-d2cb730dd162",
      "project_id": "ff8080828997cb24018a1b2db3440b80",
      "dry_run": true,
      "requests": [
        {
          "method": "POST",
          "url": "http://127.0.0.1:PORT/v2/ff8080828997cb24018a1b2db3440b80/clusters/f7f45c04-4303-411c-9b71-d2cb730dd162/iam-sync-user",
          "headers": [
            {
              "name": "accept",
              "value": "application/json"
            },
            {
              "name": "authorization",
              "value": "SDK-HMAC-SHA256 Access=EMULATEDACCESSKEY000, SignedHeaders=content-type;host;x-project-id;x-sdk-date, Signature=***"
            },
            {
              "name": "content-type",
              "value": "application/json;charset=UTF-8"
            },
            {
              "name": "host",
              "value": "127.0.0.1:PORT"
            },
            {
              "name": "user-agent",
              "value": "mrs-iam-sync/0.1.0"
            },
            {
              "name": "x-project-id",
              "value": "ff8080828997cb24018a1b2db3440b80"
            },
            {
              "name": "x-sdk-date",
              "value": "[DATE]"
            }
          ],
          "body": "{\"is_all_sync\":false,\"group_names\":[\"groups1\"],\"user_names\":[\"user1\",\"user2\"]}"
        }
      ],
      "merged": []
    }
    "#);
    check!(service.on_cluster(["cancel", "--user", "user1", "--dry-run"]).run(), @r#"
    exit: 0
    ----- stdout -----
    DELETE http://127.0.0.1:PORT/v2/ff8080828997cb24018a1b2db3440b80/clusters/f7f45c04-4303-411c-9b71-d2cb730dd162/iam-sync-user
    accept: application/json
    authorization: SDK-HMAC-SHA256 Access=EMULATEDACCESSKEY000, SignedHeaders=content-type;host;x-project-id;x-sdk-date, Signature=***
    content-type: application/json;charset=UTF-8
    host: 127.0.0.1:PORT
    user-agent: mrs-iam-sync/0.1.0
    x-project-id: ff8080828997cb24018a1b2db3440b80
    x-sdk-date: [DATE]

    {"user_names":["user1"]}
    ----- stderr -----
    Nothing was sent.
    "#);
    assert!(service.calls().is_empty(), "{:?}", service.calls());
}

#[test]
fn names_from_files() {
    let service = Service::prompt();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("users.txt"),
        "\u{feff}# users\r\nuser1\r\n\r\nuser2\r\nuser1\n a\n",
    )
    .unwrap();
    let run = service
        .on_cluster(["sync", "--users-from", "users.txt", "--groups-from", "-", "--user", "user2"])
        .in_directory(directory.path())
        .stdin(b"groups1\n")
        .run();
    check!(run, @r#"
    exit: 0
    ----- stdout -----
    Accepted: synchronizing (request id [ID])
    ----- stderr -----
    note: 1 name in users.txt with spaces at the beginning or end, kept as they are; the first on line 6
    note: 2 names given more than once, sent once ("user2" for example)
    The service goes on in the background: look with `mrs-iam-sync status --cluster f7f45c04-4303-411c-9b71-d2cb730dd162` and `mrs-iam-sync list --cluster f7f45c04-4303-411c-9b71-d2cb730dd162`, or add --wait.
    Changes of roles take up to 5 minutes to reach the nodes.
    Before a new user can log in to Manager, the cluster's administrator has to initialise the user's password there.
    "#);
    assert_eq!(
        std::str::from_utf8(&service.emulator.requests()[0].body).unwrap(),
        r#"{"is_all_sync":false,"group_names":["groups1"],"user_names":["user2","user1"," a"]}"#
    );
}

#[test]
fn a_name_cannot_steer_the_terminal() {
    let service = Service::prompt();
    let name = "evil\u{1b}[2J\u{9b}\u{202e}";
    service.emulator.change_world(|world| world.add_user(name));
    assert_eq!(service.on_cluster(["sync", "--user", name]).run().code, 0);
    check!(service.on_cluster(["list"]).run(), @r"
    exit: 0
    ----- stdout -----
    KIND  NAME
    user  evil\u{1b}[2J\u{9b}\u{202e}

    No group is on Manager.
    ");
    let json = service.on_cluster(["list", "-o", "json"]).run();
    assert_eq!(json.json()["users"][0], name);
    assert!(!json.stdout.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{json}");
}

#[test]
fn the_emulator_as_a_command() {
    let mut child = cli(["emulator", "--env", "--ak", "AK", "--sk", "it's", "--sync-duration", "0s"]).start();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let url = lines.next().unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    let exports: Vec<String> = lines.by_ref().take(9).collect();
    assert_eq!(
        exports,
        [
            "unset MRS_IAM_SYNC_PROFILE MRS_IAM_SYNC_TOKEN MRS_IAM_SYNC_PROJECT_ID MRS_IAM_SYNC_CA_FILE HUAWEICLOUD_SDK_SECURITY_TOKEN \
             HUAWEICLOUD_SDK_IDP_ID HUAWEICLOUD_SDK_ID_TOKEN_FILE"
                .to_owned(),
            "export HUAWEICLOUD_SDK_AK='AK'".to_owned(),
            r"export HUAWEICLOUD_SDK_SK='it'\''s'".to_owned(),
            "export HUAWEICLOUD_SDK_PROJECT_ID='ff8080828997cb24018a1b2db3440b80'".to_owned(),
            format!("export HUAWEICLOUD_SDK_DOMAIN_ID='{}'", mrs_iam_sync_emulator::World::sample().domain_id()),
            format!("export HUAWEICLOUD_SDK_IAM_ENDPOINT='{url}'"),
            format!("export HUAWEICLOUD_SDK_REGION_MRS_CN_NORTH_4='{url}'"),
            format!("export MRS_IAM_SYNC_IAM_ENDPOINT='{url}'"),
            format!("export MRS_IAM_SYNC_ENDPOINT='{url}'"),
        ]
    );
    // As a shell takes it.
    let script = format!("{}\n\"$0\" list --cluster {CLUSTER}", exports.join("\n"));
    let listed = Command::new("sh")
        .env_clear()
        // What a person may have set before; the exports have to win.
        .env("MRS_IAM_SYNC_TOKEN", "old")
        .env("MRS_IAM_SYNC_PROJECT_ID", "old")
        .args(["-c", &script, env!("CARGO_BIN_EXE_mrs-iam-sync")])
        .output()
        .unwrap();
    assert!(listed.status.success(), "{listed:?}");
    // State lives as long as it does.
    let at = |command: &[&str]| {
        let run = cli(command.iter().copied()).at(&url).env("HUAWEICLOUD_SDK_AK", "AK");
        run.env("HUAWEICLOUD_SDK_SK", "it's").args(["--cluster", CLUSTER]).run()
    };
    assert_eq!(at(&["sync", "--user", "user1"]).code, 0);
    assert!(at(&["list"]).stdout.contains("user1"));
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stderr).unwrap();
    check!(said, @"This is an emulator, not the real service; it keeps nothing when it stops (Ctrl-C).");
}

#[test]
fn the_emulator_listens_at_home_only() {
    check!(cli(["emulator", "--listen", "0.0.0.0:0"]).run(), @"
    exit: 2
    ----- stderr -----
    error: 0.0.0.0:0 is not a loopback address; the emulator listens on 127.0.0.1 or [::1] only
    hint: --allow-remote lets others reach it, who may then change it without credentials
    ");
    check!(cli(["emulator", "--ak", "AK"]).run(), @"
    exit: 2
    ----- stderr -----
    error: the following required arguments were not provided:
      --sk <SK>

    Usage: mrs-iam-sync emulator --ak <AK> --sk <SK>

    For more information, try '--help'.
    ");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let run = cli(["emulator", "--listen", &address]).run();
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.contains("  caused by: "), "{run}");
}
