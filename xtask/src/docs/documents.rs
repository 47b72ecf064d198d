//! The documents in the forms that tools want: YAML as written, JSON, and JSON without references.

use serde_json::{Map, Value};

use super::{Artifact, DocsError, fact};
use crate::document::Document;

pub(super) fn artifacts(document: &Document) -> Result<[Artifact; 3], DocsError> {
    let path = |ending: &str| format!("openapi/{}.{ending}", document.name);
    Ok([
        Artifact::text(path("yaml"), document.text.as_str()),
        Artifact::json(path("json"), &document.value),
        Artifact::json(path("deref.json"), &dereferenced(document)?),
    ])
}

/// The document with what each reference stands for in its place.
fn dereferenced(document: &Document) -> Result<Value, DocsError> {
    follow(document, &document.value, &mut Vec::new())
}

fn follow(document: &Document, value: &Value, open: &mut Vec<String>) -> Result<Value, DocsError> {
    rewrite(value, &mut |target| {
        if open.iter().any(|other| other == target) {
            let circle = [open.as_slice(), &[target.to_owned()]].concat().join(" -> ");
            return Err(fact(document, target, format!("recursion cannot be written out: {circle}")));
        }
        let place = target.strip_prefix('#').and_then(|pointer| document.value.pointer(pointer));
        let place = place.ok_or_else(|| fact(document, target, "this $ref leads nowhere"))?;
        open.push(target.to_owned());
        let followed = follow(document, place, open);
        open.pop();
        followed
    })
}

/// Keywords whose value is data: what looks like a reference in it is none.
const DATA: &[&str] = &["const", "default", "enum", "example", "value"];

/// Keywords whose members have names of their own, which are no keywords.
const NAMES: &[&str] = &[
    "$defs",
    "content",
    "examples",
    "headers",
    "parameters",
    "paths",
    "properties",
    "requestBodies",
    "responses",
    "schemas",
    "securitySchemes",
    "variables",
];

/// A copy in which `replace` has replaced each object with a `$ref`: of an OpenAPI document, or of a JSON Schema.
pub(super) fn rewrite<E>(
    value: &Value,
    replace: &mut impl FnMut(&str) -> Result<Value, E>,
) -> Result<Value, E> {
    rewritten(value, false, replace)
}

fn rewritten<E>(
    value: &Value,
    is_names: bool,
    replace: &mut impl FnMut(&str) -> Result<Value, E>,
) -> Result<Value, E> {
    match value {
        Value::Array(items) => items
            .iter()
            .map(|item| rewritten(item, false, replace))
            .collect::<Result<_, E>>()
            .map(Value::Array),
        Value::Object(members) => {
            if !is_names && let Some(target) = members.get("$ref").and_then(Value::as_str) {
                return replace(target);
            }
            let mut copy = Map::new();
            for (key, member) in members {
                // `examples` is a map of examples in OpenAPI, and a list of values in JSON Schema.
                let is_data = DATA.contains(&key.as_str())
                    || key.starts_with("x-")
                    || (key == "examples" && member.is_array());
                let member = match !is_names && is_data {
                    true => member.clone(),
                    false => rewritten(member, !is_names && NAMES.contains(&key.as_str()), replace)?,
                };
                copy.insert(key.clone(), member);
            }
            Ok(Value::Object(copy))
        }
        scalar => Ok(scalar.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dereference(schemas: &str) -> Result<Value, DocsError> {
        let text = format!("components:\n  schemas:\n{schemas}");
        dereferenced(&Document::parse("openapi/a.yaml", text).unwrap())
    }

    #[test]
    fn references_are_followed_and_data_is_left_alone() {
        let written = dereference(
            "    A: {type: object, properties: {example: {$ref: '#/components/schemas/B'}}, example: {$ref: '#/x'}}
    B: {$ref: '#/components/schemas/C'}
    C: {type: string}\n",
        )
        .unwrap();
        let schema = &written["components"]["schemas"]["A"];
        assert_eq!(schema["properties"]["example"], serde_json::json!({ "type": "string" }));
        assert_eq!(schema["example"], serde_json::json!({ "$ref": "#/x" }));
    }

    #[test]
    fn recursion_and_dangling_references_are_errors() {
        let circle = "    A: {items: {$ref: '#/components/schemas/B'}}
    B: {properties: {a: {$ref: '#/components/schemas/A'}}}\n";
        let error = dereference(circle).unwrap_err().to_string();
        assert!(error.contains("recursion cannot be written out: #/components/schemas/B ->"), "{error}");
        let error = dereference("    A: {$ref: '#/components/schemas/None'}\n").unwrap_err().to_string();
        assert!(error.contains("leads nowhere"), "{error}");
    }
}
