//! What the program tells of itself to programs is what it tells people.

use serde_json::Value;

use crate::support::cli;

/// The texts of one field of each object in a list.
fn texts<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|object| object[field].as_str().unwrap()).collect()
}

#[test]
fn the_help_of_every_command_is_in_it() {
    let reference = cli(["reference"]).run().json();
    let names = texts(&reference["commands"], "name");
    assert!(names.contains(&"mrs-iam-sync auth status") && !names.contains(&"mrs-iam-sync reference"));
    for (name, help) in names.iter().zip(texts(&reference["commands"], "help")) {
        let shown = cli(name.split(' ').skip(1)).args(["--help"]).run();
        assert_eq!(shown.stdout, help, "{name}");
    }
}

/// In whatever terminal, and wherever output goes: documentation is compared byte for byte.
#[test]
fn it_does_not_depend_on_where_it_runs() {
    let narrow = cli(["reference", "-o", "json"]).env("COLUMNS", "40").env("TERM", "xterm").run();
    assert_eq!(narrow.stdout, cli(["reference"]).run().stdout);
}

/// What is published is made from it (`cargo xtask docs`).
#[test]
fn it_is_published_as_it_is() {
    let published = std::fs::read_to_string(workspace_tests::root().join("docs/api/cli.json")).unwrap();
    assert!(cli(["reference"]).run().stdout == published, "stale; run: cargo xtask docs");
}

#[test]
fn exit_codes_and_variables_are_those_of_the_help() {
    let reference = cli(["reference"]).run().json();
    let help = cli(["--help"]).run().stdout;
    for exit in reference["exit_codes"].as_array().unwrap() {
        let line = format!("  {:>3}  {}\n", exit["code"], exit["meaning"].as_str().unwrap());
        assert!(help.contains(&line), "{line}");
    }
    assert_eq!(reference["exit_codes"].as_array().unwrap().len(), 9);
    for variable in reference["variables"].as_array().unwrap() {
        for name in variable["names"].as_array().unwrap() {
            assert!(help.contains(name.as_str().unwrap()), "{name}");
        }
        assert!(!variable["meaning"].as_str().unwrap().is_empty());
    }
}
