//! The generated code: as committed, as rendered, and what of it is public.

use std::path::Path;

use workspace_tests::root;

#[test]
fn the_committed_files_equal_a_fresh_rendering() {
    let rendering = xtask::codegen::render(&root()).expect("the documents generate");
    assert!(!rendering.artifacts.is_empty());
    for artifact in &rendering.artifacts {
        let committed = std::fs::read_to_string(root().join(&artifact.path)).unwrap_or_default();
        assert!(
            committed.replace("\r\n", "\n") == artifact.text,
            "{} is stale; run: cargo xtask codegen",
            artifact.path
        );
    }
}

#[test]
fn rewrites_are_counted() {
    let rendering = xtask::codegen::render(&root()).expect("the documents generate");
    insta::assert_snapshot!(rendering.rewrites.join("\n"), @"
    openapi/iam-sync-user.yaml: `Client::new` removed, `Client::new_with_client` made crate-private: 2 functions
    openapi/iam-sync-user.yaml: fields put back into the document's order: 8 structs
    openapi/iam.yaml: `Client::new` removed, `Client::new_with_client` made crate-private: 2 functions
    openapi/iam.yaml: fields put back into the document's order: 20 structs
    openapi/iam.yaml: replaced by a type that does not show its value: Password
    openapi/mrs-clusters.yaml: `Client::new` removed, `Client::new_with_client` made crate-private: 2 functions
    openapi/mrs-clusters.yaml: fields put back into the document's order: 4 structs
    ");
}

/// A copy of what codegen reads and writes, to be changed.
fn copy() -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a temporary folder");
    for folder in [
        "openapi",
        "crates/client/src/generated",
        "crates/contract/src/generated",
        "crates/contract/documents",
    ] {
        let target = copy.path().join(folder);
        std::fs::create_dir_all(&target).expect("a folder");
        for entry in std::fs::read_dir(root().join(folder)).expect("a folder") {
            let file = entry.expect("an entry").path();
            std::fs::copy(&file, target.join(file.file_name().expect("a name"))).expect("a copy");
        }
    }
    copy
}

fn check(root: &Path) -> Result<String, String> {
    let mut out = Vec::new();
    let result = xtask::codegen::run(root, true, &mut out);
    result.map(|()| String::from_utf8_lossy(&out).into_owned()).map_err(|error| error.to_string())
}

fn edit(root: &Path, file: &str, change: impl Fn(String) -> String) {
    let file = root.join(file);
    let text = std::fs::read_to_string(&file).expect("a file");
    std::fs::write(&file, change(text)).expect("a file");
}

