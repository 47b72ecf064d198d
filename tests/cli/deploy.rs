//! What `deploy/` has: each container's arguments, variables and files as the binary takes them, and no more rights
//! than it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use mrs_iam_sync_emulator::{SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY};
use mrs_iam_sync_fleet::Fleet;
use serde_json::Value;
use workspace_tests::root;

use crate::support::{Cli, Run, Service, cli};

const CRON_JOB: &str = "cronjob/cronjob.yaml";
const SERVICE: &str = "service/deployment.yaml";
const INDEXED_JOB: &str = "indexed-job/job.yaml";
const WORKLOADS: [&str; 3] = [CRON_JOB, SERVICE, INDEXED_JOB];
const SECRET: &str = "secret.example.yaml";

fn folder() -> PathBuf {
    root().join("deploy/kubernetes")
}

fn text(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The documents of a file below `deploy/kubernetes`.
fn documents(name: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&text(folder().join(name))).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn document(name: &str) -> Value {
    let mut all = documents(name);
    assert_eq!(all.len(), 1, "{name}");
    all.remove(0)
}

/// All files below `deploy/kubernetes`, by their names there.
fn files() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in folder().read_dir().unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        match entry.path().is_dir() {
            true => found.extend(
                entry
                    .path()
                    .read_dir()
                    .unwrap()
                    .map(|inner| format!("{name}/{}", inner.unwrap().file_name().into_string().unwrap())),
            ),
            false => {
                found.insert(name);
            }
        }
    }
    found
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().map(Vec::as_slice).unwrap_or_default().iter().map(|item| item.as_str().unwrap()).collect()
}

/// The specification of a workload's pods.
fn pod(workload: &Value) -> &Value {
    let places = ["/spec/jobTemplate/spec/template/spec", "/spec/template/spec"];
    places.iter().find_map(|place| workload.pointer(place)).unwrap()
}

fn container(workload: &Value) -> &Value {
    let containers = pod(workload)["containers"].as_array().unwrap();
    assert_eq!(containers.len(), 1);
    &containers[0]
}

/// The fleet file that a workload is given.
fn fleet_of(workload: &str) -> PathBuf {
    let own = folder().join(workload).with_file_name("fleet.yaml");
    if own.exists() { own } else { folder().join("base/fleet.yaml") }
}

/// The container's command as its pod runs it, with the fleet file where this machine has it and these changes of its
/// arguments.
fn command(name: &str, changes: &[(&str, &str)]) -> Cli {
    let workload = document(name);
    let container = container(&workload);
    let mount = container["volumeMounts"].as_array().unwrap().iter().find(|mount| mount["name"] == "fleet");
    let mounted = format!("{}/fleet.yaml", mount.unwrap()["mountPath"].as_str().unwrap());
    let fleet = fleet_of(name);
    let mounted = (mounted.as_str(), fleet.to_str().unwrap());
    let mut arguments = container["args"].to_string();
    for (from, to) in [mounted].iter().chain(changes) {
        assert!(arguments.contains(from), "{name} has no {from} in {arguments}");
        arguments = arguments.replace(from, &to.replace('\\', "\\\\"));
    }
    let arguments: Vec<String> = serde_json::from_str(&arguments).unwrap();
    let mut command = cli(arguments.iter().map(String::as_str));
    for variable in container["env"].as_array().unwrap() {
        let name = variable["name"].as_str().unwrap();
        let value = match (name, variable["value"].as_str()) {
            (_, Some(value)) => value,
            ("HUAWEICLOUD_SDK_AK", None) => SAMPLE_ACCESS_KEY,
            ("HUAWEICLOUD_SDK_SK", None) => SAMPLE_SECRET_KEY,
            _ => panic!("{name} has no value"),
        };
        command = command.env(name, value);
    }
    command
}

