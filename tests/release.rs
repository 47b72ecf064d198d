//! `cargo xtask release` and `diff`: what is released stays, and what breaks it is told.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use workspace_tests::{links, root};
use xtask::document::Document;
use xtask::{codegen, diff, docs, release};

/// A copy of the documents with what is generated from them, to be changed. Nothing is released there.
fn copy() -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a temporary folder");
    for folder in ["openapi", "docs/api/openapi"] {
        for entry in root().join(folder).read_dir().expect("a folder") {
            let from = entry.expect("an entry").path();
            if from.is_file() && !from.ends_with(release::LIST) {
                place(copy.path(), &from);
            }
        }
    }
    place(copy.path(), &root().join("crates/emulator/DIFFERENCES.md"));
    codegen::run(copy.path(), false, &mut Vec::new()).expect("generated code");
    docs::publish(copy.path(), &program(), false, &mut Vec::new()).expect("published files");
    copy
}

fn place(copy: &Path, from: &Path) {
    let to = copy.join(from.strip_prefix(root()).expect("below the root"));
    std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
    std::fs::copy(from, to).expect("a copy");
}

fn program() -> Value {
    let text = std::fs::read(root().join("docs/api/cli.json")).expect("what the program tells of itself");
    serde_json::from_slice(&text).expect("JSON")
}

fn released(root: &Path, version: &str) -> Result<(), String> {
    let run = release::run(root, version, "2026-01-31", &program(), &mut Vec::new());
    run.map_err(|error| error.to_string())
}

