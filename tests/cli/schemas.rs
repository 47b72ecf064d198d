//! JSON outputs keep to the schemas that `schema` prints; those commands need nothing.

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::support::{CLUSTER, Service, cli};

fn validator(name: &str) -> Validator {
    let schema = cli(["schema", name]).run().json();
    assert_eq!(schema["title"], name);
    jsonschema::draft202012::new(&schema).unwrap()
}

fn valid(name: &str, value: &Value) {
    if let Err(error) = validator(name).validate(value) {
        panic!("{name}: {error}: {value}");
    }
}

#[test]
fn the_names() {
    check!(cli(["schema"]).run(), @"
    exit: 0
    ----- stdout -----
    sync
    cancel
    list
    status
    clusters
    projects
    api
    auth-status
    dry-run
    plan
    apply
    error
    fleet
    seed
    ");
    check!(cli(["schema", "-o", "json"]).run(), @r#"
    exit: 0
    ----- stdout -----
    {
      "schemas": [
        "sync",
        "cancel",
        "list",
        "status",
        "clusters",
        "projects",
        "api",
        "auth-status",
        "dry-run",
        "plan",
        "apply",
        "error",
        "fleet",
        "seed"
      ]
    }
    "#);
}

#[test]
fn results() {
    let service = Service::start();
    let path = format!("/v2/{{project_id}}/clusters/{CLUSTER}/iam-sync");
    let commands: [(&str, &[&str]); 10] = [
        ("dry-run", &["sync", "--cluster", CLUSTER, "--all", "--dry-run"]),
        ("sync", &["sync", "--cluster", CLUSTER, "--all", "--wait"]),
        ("sync", &["sync", "--cluster", CLUSTER, "--user", "user1", "--if-missing"]),
        ("list", &["list", "--cluster", CLUSTER]),
        ("status", &["status", "--cluster", CLUSTER]),
        ("clusters", &["clusters"]),
        ("projects", &["projects"]),
        ("api", &["api", "GET", &path]),
        ("auth-status", &["auth", "status"]),
        ("cancel", &["cancel", "--cluster", CLUSTER, "--user", "user1", "--wait"]),
    ];
    for (name, command) in commands {
        let run = service.cli(command.iter().copied()).args(["-o", "json"]).run();
        assert_eq!(run.code, 0, "{run}");
        valid(name, &run.json());
        assert!(run.stderr.is_empty(), "{run}");
    }
    let sync = service.on_cluster(["sync", "--user", "user1", "-o", "json"]).run();
    valid("sync", &sync.json());
    let cancel = ["cancel", "--user", "user1", "--timeout", "1s", "-o", "json"];
    let refused = service.on_cluster(cancel).run();
    assert_eq!(refused.code, 5, "{refused}");
    valid("error", &refused.error());
    valid("error", &cli(["list", "-o", "json"]).run().error());
}

#[test]
fn the_schemas_say_something() {
    for name in [
        "sync",
        "cancel",
        "list",
        "status",
        "clusters",
        "projects",
        "api",
        "auth-status",
        "dry-run",
        "error",
        "seed",
    ] {
        assert!(!validator(name).is_valid(&json!({ "users": 1 })), "{name}");
    }
}

#[test]
fn completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = cli(["completion", shell]).run();
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{shell}");
        assert!(run.stdout.contains("users-from"), "{shell}");
    }
}

/// A page for the program, and one for each command that people are shown.
#[test]
fn the_manual() {
    let page = cli(["man"]).run();
    assert_eq!((page.code, page.stderr.as_str()), (0, ""), "{page}");
    assert!(page.stdout.contains(".TH mrs-iam-sync 1") && page.stdout.contains("apply"), "{page}");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().display().to_string();
    let run = cli(["man", "--directory", &path]).run();
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run}");
    let mut files: Vec<String> = std::fs::read_dir(&path)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort_unstable();
    assert!(files.contains(&"mrs-iam-sync-apply.1".to_owned()), "{files:?}");
    assert!(files.contains(&"mrs-iam-sync-auth-status.1".to_owned()), "{files:?}");
    assert!(!files.iter().any(|file| file.contains("reference")), "{files:?}");
    let run = cli(["man", "--directory", "/no/such/directory"]).run();
    assert!(run.code == 1 && run.stderr.contains("cannot be written"), "{run}");
}
