//! Schemas as rows of a table: one for each field, those inside others included.

use serde::Serialize;
use serde_json::Value;

use super::{DocsError, fact};
use crate::document::Document;

/// Fields nested deeper than this are recursion.
const DEEPEST: usize = 16;

/// One row: a field, a parameter or a header.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Field {
    /// With the names of what it is inside of: `clusters[].clusterId`.
    pub(super) name: String,
    /// The type in words.
    pub(super) kind: String,
    pub(super) required: bool,
    /// What a value has to keep to, in words.
    pub(super) limits: Vec<String>,
    /// As JSON.
    pub(super) default: Option<String>,
    pub(super) description: String,
    pub(super) example: Option<Value>,
}

/// Reads schemas of one document.
pub(super) struct Schemas<'a> {
    pub(super) document: &'a Document,
}

impl<'a> Schemas<'a> {
    /// What a `$ref` stands for.
    pub(super) fn resolve(&self, value: &'a Value, place: &str) -> Result<&'a Value, DocsError> {
        self.document.resolve(value).ok_or_else(|| fact(self.document, place, "a $ref leads nowhere"))
    }

    /// The row of a value that is described at `outer` and has the schema `schema`.
    pub(super) fn row(
        &self,
        name: &str,
        outer: &'a Value,
        schema: &'a Value,
        required: bool,
    ) -> Result<Field, DocsError> {
        let schema = self.resolve(schema, name)?;
        let words = [outer, schema].map(|value| value.get("description").and_then(Value::as_str));
        let described = words.into_iter().flatten().next().unwrap_or_default().trim_end();
        let first = |keyword: &str| outer.get(keyword).or_else(|| schema.get(keyword)).cloned();
        Ok(Field {
            name: name.to_owned(),
            kind: self.kind(schema, name)?,
            required,
            limits: self.limits(schema, name)?,
            default: first("default").map(|value| value.to_string()),
            description: described.to_owned(),
            example: first("example"),
        })
    }

    /// The rows of all fields of a schema.
    pub(super) fn rows(&self, schema: &'a Value, place: &str) -> Result<Vec<Field>, DocsError> {
        let mut rows = Vec::new();
        self.collect(schema, "", place, 0, &mut rows)?;
        Ok(rows)
    }

    fn collect(
        &self,
        schema: &'a Value,
        prefix: &str,
        place: &str,
        depth: usize,
        rows: &mut Vec<Field>,
    ) -> Result<(), DocsError> {
        if depth > DEEPEST {
            return Err(fact(self.document, place, "schemas that contain themselves cannot be written out"));
        }
        let schema = self.resolve(schema, place)?;
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let path = format!("{prefix}{name}");
            rows.push(self.row(&path, property, property, required.contains(&name.as_str()))?);
            let mut inner = self.resolve(property, place)?;
            let mut path = path;
            while let Some(items) = inner.get("items") {
                path.push_str("[]");
                inner = self.resolve(items, place)?;
            }
            self.collect(inner, &format!("{path}."), place, depth + 1, rows)?;
        }
        Ok(())
    }

    /// The type in words.
    pub(super) fn kind(&self, schema: &'a Value, place: &str) -> Result<String, DocsError> {
        if let Some(keyword) =
            ["allOf", "anyOf", "oneOf", "not"].iter().find(|keyword| schema.get(**keyword).is_some())
        {
            let message =
                format!("the reference has no words for `{keyword}`; add them to xtask/src/docs/fields.rs");
            return Err(fact(self.document, place, message));
        }
        let mut words = match (schema.get("type").and_then(Value::as_str), schema.get("items")) {
            (Some("array"), Some(items)) => {
                format!("array of {}", self.kind(self.resolve(items, place)?, place)?)
            }
            (Some(kind), _) => kind.to_owned(),
            (None, _) => "any value".to_owned(),
        };
        if let Some(format) = schema.get("format").and_then(Value::as_str) {
            words.push_str(&format!(" ({format})"));
        }
        if is(schema, "nullable") {
            words.push_str(" or null");
        }
        Ok(words)
    }

