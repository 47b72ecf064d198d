//! Each rule of `cargo xtask lint` finds what it is for, once and on its line, and nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use xtask::document::Document;
use xtask::lint::{Finding, RULES, lint, lint_all, list, run};

#[path = "lint/cases.rs"]
mod cases;

use cases::{CASES, Case, Edit};

const BASE: &str = include_str!("lint/base.yaml");

fn edited(edits: &[Edit]) -> Document {
    let mut text = BASE.to_owned();
    for edit in edits {
        match edit {
            Edit::Swap(from, to) => {
                position(&text, from);
                text = text.replace(from, to);
            }
            Edit::Drop(head) => {
                let (start, indent) = line(&text, head);
                let mut end = start;
                for (at, line) in text[start..].split_inclusive('\n').enumerate() {
                    let deeper = line.len() - line.trim_start().len() > indent;
                    // The items of a list may stand as deep as its key.
                    let item = line[indent.min(line.len())..].starts_with("- ");
                    if at > 0 && !deeper && !item {
                        break;
                    }
                    end += line.len();
                }
                text.replace_range(start..end, "");
            }
            Edit::Add(below, lines) => {
                let (start, indent) = line(&text, below);
                let end = start + text[start..].find('\n').expect("the last line ends") + 1;
                let added = lines.iter().map(|line| format!("{}{line}\n", " ".repeat(indent)));
                text.insert_str(end, &added.collect::<String>());
            }
        }
    }
    Document::parse("openapi/base.yaml", text).expect("the edited document is YAML")
}

/// Where a text stands that must be there exactly once.
fn position(text: &str, wanted: &str) -> usize {
    let all = text.match_indices(wanted).map(|(at, _)| at).collect::<Vec<_>>();
    assert_eq!(all.len(), 1, "the document should have this once: {wanted}");
    all[0]
}

/// The start of the line of a text, and how deep it is indented.
fn line(text: &str, wanted: &str) -> (usize, usize) {
    let start = text[..position(text, wanted)].rfind('\n').map_or(0, |end| end + 1);
    (start, text[start..].len() - text[start..].trim_start_matches(' ').len())
}

/// The number of the line of a text.
fn line_of(document: &Document, wanted: &str) -> usize {
    document.text[..position(&document.text, wanted)].matches('\n').count() + 1
}

fn shown(findings: &[Finding]) -> String {
    findings.iter().map(Finding::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_base_document_is_clean() {
    assert_eq!(shown(&lint(&edited(&[]))), "");
}

#[test]
fn each_rule_finds_what_breaks_it_and_no_other_does() {
    let mut failures = Vec::new();
    for Case { rule, edits, at } in CASES {
        let document = edited(edits);
        let found = lint(&document);
        let lines = found.iter().map(|finding| (finding.rule, finding.line)).collect::<BTreeSet<_>>();
        let expected = at.iter().map(|text| (*rule, Some(line_of(&document, text)))).collect::<BTreeSet<_>>();
        if lines != expected || found.len() != at.len() {
            failures.push(format!("{rule}: {edits:?}\n  expected {expected:?}\n  found\n{}", shown(&found)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn each_rule_has_a_case() {
    let tested = CASES.iter().map(|case| case.rule).collect::<BTreeSet<_>>();
    let rules = RULES.iter().map(|rule| rule.id).collect::<BTreeSet<_>>();
    assert_eq!(rules, tested);
    assert_eq!(rules.len(), RULES.len(), "two rules share a name");
}

#[test]
fn the_messages_say_what_to_do() {
    let all = CASES.iter().map(|case| shown(&lint(&edited(case.edits)))).collect::<Vec<_>>();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn any_document_gives_findings_and_no_panic() {
    let texts = [
        "",
        "[]",
        "text",
        "openapi: 3.0.3\npaths: []\n",
        "openapi: 3.0.3\ninfo: 1\npaths: {/a: [], /b: {get: 1, post: {responses: [], parameters: {}, requestBody: 1}}}\n",
        "openapi: {}\ncomponents: {schemas: [], parameters: {a: {in: path}}, responses: 1}\nsecurity: [1]\nx-error-codes: [1, {}]\n",
        "components: {schemas: {a: {properties: [], allOf: 1, $ref: 3}, b: {properties: {c: 1}, items: []}}}\n",
        "components: {schemas: {a: {$ref: '#/components/schemas/b'}, b: {$ref: '#/components/schemas/a'}}}\n",
        "paths: {/a: {parameters: [{$ref: '#/paths/~1a/parameters/0'}], get: {responses: {200: {$ref: 1}}}}}\n",
    ];
    let all = texts.map(|text| {
        let document = Document::parse("openapi/odd.yaml", text).unwrap();
        let found = lint(&document);
        assert!(!found.is_empty(), "{text}");
        assert!(found.iter().all(|finding| finding.line.is_some()), "{}", shown(&found));
        format!("{text}\n{}\n", shown(&found))
    });
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_reference_in_a_circle_ends() {
    let document = edited(&[
        Edit::Drop("type: boolean"),
        Edit::Swap("  description: Whether the things need no token.", "  $ref: '#/components/schemas/Tree'"),
        Edit::Add(
            "  schemas:",
            &[
                "  Tree:",
                "    type: object",
                "    description: A tree.",
                "    properties: {inner: {$ref: '#/components/schemas/Tree'}}",
            ],
        ),
        Edit::Swap("owner_password: correct horse", "is_token_free: {inner: {inner: {}}}"),
    ]);
    assert_eq!(shown(&lint(&document)), "");
}

#[test]
fn documents_share_no_operation_id() {
    let mut other = edited(&[Edit::Swap("operationId: ListThings", "operationId: ListOthers")]);
    other.path = "openapi/other.yaml".to_owned();
    let found = lint_all(&[edited(&[]), other]);
    insta::assert_snapshot!(shown(&found), @"openapi/other.yaml:81: operation-id-duplicate: /paths/~1v1~1{project_id}~1things/post: CreateThings is the operationId of openapi/base.yaml as well; rename one");
}

#[test]
fn the_command_tells_the_result_in_one_line() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("openapi/base.yaml");
    std::fs::create_dir(root.path().join("openapi")).unwrap();
    let told = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let mut out = Vec::new();
        let clean = run(root.path(), &mut out).unwrap();
        format!("{clean}\n{}", String::from_utf8(out).unwrap())
    };
    insta::assert_snapshot!(told(BASE), @"
    true
    1 document, 2 operations, 42 rules: no findings
    ");
    insta::assert_snapshot!(told(&BASE.replace("operationId: ListThings", "operationId: list")), @"
    false
    openapi/base.yaml:46: operation-id-case: /paths/~1v1~1{project_id}~1things/get: list is not UpperCamelCase
    1 document, 2 operations, 42 rules: 1 finding
    ");
    std::fs::write(&file, "a: 1\na: 2\n").unwrap();
    insta::assert_snapshot!(run(root.path(), &mut Vec::new()).unwrap_err(), @"openapi/base.yaml:2:1: duplicate mapping key: a");
}

#[test]
fn the_rules_can_be_listed() {
    let mut out = Vec::new();
    list(&mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[test]
fn the_documents_of_this_workspace_are_clean() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    assert_eq!(shown(&lint_all(&Document::load_all(&root).unwrap())), "");
}
