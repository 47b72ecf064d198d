//! Each component schema as a JSON Schema 2020-12 file, and all of a document in one.

use serde_json::{Map, Value, json};

use super::documents::rewrite;
use super::{Artifact, DocsError, fact};
use crate::document::{Document, join};
use crate::schema::{COMPONENTS, DIALECT, bundle};

pub(super) fn artifacts(document: &Document) -> Result<Vec<Artifact>, DocsError> {
    let base = base(document)?;
    let wrong = |source| DocsError::Schema { path: document.path.clone(), source };
    let converted = bundle(document).map_err(wrong)?;
    let (mut artifacts, mut definitions) = (Vec::new(), Map::new());
    for (name, schema) in converted["$defs"].as_object().into_iter().flatten() {
        let schema = named(document, &base, name, schema)?;
        let mut file = Map::from_iter([("$schema".to_owned(), json!(DIALECT))]);
        file.extend(schema.clone());
        artifacts.push(Artifact::json(path(&document.name, name), &Value::Object(file)));
        definitions.insert(name.clone(), Value::Object(schema));
    }
    let text = |pointer| document.value.pointer(pointer).cloned().unwrap_or_default();
    // Each definition keeps its own `$id`, which is what the references name.
    let all = json!({
        "$schema": DIALECT,
        "$id": base,
        "title": text("/info/title"),
        "description": format!("All schemas of {} {}.", document.name, text("/info/version").as_str().unwrap_or_default()),
        "$defs": definitions,
    });
    artifacts.push(Artifact::json(format!("schemas/{}.schema.json", document.name), &all));
    Ok(artifacts)
}

/// Where the file of a component is published.
pub(super) fn path(document: &str, name: &str) -> String {
    format!("schemas/{document}/{name}.schema.json")
}

/// The URI of all schemas of a document in its present version: what an identifier stands for must not change.
fn base(document: &Document) -> Result<String, DocsError> {
    let text = |pointer: &str| {
        let value = document.value.pointer(pointer).and_then(Value::as_str);
        value.ok_or_else(|| fact(document, pointer, "a text is missing"))
    };
    Ok(below(text("/x-schema-base")?, text("/info/version")?))
}

/// One level further down, in the way that the kind of URI does it.
fn below(base: &str, name: &str) -> String {
    match base.starts_with("urn:") {
        true => format!("{base}:{name}"),
        false => format!("{}/{name}", base.trim_end_matches('/')),
    }
}

fn named(
    document: &Document,
    base: &str,
    name: &str,
    schema: &Value,
) -> Result<Map<String, Value>, DocsError> {
    let schema = rewrite(schema, &mut |target| match target.strip_prefix("#/$defs/") {
        Some(name) => Ok(json!({ "$ref": below(base, name) })),
        None => Err(fact(document, target, "no schema component of this document")),
    })?;
    let mut members = Map::new();
    members.insert("$id".to_owned(), json!(below(base, name)));
    members.insert("title".to_owned(), json!(name));
    members.extend(schema.as_object().cloned().unwrap_or_default());
    let mut examples = match members.shift_remove("examples") {
        Some(Value::Array(examples)) => examples,
        _ => Vec::new(),
    };
    for example in documented(&document.value, &format!("#{}", join(COMPONENTS, name))) {
        if !examples.contains(&example) {
            examples.push(example);
        }
    }
    if !examples.is_empty() {
        members.insert("examples".to_owned(), Value::Array(examples));
    }
    Ok(members)
}

/// The examples that stand beside a reference to a component: in media types and parameters.
fn documented(value: &Value, reference: &str) -> Vec<Value> {
    let inner: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => return Vec::new(),
    };
    let mut found = Vec::new();
    if value.pointer("/schema/$ref").and_then(Value::as_str) == Some(reference) {
        found.extend(value.get("example").cloned());
        let named = value.get("examples").and_then(Value::as_object);
        found.extend(named.into_iter().flatten().filter_map(|(_, example)| example.get("value").cloned()));
    }
    found.extend(inner.into_iter().flat_map(|inner| documented(inner, reference)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_go_down_in_the_way_of_their_kind() {
        assert_eq!(below("urn:a:schema", "Name"), "urn:a:schema:Name");
        assert_eq!(below("https://example.org/schemas/", "Name"), "https://example.org/schemas/Name");
    }
}
