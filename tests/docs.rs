//! What is published in `docs/api`: as committed, as rendered, and whether each part of it holds together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use mrs_iam_sync_contract::{DOCUMENTS, Document};
use serde_json::Value;
use workspace_tests::links::{self, attributes};
use workspace_tests::root;
use xtask::docs::{DESCRIPTION, FOLDER, publish};

/// The path of a published file.
fn published(path: &str) -> PathBuf {
    root().join(FOLDER).join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(published(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn json(path: &str) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What the program tells of itself: as committed, which a test of the command line compares with the program.
fn program() -> Value {
    json(DESCRIPTION)
}

/// The paths of all files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// A copy of what docs reads and writes, to be changed.
fn copy() -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a temporary folder");
    let mut wanted = files(&root().join("openapi"));
    wanted.extend(files(&root().join(FOLDER)));
    wanted.push(root().join("crates/emulator/DIFFERENCES.md"));
    for file in wanted {
        let target = copy.path().join(file.strip_prefix(root()).expect("below the root"));
        std::fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
        std::fs::copy(&file, target).expect("a copy");
    }
    copy
}

fn check(root: &Path) -> Result<String, String> {
    let mut out = Vec::new();
    let result = publish(root, &program(), true, &mut out);
    result.map(|()| String::from_utf8_lossy(&out).into_owned()).map_err(|error| error.to_string())
}

fn edit(root: &Path, file: &str, from: &str, to: &str) {
    let file = root.join(file);
    let text = std::fs::read_to_string(&file).expect("a file");
    assert!(text.contains(from), "{from}");
    std::fs::write(&file, text.replacen(from, to, 1)).expect("a file");
}

#[test]
fn the_committed_files_equal_a_fresh_rendering() {
    let said = check(&root()).expect("what is committed is up to date");
    assert!(said.ends_with(" published files are up to date\n"), "{said}");
}

#[test]
fn what_differs_is_missing_or_stray_is_told_and_mended() {
    let copy = copy();
    let folder = copy.path().join(FOLDER);
    std::fs::remove_file(folder.join("llms.txt")).expect("a file");
    std::fs::create_dir_all(folder.join("samples/Old")).expect("a folder");
    std::fs::write(folder.join("samples/Old/old.rs"), "").expect("a file");
    edit(copy.path(), "docs/api/page.css", "--text", "--word");
    let before = files(&folder);
    insta::assert_snapshot!(check(copy.path()).expect_err("stale"), @"
    docs/api/llms.txt: missing (and 2 more)
    run: cargo xtask docs
    ");
    assert_eq!(files(&folder), before, "a check changes nothing");
    std::fs::create_dir_all(folder.join("v1.2.3")).expect("a folder");
    std::fs::write(folder.join("v1.2.3/index.html"), "").expect("a file");

    let mut out = Vec::new();
    publish(copy.path(), &program(), false, &mut out).expect("it mends all three");
    let out = String::from_utf8_lossy(&out).into_owned();
    assert!(out.starts_with(
        "docs/api/llms.txt: missing\ndocs/api/page.css: differs from line 5 on\n\
         docs/api/samples/Old/old.rs: stray, nothing generates it\n"
    ));
    check(copy.path()).expect("up to date again");
    assert!(!folder.join("samples/Old").exists(), "no empty folder is left");
    assert!(folder.join("v1.2.3/index.html").exists(), "a released version is nobody's to remove");
}

#[test]
fn a_changed_document_is_stale() {
    let copy = copy();
    edit(copy.path(), "openapi/mrs-clusters.yaml", "x-schema-base", "# more\nx-schema-base");
    let error = check(copy.path()).expect_err("stale");
    assert!(
        error.starts_with("docs/api/openapi/mrs-clusters.yaml: ") && error.ends_with("run: cargo xtask docs"),
        "{error}"
    );
}

/// What cannot be shown is refused with its place, and without a panic.
#[test]
fn what_cannot_be_published_is_refused() {
    let document = "openapi/iam-sync-user.yaml";
    let iam = DOCUMENTS.iter().find(|document| document.name == "iam").expect("a document");
    let heading = format!("### iam {}", iam.version);
    let cases = [
        (
            document,
            "x-rate-limit: { per_minute: 60, source: documented }",
            "x-aliases: []",
            "x-rate-limit is missing",
        ),
        (
            document,
            "      summary: Synchronize",
            "      x-summary: Synchronize",
            "/summary: a text is missing",
        ),
        (document, "Starts the synchronization", "- Starts the synchronization", "write plain paragraphs"),
        (
            document,
            "#/components/schemas/GroupName",
            "#/components/schemas/None",
            "group_names: a $ref leads nowhere",
        ),
        (document, "#/components/parameters/ClusterId", "#/components/parameters/None", "leads nowhere"),
        (document, "x-schema-base:", "x-no-base:", "/x-schema-base: a text is missing"),
        (document, "openapi: 3.0.3", "openapi: [", "openapi/iam-sync-user.yaml:"),
        ("openapi/CHANGELOG.md", &heading, "### iam", &format!("there is no heading `{heading}`")),
    ];
    for (file, from, to, message) in cases {
        let copy = copy();
        edit(copy.path(), file, from, to);
        let error = check(copy.path()).expect_err(message);
        assert!(error.contains(message), "{message}: {error}");
    }
    let copy = copy();
    std::fs::remove_file(copy.path().join("crates/emulator/DIFFERENCES.md")).expect("a file");
    assert!(check(copy.path()).expect_err("no file").starts_with("crates/emulator/DIFFERENCES.md: "));
    let error = publish(&root(), &serde_json::json!({}), true, &mut Vec::new()).expect_err("no program");
    assert_eq!(error.to_string(), "`mrs-iam-sync reference`: there is no list `commands` in it");
}

/// Each schema file with its path.
fn schemas() -> BTreeMap<String, Value> {
    let files = files(&published("schemas")).into_iter();
    files
        .map(|file| {
            (
                file.display().to_string(),
                serde_json::from_str(&std::fs::read_to_string(&file).expect("a file")).expect("JSON"),
            )
        })
        .collect()
}

/// Every `$ref` in a schema, whose examples have none.
fn references(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn each_schema_stands_alone_under_an_identifier_of_ours() {
    let schemas = schemas();
    let mut identifiers = BTreeSet::new();
    for (path, schema) in &schemas {
        jsonschema::meta::validate(schema).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{path}");
        let identifier = schema["$id"].as_str().expect("an identifier");
        assert!(identifier.starts_with("urn:mrs-iam-sync:schema:"), "{path}: {identifier}");
        assert!(identifiers.insert(identifier), "{identifier} has two files");
        for member in ["title", "description"] {
            assert!(schema[member].as_str().is_some_and(|text| !text.is_empty()), "{path}: {member}");
        }
    }
    for (path, schema) in &schemas {
        let mut all = BTreeSet::new();
        references(schema, &mut all);
        for reference in all {
            assert!(identifiers.contains(reference.as_str()), "{path}: {reference}");
        }
    }
    assert_eq!(
        schemas.len(),
        DOCUMENTS.len() + DOCUMENTS.iter().map(|document| definitions(document).len()).sum::<usize>()
    );
}

/// The schemas that the contract has, by their names.
fn definitions(document: &Document) -> serde_json::Map<String, Value> {
    let bundle: Value = serde_json::from_str(document.schemas).expect("JSON");
    bundle["$defs"].as_object().expect("definitions").clone()
}

/// With nothing but the files themselves, or with the bundle alone: nothing is fetched.
#[test]
fn each_example_keeps_to_its_schema() {
    for document in DOCUMENTS {
        let names = definitions(document);
        let files = names.keys().map(|name| json(&format!("schemas/{}/{name}.schema.json", document.name)));
        let files: Vec<(String, Value)> =
            files.map(|schema| (schema["$id"].as_str().expect("an identifier").to_owned(), schema)).collect();
        let apart = jsonschema::Registry::new().extend(files.clone()).expect("sound identifiers").prepare();
        let apart = apart.expect("all references are among the files");
        let bundle = json(&format!("schemas/{}.schema.json", document.name));
        let together =
            jsonschema::Registry::new().add(bundle["$id"].as_str().expect("an identifier"), bundle.clone());
        let together =
            together.expect("a sound identifier").prepare().expect("all references are in the bundle");
        let mut count = 0;
        for (identifier, schema) in &files {
            let reference = serde_json::json!({ "$ref": identifier });
            for registry in [&apart, &together] {
                let validator = jsonschema::options().with_registry(registry).offline().build(&reference);
                let validator = validator.unwrap_or_else(|error| panic!("{identifier}: {error}"));
                for example in schema["examples"].as_array().into_iter().flatten() {
                    validator.validate(example).unwrap_or_else(|error| panic!("{identifier}: {error}"));
                    count += 1;
                }
                assert!(!validator.is_valid(&serde_json::json!([[1]])), "{identifier} takes anything");
            }
        }
        assert!(count > 20, "{}: {count}", document.name);
    }
}

/// What the contract has, and with it the generated types (`schemas.rs`), is what is published.
#[test]
fn the_schemas_are_those_of_the_contract() {
    for document in DOCUMENTS {
        let bundle = json(&format!("schemas/{}.schema.json", document.name));
        for (name, contract) in definitions(document) {
            let mut file = json(&format!("schemas/{}/{name}.schema.json", document.name));
            let base = format!("{}:", bundle["$id"].as_str().expect("an identifier"));
            let members = file.as_object_mut().expect("an object");
            assert_eq!(members.shift_remove("$schema"), Some(bundle["$schema"].clone()));
            assert_eq!(bundle["$defs"][&name], Value::Object(members.clone()), "{name} in the bundle");
            assert_eq!(members.shift_remove("$id"), Some(Value::String(format!("{base}{name}"))));
            assert_eq!(members.shift_remove("title"), Some(Value::String(name.clone())));
            let examples = members.shift_remove("examples").unwrap_or_default();
            let mut contract = contract;
            for example in contract
                .as_object_mut()
                .expect("an object")
                .shift_remove("examples")
                .iter()
                .flat_map(Value::as_array)
                .flatten()
            {
                assert!(examples.as_array().is_some_and(|all| all.contains(example)), "{name}: {example}");
            }
            let local = file.to_string().replace(&format!("\"$ref\":\"{base}"), "\"$ref\":\"#/$defs/");
            assert_eq!(local, contract.to_string(), "{name}");
        }
    }
}

#[test]
fn each_documented_example_is_a_file() {
    let mut count = 0;
    for operation in DOCUMENTS.iter().flat_map(|document| document.operations) {
        let requests = operation.request.iter().flat_map(|body| body.examples);
        let requests = requests.map(|example| (format!("request-{}", example.name), example.json));
        let answers = operation.response_examples.iter();
        let answers =
            answers.map(|example| (format!("response-{}-{}", example.status, example.name), example.json));
        for (file, example) in requests.chain(answers) {
            assert_eq!(json(&format!("examples/{}/{file}.json", operation.id)).to_string(), example);
            count += 1;
        }
        for parameter in operation.path_parameters {
            let parameters = json(&format!("examples/{}/parameters.json", operation.id));
            assert_eq!(parameters[parameter.name].as_str(), parameter.example, "{}", operation.id);
            count += 1;
        }
    }
    assert!(count > 60, "{count}");
}

/// What the command line writes and reads has schemas that are schemas, each in a file of its own.
#[test]
fn the_command_lines_schemas_are_published() {
    let program = program();
    let schemas = program["schemas"].as_object().expect("schemas");
    assert!(schemas.contains_key("fleet") && schemas.contains_key("apply"), "{:?}", schemas.keys());
    for (name, schema) in schemas {
        assert_eq!(json(&format!("cli/{name}.schema.json")), *schema);
        assert!(jsonschema::meta::is_valid(schema), "{name}");
        assert_eq!(schema["title"], **name, "{name}");
    }
    let sample = std::fs::read_to_string(root().join("examples/fleet.yaml")).expect("the sample");
    let (_, path) = sample.split_once("$schema=").expect("a schema for editors");
    let path = path.lines().next().unwrap_or_default();
    assert!(root().join("examples").join(path).is_file(), "{path}");
}

#[test]
fn the_documents_are_there_in_three_forms() {
    for document in DOCUMENTS {
        let path = |ending: &str| format!("openapi/{}.{ending}", document.name);
        let written = std::fs::read_to_string(root().join(path("yaml"))).expect("the document");
        assert_eq!(text(&path("yaml")), written);
        let mut contract: Value = serde_json::from_str(document.json).expect("JSON");
        contract.as_object_mut().expect("an object").shift_remove("x-generated");
        assert_eq!(json(&path("json")).to_string(), contract.to_string());
        let whole = json(&path("deref.json"));
        let mut left = BTreeSet::new();
        references(&whole, &mut left);
        assert_eq!(left, BTreeSet::new(), "{}", document.name);
        assert_eq!(whole["info"], contract["info"]);
    }
}

#[test]
fn every_link_leads_somewhere() {
    let pages = links::assert_all_lead_somewhere(&root().join(FOLDER));
    assert!(
        ["index.html", "reference.html", "reference.md"].iter().all(|page| pages.contains(*page)),
        "{pages:?}"
    );
}

/// Whoever opens a page tells nobody: scripts and styles are beside it, and the policy refuses everything else.
#[test]
fn the_pages_ask_for_nothing_from_elsewhere() {
    for (page, scripts) in [("index.html", vec!["page.js", "scalar.js"]), ("reference.html", vec![])] {
        let html = text(page);
        assert!(html.contains("<html lang=\"en\">"), "{page}");
        assert_eq!(attributes(&html, "src"), scripts, "{page}");
        assert_eq!(html.matches("<script").count(), scripts.len(), "{page} has a script within it");
        let policy = attributes(&html, "content")
            .into_iter()
            .find(|value| value.starts_with("default-src"))
            .expect("a policy");
        assert!(policy.starts_with("default-src 'none';"), "{page}: {policy}");
        for source in ["http", "unsafe-eval", "*", "script-src 'self' 'unsafe-inline'"] {
            assert!(!policy.contains(source), "{page}: {policy}");
        }
    }
    assert!(!text("page.css").contains("url("));
}

#[test]
fn the_page_shows_all_documents_and_sends_nothing() {
    let script = text("page.js");
    let configuration =
        script.split_once("'#reference', ").expect("a call").1.trim_end().trim_end_matches("));");
    assert!(!configuration.contains('<'));
    let configuration: Value = serde_json::from_str(configuration).expect("JSON");
    let sources = configuration["sources"].as_array().expect("sources");
    assert_eq!(sources.len(), DOCUMENTS.len());
    for (source, document) in sources.iter().zip(DOCUMENTS) {
        assert_eq!(source["slug"], document.name);
        let written: Value = serde_json::from_str(document.json).expect("JSON");
        assert_eq!(source["content"]["components"], written["components"]);
    }
    for (name, value) in [("withDefaultFonts", false), ("telemetry", false), ("hideTestRequestButton", true)]
    {
        assert_eq!(configuration[name], value, "{name}");
    }
    assert!(configuration.get("proxyUrl").is_none());
}

/// Nobody is left to guess the level of a heading, and no operation, code or region is left out.
#[test]
fn the_plain_reference_is_whole() {
    let (html, markdown) = (text("reference.html"), text("reference.md"));
    let mut level = 0;
    for next in html.split("<h").skip(1).filter_map(|rest| rest.chars().next()?.to_digit(10)) {
        assert!(next <= level + 1, "h{next} follows h{level}");
        level = next;
    }
    let tables = html.matches("<table>").count();
    assert_eq!(
        (html.matches("<caption ").count(), html.matches("scope=\"col\"").count() > tables),
        (tables, true)
    );
    for document in DOCUMENTS {
        for operation in document.operations {
            for needle in [operation.id, operation.path, operation.documentation, operation.summary] {
                assert!(html.contains(needle) && markdown.contains(needle), "{needle}");
            }
        }
        for code in document.error_codes {
            assert!(html.contains(&format!("<code>{}</code></th>", code.code)), "{}", code.code);
            assert!(markdown.contains(&format!("| `{}` |", code.code)), "{}", code.code);
        }
        for region in document.regions {
            assert!(
                html.contains(region.endpoint) && markdown.contains(region.endpoint),
                "{}",
                region.endpoint
            );
        }
    }
}

#[test]
fn the_sums_are_those_of_all_files() {
    let sums = text("SHA256SUMS");
    let listed: Vec<&str> = sums.lines().map(|line| line.split_once("  ").expect("two columns").1).collect();
    let folder = root().join(FOLDER);
    // A released version has sums of its own.
    let released = xtask::release::released(&root()).expect("released versions");
    let is_released = |path: &str| released.iter().any(|it| path.starts_with(&format!("v{}/", it.version)));
    let found: Vec<String> = files(&folder)
        .iter()
        .map(|file| file.strip_prefix(&folder).expect("below").display().to_string().replace('\\', "/"))
        .filter(|path| path != "SHA256SUMS" && !is_released(path))
        .collect();
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), found.iter().map(String::as_str).collect());
    let manifest = json("manifest.json");
    for file in manifest["files"].as_array().expect("files") {
        let line = format!(
            "{}  {}\n",
            file["sha256"].as_str().expect("a sum"),
            file["path"].as_str().expect("a path")
        );
        assert!(sums.contains(&line), "{line}");
    }
    for (document, listed) in DOCUMENTS.iter().zip(manifest["documents"].as_array().expect("documents")) {
        assert_eq!(
            (&listed["version"], &listed["sha256"]),
            (&document.version.into(), &document.sha256.into())
        );
    }
}