    fn limits(&self, schema: &'a Value, place: &str) -> Result<Vec<String>, DocsError> {
        let mut limits = Vec::new();
        match schema.get("x-rule").and_then(Value::as_str) {
            Some(rule) => limits.push(rule.to_owned()),
            None => limits.extend(between(schema, "minLength", "maxLength", "character")),
        }
        let text = |keyword: &str| schema.get(keyword).and_then(Value::as_str);
        limits.extend(text("pattern").map(|pattern| format!("pattern `{pattern}`")));
        limits.extend(between(schema, "minItems", "maxItems", "entry"));
        limits.extend(is(schema, "uniqueItems").then(|| "no entry twice".to_owned()));
        limits.extend(between(schema, "minProperties", "maxProperties", "field"));
        limits.extend(between(schema, "minimum", "maximum", ""));
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            let values = values.iter().map(|value| format!("`{}`", plain(value))).collect::<Vec<_>>();
            limits.push(if values.len() == 1 {
                values.concat()
            } else {
                format!("one of {}", values.join(", "))
            });
        }
        if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
            limits.push("no other field".to_owned());
        }
        if is(schema, "x-secret") {
            limits.push("secret".to_owned());
        }
        if let Some(items) = schema.get("items") {
            let inner = self.limits(self.resolve(items, place)?, place)?;
            limits.extend(inner.into_iter().map(|limit| format!("each: {limit}")));
        }
        Ok(limits)
    }
}

/// A value as it stands in a text: without quotes.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is(schema: &Value, keyword: &str) -> bool {
    schema.get(keyword) == Some(&Value::Bool(true))
}

fn between(schema: &Value, least: &str, most: &str, what: &str) -> Option<String> {
    let counted = |number: &Value| match (what, number.as_u64()) {
        ("", _) => number.to_string(),
        ("entry", Some(1)) => "1 entry".to_owned(),
        ("entry", _) => format!("{number} entries"),
        (_, Some(1)) => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    };
    match (schema.get(least), schema.get(most)) {
        (None, None) => None,
        (Some(least), None) => Some(format!("at least {}", counted(least))),
        (None, Some(most)) => Some(format!("at most {}", counted(most))),
        (Some(least), Some(most)) if least == most => Some(counted(most)),
        (Some(least), Some(most)) => Some(format!("{least} to {}", counted(most))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(schema: &str) -> Result<Vec<Field>, DocsError> {
        let text = format!(
            "components:\n  schemas:\n    S: {schema}\n    Name: {{type: string, minLength: 1, maxLength: 9, description: D}}\n"
        );
        let document = Document::parse("openapi/a.yaml", text).unwrap();
        Schemas { document: &document }.rows(&document.value["components"]["schemas"]["S"], "S")
    }

    #[test]
    fn fields_inside_others_have_their_whole_name() {
        let all = rows(
            "{properties: {a: {type: array, maxItems: 3, uniqueItems: true, items: {properties: \
             {b: {$ref: '#/components/schemas/Name'}}, required: [b]}}, n: {type: integer, format: int32, minimum: 0}}}",
        )
        .unwrap();
        let shown: Vec<String> = all
            .iter()
            .map(|row| {
                format!(
                    "{} {} {} {} {}",
                    row.name,
                    row.kind,
                    row.required,
                    row.limits.join("+"),
                    row.description
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                "a array of any value false at most 3 entries+no entry twice ",
                "a[].b string true 1 to 9 characters D",
                "n integer (int32) false at least 0 ",
            ]
        );
    }

    #[test]
    fn what_has_no_words_is_an_error() {
        let error = rows("{properties: {a: {oneOf: []}}}").unwrap_err().to_string();
        assert!(error.contains("no words for `oneOf`"), "{error}");
        let error = rows("{properties: {a: {$ref: '#/components/schemas/S'}}}").unwrap_err().to_string();
        assert!(error.contains("contain themselves"), "{error}");
    }
}
