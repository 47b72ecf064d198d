//! `plan` and `apply`: the documented sample, files, plans that were kept, signals, rounds.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use mrs_iam_sync_emulator::{
    Emulator, Quota, SAMPLE_ACCESS_KEY, SAMPLE_PROJECT_ID, SAMPLE_SECRET_KEY, World,
};
use serde_json::Value;

use crate::interrupts::send;
use crate::support::{CLUSTER, Cli, Run, Service, answering_by, cli, http};

fn sample() -> String {
    workspace_tests::root().join("examples/fleet.yaml").display().to_string()
}

fn id(number: usize) -> String {
    format!("c{number:03}")
}

/// With so many clusters beside the sample's, whose synchronizations are seen running by the first look.
fn service(clusters: usize) -> Service {
    let world = (0..clusters)
        .fold(World::sample(), |world, number| world.with_cluster(SAMPLE_PROJECT_ID, id(number)));
    let emulator = Emulator::builder().world(world).quota(Quota::Off);
    Service::with(emulator.sync_duration(Duration::from_millis(1600)))
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(fleet: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("fleet.yaml", fleet);
        folder
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn on(&self, command: Cli) -> Cli {
        command.in_directory(self.0.path())
    }
}

/// Many clusters, each with these lines.
fn many(numbers: std::ops::Range<usize>, each: &str) -> String {
    let entries: Vec<String> =
        numbers.map(|number| format!("  - {{ id: {}, {each} }}\n", id(number))).collect();
    format!("version: 1\nclusters:\n{}", entries.concat())
}

fn lines(run: &Run) -> Vec<Value> {
    run.stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {run}")))
        .collect()
}

fn clusters_with<'a>(lines: &'a [Value], status: &str) -> Vec<&'a str> {
    let of = lines.iter().filter(|line| line["status"] == status);
    let mut ids: Vec<&str> = of.filter_map(|line| line["cluster_id"].as_str()).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn the_sample_on_an_emulated_service() {
    check!(cli(["plan", "-f", &sample(), "--emulated"]).run(), @"
    exit: 0
    ----- stdout -----
    ~ f7f45c04-4303-411c-9b71-d2cb730dd162
        + user  user1
        + user  user2
        + group groups1
          0 names as they are
    Plan: 1 of 1 cluster to change: 3 to add, 0 to synchronize again, 0 to remove.
    ----- stderr -----
    EMULATED: nothing real was changed; state ends with this command (keep one with: mrs-iam-sync emulator)
    ");
    let run = cli(["apply", "-f", &sample(), "--emulated", "--yes"]).run();
    check!(run, @"
    exit: 0
    ----- stdout -----
    ~ f7f45c04-4303-411c-9b71-d2cb730dd162: applied in [SECONDS] s
        + user  user1
        + user  user2
        + group groups1
          1 group came along
    1 cluster: 1 applied; 3 added, 0 synchronized again, 0 removed with 1 write in [SECONDS] s.
    ----- stderr -----
    EMULATED: nothing real was changed; state ends with this command (keep one with: mrs-iam-sync emulator)
    ");
}

#[test]
fn what_is_done_is_no_change() {
    let service = Service::start();
    let sample = sample();
    let plan = ["plan", "-f", &sample, "--detailed-exitcode"];
    assert_eq!(service.cli(plan).run().code, 2, "something is to be done");
    let done = service.cli(["apply", "-f", &sample, "--yes", "-o", "json"]).run();
    assert_eq!(done.code, 0, "{done}");
    let again = service.cli(plan).run();
    check!(again, @"
    exit: 0
    ----- stdout -----
    = f7f45c04-4303-411c-9b71-d2cb730dd162: in line with IAM; 3 names as they are, 1 not listed
    Plan: 0 of 1 cluster to change: 0 to add, 0 to synchronize again, 0 to remove.
    ");
    let writes =
        |service: &Service| service.calls().iter().filter(|call| call.starts_with("UpdateSync")).count();
    assert_eq!(service.cli(["apply", "-f", &sample, "--yes"]).run().code, 0);
    assert_eq!(writes(&service), 1, "no needless write");
    service.emulator.change_world(|world| world.revoke_group("group1", "MRS FullAccess"));
    let stale = service.cli(plan).run();
    assert_eq!(stale.code, 2, "everybody is there, and roles are stale: {stale}");
    assert!(stale.stdout.contains("not in line with IAM"), "{stale}");
}

/// 2 means that there is something to do: everything that is wrong is 1.
#[test]
fn detailed_exit_codes() {
    let service = service(0);
    for (arguments, code) in [
        (&["plan", "-f", "no-such-file.yaml"][..], 1),
        (&["plan", "-f", "no-such-file.yaml", "--colour"], 1),
        (&["plan"], 1),
        (&["plan", "--from-iam", "group1", "--cluster", CLUSTER], 2),
        (&["plan", "--from-iam", "group1", "--cluster", "nowhere"], 1),
    ] {
        let run = service.cli(arguments.iter().copied()).args(["--detailed-exitcode"]).run();
        assert_eq!(run.code, code, "{arguments:?}: {run}");
    }
    let closed = cli(["plan", "--from-iam", "group1", "--cluster", CLUSTER, "--detailed-exitcode"]);
    assert_eq!(closed.at("http://127.0.0.1:1").run().code, 1);
}

/// Three of fifty clusters do not exist, and one wants somebody who is not in IAM.
#[test]
fn a_part_that_fails() {
    let service = service(47);
    let folder = Folder::new(
        &many(0..50, "users: [user1]").replace("c007, users: [user1]", "c007, users: [user1, nobody]"),
    );
    let apply = ["apply", "-f", "fleet.yaml", "--yes", "--wait-timeout", "4s"];
    let run = folder.on(service.cli(apply)).args(["-o", "json"]).run();
    assert_eq!(run.code, 3, "{run}");
    let lines = lines(&run);
    assert_eq!(clusters_with(&lines, "failed"), ["c047", "c048", "c049"]);
    assert_eq!(clusters_with(&lines, "partly"), ["c007"]);
    assert_eq!(clusters_with(&lines, "applied").len(), 46);
    let summary = lines.last().unwrap();
    assert_eq!(
        summary["clusters"],
        serde_json::json!({ "applied": 46, "failed": 3, "partly": 1 }),
        "{summary}"
    );
    assert_eq!(run.error()["error"]["kind"], "partly");
    let again = folder.on(service.cli(apply)).run();
    assert_eq!(again.code, 3);
    let told: Vec<&str> = again.stdout.lines().filter(|line| line.starts_with(['~', '!', '='])).collect();
    assert_eq!(told.len(), 4, "just those: {again}");
    for cluster in ["c007", "c047", "c048", "c049"] {
        assert!(told.iter().any(|line| line.contains(cluster)), "{cluster}: {again}");
    }
}

#[test]
fn nobody_to_ask() {
    let service = service(0);
    check!(service.cli(["apply", "-f", &sample()]).run(), @"
    exit: 2
    ----- stderr -----
    error: without a terminal nobody can be asked whether to go on
    hint: --yes goes on without asking; `plan` shows what would be done, and `apply --plan` does it
    ");
    assert!(service.calls().is_empty());
    check!(service.cli(["apply"]).args(["--yes"]).run(), @"
    exit: 2
    ----- stderr -----
    error: which clusters are meant is not said
    hint: give a fleet file with -f, or --from-iam with --cluster; examples/fleet.yaml is one to begin with
    ");
}

#[test]
fn wrong_files() {
    let folder = Folder::new("version: 1\nclusters:\n  - id: c1\n    usrs: [a]\n");
    check!(folder.on(cli(["plan", "-f", "fleet.yaml"])).run(), @"
    exit: 2
    ----- stderr -----
    error: fleet.yaml:4:5: there is no key `usrs` here
     --> fleet.yaml:4:5
      |
    4 |     usrs: [a]
      |     ^^^^
    hint: did you mean `users`?
    ");
    folder.write("fleet.yaml", "");
    check!(folder.on(cli(["plan", "-f", "fleet.yaml", "-o", "json"])).run(), @r#"
    exit: 2
    ----- stderr -----
    {"error":{"kind":"usage","status":null,"error_code":null,"error_msg":"fleet.yaml: the file is empty","request_id":null,"hint":"begin with `version: 1` and `clusters:`; `mrs-iam-sync schema fleet` prints what can stand in it"}}
    "#);
    for (text, what) in
        [("", "no plan"), ("{}", "no plan"), ("[1]", "no plan"), (PLAN_OF_TOMORROW, "version 2")]
    {
        folder.write("plan.json", text);
        let run = folder.on(cli(["apply", "--plan", "plan.json"])).run();
        assert!(run.code == 2 && run.stderr.contains(what), "{text}: {run}");
    }
    let run = folder.on(cli(["apply", "--plan", "plan.json", "--prune"])).run();
    assert_eq!(run.code, 2, "{run}");
}

const PLAN_OF_TOMORROW: &str = r#"{"version":2,"options":{"prune":false,"resync":false,"max_removals":null},"clusters":[],"totals":{"change":0,"in_line":0,"stale_or_unknown":0,"refused":0,"failed":0,"add":0,"resync":0,"remove":0}}"#;

#[test]
fn a_plan_that_is_kept() {
    let service = service(3);
    let folder = Folder::new(&many(0..3, "users: [user1]"));
    let run = folder.on(service.cli(["plan", "-f", "fleet.yaml", "--out", "plan.json"])).run();
    assert_eq!(run.code, 0, "{run}");
    assert!(!folder.path("plan.json.part").exists());
    // Somebody is quicker on one cluster.
    let other = service.cli(["sync", "--cluster", "c001", "--user", "user2", "--wait"]).run();
    assert_eq!(other.code, 0, "{other}");
    let apply = ["apply", "--plan", "plan.json", "-o", "json"];
    let run = folder.on(service.cli(apply)).run();
    assert_eq!(run.code, 3, "{run}");
    let lines = lines(&run);
    assert_eq!(
        (clusters_with(&lines, "applied"), clusters_with(&lines, "moved")),
        (vec!["c000", "c002"], vec!["c001"])
    );
    assert_eq!(service.emulator.world().cluster("c001").unwrap().user_names(), ["user2"], "left alone");
    let emulated = folder.on(service.cli(apply)).without("MRS_IAM_SYNC_ENDPOINT").args(["--emulated"]).run();
    assert!(emulated.code == 2 && emulated.stderr.contains("plan was made on the service"), "{emulated}");
    // A plan that cannot be written leaves nothing behind.
    let run = folder.on(service.cli(["plan", "-f", "fleet.yaml", "--out", "no/such/folder/plan.json"])).run();
    assert!(run.code == 2 && run.stderr.contains("cannot be written"), "{run}");
}

/// What could not be looked at is told again when the plan is carried out: it is not done.
#[test]
fn a_plan_of_a_part() {
    let service = service(1);
    let folder = Folder::new(&many(0..2, "users: [user1]"));
    let plan = folder.on(service.cli(["plan", "-f", "fleet.yaml", "--out", "plan.json"])).run();
    assert_eq!(plan.code, 3, "{plan}");
    let run = folder.on(service.cli(["apply", "--plan", "plan.json", "-o", "json"])).run();
    assert_eq!(run.code, 3, "{run}");
    let lines = lines(&run);
    assert_eq!(
        (clusters_with(&lines, "applied"), clusters_with(&lines, "failed")),
        (vec!["c000"], vec!["c001"])
    );
    let endless = folder.on(service.cli(["apply", "-f", "fleet.yaml", "--yes", "--every", "1ms"])).run();
    assert!(endless.code == 2 && endless.stderr.contains("a second at least"), "{endless}");
}

/// Outputs keep to the schemas that are printed for them.
#[test]
fn json_keeps_to_its_schemas() {
    let service = service(2);
    let folder = Folder::new(&many(0..3, "users: [user1]"));
    let validator = |name: &str| jsonschema::draft202012::new(&cli(["schema", name]).run().json()).unwrap();
    let plan = folder.on(service.cli(["plan", "-f", "fleet.yaml", "-o", "json"])).run();
    assert_eq!(plan.code, 3, "{plan}");
    validator("plan").validate(&plan.json()).unwrap_or_else(|error| panic!("{error}: {plan}"));
    let apply = folder.on(service.cli(["apply", "-f", "fleet.yaml", "--yes", "-o", "json"])).run();
    let schema = validator("apply");
    let lines = lines(&apply);
    assert_eq!(lines.len(), 4, "{apply}");
    for line in &lines {
        schema.validate(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    assert!(!schema.is_valid(&serde_json::json!({ "type": "cluster" })));
}

fn until(child: &mut Child, service: &Service, what: impl Fn(&[String]) -> bool) {
    while !what(&service.calls()) {
        assert!(child.try_wait().unwrap().is_none(), "it ended too early: {:?}", service.calls());
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn accepted(calls: &[String]) -> usize {
    calls.iter().filter(|call| *call == "UpdateSyncIamUser 202").count()
}

/// What has been sent is followed to its end, nothing more is sent.
#[cfg(unix)]
#[test]
fn sigterm_finishes_what_is_under_way() {
    let service = service(40);
    let folder = Folder::new(&many(0..40, "users: [user1]"));
    // Two at a time between look and write; sixty a minute.
    let apply = ["apply", "-f", "fleet.yaml", "--yes", "-o", "json", "--concurrency", "1", "-v"];
    let mut child = folder.on(service.cli(apply)).start();
    until(&mut child, &service, |calls| accepted(calls) >= 2);
    send("-TERM", &child);
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, 143, "{run}");
    let lines = lines(&run);
    let written = accepted(&service.calls());
    assert_eq!(clusters_with(&lines, "applied").len(), written, "{run}");
    assert!(!clusters_with(&lines, "not_started").is_empty(), "{run}");
    assert_eq!(lines.last().unwrap()["interrupted"], true);
    assert!(run.stderr.contains("a second signal stops at once"), "{run}");
    let again = folder.on(service.cli(["apply", "-f", "fleet.yaml", "--yes", "-o", "json"])).run();
    assert_eq!(again.code, 0, "{again}");
    assert_eq!(accepted(&service.calls()), 40, "each once");
}

#[cfg(unix)]
#[test]
fn a_second_signal_stops_at_once() {
    let service = Service::with(Emulator::builder().sync_duration(Duration::from_secs(3600)));
    let mut child = service.cli(["apply", "-f", &sample(), "--yes"]).start();
    until(&mut child, &service, |calls| accepted(calls) == 1);
    send("-INT", &child);
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "the first one waits");
    send("-INT", &child);
    check!(Run::from(child.wait_with_output().unwrap()), @"
    exit: 130
    ----- stderr -----
    stopping: what has been sent is followed to its end, nothing more is sent; a second signal stops at once
    error: interrupted; 1 cluster being synchronized, which goes on there
    hint: run it again: it goes on where it was. Among them: f7f45c04-4303-411c-9b71-d2cb730dd162
    ");
}

/// Killed with no chance to keep anything, and run again.
#[cfg(unix)]
#[test]
fn what_was_killed_goes_on() {
    let service = service(12);
    let folder = Folder::new(&many(0..12, "users: [user1, user2]"));
    for after in [1, 5, 11] {
        let mut child =
            folder.on(service.cli(["apply", "-f", "fleet.yaml", "--yes", "--concurrency", "2"])).start();
        until(&mut child, &service, |calls| accepted(calls) >= after);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let run = folder.on(service.cli(["apply", "-f", "fleet.yaml", "--yes", "-o", "json"])).run();
    assert_eq!(run.code, 0, "{run}");
    let world = service.emulator.world();
    assert!((0..12).all(|number| world.cluster(&id(number)).unwrap().user_names() == ["user1", "user2"]));
    assert_eq!(accepted(&service.calls()), 12, "each once");
}

/// A reader that has seen enough is no reason to leave clusters undone; a disk that is full is one to send nothing more.
#[cfg(target_os = "linux")]
#[test]
fn nobody_reads_the_report() {
    let service = service(30);
    let folder = Folder::new(&many(0..3, "users: [user1]"));
    let binary = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mrs-iam-sync"));
        command
            .env_clear()
            .env("HUAWEICLOUD_SDK_AK", SAMPLE_ACCESS_KEY)
            .env("HUAWEICLOUD_SDK_SK", SAMPLE_SECRET_KEY);
        command.env("HUAWEICLOUD_SDK_PROJECT_ID", SAMPLE_PROJECT_ID).current_dir(folder.0.path());
        command.env("MRS_IAM_SYNC_ENDPOINT", service.emulator.base_url());
        command.args(["apply", "-f", "fleet.yaml", "--yes", "--concurrency", "1"]);
        command
    };
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = binary().stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), accepted(&service.calls())), (Some(0), 3), "{output:?}");
    folder.write("fleet.yaml", &many(3..30, "users: [user1]"));
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = binary().stdout(full).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("cannot be written to stdout"), "{stderr}");
}

/// Rounds, their health lines and metrics, until a signal comes.
#[cfg(unix)]
#[test]
fn again_and_again() {
    let service = service(2);
    let folder = Folder::new(&many(0..3, "users: [user1]"));
    let apply = ["apply", "-f", "fleet.yaml", "--yes", "--every", "1s", "--metrics", "127.0.0.1:0"];
    let mut child = folder.on(service.cli(apply)).start();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    let address = loop {
        let mut line = String::new();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "{said}");
        said.push_str(&line);
        if let Some((_, rest)) = line.split_once("Metrics: http://") {
            break rest.trim().trim_end_matches("/metrics").to_owned();
        }
    };
    while !said.contains("round 2: ") {
        assert!(stderr.read_line(&mut said).unwrap() > 0, "{said}");
    }
    assert!(said.contains("round 1: 3 clusters: 2 applied, 1 failed"), "{said}");
    assert!(said.contains("round 2: 3 clusters: 2 unchanged, 1 failed"), "{said}");
    let get = |path: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let metrics = get("/metrics");
    for line in [
        "HTTP/1.1 200 OK",
        "# TYPE mrs_iam_sync_rounds_total counter",
        "mrs_iam_sync_writes_total 2",
        "mrs_iam_sync_clusters{status=\"unchanged\"} 2",
        "mrs_iam_sync_clusters{status=\"failed\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    assert!(get("/").starts_with("HTTP/1.1 404"));
    // Those who connect and say nothing keep nobody out, and are few.
    let idle: Vec<TcpStream> = (0..17).map(|_| TcpStream::connect(&address).unwrap()).collect();
    assert!(get("/metrics").starts_with("HTTP/1.1 200"));
    drop(idle);
    assert!(!metrics.contains(SAMPLE_SECRET_KEY));
    send("-TERM", &child);
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143), "{said}");
}

#[test]
fn metrics_stay_on_this_machine() {
    let folder = Folder::new(&many(0..1, "users: [user1]"));
    let apply = ["apply", "-f", "fleet.yaml", "--yes", "--every", "1s", "--metrics", "0.0.0.0:0"];
    let run = folder.on(cli(apply).at("http://127.0.0.1:1")).run();
    assert!(run.code == 2 && run.stderr.contains("this machine only"), "{run}");

    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let apply = ["apply", "-f", "fleet.yaml", "--yes", "--every", "1s", "--metrics", &taken];
    let run = folder.on(cli(apply).at("http://127.0.0.1:1")).run();
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.starts_with(&format!("error: metrics cannot be served on {taken}\n")), "{run}");
    assert!(run.stderr.contains("hint: another program listens there: --metrics chooses"), "{run}");
}

/// Two accounts in one file, by their profiles; and shares of them that are apart and whole.
#[test]
fn profiles_and_shards() {
    let (one, other) = (service(2), service(2));
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".huaweicloud")).unwrap();
    let profile = |name: &str, key: &str| {
        format!("[{name}]\nak = {key}\nsk = {SAMPLE_SECRET_KEY}\nproject_id = {SAMPLE_PROJECT_ID}\n")
    };
    let credentials = profile("one", SAMPLE_ACCESS_KEY) + &profile("two", SAMPLE_ACCESS_KEY);
    std::fs::write(home.path().join(".huaweicloud/credentials"), credentials).unwrap();
    let entry = |profile: &str, service: &Service, cluster: &str| {
        let url = service.emulator.base_url();
        format!(
            "  - {{ id: {cluster}, profile: {profile}, endpoint: '{url}', iam_endpoint: '{url}', users: [user1] }}\n"
        )
    };
    let folder = Folder::new(&format!(
        "version: 1\nclusters:\n{}{}{}",
        entry("one", &one, "c000"),
        entry("two", &other, "c000"),
        entry("two", &other, "c001")
    ));
    let apply = |flags: &[&str]| {
        let arguments = ["apply", "-f", "fleet.yaml", "--yes", "-o", "json"].iter().chain(flags).copied();
        let run = folder.on(cli(arguments)).env("HOME", &home.path().display().to_string()).run();
        assert_eq!(run.code, 0, "{run}");
        lines(&run).len() - 1
    };
    // By account: each is done by just one of two.
    let shares = [apply(&["--shard", "0/2"]), apply(&["--shard", "1/2"])];
    assert_eq!(shares.iter().sum::<usize>(), 3, "{shares:?}");
    assert_eq!((accepted(&one.calls()), accepted(&other.calls())), (1, 2), "each cluster once");
    // By cluster, where the quota is shared.
    let shares = [0, 1, 2].map(|part| apply(&["--shard", &format!("{part}/3"), "--quota-share", "1/3"]));
    assert_eq!(shares.iter().sum::<usize>(), 3, "{shares:?}");
}

/// A key that several profiles have is one account: it is refused once, and not once for each.
#[test]
fn profiles_with_one_key() {
    let service = service(5);
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".huaweicloud")).unwrap();
    let profile = |name: usize| {
        format!("[p{name}]\nak = {SAMPLE_ACCESS_KEY}\nsk = wrong\nproject_id = {SAMPLE_PROJECT_ID}\n")
    };
    let credentials: String = (0..5).map(profile).collect();
    std::fs::write(home.path().join(".huaweicloud/credentials"), credentials).unwrap();
    // However the address is written, it is the same key.
    let url = service.emulator.base_url();
    let urls = [url.clone(), format!("{url}/"), url.replace("http", "HTTP"), url.clone(), url.clone()];
    let entry = |(number, url): (usize, String)| {
        format!("  - {{ id: {}, profile: p{number}, endpoint: '{url}', users: [a] }}\n", id(number))
    };
    let entries: String = urls.into_iter().enumerate().map(entry).collect();
    let folder = Folder::new(&format!("version: 1\nclusters:\n{entries}"));
    let apply = cli(["apply", "-f", "fleet.yaml", "--yes"]);
    let apply = apply.without("HUAWEICLOUD_SDK_AK").without("HUAWEICLOUD_SDK_SK");
    let run = folder.on(apply).env("HOME", &home.path().display().to_string()).run();
    assert_eq!(run.code, 4, "{run}");
    let refused = service.emulator.requests().iter().filter(|request| request.status == 401).count();
    assert_eq!(refused, 1, "five lock the key: {run}");
    let told = run.stdout.matches("not started: the credentials of its account cannot be used").count();
    assert_eq!(
        (told, run.stdout.matches("answered 401").count()),
        (4, 1),
        "what is wrong is told once: {run}"
    );
}

