//! The document's schemas, and what is wrong with a value in words.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::LazyLock;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use mrs_iam_sync_contract::{Document, Operation, iam_sync_user};
use serde_json::{Value, json};

use crate::error::StartError;

/// Longest message about an invalid value, in characters: names come from the client and may be long.
const LONGEST_MESSAGE: usize = 300;

/// The schemas that requests must obey, compiled once: by document and component.
pub(crate) struct Schemas(BTreeMap<(&'static str, &'static str), Validator>);

impl Schemas {
    /// Compiles the schema of each parameter and each request body of the documents.
    pub(crate) fn compile(documents: &[&'static Document]) -> Result<Self, StartError> {
        let mut validators = BTreeMap::new();
        for document in documents {
            let names: BTreeSet<_> = document.operations.iter().flat_map(components).collect();
            for name in names {
                validators.insert((document.name, name), validator(document, name)?);
            }
        }
        Ok(Self(validators))
    }

    /// Checks a value. The error says where and what: `user_names[3]: longer than 64 characters`.
    pub(crate) fn check(&self, document: &Document, component: &str, value: &Value) -> Result<(), String> {
        match self.0.get(&(document.name, component)) {
            Some(validator) => validator.validate(value).map_err(|error| shortened(&describe(&error))),
            None => Err(format!("the emulator has no schema {component}")),
        }
    }
}

/// The rule of a component in words, where a text breaks it.
pub(crate) fn broken_rule(document: &'static Document, component: &str, text: &str) -> Option<&'static str> {
    let rule = document.rule(component)?;
    let length = text.chars().count();
    let holds = rule.min_length.is_none_or(|least| length >= least)
        && rule.max_length.is_none_or(|most| length <= most)
        && (rule.pattern.is_none() || follows(document, component, text));
    (!holds).then_some(rule.words)
}

/// Only ids have a pattern, the same ones for everybody, and there may be many of them.
fn follows(document: &'static Document, component: &str, text: &str) -> bool {
    static IDS: LazyLock<BTreeMap<&str, Validator>> = LazyLock::new(|| {
        let of = |component| Some((component, validator(iam_sync_user::DOCUMENT, component).ok()?));
        ["ProjectId", "ClusterId"].into_iter().filter_map(of).collect()
    });
    match IDS.get(component) {
        Some(validator) if document.name == iam_sync_user::DOCUMENT.name => validator.is_valid(&json!(text)),
        _ => validator(document, component).is_ok_and(|validator| validator.is_valid(&json!(text))),
    }
}

/// Compiles a component schema of a document.
pub(crate) fn validator(document: &Document, component: &str) -> Result<Validator, StartError> {
    let error = |schema: &str, message: String| StartError::Contract { schema: schema.to_owned(), message };
    let bundle: Value =
        serde_json::from_str(document.schemas).map_err(|cause| error(document.name, cause.to_string()))?;
    let schema = json!({
        "$schema": bundle["$schema"],
        "$ref": format!("#/$defs/{component}"),
        "$defs": bundle["$defs"],
    });
    jsonschema::validator_for(&schema).map_err(|cause| error(component, cause.to_string()))
}

fn components(operation: &Operation) -> impl Iterator<Item = &'static str> {
    let path = operation.path_parameters.iter().map(|parameter| parameter.component);
    let query = operation.query_parameters.iter().map(|parameter| parameter.component);
    path.chain(query).chain(operation.request.map(|request| request.schema))
}

fn describe(error: &ValidationError<'_>) -> String {
    let what = match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            format!("unknown field `{}`", unexpected.join("`, `"))
        }
        ValidationErrorKind::MaxItems { limit } => format!("more than {limit} entries"),
        ValidationErrorKind::MaxLength { limit } => format!("longer than {limit} characters"),
        ValidationErrorKind::MinLength { limit: 1 } => "empty".to_owned(),
        ValidationErrorKind::Type { kind: TypeKind::Single(expected) } => format!("not of type {expected}"),
        ValidationErrorKind::UniqueItems => match twice(error.instance()) {
            Some(name) => format!("`{name}` is there more than once"),
            None => "an entry is there more than once".to_owned(),
        },
        _ => error.masked_with("the value").to_string(),
    };
    match place(&error.instance_path().to_string()) {
        place if place.is_empty() => what,
        place => format!("{place}: {what}"),
    }
}

/// `/user_names/3` as `user_names[3]`.
fn place(pointer: &str) -> String {
    let parts = pointer.split('/').skip(1);
    parts.fold(String::new(), |place, part| {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            format!("{place}[{part}]")
        } else if place.is_empty() {
            part.to_owned()
        } else {
            format!("{place}.{part}")
        }
    })
}

fn twice(list: &Value) -> Option<&str> {
    let mut seen = HashSet::new();
    list.as_array()?.iter().filter_map(Value::as_str).find(|name| !seen.insert(*name))
}

fn shortened(message: &str) -> String {
    match message.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}...", &message[..end]),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use mrs_iam_sync_contract::{DOCUMENTS, iam_sync_user::DOCUMENT};

    use super::*;

    #[test]
    fn messages_say_where_and_what() {
        let schemas = Schemas::compile(DOCUMENTS).unwrap();
        let long = "x".repeat(65);
        let many: Vec<_> = (0..1001).map(|number| format!("u{number}")).collect();
        for (body, expected) in [
            (json!({}), ""),
            (json!([]), "not of type object"),
            (json!({ "users": [] }), "unknown field `users`"),
            (json!({ "is_all_sync": "true" }), "is_all_sync: not of type boolean"),
            (json!({ "user_names": null }), "user_names: not of type array"),
            (json!({ "user_names": ["a", 1] }), "user_names[1]: not of type string"),
            (json!({ "user_names": [""] }), "user_names[0]: empty"),
            (json!({ "group_names": ["a", long] }), "group_names[1]: longer than 64 characters"),
            (json!({ "group_names": ["a", "b", "a"] }), "group_names: `a` is there more than once"),
            (json!({ "user_names": many }), "user_names: more than 1000 entries"),
        ] {
            let message = schemas.check(DOCUMENT, "UpdateSyncRequest", &body).err().unwrap_or_default();
            assert_eq!(message, expected, "{body}");
        }
        let message =
            schemas.check(DOCUMENT, "UpdateSyncRequest", &json!({ "ä".repeat(5000): 1 })).unwrap_err();
        assert_eq!(message.chars().count(), LONGEST_MESSAGE + 3);
    }

    #[test]
    fn ids_keep_to_their_rules() {
        let schemas = Schemas::compile(DOCUMENTS).unwrap();
        let holds = |component, id: &str| schemas.check(DOCUMENT, component, &json!(id)).is_ok();
        for id in ["a", "Z9", &"0".repeat(64)] {
            assert!(holds("ProjectId", id) && holds("ClusterId", id), "{id}");
        }
        for id in ["", "a/b", "a b", "ä", "a\n", &"0".repeat(65)] {
            assert!(!holds("ProjectId", id) && !holds("ClusterId", id), "{id}");
        }
        assert!(holds("ClusterId", "a_b-c") && !holds("ProjectId", "a_b") && !holds("ProjectId", "a-b"));
    }
}