#[test]
fn any_changed_byte_is_stale() {
    let copy = copy();
    insta::assert_snapshot!(check(copy.path()).expect("an unchanged copy is up to date"), @"14 generated files are up to date");
    // Not even a comment changes unnoticed: each file names the document's hash.
    edit(copy.path(), "openapi/iam-sync-user.yaml", |text| text.replacen("# Ours", "# ours", 1) + "# more\n");
    insta::assert_snapshot!(check(copy.path()).expect_err("a changed document is stale"), @"
    generated files are stale:
      crates/client/src/generated/iam_sync_user.rs: differs from line 2 on
      crates/contract/documents/iam-sync-user.json: differs from line 2 on
      crates/contract/documents/iam-sync-user.schemas.json: differs from line 2 on
      crates/contract/src/generated/iam_sync_user.rs: differs from line 2 on
    run: cargo xtask codegen
    ");
}

#[test]
fn edited_missing_and_left_over_files_are_stale() {
    let copy = copy();
    edit(copy.path(), "crates/client/src/generated/iam_sync_user.rs", |text| {
        text.replacen("pub mod types", "pub mod kinds", 1)
    });
    std::fs::remove_file(copy.path().join("crates/contract/src/generated/mod.rs")).expect("a file");
    std::fs::write(copy.path().join("crates/client/src/generated/old.rs"), "").expect("a file");
    insta::assert_snapshot!(check(copy.path()).expect_err("stale"), @"
    generated files are stale:
      crates/client/src/generated/iam_sync_user.rs: differs from line 10 on
      crates/contract/src/generated/mod.rs: missing
      crates/client/src/generated/old.rs: left over, no document generates it
    run: cargo xtask codegen
    ");
    let mut out = Vec::new();
    xtask::codegen::run(copy.path(), false, &mut out).expect("codegen mends all three");
    check(copy.path()).expect("up to date again");
    assert!(!copy.path().join("crates/client/src/generated/old.rs").exists());
}

/// What would come out as code that does not compile, or not at all, is refused instead.
#[test]
fn what_cannot_become_a_fact_is_refused() {
    let cases = [
        (
            "operationId: ListSyncStatus",
            "operationId: ShowSyncIAMUser",
            "two operationIds give the Rust name",
        ),
        ("enum: [eu-west-101]", "enum: [eu-west-101, cn-north-4]", "region cn-north-4 has two servers"),
        ("    delete:\n", "    put:\n", "the contract has no method put; add it there"),
        ("x-idempotent: true", "x-idempotent: often", "a write lacks x-idempotent"),
    ];
    for (from, to, message) in cases {
        let copy = copy();
        edit(copy.path(), "openapi/iam-sync-user.yaml", |text| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        let error = check(copy.path()).expect_err(message);
        assert!(error.contains(message) && error.contains("openapi/iam-sync-user.yaml"), "{error}");
    }
}

/// A secret that the generator does not take out of its types would be shown by `Debug`.
#[test]
fn a_secret_that_nothing_replaces_is_refused() {
    let copy = copy();
    edit(copy.path(), "openapi/iam.yaml", |text| {
        text.replacen("$ref: '#/components/schemas/Password'", "type: string", 1)
    });
    insta::assert_snapshot!(check(copy.path()).expect_err("a secret"), @"openapi/iam.yaml: rewrite `replace secrets` expected 1 place(s) and found 0: the generator has changed, so the rewrite must");
}

/// What a document does not have of its own is empty, and what is there in another form is no fact.
#[test]
fn tables_may_be_left_to_another_document() {
    let copy = copy();
    edit(copy.path(), "openapi/iam.yaml", |text| text + "x-error-codes: none\n");
    let error = check(copy.path()).expect_err("a table is a list");
    assert!(error.contains("openapi/iam.yaml: /x-error-codes: a list is missing"), "{error}");
}

#[test]
fn line_endings_of_a_checkout_do_not_matter() {
    let copy = copy();
    edit(copy.path(), "crates/client/src/generated/iam_sync_user.rs", |text| text.replace('\n', "\r\n"));
    check(copy.path()).expect("the same text");
}

#[test]
fn outline_of_the_generated_api() {
    for document in mrs_iam_sync_contract::DOCUMENTS {
        let file = format!("crates/client/src/generated/{}.rs", document.name.replace('-', "_"));
        let file = std::fs::read_to_string(root().join(file)).expect("the client");
        let mut lines = Vec::new();
        outline(&syn::parse_file(&file).expect("Rust").items, "", &mut lines);
        insta::assert_snapshot!(format!("outline-{}", document.name), lines.join("\n"));
    }
}

/// One line for each public item: its path, its fields or its signature.
fn outline(items: &[syn::Item], path: &str, lines: &mut Vec<String>) {
    for item in items {
        match item {
            syn::Item::Mod(module) if is_public(&module.vis) => {
                let content = module.content.as_ref().map(|(_, items)| items.as_slice()).unwrap_or_default();
                outline(content, &format!("{path}{}::", module.ident), lines);
            }
            syn::Item::Struct(item) if is_public(&item.vis) => {
                let fields: Vec<String> = item
                    .fields
                    .iter()
                    .filter(|field| is_public(&field.vis))
                    .map(|field| {
                        let name = field.ident.as_ref().map_or_else(|| "0".to_owned(), ToString::to_string);
                        format!("{name}: {}", type_name(&field.ty))
                    })
                    .collect();
                lines.push(format!("{path}{} {{ {} }}", item.ident, fields.join(", ")));
            }
            syn::Item::Enum(item) if is_public(&item.vis) => {
                lines.push(format!("{path}{} (enum)", item.ident))
            }
            syn::Item::Impl(block) if block.trait_.is_none() => {
                for item in &block.items {
                    if let syn::ImplItem::Fn(function) = item
                        && is_public(&function.vis)
                    {
                        lines.push(format!(
                            "{path}{}::{}",
                            type_name(&block.self_ty),
                            signature(&function.sig)
                        ));
                    }
                }
            }
            _ => {}
        }
    }
}

fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

/// A signature as one line.
fn signature(signature: &syn::Signature) -> String {
    let file = syn::parse_quote!(#signature {});
    one_line(&file).trim_end_matches(" {}").to_owned()
}

/// A type as one line.
fn type_name(name: &syn::Type) -> String {
    let file = syn::parse_quote!(type T = #name;);
    one_line(&file).trim_start_matches("type T = ").trim_end_matches(';').to_owned()
}

/// Code as one line, without the paths that the generator spells out.
fn one_line(file: &syn::File) -> String {
    let text = prettyplease::unparse(file).split_whitespace().collect::<Vec<_>>().join(" ");
    let text = [
        "::std::string::",
        "::std::option::",
        "::std::vec::",
        "::std::convert::",
        "::std::fmt::",
        "std::convert::",
    ]
    .iter()
    .fold(text, |text, path| text.replace(path, ""));
    text.replace("( ", "(").replace(", )", ")").replace("< ", "<").replace(", >", ">")
}