#[test]
fn each_file_has_its_place() {
    let mut used = BTreeSet::from([SECRET.to_owned()]);
    for kustomization in files().iter().filter(|name| name.ends_with("kustomization.yaml")) {
        let stated = document(kustomization);
        let below = kustomization.trim_end_matches("kustomization.yaml");
        let generated = stated["configMapGenerator"].as_array().cloned().unwrap_or_default();
        let listed = texts(&stated["resources"])
            .into_iter()
            .chain(generated.iter().flat_map(|map| texts(&map["files"])));
        for name in listed {
            match name {
                "../base" => assert!(folder().join("base/kustomization.yaml").exists()),
                name => assert!(used.insert(format!("{below}{name}"))),
            }
        }
        used.insert(kustomization.clone());
    }
    assert_eq!(used, files());
}

#[test]
fn each_manifest_says_what_it_is() {
    for name in files().iter().filter(|name| !name.ends_with("fleet.yaml")) {
        for document in documents(name) {
            assert!(document["apiVersion"].is_string() && document["kind"].is_string(), "{name}");
        }
    }
}

#[test]
fn no_container_may_do_more_than_it_needs() {
    for name in WORKLOADS {
        let workload = document(name);
        let (pod, container) = (pod(&workload), container(&workload));
        let own = &container["securityContext"];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{name}");
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{name}");
        assert_eq!(pod["automountServiceAccountToken"], false, "{name}");
        assert_eq!(own["allowPrivilegeEscalation"], false, "{name}");
        assert_eq!(own["readOnlyRootFilesystem"], true, "{name}");
        assert_eq!(own["capabilities"], serde_json::json!({ "drop": ["ALL"] }), "{name}");
        for what in ["requests", "limits"] {
            assert!(container["resources"][what]["memory"].is_string(), "{name}: {what}");
        }
        for volume in container["volumeMounts"].as_array().unwrap() {
            assert_eq!(volume["readOnly"], true, "{name}");
        }
    }
}

/// What has been sent is waited for, after SIGTERM too: the wait's 15 minutes and the two requests around it.
#[test]
fn nothing_is_killed_before_it_could_end() {
    for name in WORKLOADS {
        let grace = pod(&document(name))["terminationGracePeriodSeconds"].as_u64().unwrap();
        assert!(grace >= 15 * 60 + 2 * 60, "{name}: {grace}");
    }
}

#[test]
fn the_secrets_cannot_be_applied_as_they_stand() {
    for secret in documents(SECRET) {
        // The API server takes base64 there.
        let refused = secret["data"]["refused"].as_str().unwrap();
        assert!(!refused.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)));
        for (key, value) in secret["stringData"].as_object().unwrap() {
            for line in value.as_str().unwrap().lines() {
                let name = line.split('=').next().unwrap().trim();
                assert!(line.starts_with('[') || line.ends_with('=') || name.is_empty(), "{key}: {line}");
            }
        }
    }
    // What workloads ask for is in them.
    let secrets: BTreeMap<_, _> = documents(SECRET)
        .into_iter()
        .map(|secret| (secret["metadata"]["name"].as_str().unwrap().to_owned(), secret["stringData"].clone()))
        .collect();
    for name in WORKLOADS {
        let workload = document(name);
        for variable in container(&workload)["env"].as_array().unwrap() {
            if let Some(wanted) = variable.pointer("/valueFrom/secretKeyRef") {
                let secret = &secrets[wanted["name"].as_str().unwrap()];
                assert!(secret[wanted["key"].as_str().unwrap()].is_string(), "{name}: {wanted}");
            }
        }
        for volume in pod(&workload)["volumes"].as_array().unwrap() {
            if let Some(wanted) = volume.pointer("/secret/secretName") {
                assert!(secrets.contains_key(wanted.as_str().unwrap()), "{name}: {wanted}");
            }
        }
    }
}

#[test]
fn each_fleet_file_is_one() {
    for name in files().iter().filter(|name| name.ends_with("fleet.yaml")) {
        let path = folder().join(name);
        let fleet = Fleet::parse(name, &text(&path), path.parent().unwrap()).unwrap();
        assert!(!fleet.is_empty(), "{name}");
    }
}

#[test]
fn the_program_knows_each_variable() {
    let reference = cli(["reference"]).run().json();
    let variables = reference["variables"].as_array().unwrap();
    let known: BTreeSet<&str> = variables.iter().flat_map(|variable| texts(&variable["names"])).collect();
    for name in WORKLOADS {
        for variable in container(&document(name))["env"].as_array().unwrap() {
            let variable = variable["name"].as_str().unwrap();
            assert!(known.contains(variable), "{name}: {variable}");
        }
    }
}

