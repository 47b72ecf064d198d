//! Fleet files: what can be said in one, and how what is wrong is told.

use std::fmt::Write as _;
use std::path::Path;

use mrs_iam_sync_fleet::{FileError, Fleet};
use proptest::prelude::*;
use serde_json::Value;
use workspace_tests::root;

use crate::support::fleet;

/// In a directory with names files.
fn error(text: &str) -> FileError {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, bytes) in [
        ("team.txt", &b"alice\n\nbob\n"[..]),
        ("empty.txt", b"# nobody\n"),
        ("latin1.txt", b"J\xf6rg\n"),
        ("long.txt", &[&b"fine\n"[..], &[b'x'; 65]].concat()),
    ] {
        std::fs::write(directory.path().join(name), bytes).expect("a file");
    }
    let mut error = Fleet::parse("fleet.yaml", text, directory.path()).expect_err(text);
    let place = format!("{}/", directory.path().display());
    error.message = error.message.replace(&place, "");
    error
}

#[test]
fn whatever_is_wrong_is_told_with_its_place() {
    let cluster = |rest: &str| format!("version: 1\nclusters:\n  - id: c1\n{rest}");
    let cases = [
        // The file.
        "".to_owned(),
        "# nothing but a comment\n".to_owned(),
        "version: 2\nclusters: [{ id: c1, users: [a] }]".to_owned(),
        "clusters: [{ id: c1, users: [a] }]".to_owned(),
        "version: 1\nclusters: []".to_owned(),
        "version: 1\nclusters:\n  id: c1".to_owned(),
        "version: 1\nclusters: [{ id: c1, users: [a }]".to_owned(),
        "version: 1\n---\nversion: 1".to_owned(),
        "version: 1\nversion: 1\nclusters: [{ id: c1, users: [a] }]".to_owned(),
        "version: 1\n\tclusters: [{ id: c1, users: [a] }]".to_owned(),
        "version: 1\nbase: &base { users: [a] }\nclusters: [{ id: c1, <<: *base }]".to_owned(),
        "version: 1\nclusters:\n  - &base { id: c1, users: [a] }\n  - { <<: *base, id: c2 }\n".to_owned(),
        "version: one\nclusters: [{ id: c1, users: [a] }]".to_owned(),
        "version: 1\nclusters:\n  - id: c1\n\tusers: [a]\n".to_owned(),
        // Keys.
        cluster("    usrs: [a]\n"),
        cluster("    grops: [a]\n"),
        cluster("    colour: [a]\n"),
        "version: 1\ndefaults: { regoin: x }\nclusters: [{ id: c1, users: [a] }]".to_owned(),
        cluster("    absent: { user: [a] }\n"),
        // Which cluster.
        "version: 1\nclusters:\n  - users: [a]\n".to_owned(),
        "version: 1\nclusters:\n  - id: c1\n    name: first\n    users: [a]\n".to_owned(),
        "version: 1\nclusters:\n  - id: c 1\n    users: [a]\n".to_owned(),
        "version: 1\nclusters:\n  - tags: {}\n    users: [a]\n".to_owned(),
        "version: 1\nclusters:\n  - tags: { env: 'a*b' }\n    users: [a]\n".to_owned(),
        "version: 1\nclusters:\n  - name: ''\n    users: [a]\n".to_owned(),
        "version: 1\nclusters:\n  - { id: c1, users: [a] }\n  - { id: c2, users: [a] }\n  - { id: c1, users: [a] }\n"
            .to_owned(),
        "version: 1\nclusters:\n  - { id: c1, users: [a] }\n  - { id: c1, users: [b] }\n".to_owned(),
        "version: 1\ndefaults: { project_id: p-1 }\nclusters:\n  - { id: c1, users: [a] }\n".to_owned(),
        // Who.
        "version: 1\nclusters:\n  - id: c1\n".to_owned(),
        cluster("    users: [a, b, a]\n"),
        cluster("    users: ['']\n"),
        cluster(&format!("    users: [{}]\n", "x".repeat(65))),
        cluster("    users: alice\n"),
        cluster("    users: [[alice]]\n"),
        cluster("    users: [~]\n"),
        cluster("    all: true\n    users: [a]\n"),
        cluster("    all: yes\n"),
        cluster("    all: true\n    absent: { users: [a] }\n"),
        cluster("    users: [a]\n    absent: { users: [a] }\n"),
        cluster("    users: [a]\n    absent: { users: [admin] }\n"),
        cluster("    users: [a]\n    caller: robot\n    absent: { users: [robot] }\n"),
        cluster("    users: [a]\n    absent: { users: [A] }\n"),
        cluster("    users: [a]\n    absent: { users: [Admin] }\n"),
        cluster("    users: [a]\n    caller: Robot\n    absent: { users: [robot] }\n"),
        cluster("    users: [a]\n    resync: sometimes\n"),
        // Sets.
        "version: 1\nsets: { data-team: { users: [a] } }\nclusters:\n  - id: c1\n    sets: [data-taem]\n".to_owned(),
        "version: 1\nsets: { data-team: { users: [a] } }\nclusters:\n  - id: c1\n    sets: [other]\n".to_owned(),
        cluster("    sets: [data-team]\n"),
        "version: 1\nsets: { data-team: {} }\nclusters:\n  - { id: c1, sets: [data-team] }\n".to_owned(),
        "version: 1\nsets: { team: { users: [a] } }\nclusters:\n  - { id: c1, sets: [team, team] }\n".to_owned(),
        // Names files.
        cluster("    users_from: [nowhere.txt]\n"),
        cluster("    users_from: [empty.txt]\n"),
        cluster("    users_from: [latin1.txt]\n"),
        cluster("    users_from: [long.txt]\n"),
        cluster("    users_from: [.]\n"),
        cluster("    users_from: [team.txt]\n    absent: { users: [bob] }\n"),
    ];
    let mut table = String::new();
    for text in cases {
        let error = error(&text);
        let _ = writeln!(table, "{}", text.trim_end().replace('\t', "<TAB>"));
        let _ = writeln!(table, "=> {error}");
        for line in error.excerpt.iter().flat_map(|excerpt| excerpt.lines()) {
            let _ = writeln!(table, "   {line}");
        }
        if let Some(hint) = error.hint {
            let _ = writeln!(table, "   hint: {hint}");
        }
        table.push('\n');
    }
    insta::with_settings!({ filters => [(r"\(os error \d+\)", "(os error [N])")] }, { insta::assert_snapshot!(table) });
}

