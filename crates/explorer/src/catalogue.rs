//! The operations as the page shows them: facts of the contract, texts of its document.

use std::sync::LazyLock;

use mrs_iam_sync_contract::iam_sync_user::DOCUMENT;
use mrs_iam_sync_contract::{Operation, Source, StringRule};
use serde_json::{Value, json};

/// One object for each operation.
pub(crate) static OPERATIONS: LazyLock<Value> = LazyLock::new(|| {
    // The document was parsed when it was generated.
    let document: Value = serde_json::from_str(DOCUMENT.json).unwrap_or_default();
    DOCUMENT.operations.iter().map(|operation| described(operation, &document)).collect()
});

fn described(operation: &Operation, document: &Value) -> Value {
    let method = operation.method.as_str().to_ascii_lowercase();
    let text = &document["paths"][operation.path][&method];
    let parameters = operation.path_parameters.iter().map(|parameter| {
        let text = parameter_text(document, parameter.name);
        described_field(parameter.name, "path", "string", true, text, DOCUMENT.rule(parameter.component))
    });
    let fields = operation.request.iter().flat_map(|request| {
        let schema = &document["components"]["schemas"][request.schema];
        let required = &schema["required"];
        schema["properties"].as_object().into_iter().flatten().map(move |(name, property)| {
            let required = required.as_array().is_some_and(|names| names.iter().any(|it| it == name));
            let list = request.list(name);
            let kind = if list.is_some() {
                "array of string"
            } else {
                property["type"].as_str().unwrap_or_default()
            };
            let rule = list.and_then(|list| DOCUMENT.rule(list.component));
            let mut field =
                described_field(name, "body", kind, required, property["description"].as_str(), rule);
            if let Some(most) = list.and_then(|list| list.max_items) {
                field["max_items"] = most.into();
            }
            field
        })
    });
    json!({
        "id": operation.id,
        "aliases": operation.aliases,
        "method": operation.method.as_str(),
        "path": operation.path,
        "summary": operation.summary,
        "description": text["description"],
        "documentation": operation.documentation,
        "write": operation.is_write(),
        "per_minute": operation.rate_limit.per_minute,
        "rate_documented": operation.rate_limit.source == Source::Documented,
        "success": operation.success,
        "parameters": parameters.chain(fields).collect::<Vec<_>>(),
    })
}

fn parameter_text<'a>(document: &'a Value, name: &str) -> Option<&'a str> {
    let parameters = document["components"]["parameters"].as_object()?;
    parameters.values().find(|parameter| parameter["name"] == name)?["description"].as_str()
}

fn described_field(
    name: &str,
    place: &str,
    kind: &str,
    required: bool,
    description: Option<&str>,
    rule: Option<&StringRule>,
) -> Value {
    json!({
        "name": name,
        "in": place,
        "type": kind,
        "required": required,
        "description": description,
        "rule": rule.map(|rule| rule.words),
        "pattern": rule.and_then(|rule| rule.pattern),
        "max_length": rule.and_then(|rule| rule.max_length),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_is_described() {
        let operations = OPERATIONS.as_array().unwrap();
        assert_eq!(operations.len(), 5);
        for operation in operations {
            assert!(operation["description"].as_str().is_some_and(|text| text.len() > 40), "{operation:#}");
            let parameters = operation["parameters"].as_array().unwrap();
            let names: Vec<&str> = parameters.iter().filter_map(|it| it["name"].as_str()).collect();
            assert_eq!(&names[..2], ["project_id", "cluster_id"]);
            assert!(parameters.iter().all(|it| it["description"].is_string()), "{operation:#}");
            let expected = match operation["id"].as_str().unwrap() {
                "UpdateSyncIamUser" => &["is_all_sync", "group_names", "user_names"][..],
                "CancelSyncIamUser" => &["group_names", "user_names"],
                _ => &[],
            };
            assert_eq!(&names[2..], expected);
        }
    }
}