/// But for those of a terminal's reader, and with the one that the kernel gives.
#[test]
fn what_runs_end_with_is_told() {
    let readme = text(root().join("deploy/README.md"));
    let cell = |line: &str| line.strip_prefix("| ")?.split_once(" |")?.0.parse::<i64>().ok();
    let told: BTreeSet<i64> = readme.lines().filter_map(cell).collect();
    let reference = cli(["reference"]).run().json();
    let codes = reference["exit_codes"].as_array().unwrap().iter().map(|code| code["code"].as_i64().unwrap());
    let codes: BTreeSet<i64> = codes.filter(|code| *code != 130).chain([137]).collect();
    assert_eq!(told, codes);
}

/// The last line that it printed.
fn summary(run: &Run) -> Value {
    serde_json::from_str(run.stdout.lines().last().unwrap()).unwrap()
}

#[test]
fn the_cron_job_does_its_work_and_then_has_none() {
    let service = Service::start();
    let run = || command(CRON_JOB, &[]).at(&service.emulator.base_url()).run();
    let first = run();
    assert_eq!((first.code, summary(&first)["clusters"].to_string()), (0, r#"{"applied":1}"#.to_owned()));
    let second = run();
    assert_eq!((second.code, summary(&second)["clusters"].to_string()), (0, r#"{"unchanged":1}"#.to_owned()));
}

#[cfg(unix)]
#[test]
fn the_service_goes_round_and_tells_it_until_it_is_to_end() {
    let service = Service::start();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let command = command(SERVICE, &[("127.0.0.1:9464", &free)]);
    let mut child = command.at(&service.emulator.base_url()).start();
    // The line before says where the metrics are.
    let round = BufReader::new(child.stderr.take().unwrap()).lines().nth(1);
    let mut metrics = String::new();
    if let Ok(mut stream) = TcpStream::connect(&free) {
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: metrics\r\n\r\n").unwrap();
        stream.read_to_string(&mut metrics).unwrap();
    }
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let round = round.unwrap().unwrap();
    assert!(round.starts_with("round 1: ") && round.contains("1 applied"), "{round}");
    assert!(metrics.contains("\nmrs_iam_sync_rounds_total 1\n"), "{metrics}");
    // Whatever is said of metrics is one.
    let documents = text(root().join("deploy/README.md")) + &text(folder().join(SERVICE));
    let words = documents.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let mut named: Vec<&str> = words.filter(|word| word.starts_with("mrs_iam_sync_")).collect();
    named.dedup();
    assert!(named.len() > 1);
    for name in named {
        assert!(metrics.contains(&format!("\n{name}")), "{name}");
    }
}

/// Without any key a pod that has an account ends there, and one that has none has nothing to do.
#[test]
fn the_shares_of_the_job_are_all_and_each_account_is_in_one() {
    let job = document(INDEXED_JOB);
    let shares = job["spec"]["completions"].as_u64().unwrap();
    let argument = format!("$(JOB_COMPLETION_INDEX)/{shares}");
    assert_eq!(texts(&container(&job)["args"]).last(), Some(&argument.as_str()));
    assert_eq!(job["spec"]["completionMode"], "Indexed");
    assert_eq!(job["spec"]["parallelism"], shares);
    let own = fleet_of(INDEXED_JOB);
    let fleet = Fleet::read(&own).unwrap();
    let directory = tempfile::tempdir().unwrap();
    for target in fleet.targets() {
        let one = directory.path().join("fleet.yaml");
        let account = target.account();
        std::fs::write(
            &one,
            format!("version: 1\nclusters: [{{ name: a, users: [b], profile: {account} }}]\n"),
        )
        .unwrap();
        let runs = (0..shares).map(|index| {
            let index = ("$(JOB_COMPLETION_INDEX)", index.to_string());
            let one = (own.to_str().unwrap(), one.to_str().unwrap().to_owned());
            command(INDEXED_JOB, &[(index.0, &index.1), (one.0, &one.1)]).run()
        });
        let (idle, busy): (Vec<_>, Vec<_>) = runs.partition(|run| run.code == 0);
        assert!(idle.iter().all(|run| summary(run)["clusters"] == serde_json::json!({})));
        assert_eq!(busy.iter().map(|run| run.code).collect::<Vec<_>>(), [4], "{account}");
        assert!(busy[0].stderr.contains(&format!("account {account}: ")), "{}", busy[0].stderr);
    }
}

#[test]
fn what_a_share_of_one_account_needs_is_an_argument() {
    let run = command(
        INDEXED_JOB,
        &[("$(JOB_COMPLETION_INDEX)", "0"), ("\"--yes\"", "\"--yes\",\"--quota-share\",\"1/4\"")],
    );
    assert_eq!(run.run().code, 4);
}

/// The first group of words after these, on one line or several that go on.
fn after<'a>(text: &'a str, words: &str) -> &'a str {
    let (_, rest) = text.split_once(words).unwrap_or_else(|| panic!("there is no {words:?}"));
    rest.split_whitespace().next().unwrap()
}

#[test]
fn the_image_is_built_as_the_workspace_says() {
    let container_file = text(root().join("deploy/Containerfile"));
    let workspace = text(root().join("Cargo.toml"));
    let stated = |key: &str| after(&workspace, &format!("\n{key} = ")).trim_matches('"').to_owned();
    assert_eq!(after(&container_file, "FROM rust:"), format!("{}-slim-trixie", stated("rust-version")));

    let build = container_file.lines().find(|line| line.contains("cargo build")).unwrap();
    let build: Vec<&str> = build.trim_matches([' ', '\\']).split(' ').collect();
    let package = env!("CARGO_PKG_NAME");
    let wanted = ["cargo", "build", "--release", "--locked", "--no-default-features", "--package", package];
    assert_eq!(build, wanted);
    assert!(
        container_file.contains("install -D target/release/mrs-iam-sync /image/usr/local/bin/mrs-iam-sync")
    );
    assert!(container_file.contains("ENTRYPOINT [\"/usr/local/bin/mrs-iam-sync\"]"));

    let version = stated("version");
    assert_eq!(after(&container_file, "image.version=").trim_matches('"'), version);
    assert_eq!(after(&container_file, "image.licenses=\"MIT OR "), "Apache-2.0\"");
    let (user, group) = after(&container_file, "\nUSER ").split_once(':').unwrap();
    for name in WORKLOADS {
        let workload = document(name);
        let context = &pod(&workload)["securityContext"];
        assert_eq!(context["runAsUser"].to_string(), user);
        assert_eq!(context["runAsGroup"].to_string(), group);
        let image = container(&workload)["image"].as_str().unwrap();
        let kustomization = folder().join(name).with_file_name("kustomization.yaml");
        let kustomization: Value = serde_saphyr::from_str(&text(kustomization)).unwrap();
        assert_eq!(kustomization["images"], serde_json::json!([{ "name": image, "newTag": version }]));
    }
}

/// What is copied into the image's build: all that Cargo needs, and nothing that could hold a secret.
#[test]
fn the_build_sees_the_sources_alone() {
    let ignored = text(root().join(".dockerignore"));
    let mut lines = ignored.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(lines.next(), Some("*"));
    let kept: Vec<&str> = lines.clone().filter_map(|line| line.strip_prefix('!')).collect();
    assert_eq!(kept, ["Cargo.toml", "Cargo.lock", "LICENSE-*", "crates", "tests", "xtask"]);
    // Of what is kept, too, hidden files and build folders are not.
    assert_eq!(lines.filter(|line| !line.starts_with('!')).collect::<Vec<_>>(), ["**/target", "**/.*"]);
    let workspace = text(root().join("Cargo.toml"));
    let members = workspace.lines().find_map(|line| line.strip_prefix("members = ")).unwrap();
    for member in members.trim_matches(['[', ']']).split(", ") {
        let first = member.trim_matches('"').split('/').next().unwrap();
        assert!(kept.contains(&first), "{member}");
    }
}
