//! `cargo xtask lint`: what must be true of a document before a client is generated from it.
//!
//! The generator panics on some of these flaws, passes over others in silence, and turns the rest into a
//! client that fails at run time. So each rule here fails the build, and none is a mere warning.

mod examples;
mod extensions;
mod keywords;
mod model;
mod operations;
mod references;
mod schemas;
mod shape;
mod tables;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use self::model::Model;
use crate::document::{Document, DocumentError};

pub use self::extensions::{EXTENSIONS, Extension};
pub use self::tables::KINDS;

/// One thing that is wrong in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The document, as [`Document::path`] shows it.
    pub path: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The JSON pointer of the place.
    pub place: String,
    /// The rule that is broken.
    pub rule: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path)?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        write!(
            f,
            " {}: {}: {}",
            self.rule,
            if self.place.is_empty() { "(root)" } else { &self.place },
            self.message
        )
    }
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name, as findings show it.
    pub id: &'static str,
    /// What it asks for.
    pub what: &'static str,
    check: Check,
}

type Check = fn(&Model<'_>, &mut Findings<'_>);

const fn rule(id: &'static str, what: &'static str, check: Check) -> Rule {
    Rule { id, what, check }
}

/// All rules, in the order in which they are checked.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    rule("openapi-version", "the document is OpenAPI 3.0.x: the generator takes no other", shape::openapi_version),
    rule("wrong-type", "each keyword has a value of its type", shape::wrong_type),
    rule("missing-keyword", "the keywords that OpenAPI requires are there", shape::missing_keyword),
    rule("unknown-keyword", "OpenAPI 3.0.3 has each keyword where it stands", shape::unknown_keyword),
    rule("unknown-extension", "each x- keyword is one that this workspace knows", shape::unknown_extension),
    rule("unreadable", "the generator's own reader takes the document", shape::unreadable),
    rule("ref-not-local", "each $ref points into its own document", references::not_local),
    rule("ref-dangling", "each $ref and security scheme points to a component of its kind", references::dangling),
    rule("server-variable", "each {name} in a server's URL is a variable, and the other way round", tables::server_variable),
    rule("component-unused", "an operation uses each component", references::unused),
    rule("info-version", "info.version is a semantic version", tables::info_version),
    rule("schema-base", "x-schema-base is an absolute URI, and none of Huawei's", tables::schema_base),
    rule("error-codes", "each row of x-error-codes is complete and unique", tables::error_codes),
    rule("status-codes", "each row of x-status-codes is complete and unique", tables::status_codes),
    rule("operation-id-missing", "each operation has an operationId", operations::id_missing),
    rule("operation-id-duplicate", "no two operations share an operationId", operations::id_duplicate),
    rule("operation-id-case", "operationIds are UpperCamelCase, as the official SDKs name them", operations::id_case),
    rule("operation-summary", "each operation has a summary", operations::summary),
    rule("operation-description", "each operation has a description", operations::description),
    rule("operation-tag", "each operation has a tag", operations::tag),
    rule("operation-docs", "each operation links its documentation in externalDocs", operations::docs),
    rule("rate-limit", "each operation has x-rate-limit {per_minute, source: documented|assumed}", operations::rate_limit),
    rule("idempotent", "each write says in x-idempotent whether it may be sent again", operations::idempotent),
    rule("path-parameter-undeclared", "each {name} in a path is declared", operations::path_undeclared),
    rule("path-parameter-unused", "each path parameter is in its path", operations::path_unused),
    rule("path-parameter-optional", "each path parameter is required", operations::path_optional),
    rule("parameter-description", "each parameter has a description", operations::parameter_description),
    rule("parameter-schema", "a parameter's schema is a $ref: an inline one makes a type per operation", operations::parameter_schema),
    rule("request-media-type", "a request body has one media type, as the service spells it", operations::request_media_type),
    rule("success-response", "each operation has exactly one success response", operations::success_response),
    rule("default-response", "no operation has a default response: it clashes with the others", operations::default_response),
    rule("error-responses", "each operation has a 4XX and a 5XX response", operations::error_responses),
    rule("error-schema", "every error response has the one error schema", operations::error_schema),
    rule("request-example", "each request body has an example", examples::of_requests),
    rule("response-example", "each success response with content has an example", examples::of_responses),
    rule("example-refused", "each example and default is valid for its schema", examples::refused),
    rule("schema-unsound", "each schema means something to a JSON Schema validator", examples::unsound),
    rule("property-description", "each property of a schema has a description", schemas::property_description),
    rule("name-schema", "texts in lists of a request are components: inline ones make a type per list", schemas::name_schema),
    rule("response-constraint", "answers have no constraints: a new value would destroy the answer", schemas::response_constraint),
    rule("secret-component", "a component with x-secret is a plain text that no answer has", schemas::secret_component),
    rule("secret-unmarked", "a secret in a request is a component with x-secret: true", schemas::secret_unmarked),
];