/// The place in a line that is longer than what is shown of it.
#[test]
fn the_end_of_a_long_line() {
    let names: Vec<String> = (0..3000).map(|number| format!("用户{number}")).collect();
    let error = error(&format!("version: 1\nclusters:\n  - {{ id: c1, users: [{}, ''] }}", names.join(", ")));
    let (line, column) = error.at.expect("a place");
    let excerpt = error.excerpt.expect("an excerpt");
    assert!(excerpt.contains(&format!("--> fleet.yaml:{line}:{column}\n")), "{excerpt}");
    assert!(excerpt.contains("用户2999, '']"), "{excerpt}");
}

/// As many values as a hundred thousand clusters have, and no end of what a few bytes stand for.
#[test]
fn large_files_are_read_and_bombs_are_not() {
    let names: Vec<String> = (0..300_000).map(|number| format!("u{number}")).collect();
    fleet(&format!("version: 1\nclusters: [{{ id: c1, users: [{}] }}]", names.join(",")));
    let mut bomb =
        "version: 1\nsets:\n  s0: &s0 { users: &u0 [a, b, c, d, e, f, g, h] }\nclusters:\n".to_owned();
    for number in 0..200_000 {
        let _ = writeln!(bomb, "  - {{ id: c{number}, users: *u0 }}");
    }
    let error = error(&bomb);
    assert_eq!(error.message, "aliases repeat more than is read");
}