/// Flags do not contradict the file unseen, and a variable does not seem to lead to an emulator.
#[test]
fn a_file_and_a_flag_that_differ() {
    let folder =
        Folder::new("version: 1\ndefaults: { region: eu-west-101 }\nclusters: [{ id: c1, users: [a] }]\n");
    let plan = |flags: &[&str]| {
        let arguments = ["plan", "-f", "fleet.yaml"].iter().chain(flags).copied();
        cli(arguments).env("HUAWEICLOUD_SDK_AK", "ak").env("HUAWEICLOUD_SDK_SK", "sk")
    };
    check!(folder.on(plan(&["--region", "cn-north-4"])).run(), @"
    exit: 2
    ----- stderr -----
    error: account default: --region is cn-north-4, and the file says eu-west-101
    hint: leave one of the two out
    ");
    let with = "MRS_IAM_SYNC_ENDPOINT";
    check!(folder.on(plan(&[])).env(with, "http://127.0.0.1:1").run(), @"
    exit: 2
    ----- stderr -----
    error: account default: MRS_IAM_SYNC_ENDPOINT is http://127.0.0.1:PORT, and the file says the region eu-west-101, which has an endpoint of its own
    hint: give --endpoint http://127.0.0.1:PORT to send all of it there, or unset MRS_IAM_SYNC_ENDPOINT
    ");
    let meant = ["--endpoint", "http://127.0.0.1:1", "--project-id", "p", "--max-attempts", "1"];
    let run = folder.on(plan(&meant)).env(with, "http://127.0.0.1:2").run();
    assert!(run.code == 5 && run.stdout.contains("http://127.0.0.1:1"), "{run}");
}

/// What cannot be told is neither done nor nothing to do.
#[test]
fn a_source_of_names_that_is_empty() {
    let service = service(1);
    service.emulator.change_world(|world| world.add_group("nobody"));
    let folder = Folder::new(&many(0..1, "from_iam: [nobody]"));
    check!(folder.on(service.cli(["plan", "-f", "fleet.yaml"])).run(), @"
    exit: 3
    ----- stdout -----
    ? c000: who belongs on it is not known; 0 names as they are
        ! the IAM group nobody came back without users
    Plan: 0 of 1 cluster to change: 0 to add, 0 to synchronize again, 0 to remove. 1 with roles that may be stale, or in doubt.
    ----- stderr -----
    error: 1 of 1 cluster: no plan, or one that is refused or in doubt
    hint: each is told above
    ");
    assert_eq!(folder.on(service.cli(["plan", "-f", "fleet.yaml", "--detailed-exitcode"])).run().code, 1);
    let run = folder.on(service.cli(["apply", "-f", "fleet.yaml", "--yes"])).run();
    assert!(run.code == 3 && run.stdout.contains("the IAM group nobody came back without users"), "{run}");
}

/// A path that leads nowhere is said with the account that it belongs to.
#[test]
fn an_account_without_credentials() {
    let folder =
        Folder::new("version: 1\nclusters: [{ id: c1, profile: nobody, region: cn-north-4, users: [a] }]\n");
    let home = folder.path("home").display().to_string();
    let run = folder.on(cli(["plan", "-f", "fleet.yaml"])).env("HOME", &home).run();
    assert_eq!(run.code, 4, "{run}");
    assert!(run.stderr.contains("nobody"), "{run}");
    assert!(!Path::new(&home).exists());
}

/// An answer may lack a list: nobody knows then who is there, and nothing is called done.
#[test]
fn a_list_that_is_lacking() {
    let json = |body: &str| http("200 OK", "content-type: application/json\r\n", body).into_bytes();
    let mut runs = true;
    let endpoint = answering_by(move |line| match line {
        line if line.starts_with("GET") && line.contains("/iam-sync-user") => {
            json(r#"{"group_names":["g"]}"#)
        }
        line if line.contains("/is-synchronous") => json(r#"{"is_synchronous":true}"#),
        line if line.contains("/iam-sync ") => {
            let answer = format!(r#"{{"is_synchronizing":{runs}}}"#);
            runs = false;
            json(&answer)
        }
        _ => http("202 Accepted", "content-type: application/json\r\n", r#"{"state":"synchronizing"}"#)
            .into_bytes(),
    });
    let folder = Folder::new("version: 1\nclusters: [{ id: c1, groups: [g], absent: { users: [a] } }]\n");
    check!(folder.on(cli(["plan", "-f", "fleet.yaml"]).at(&endpoint)).run(), @"
    exit: 0
    ----- stdout -----
    ? c1: the service did not tell everything; 1 name as they are
        ! user  a  stays: the service did not say who is on Manager
    Plan: 0 of 1 cluster to change: 0 to add, 0 to synchronize again, 0 to remove. 1 with roles that may be stale, or in doubt.
    ");
    let folder = Folder::new("version: 1\nclusters: [{ id: c1, users: [a], groups: [g] }]\n");
    check!(folder.on(cli(["apply", "-f", "fleet.yaml", "--yes"]).at(&endpoint)).run(), @"
    exit: 3
    ----- stdout -----
    ! c1: the service has finished, but its list of users or groups is absent, so that the result cannot be told
          hint: look with `mrs-iam-sync list`
    1 cluster: 1 partly; 0 added, 0 synchronized again, 0 removed with 1 write in [SECONDS] s.
    ----- stderr -----
    error: 1 of 1 cluster: not as the file says
    hint: each is told above; run it again when that is mended
    ");
}

/// A plan goes where it is asked to go: a pipe or a device stays what it is, and so does a link.
#[cfg(unix)]
#[test]
fn a_plan_goes_where_it_is_asked_to() {
    let service = service(1);
    let folder = Folder::new(&many(0..1, "users: [user1]"));
    let plan = |out: &str| folder.on(service.cli(["plan", "-f", "fleet.yaml", "--out", out])).run();
    let pipe = folder.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).unwrap()
    });
    assert_eq!(plan("pipe").code, 0);
    assert!(!std::fs::metadata(&pipe).unwrap().is_file(), "it is no pipe any more");
    assert!(reader.join().unwrap().contains("\"version\": 1"));
    folder.write("real.json", "");
    std::os::unix::fs::symlink("real.json", folder.path("link.json")).unwrap();
    assert_eq!(plan("link.json").code, 0);
    assert!(std::fs::symlink_metadata(folder.path("link.json")).unwrap().is_symlink());
    assert!(std::fs::read_to_string(folder.path("real.json")).unwrap().contains("\"version\": 1"));
    // Before anything is asked.
    std::fs::create_dir(folder.path("folder")).unwrap();
    let calls = service.calls().len();
    let run = plan("folder");
    assert!(run.code == 2 && run.stderr.contains("cannot be written to folder"), "{run}");
    assert_eq!(service.calls().len(), calls);
    folder.write("plan.json.part", "somebody's");
    assert_eq!(plan("plan.json").code, 0);
    assert!(folder.path("plan.json.part").exists());
}

/// A plan that somebody has changed removes nobody who is never removed, and is done once on each cluster.
#[test]
fn a_plan_that_was_changed() {
    let service = service(1);
    service.emulator.change_world(|world| world.add_user("Admin"));
    let sync =
        service.cli(["sync", "--cluster", "c000", "--user", "Admin", "--user", "user2", "--wait"]).run();
    assert_eq!(sync.code, 0, "{sync}");
    let folder = Folder::new(&many(0..1, "users: [user1]"));
    let run = folder.on(service.cli(["plan", "-f", "fleet.yaml", "--out", "plan.json"])).run();
    assert_eq!(run.code, 0, "{run}");
    let mut plan: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.path("plan.json")).unwrap()).unwrap();
    let apply = |plan: &Value| {
        folder.write("changed.json", &plan.to_string());
        folder.on(service.cli(["apply", "--plan", "changed.json"])).run()
    };
    plan["clusters"][0]["remove"]["users"] = serde_json::json!(["user2", "Admin"]);
    let run = apply(&plan);
    assert!(run.code == 2 && run.stdout.contains("never removed"), "{run}");
    plan["clusters"][0]["remove"]["users"] = serde_json::json!(["user2"]);
    let held = serde_json::json!([{ "kind": "user", "name": "user2", "why": "it is the caller" }]);
    plan["clusters"][0]["held_back"] = held;
    let run = apply(&plan);
    assert!(run.code == 2 && run.stdout.contains("removes user2, and says that it stays"), "{run}");
    plan["clusters"][0]["remove"]["users"] = serde_json::json!([]);
    let twice = plan["clusters"][0].clone();
    plan["clusters"].as_array_mut().unwrap().push(twice);
    let run = apply(&plan);
    assert!(run.code == 2 && run.stderr.contains("twice"), "{run}");
    assert_eq!(accepted(&service.calls()), 1, "nothing but the preparation");
}

/// Shares of a plan are apart and whole, too.
#[test]
fn shards_of_a_plan() {
    let service = service(2);
    let folder = Folder::new(&many(0..2, "users: [user1]"));
    assert_eq!(folder.on(service.cli(["plan", "-f", "fleet.yaml", "--out", "plan.json"])).run().code, 0);
    let share = |shard: &str| {
        let apply = ["apply", "--plan", "plan.json", "--shard", shard, "-o", "json"];
        let run = folder.on(service.cli(apply)).run();
        assert_eq!(run.code, 0, "{run}");
        lines(&run).len() - 1
    };
    let mut shares = [share("0/2"), share("1/2")];
    shares.sort_unstable();
    assert_eq!(shares, [0, 2], "one account is never split");
}

/// What is in a name begins no line of its own.
#[test]
fn a_name_is_no_line() {
    let service = service(0);
    let folder =
        Folder::new("version: 1\nclusters: [{ name: \"a\\n~ c1: applied\\e[2J\", users: [user1] }]\n");
    let run = folder.on(service.cli(["apply", "-f", "fleet.yaml", "--yes"])).run();
    assert!(!run.stdout.contains("\n~ c1") && !run.stdout.contains('\u{1b}'), "{run}");
}

/// Refused rounds are not so close that they lock the key; a signal between rounds is told to programs.
#[cfg(unix)]
#[test]
fn rounds_do_not_lock_a_key() {
    let service = service(0);
    let apply = ["apply", "-f", &sample(), "--yes", "--every", "1s", "-o", "json"];
    let mut child = service.cli(apply).env("HUAWEICLOUD_SDK_SK", "not the secret key").start();
    until(&mut child, &service, |calls| calls.iter().any(|call| call.ends_with("401")));
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(service.calls().len(), 1, "{:?}", service.calls());
    send("-TERM", &child);
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!((run.code, &run.error()["error"]["kind"]), (143, &Value::from("interrupted")), "{run}");
    assert!(run.stderr.contains("Next in 300 s"), "{run}");
}

/// A project belongs to a region: one that the environment gives is not meant for several.
#[test]
fn one_project_for_several_regions() {
    let entry = |region: &str| format!("  - {{ id: c1, region: {region}, users: [a] }}\n");
    let folder =
        Folder::new(&format!("version: 1\nclusters:\n{}{}", entry("cn-north-4"), entry("eu-west-101")));
    let plan = folder.on(cli(["plan", "-f", "fleet.yaml"]).at("http://127.0.0.1:1"));
    check!(plan.env("HTTPS_PROXY", "http://127.0.0.1:1").run(), @"
    exit: 2
    ----- stderr -----
    error: one project is given for several regions: cn-north-4, eu-west-101
    hint: a project belongs to a region: without --project-id and its variables each is looked up by its region's name; or give `project_id` in the file
    ");
}

/// Two entries come to mean one cluster while the service runs: it says so, and goes on.
#[cfg(unix)]
#[test]
fn the_world_changes_between_rounds() {
    let service = service(1);
    let folder = Folder::new(
        "version: 1\nclusters: [{ id: c000, users: [user1] }, { tags: { team: data }, users: [user2] }]\n",
    );
    let tag = |value: &str| {
        service.emulator.change_world(|world| world.set_cluster_tag("c000", "team", value));
    };
    let apply = ["apply", "-f", "fleet.yaml", "--yes", "--every", "1s"];
    let mut child = folder.on(service.cli(apply)).start();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    for (word, next) in
        [("round 1: 2 clusters: 1 applied, 1 no cluster", "data"), ("mean the cluster", "other")]
    {
        while !said.contains(word) {
            assert!(stderr.read_line(&mut said).unwrap() > 0, "{said}");
        }
        tag(next);
    }
    while !said.lines().last().unwrap_or_default().contains("1 unchanged, 1 no cluster") {
        assert!(stderr.read_line(&mut said).unwrap() > 0, "{said}");
    }
    send("-TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(143));
}
