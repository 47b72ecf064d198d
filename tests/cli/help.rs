//! The help of every command, as one text.

use crate::support::{FILTERS, cli};

const COMMANDS: [&[&str]; 17] = [
    &[],
    &["sync"],
    &["cancel"],
    &["list"],
    &["status"],
    &["plan"],
    &["apply"],
    &["clusters"],
    &["projects"],
    &["api"],
    &["auth"],
    &["auth", "status"],
    &["emulator"],
    &["explorer"],
    &["schema"],
    &["completion"],
    &["man"],
];

#[test]
fn the_help_tree() {
    let mut tree = String::new();
    for command in COMMANDS {
        let run = cli(command.iter().copied()).args(["--help"]).run();
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
        let spaced = command.iter().map(|word| format!(" {word}")).collect::<String>();
        // The global options are the same everywhere.
        let global = run.stdout.find("Global options:\n").unwrap();
        let after = run.stdout.find("Examples:\n").unwrap_or(run.stdout.len());
        let text = match command {
            [] => run.stdout.clone(),
            _ => format!("{}[global options]\n\n{}", &run.stdout[..global], &run.stdout[after..]),
        };
        tree += &format!("==== mrs-iam-sync{spaced} --help ====\n{text}\n");
        assert!(run.stdout.lines().all(|line| line.chars().count() <= 100), "{run}");
    }
    insta::with_settings!({ filters => FILTERS.iter().copied(), omit_expression => true }, {
        insta::assert_snapshot!("help", tree);
    });
}

#[test]
fn every_command_is_in_the_tree() {
    let help = cli(["-h"]).run();
    let listed = help
        .stdout
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty());
    let listed: Vec<&str> = listed.filter_map(|line| line.split_whitespace().next()).collect();
    let expected: Vec<&str> =
        COMMANDS.iter().filter(|words| words.len() == 1).map(|words| words[0]).collect();
    assert_eq!(listed, expected);
}

#[test]
fn version() {
    check!(cli(["--version"]).run(), @"
    exit: 0
    ----- stdout -----
    mrs-iam-sync [VERSION]
    ");
}
