//! Rules about operations, their parameters and their responses.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Findings;
use super::keywords::{Kind, is_status};
use super::model::{Model, Operation, content, template, text};
use crate::document::join;

/// The methods that change something.
const WRITES: &[&str] = &["post", "put", "patch", "delete"];

/// How the services spell the media type of request bodies: MRS, and IAM.
const REQUEST_MEDIA_TYPES: [&str; 2] = ["application/json;charset=UTF-8", "application/json;charset=utf8"];

/// The one error schema. Not `Error`: that name is the generator's own.
const ERROR_SCHEMA: &str = "#/components/schemas/ErrorResponse";

/// Calls `check` for each operation and adds what it says.
fn each(model: &Model<'_>, findings: &mut Findings<'_>, check: impl Fn(&Operation<'_>) -> Option<String>) {
    for operation in &model.operations {
        if let Some(message) = check(operation) {
            findings.add(&operation.pointer, message);
        }
    }
}

/// Asks for a text in each operation.
fn each_text(model: &Model<'_>, findings: &mut Findings<'_>, keyword: &str, advice: &str) {
    each(model, findings, |operation| {
        text(operation.value.get(keyword)).is_none().then(|| format!("no {keyword}; {advice}"))
    });
}

pub(super) fn id_missing(model: &Model<'_>, findings: &mut Findings<'_>) {
    each_text(model, findings, "operationId", "give it the official SDK's name");
}

pub(super) fn id_duplicate(model: &Model<'_>, findings: &mut Findings<'_>) {
    let mut owners = BTreeMap::new();
    for operation in &model.operations {
        if let Some(id) = text(operation.value.get("operationId"))
            && let Some(owner) = owners.insert(id, &operation.pointer)
        {
            findings.add(&operation.pointer, shared_id(id, owner));
        }
    }
}

pub(super) fn shared_id(id: &str, owner: &str) -> String {
    format!("{id} is the operationId of {owner} as well; rename one")
}

pub(super) fn id_case(model: &Model<'_>, findings: &mut Findings<'_>) {
    each(model, findings, |operation| {
        let id = text(operation.value.get("operationId"))?;
        let fits = id.starts_with(|first: char| first.is_ascii_uppercase())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (!fits).then(|| format!("{id} is not UpperCamelCase"))
    });
}

pub(super) fn summary(model: &Model<'_>, findings: &mut Findings<'_>) {
    each_text(model, findings, "summary", "say in one line what it does");
}

pub(super) fn description(model: &Model<'_>, findings: &mut Findings<'_>) {
    each_text(model, findings, "description", "say what it does and where the editions differ");
}

pub(super) fn tag(model: &Model<'_>, findings: &mut Findings<'_>) {
    each(model, findings, |operation| {
        let tags = operation.value.get("tags").and_then(Value::as_array);
        tags.is_none_or(Vec::is_empty).then(|| "no tag; give it the one of its group".to_owned())
    });
}

pub(super) fn docs(model: &Model<'_>, findings: &mut Findings<'_>) {
    each(model, findings, |operation| {
        let docs = operation.value.get("externalDocs");
        docs.is_none().then(|| "no externalDocs; link the official page".to_owned())
    });
}

pub(super) fn rate_limit(model: &Model<'_>, findings: &mut Findings<'_>) {
    each(model, findings, |operation| {
        let limit = operation.value.get("x-rate-limit");
        let count = limit.and_then(|limit| limit.get("per_minute")).and_then(Value::as_u64);
        let source = limit.and_then(|limit| text(limit.get("source")));
        if count.is_some_and(|count| count > 0) && matches!(source, Some("documented" | "assumed")) {
            return None;
        }
        Some("no x-rate-limit {per_minute: a positive integer, source: documented or assumed}".to_owned())
    });
}

pub(super) fn idempotent(model: &Model<'_>, findings: &mut Findings<'_>) {
    each(model, findings, |operation| {
        let known = operation.value.get("x-idempotent").is_some_and(Value::is_boolean);
        let asked = WRITES.contains(&operation.method);
        (asked && !known).then(|| "no x-idempotent: true or false; retries rest on it".to_owned())
    });
}

pub(super) fn path_undeclared(model: &Model<'_>, findings: &mut Findings<'_>) {
    for operation in &model.operations {
        let declared = operation.parameters.iter().filter(|parameter| parameter.value["in"] == "path");
        let declared =
            declared.filter_map(|parameter| parameter.value["name"].as_str()).collect::<BTreeSet<_>>();
        for name in template(operation.path).difference(&declared) {
            findings
                .add(&operation.pointer, format!("{{{name}}} is in the path and no parameter; declare it"));
        }
    }
}

pub(super) fn path_unused(model: &Model<'_>, findings: &mut Findings<'_>) {
    for operation in &model.operations {
        for parameter in operation.parameters.iter().filter(|parameter| parameter.value["in"] == "path") {
            let name = parameter.value["name"].as_str().unwrap_or_default();
            if !template(operation.path).contains(name) {
                findings.add(
                    &operation.pointer,
                    format!("the path parameter {name} is not in {}", operation.path),
                );
            }
        }
    }
}

pub(super) fn path_optional(model: &Model<'_>, findings: &mut Findings<'_>) {
    for place in model.of(Kind::Parameter) {
        let is_in_path = place.value.get("in").is_some_and(|place| place == "path");
        if is_in_path && place.value.get("required") != Some(&Value::Bool(true)) {
            findings.add(
                &place.pointer,
                "a path parameter needs `required: true`; the generator panics otherwise",
            );
        }
    }
}

pub(super) fn parameter_description(model: &Model<'_>, findings: &mut Findings<'_>) {
    for place in model.of(Kind::Parameter).filter(|place| text(place.value.get("description")).is_none()) {
        findings.add(&place.pointer, "no description; say what it means and where it comes from");
    }
}

pub(super) fn parameter_schema(model: &Model<'_>, findings: &mut Findings<'_>) {
    for place in model.of(Kind::Parameter) {
        if place.value.get("schema").and_then(|schema| schema.get("$ref")).is_none() {
            findings.add(&place.pointer, "its schema is not a $ref; make it a component and refer to that");
        }
    }
}

pub(super) fn request_media_type(model: &Model<'_>, findings: &mut Findings<'_>) {
    for place in model.of(Kind::RequestBody) {
        let types = place.value.get("content").and_then(Value::as_object);
        let types = types.into_iter().flat_map(|types| types.keys()).map(String::as_str).collect::<Vec<_>>();
        if !matches!(types.as_slice(), [one] if REQUEST_MEDIA_TYPES.contains(one)) {
            let found = if types.is_empty() { "none".to_owned() } else { types.join(" and ") };
            let message =
                format!("its media type is {found}; have just {}", REQUEST_MEDIA_TYPES.join(" or "));
            findings.add(&join(&place.pointer, "content"), message);
        }
    }
}

pub(super) fn success_response(model: &Model<'_>, findings: &mut Findings<'_>) {
    each(model, findings, |operation| {
        let statuses = operation.value.get("responses").and_then(Value::as_object)?.keys();
        let successes = statuses.filter(|status| status.starts_with('2') && is_status(status));
        let successes = successes.map(String::as_str).collect::<Vec<_>>();
        match successes.as_slice() {
            [] => Some("no success response; the generator needs one".to_owned()),
            [_] => None,
            many => Some(format!("{} are success responses; the generator takes one", many.join(" and "))),
        }
    });
}

pub(super) fn default_response(model: &Model<'_>, findings: &mut Findings<'_>) {
    for operation in &model.operations {
        let pointer = join(&operation.pointer, "responses");
        if operation.value.get("responses").is_some_and(|responses| responses.get("default").is_some()) {
            findings.add(&join(&pointer, "default"), "a default response; write 4XX and 5XX instead");
        }
    }
}

/// Ranges, not single statuses: a status that is not listed arrives without its body read.
pub(super) fn error_responses(model: &Model<'_>, findings: &mut Findings<'_>) {
    each(model, findings, |operation| {
        let responses = operation.value.get("responses").and_then(Value::as_object)?;
        let missing = ["4XX", "5XX"].into_iter().filter(|status| !responses.contains_key(*status));
        let missing = missing.collect::<Vec<_>>().join(" and ");
        (!missing.is_empty()).then(|| format!("no {missing} response; use the shared error response"))
    });
}

pub(super) fn error_schema(model: &Model<'_>, findings: &mut Findings<'_>) {
    // A shared error response is reported once.
    let mut seen = BTreeSet::new();
    for operation in &model.operations {
        for (status, _, response) in model.responses(operation) {
            if !status.starts_with(['4', '5']) || !seen.insert(response.pointer.clone()) {
                continue;
            }
            let mut schemas =
                content(&response).map(|(_, media)| media.value.pointer("/schema/$ref")).peekable();
            if schemas.peek().is_none()
                || schemas.any(|schema| schema.is_none_or(|name| name != ERROR_SCHEMA))
            {
                let message = format!(
                    "an error response without {ERROR_SCHEMA} as its schema; the generator takes one"
                );
                findings.add(&response.pointer, message);
            }
        }
    }
}