fn read(root: &Path, path: &str) -> String {
    std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn edit(root: &Path, path: &str, from: &str, to: &str) {
    let text = read(root, path);
    assert!(text.contains(from), "{from}");
    std::fs::write(root.join(path), text.replacen(from, to, 1)).expect("a file");
}

fn compared(root: &Path, base: Option<&str>) -> (bool, String) {
    let mut out = Vec::new();
    let holds = diff::run(root, base, &mut out).unwrap_or_else(|error| panic!("{error}"));
    (holds, String::from_utf8(out).expect("text"))
}

/// Commits all that is there, in a repository of its own.
fn commit_all(root: &Path) {
    for arguments in [&["init", "--quiet"][..], &["add", "--all"], &["commit", "--quiet", "--message", "All"]]
    {
        let mut command = std::process::Command::new("git");
        command.arg("-C").arg(root).args(["-c", "user.name=me", "-c", "user.email=me@example.com"]);
        let output = command.args(arguments).output().expect("git");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_released_version_is_frozen_and_never_changes() {
    let copy = copy();
    let root = copy.path();
    assert_eq!(release::check(root).expect("nothing released"), 0);
    released(root, "0.1.0").expect("a release");
    assert_eq!(release::check(root).expect("one release"), 1);
    let frozen = read(root, "docs/api/v0.1.0/openapi/iam.yaml");
    assert!(frozen.contains("\n  version: 0.1.0\n"), "{frozen}");
    assert!(read(root, "openapi/iam.yaml").contains("\n  version: 0.1.1-dev\n"));
    assert!(read(root, "docs/api/v0.1.0/schemas/iam/UserName.schema.json").contains(":0.1.0:UserName\""));
    let changelog = read(root, "openapi/CHANGELOG.md");
    let order = ["## Unreleased", "### iam 0.1.1-dev", "## 0.1.0, 2026-01-31", "### iam 0.1.0\n"];
    let places: Vec<_> = order.map(|heading| changelog.find(heading).expect(heading)).into();
    assert!(places.is_sorted(), "{changelog}");
    docs::publish(root, &program(), true, &mut Vec::new()).expect("docs are up to date");
    let folder = root.join(docs::FOLDER);
    for folder in [folder.join("v0.1.0"), folder] {
        let pages = links::assert_all_lead_somewhere(&folder);
        assert!(pages.contains("reference.html") && pages.contains("cli.md"), "{pages:?}");
    }
    for (page, link) in [
        ("reference.html", "<a href=\"v0.1.0/reference.html\">0.1.0</a>"),
        ("reference.md", "Released: [0.1.0](v0.1.0/reference.md)."),
        ("llms.txt", "[Released version 0.1.0](v0.1.0/reference.md)"),
    ] {
        assert!(read(root, &format!("docs/api/{page}")).contains(link), "{page}: {link}");
    }
    codegen::run(root, true, &mut Vec::new()).expect("code is up to date");

    for file in ["iam", "iam-sync-user", "mrs-clusters"] {
        edit(root, &format!("openapi/{file}.yaml"), "version: 0.1.1-dev", "version: 0.2.0-dev");
    }
    for (version, expected) in [
        ("0.1.0", "not later than 0.1.0"),
        ("0.0.9", "not later than 0.1.0"),
        ("1", "not a version"),
        ("1.0.0-rc.1", "three numbers"),
        // Between the last one and what the documents say that comes.
        ("0.1.1", "openapi/iam-sync-user.yaml is to be 0.2.0 at least"),
    ] {
        let error = released(root, version).expect_err(version);
        assert!(error.contains(expected), "{error}");
    }

    let file = "docs/api/v0.1.0/reference.md";
    let before = read(root, file);
    std::fs::write(root.join(file), format!("{before} ")).expect("a file");
    let error = release::check(root).expect_err("changed").to_string();
    assert!(error.starts_with("docs/api/v0.1.0/reference.md: changed"), "{error}");
    std::fs::remove_file(root.join(file)).expect("a file");
    assert!(release::check(root).expect_err("removed").to_string().contains("reference.md: missing"));
    std::fs::write(root.join(file), before).expect("a file");
    std::fs::write(root.join("docs/api/v0.1.0/more.md"), "").expect("a file");
    assert!(release::check(root).expect_err("added").to_string().contains("more.md: added"));
    std::fs::remove_file(root.join("docs/api/v0.1.0/more.md")).expect("a file");
    std::fs::create_dir(root.join("docs/api/v0.1.0/v9.9.9")).expect("a folder");
    std::fs::write(root.join("docs/api/v0.1.0/v9.9.9/more.md"), "").expect("a file");
    assert!(release::check(root).expect_err("added below").to_string().contains("v9.9.9/more.md: added"));
    std::fs::remove_dir_all(root.join("docs/api/v0.1.0/v9.9.9")).expect("a folder");
    edit(root, "docs/api/v0.1.0/SHA256SUMS", "  reference.md", "  reference.mb");
    assert!(release::check(root).expect_err("other sums").to_string().contains("SHA256SUMS: changed"));
    std::fs::create_dir(root.join("docs/api/v0.2.0")).expect("a folder");
    edit(root, "docs/api/v0.1.0/SHA256SUMS", "  reference.mb", "  reference.md");
    assert!(
        release::check(root)
            .expect_err("unknown")
            .to_string()
            .contains("v0.2.0: not in openapi/releases.txt")
    );
}

/// What is unfinished would go out with a release.
#[test]
fn what_is_not_committed_is_not_released() {
    let copy = copy();
    let root = copy.path();
    commit_all(root);
    edit(root, "openapi/iam.yaml", "openapi:", "# A thought.\nopenapi:");
    let error = released(root, "0.1.0").expect_err("a changed file");
    assert_eq!(error, "0.1.0: openapi/iam.yaml is not committed; a release is a commit of its own");
    commit_all(root);
    std::fs::write(root.join("new"), "").expect("a file");
    let error = released(root, "0.1.0").expect_err("a new file");
    assert!(error.contains(" new is not committed"), "{error}");
    std::fs::remove_file(root.join("new")).expect("a file");
    released(root, "0.1.0").expect("a release");
}

#[test]
fn what_cannot_be_released_changes_nothing() {
    let copy = copy();
    let root = copy.path();
    let changelog = read(root, "openapi/CHANGELOG.md");
    let heading = changelog.lines().find(|line| line.starts_with("### iam ")).expect("a heading").to_owned();
    edit(root, "openapi/CHANGELOG.md", &heading, "### iam");
    let before = read(root, "openapi/iam.yaml");
    let error = released(root, "0.1.0").expect_err("no entry");
    assert!(error.contains("there is no heading"), "{error}");
    assert_eq!(read(root, "openapi/iam.yaml"), before);
    std::fs::write(root.join("openapi/CHANGELOG.md"), &changelog).expect("a file");
    for day in ["", "soon", "31.1.2026", "2026-02-30"] {
        let error = release::run(root, "0.1.0", day, &program(), &mut Vec::new()).expect_err(day).to_string();
        assert!(error.contains("is no day"), "{error}");
    }
    assert_eq!(read(root, "openapi/CHANGELOG.md"), changelog);
    assert_eq!(release::check(root).expect("nothing released"), 0);
}

#[test]
fn what_breaks_is_told_until_it_is_acknowledged() {
    let copy = copy();
    let root = copy.path();
    let (holds, said) = compared(root, None);
    assert!(holds && said.starts_with("no version"), "{said}");
    released(root, "0.1.0").expect("a release");
    assert_eq!(
        compared(root, None),
        (true, "against 0.1.0: 0 changes, 0 of them neither compatible nor acknowledged\n".to_owned())
    );

    // The answer of a read is of another type, a list holds less, a code is gone, and a fact is new.
    edit(
        root,
        "openapi/iam-sync-user.yaml",
        "is_synchronizing:\n          type: boolean",
        "is_synchronizing:\n          type: string",
    );
    edit(root, "openapi/iam-sync-user.yaml", "maxItems: 1000", "maxItems: 999");
    edit(root, "openapi/mrs-clusters.yaml", "per_minute: 1000", "per_minute: 10");
    let (holds, said) = compared(root, None);
    assert!(!holds);
    insta::assert_snapshot!(said);
    let open: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("BREAKING") || line.starts_with("UNCLASSIFIED"))
        .map(|line| {
            let mut words = line.split_whitespace().skip(1);
            (words.next().expect("a document"), words.next().expect("a place").trim_end_matches(':'))
        })
        .collect();
    assert!(open.len() >= 3, "{said}");
    let mut acknowledged: String = open
        .iter()
        .map(|(document, place)| format!("- {{ document: {document}, place: {place:?}, reason: a test }}\n"))
        .collect();
    std::fs::create_dir_all(root.join("openapi/diff")).expect("a folder");
    std::fs::write(root.join(diff::ACKNOWLEDGED), &acknowledged).expect("a file");
    let (holds, said) = compared(root, Some("v0.1.0"));
    assert!(holds && said.contains("acknowledged: a test"), "{said}");
    acknowledged.push_str("- { document: iam, place: /nowhere, reason: old }\n");
    std::fs::write(root.join(diff::ACKNOWLEDGED), acknowledged).expect("a file");
    let (holds, said) = compared(root, None);
    assert!(!holds && said.contains("/nowhere: there is no such change"), "{said}");
    commit_all(root);
    let (holds, said) = compared(root, Some("HEAD"));
    assert!(
        holds && said.starts_with("against HEAD: 0 changes"),
        "what is acknowledged is of the release: {said}"
    );
}

/// Changes of one document, as they are told.
fn told(from: &str, to: &str) -> Vec<String> {
    let path = "openapi/iam-sync-user.yaml";
    let text = read(&root(), path);
    assert!(text.contains(from), "{from}");
    let of = |text: String| {
        let document = Document::parse(path.to_owned(), text).unwrap_or_else(|error| panic!("{error}"));
        BTreeMap::from([(document.name, document.value)])
    };
    let findings = diff::compare(&of(text.clone()), &of(text.replacen(from, to, 1))).expect("findings");
    let line = |finding: diff::Finding| format!("{:?} {}: {}", finding.class, finding.place, finding.message);
    findings.into_iter().map(line).collect()
}

/// What the tool below does not look at, and what it stumbles over.
#[test]
fn no_change_of_a_document_goes_untold() {
    let url = "url: https://mrs.{region}.myhuaweicloud.eu";
    let cases = [
        ("          - ae-ad-1\n", "", "Breaking /servers/0/variables/region/enum: \"ae-ad-1\" is gone"),
        (
            "enum: [eu-west-101]",
            "enum: [eu-west-101, eu-west-102]",
            "Compatible /servers/2/variables/region/enum: \"eu-west-102\" is new",
        ),
        (
            "default: eu-west-101",
            "default: eu-west-0",
            "Unclassified /servers/2/variables/region/default: changed",
        ),
        (
            url,
            "url: https://mrs.{region}.example.eu",
            "Breaking /servers/2: the server \"https://mrs.{region}.myhuaweicloud.eu\" is gone",
        ),
        (
            "security:\n  - Token: []\n",
            "security:\n",
            "Breaking /security: {\"Token\":[]} lets nobody in any more",
        ),
        (
            "security:\n  - Token: []\n",
            "security:\n  - {}\n  - Token: []\n",
            "Compatible /security: {} lets in, too",
        ),
        (
            "name: X-Auth-Token",
            "name: X-Token",
            "Unclassified /components/securitySchemes/Token/name: changed",
        ),
        (
            "operationId: ListSyncStatus",
            "operationId: SyncStatus",
            "Breaking /paths/~1v2~1{project_id}~1clusters~1{cluster_id}~1iam-sync/get/operationId: \
             \"ListSyncStatus\" is \"SyncStatus\" now, and so is what is generated from it",
        ),
        (
            "operationId: ListSyncStatus",
            "deprecated: true\n      operationId: ListSyncStatus",
            "Compatible /paths/~1v2~1{project_id}~1clusters~1{cluster_id}~1iam-sync/get/deprecated: new",
        ),
        (
            "          headers:\n            X-Request-Id:\n              $ref: '#/components/headers/XRequestId'\n",
            "",
            "Unclassified /paths/~1v2~1{project_id}~1clusters~1{cluster_id}~1iam-sync-user/post/responses/202/headers: \
             gone",
        ),
        (
            "application/json;charset=UTF-8",
            "application/json",
            "Unclassified /paths/~1v2~1{project_id}~1clusters~1{cluster_id}~1iam-sync-user/post/requestBody/content/\
             application~1json;charset=UTF-8: gone",
        ),
        (
            "default: false",
            "default: true",
            "Unclassified /components/schemas/UpdateSyncRequest/properties/is_all_sync/default: changed",
        ),
        (
            "nullable: true\n",
            "nullable: false\n",
            "Unclassified /components/schemas/ShowSyncIamUserResponse/properties/user_names/nullable: changed",
        ),
        (
            "    ProjectId:\n      type: string\n",
            "    More:\n      type: string\n    ProjectId:\n      type: string\n",
            "Compatible /components/schemas/More: new",
        ),
    ];
    for (from, to, expected) in cases {
        let told = told(from, to);
        assert!(told.iter().any(|line| line == expected), "{expected}: {told:#?}");
    }
    let prose = told("Starts the synchronization of", "Begins the synchronization of");
    assert!(prose.is_empty(), "prose breaks nobody: {prose:#?}");
    let twice = told("maxItems: 1000", "maxItems: 999");
    assert_eq!(twice.len(), 1, "what one of the two has told the other does not: {twice:#?}");
}

#[test]
fn what_cannot_be_compared_with_is_an_error() {
    let copy = copy();
    for base in ["9.9.9", "no-such-revision", "--help"] {
        let error = diff::run(copy.path(), Some(base), &mut Vec::new()).expect_err(base).to_string();
        assert!(error.starts_with(&format!("{base}: neither a released version nor a revision")), "{error}");
    }
}