#[test]
fn names_are_text_whatever_they_look_like() {
    let text =
        "version: 1\nclusters:\n  - { id: 007, users: [no, 1, 1.0, null x, 'a b', \"é\u{202e}\", true] }\n";
    let fleet = fleet(text);
    assert_eq!(fleet.len(), 1);
    let shown = format!("{fleet:?}");
    for name in ["\"no\"", "\"1\"", "\"1.0\"", "\"null x\"", "\"a b\"", "\"true\"", "\"007\""] {
        assert!(shown.contains(name), "{name} in {shown}");
    }
}

/// What the schema takes is read, and what it refuses is refused: the sample, each key of it, and keys misspelt.
#[test]
fn the_schema_and_the_reader_agree() {
    let schema = Fleet::json_schema();
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let sample = std::fs::read_to_string(root().join("examples/fleet.yaml")).expect("the sample");
    let full = "version: 1
defaults: { profile: p, region: r, project_id: p1, endpoint: 'https://e', iam_endpoint: 'https://i', caller: robot, resync: never }
sets: { team: { users: [a], groups: [g], from_iam: [i] } }
clusters:
  - { id: c1, profile: p, region: r, project_id: p1, endpoint: 'https://e', iam_endpoint: 'https://i', caller: robot, sets: [team], users: [b], groups: [h], from_iam: [j], absent: { users: [c], groups: [k] }, exclusive: true, resync: always }
  - { name: first, all: true }
  - { tags: { env: prod }, users: [a] }
";
    for text in [sample.as_str(), full] {
        let value: Value = serde_saphyr::from_str(text).expect("YAML");
        assert!(
            validator.is_valid(&value),
            "{:?}",
            validator.validate(&value).map_err(|error| error.to_string())
        );
        fleet(text);
    }
    for wrong in [
        "version: 1\nclusters: [{ id: c1, usrs: [a] }]",
        "version: 2\nclusters: [{ id: c1, users: [a] }]",
        "version: 1\nclusters: []",
        "version: 1\nclusters: [{ users: [a] }]",
        "version: 1\nclusters: [{ id: c1, name: n, users: [a] }]",
        "version: 1\nclusters: [{ id: c1, users: [a], resync: sometimes }]",
        "clusters: [{ id: c1, users: [a] }]",
    ] {
        let value: Value = serde_saphyr::from_str(wrong).expect("YAML");
        assert!(!validator.is_valid(&value), "the schema takes {wrong}");
        assert!(Fleet::parse("f", wrong, Path::new("")).is_err(), "{wrong}");
    }
}

#[test]
fn every_key_is_described() {
    fn check(place: &str, schema: &Value) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            assert!(property["description"].is_string() || property["$ref"].is_string(), "{place}.{name}");
            check(&format!("{place}.{name}"), property);
        }
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            check(name, definition);
        }
    }
    check("fleet", &Fleet::json_schema());
}

proptest! {
    /// No text makes it panic, and each error names a place within the text.
    #[test]
    fn no_text_is_too_strange(text in "(version: 1\n)?(clusters:\n)?([ -~\n\u{e9}\u{1f600}\u{202e}\t]{0,80})") {
        if let Err(error) = Fleet::parse("f", &text, Path::new("/nowhere")) {
            let lines = text.split('\n').count();
            prop_assert!(error.at.is_none_or(|(line, column)| (1..=lines + 1).contains(&line) && column >= 1), "{error}");
        }
    }

    #[test]
    fn no_value_is_too_strange(value in "[ -~\n\u{e9}\u{1f600}\u{0}]{0,40}", key in "(id|name|users|sets|tags|absent|all|resync)") {
        let quoted = serde_json::to_string(&value).expect("JSON");
        let _ = Fleet::parse("f", &format!("version: 1\nclusters: [{{ id: c1, {key}: {quoted} }}]"), Path::new("/nowhere"));
    }
}