/// Where a rule puts what it found.
struct Findings<'a> {
    document: &'a Document,
    rule: &'static str,
    list: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, pointer: &str, message: impl Into<String>) {
        self.list.push(Finding {
            path: self.document.path.clone(),
            line: self.document.line_of(pointer),
            place: pointer.to_owned(),
            rule: self.rule,
            message: message.into(),
        });
    }
}

/// Checks one document against every rule.
pub fn lint(document: &Document) -> Vec<Finding> {
    let model = Model::new(document);
    let mut findings = Findings { document, rule: "", list: Vec::new() };
    for rule in RULES {
        findings.rule = rule.id;
        (rule.check)(&model, &mut findings);
    }
    findings.list
}

/// Checks documents that belong together: each by itself, and that no two share an operationId.
pub fn lint_all(documents: &[Document]) -> Vec<Finding> {
    let mut all = documents.iter().flat_map(lint).collect::<Vec<_>>();
    let mut owners = BTreeMap::<String, &str>::new();
    for document in documents {
        for operation in &Model::new(document).operations {
            let owner = *owners.entry(operation.name()).or_insert(&document.path);
            if owner != document.path {
                let mut findings = Findings { document, rule: "operation-id-duplicate", list: Vec::new() };
                findings.add(&operation.pointer, operations::shared_id(&operation.name(), owner));
                all.append(&mut findings.list);
            }
        }
    }
    all
}

/// Why `cargo xtask lint` could not finish.
#[derive(Debug, thiserror::Error)]
pub enum LintError {
    /// A document that is no YAML at all, or none.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The findings could not be written.
    #[error("cannot write the findings: {0}")]
    Write(#[from] io::Error),
}

/// The command: checks all documents below `root` and writes what it found; true when that is nothing.
pub fn run(root: &Path, out: &mut dyn Write) -> Result<bool, LintError> {
    let documents = Document::load_all(root)?;
    let findings = lint_all(&documents);
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    let operations = documents.iter().map(|document| Model::new(document).operations.len()).sum::<usize>();
    let found = match findings.len() {
        0 => "no findings".to_owned(),
        1 => "1 finding".to_owned(),
        many => format!("{many} findings"),
    };
    let documents = match documents.len() {
        1 => "1 document".to_owned(),
        many => format!("{many} documents"),
    };
    writeln!(out, "{documents}, {operations} operations, {} rules: {found}", RULES.len())?;
    Ok(findings.is_empty())
}

/// The command's `--list`: writes every rule and what it asks for, and the known extensions.
pub fn list(out: &mut dyn Write) -> io::Result<()> {
    let rows = RULES.iter().map(|rule| (rule.id, rule.what));
    let rows = rows.chain(EXTENSIONS.iter().map(|extension| (extension.name, extension.what)));
    rows.into_iter().try_for_each(|(name, what)| writeln!(out, "{name:<26} {what}"))
}
