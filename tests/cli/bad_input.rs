//! Mistakes on the command line: exit code 2, and nothing is sent.

use crate::support::{CLUSTER, Service, cli};

#[test]
fn no_command() {
    let run = cli([]).run();
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
    assert!(run.stderr.contains("Usage: mrs-iam-sync [OPTIONS] <COMMAND>"), "{run}");
}

#[test]
fn flags() {
    check!(cli(["list", "--cluster", CLUSTER, "--colour"]).run(), @"
    exit: 2
    ----- stderr -----
    error: unexpected argument '--colour' found

      tip: a similar argument exists: '--cluster'

    Usage: mrs-iam-sync list --cluster <CLUSTER>

    For more information, try '--help'.
    ");
    check!(cli(["list"]).run(), @"
    exit: 2
    ----- stderr -----
    error: the following required arguments were not provided:
      --cluster <CLUSTER>

    Usage: mrs-iam-sync list --cluster <CLUSTER>

    For more information, try '--help'.
    ");
    check!(cli(["list", "--cluster", CLUSTER, "--timeout", "15"]).run(), @"
    exit: 2
    ----- stderr -----
    error: invalid value '15' for '--timeout <DURATION>': a duration looks like 2s, 15m or 1h30m

    For more information, try '--help'.
    ");
    check!(cli(["list", "--cluster", CLUSTER, "--colour", "-o", "json"]).run(), @r#"
    exit: 2
    ----- stderr -----
    {"error":{"kind":"usage","status":null,"error_code":null,"error_msg":"unexpected argument '--colour' found","request_id":null,"hint":"mrs-iam-sync --help shows how it is used"}}
    "#);
    check!(cli(["list", "--colour"]).env("MRS_IAM_SYNC_OUTPUT", "json").run(), @r#"
    exit: 2
    ----- stderr -----
    {"error":{"kind":"usage","status":null,"error_code":null,"error_msg":"unexpected argument '--colour' found","request_id":null,"hint":"mrs-iam-sync --help shows how it is used"}}
    "#);
    check!(cli(["-o", "json"]).run(), @r#"
    exit: 2
    ----- stderr -----
    {"error":{"kind":"usage","status":null,"error_code":null,"error_msg":"'mrs-iam-sync' requires a subcommand but one was not provided [subcommands: sync, cancel, list, status, plan, apply, clusters, projects, api, auth, emulator, explorer, schema, reference, completion, man]","request_id":null,"hint":"mrs-iam-sync --help shows how it is used"}}
    "#);
    check!(cli(["schema", "nothing"]).run(), @"
    exit: 2
    ----- stderr -----
    error: invalid value 'nothing' for '[NAME]'
      [possible values: sync, cancel, list, status, clusters, projects, api, auth-status, dry-run, plan, apply, error, fleet, seed]

    For more information, try '--help'.
    ");
}

#[test]
fn selections() {
    let service = Service::prompt();
    check!(service.on_cluster(["sync"]).run(), @"
    exit: 2
    ----- stderr -----
    error: nothing is selected
    hint: name users and groups with --user, --group, --users-from or --groups-from; --all takes everything in IAM
    ");
    check!(service.on_cluster(["sync", "-o", "json"]).run(), @r#"
    exit: 2
    ----- stderr -----
    {"error":{"kind":"usage","status":null,"error_code":null,"error_msg":"nothing is selected","request_id":null,"hint":"name users and groups with --user, --group, --users-from or --groups-from; --all takes everything in IAM"}}
    "#);
    check!(service.on_cluster(["cancel"]).run(), @"
    exit: 2
    ----- stderr -----
    error: nothing is selected
    hint: name users and groups with --user, --group, --users-from or --groups-from; a removal never takes everything
    ");
    check!(service.on_cluster(["sync", "--all", "--user", "user1"]).run(), @"
    exit: 2
    ----- stderr -----
    error: --all cannot be used together with names
    hint: --all takes everything in IAM: leave it out, or leave the names out
    ");
    check!(service.on_cluster(["sync", "--all", "--groups-from", "x"]).run(), @"
    exit: 2
    ----- stderr -----
    error: --all cannot be used together with names
    hint: --all takes everything in IAM: leave it out, or leave the names out
    ");
    check!(service.on_cluster(["sync", "--all", "--if-missing"]).run(), @"
    exit: 2
    ----- stderr -----
    error: --all cannot be used together with --if-missing
    hint: --if-missing chooses among names that are given
    ");
    assert!(service.calls().is_empty());
}

#[test]
fn clusters() {
    let service = Service::prompt();
    let at = |cluster: &str| service.cli(["list", "--cluster", cluster]).run();
    check!(at("a/b"), @r#"
    exit: 1
    ----- stderr -----
    error: no cluster of the project is named "a/b"
    hint: the project has mrs-sample; a name is exact, and a cluster's id works too
    "#);
    check!(at(".."), @r#"
    exit: 1
    ----- stderr -----
    error: no cluster of the project is named ".."
    hint: the project has mrs-sample; a name is exact, and a cluster's id works too
    "#);
    check!(at("a b"), @r#"
    exit: 1
    ----- stderr -----
    error: no cluster of the project is named "a b"
    hint: the project has mrs-sample; a name is exact, and a cluster's id works too
    "#);
    check!(at(""), @"
    exit: 2
    ----- stderr -----
    error: the cluster is given as nothing
    hint: give a cluster's id or name
    ");
    check!(at("id:"), @r#"
    exit: 2
    ----- stderr -----
    error: cluster id "": is empty
    hint: cluster id: 1 to 64 characters, only letters (A-Z, a-z), digits, underscores (_) and hyphens (-)
    "#);
    check!(at(&"x".repeat(65)), @r#"
    exit: 1
    ----- stderr -----
    error: no cluster of the project is named "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    hint: the project has mrs-sample; a name is exact, and a cluster's id works too
    "#);
    check!(at("name:production"), @r#"
    exit: 1
    ----- stderr -----
    error: no cluster of the project is named "production"
    hint: the project has mrs-sample; a name is exact, and a cluster's id works too
    "#);
    assert!(service.calls().iter().all(|call| call == "ListClusters 200"), "{:?}", service.calls());
    // Any id that the rule allows is asked for.
    service.emulator.reset();
    check!(at("id:production"), @"
    exit: 1
    ----- stderr -----
    error: http://127.0.0.1:PORT answered 400, 12000003: The cluster production does not exist. (request id [ID])
    hint: Check the cluster id, and that region and project are those of the cluster.
    ");
    assert_eq!(service.calls(), ["ShowSyncIamUser 400"]);
}

#[test]
fn names() {
    let service = Service::prompt();
    check!(service.on_cluster(["sync", "--user", ""]).run(), @r#"
    exit: 2
    ----- stderr -----
    error: user name "": is empty
    hint: user name: 1 to 64 characters
    "#);
    check!(service.on_cluster(["sync", "--group", ""]).run(), @r#"
    exit: 2
    ----- stderr -----
    error: group name "": is empty
    hint: group name: 1 to 64 characters
    "#);
    check!(service.on_cluster(["cancel", "--user", &"u".repeat(65)]).run(), @r#"
    exit: 2
    ----- stderr -----
    error: user name "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu": has 65 characters, at most 64 are allowed
    hint: user name: 1 to 64 characters
    "#);
    check!(service.on_cluster(["sync", "--group", &"用".repeat(65)]).run(), @r#"
    exit: 2
    ----- stderr -----
    error: group name "用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用用": has 65 characters, at most 64 are allowed
    hint: group name: 1 to 64 characters
    "#);
    assert!(service.calls().is_empty());
    assert_eq!(service.on_cluster(["sync", "--group", &"用".repeat(64)]).run().code, 0);
}

#[test]
fn more_names_than_one_request_takes() {
    let service = Service::prompt();
    let names = |count: usize| (1..=count).map(|number| format!("user{number}\n")).collect::<String>();
    let sync = |count| service.on_cluster(["sync", "--users-from", "-"]).stdin(names(count).as_bytes()).run();
    check!(sync(1001), @"
    exit: 0
    ----- stdout -----
    Accepted: synchronizing (request id [ID])
    Accepted: synchronizing (request id [ID])
    ----- stderr -----
    The service goes on in the background: look with `mrs-iam-sync status --cluster f7f45c04-4303-411c-9b71-d2cb730dd162` and `mrs-iam-sync list --cluster f7f45c04-4303-411c-9b71-d2cb730dd162`, or add --wait.
    Changes of roles take up to 5 minutes to reach the nodes.
    Before a new user can log in to Manager, the cluster's administrator has to initialise the user's password there.
    ");
    let cancel = service.on_cluster(["cancel", "--groups-from", "-"]).stdin(names(1001).as_bytes()).run();
    check!(cancel, @"
    exit: 0
    ----- stdout -----
    Accepted: synchronizing (request id [ID])
    Accepted: synchronizing (request id [ID])
    ----- stderr -----
    The service goes on in the background: look with `mrs-iam-sync status --cluster f7f45c04-4303-411c-9b71-d2cb730dd162` and `mrs-iam-sync list --cluster f7f45c04-4303-411c-9b71-d2cb730dd162`, or add --wait.
    ");
    let writes = service.calls().iter().filter(|call| call.ends_with("SyncIamUser 202")).count();
    assert_eq!(writes, 4);
    assert_eq!(sync(1000).code, 0);
}

#[test]
fn names_files() {
    let service = Service::prompt();
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| std::fs::write(directory.path().join(name), bytes).unwrap();
    file("latin1.txt", b"anna\nj\xf6rg\n");
    file("utf16.txt", b"\xff\xfea\0");
    file("empty.txt", b"\n# nobody\r\n");
    file("long.txt", format!("anna\n{}\n", "u".repeat(65)).as_bytes());
    let sync =
        |name: &str| service.on_cluster(["sync", "--users-from", name]).in_directory(directory.path()).run();
    check!(sync("absent.txt"), @"
    exit: 2
    ----- stderr -----
    error: the names file absent.txt cannot be read
      caused by: [OS ERROR]
    hint: check the path; it is relative to the current directory
    ");
    check!(sync("."), @"
    exit: 2
    ----- stderr -----
    error: the names file . cannot be read
      caused by: it is a directory
    hint: give a file with one name a line
    ");
    check!(sync("latin1.txt"), @"
    exit: 2
    ----- stderr -----
    error: the names file latin1.txt is not UTF-8: line 2, byte offset 6
    hint: save it as UTF-8
    ");
    check!(sync("utf16.txt"), @"
    exit: 2
    ----- stderr -----
    error: the names file utf16.txt is not UTF-8: line 1, byte offset 0
    hint: it looks like UTF-16: save it as UTF-8
    ");
    check!(sync("empty.txt"), @"
    exit: 2
    ----- stderr -----
    error: the names file empty.txt has no name in it
    hint: write one name a line; empty lines and lines that begin with # do not count
    ");
    check!(sync("long.txt"), @r#"
    exit: 2
    ----- stderr -----
    error: long.txt, line 2: user name "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu": has 65 characters, at most 64 are allowed
    hint: user name: 1 to 64 characters
    "#);
    check!(service.on_cluster(["sync", "--users-from", "-", "--groups-from", "-"]).run(), @"
    exit: 2
    ----- stderr -----
    error: --users-from and --groups-from cannot both read stdin
    hint: give a file for one of them
    ");
    check!(service.on_cluster(["cancel", "--groups-from", "-", "-o", "json"]).run(), @r#"
    exit: 2
    ----- stderr -----
    {"error":{"kind":"usage","status":null,"error_code":null,"error_msg":"the names file stdin has no name in it","request_id":null,"hint":"write one name a line; empty lines and lines that begin with # do not count"}}
    "#);
    assert!(service.calls().is_empty());
}
