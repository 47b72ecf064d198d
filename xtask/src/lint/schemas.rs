//! Rules about schemas in requests and responses.

use serde_json::Value;

use super::Findings;
use super::keywords::Kind;
use super::model::{Model, Spot, list, members, text};
use crate::document::join;

/// Keywords that refuse a value. Generated code enforces some of them on receipt, and which ones may change.
const CONSTRAINTS: &[&str] = &[
    "enum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minProperties",
    "maxProperties",
    "not",
];

/// Words in the name of a property that holds a secret.
const SECRETS: &[&str] = &["password", "passwd", "secret", "token", "sk"];

pub(super) fn property_description(model: &Model<'_>, findings: &mut Findings<'_>) {
    for place in model.of(Kind::Schema) {
        for (name, property) in members(place.value.get("properties"), &join(&place.pointer, "properties")) {
            // A $ref has the description of its component; a dangling one is for another rule.
            let described = model.follow(property.clone()).is_none_or(|schema| {
                text(schema.value.get("description")).is_some() || !schema.value.is_object()
            });
            if !described {
                findings.add(&property.pointer, format!("{name} has no description; say what it means"));
            }
        }
    }
}

pub(super) fn name_schema(model: &Model<'_>, findings: &mut Findings<'_>) {
    for schema in model.request_schemas() {
        if let Some(items) = schema.spot.value.get("items")
            && items.get("type").is_some_and(|kind| kind == "string")
        {
            let message = "texts of an inline schema; make it a component such as UserName and refer to that";
            findings.add(&join(&schema.spot.pointer, "items"), message);
        }
    }
}

pub(super) fn response_constraint(model: &Model<'_>, findings: &mut Findings<'_>) {
    for schema in model.response_schemas() {
        let Some(object) = schema.spot.value.as_object() else {
            continue;
        };
        let is_text = object.get("type").is_some_and(|kind| kind == "string");
        for (keyword, value) in object {
            let constrains = match keyword.as_str() {
                // Beside integers it is the size of the type, and no constraint of the service.
                "format" => is_text,
                "additionalProperties" => value == &Value::Bool(false),
                keyword => CONSTRAINTS.contains(&keyword),
            };
            if constrains {
                let origin = &schema.origin;
                let message = format!(
                    "`{keyword}` constrains an answer ({origin}), and a new value would destroy it; \
                     say it in the description"
                );
                findings.add(&join(&schema.spot.pointer, keyword), message);
            }
        }
    }
}

/// The type that codegen puts in the place of such a component holds any text and checks nothing.
pub(super) fn secret_component(model: &Model<'_>, findings: &mut Findings<'_>) {
    let answers = model.response_schemas();
    for (name, schema) in
        members(model.document.value.pointer("/components/schemas"), "/components/schemas").filter(is_secret)
    {
        if schema.value.get("type").is_none_or(|kind| kind != "string") {
            findings.add(&schema.pointer, format!("{name} is a secret and no text; only texts are hidden"));
        }
        for keyword in CONSTRAINTS.iter().chain(&["format", "default", "example"]) {
            if schema.value.get(keyword).is_some() {
                let message = format!("`{keyword}` is lost when {name} is replaced by a type that hides it");
                findings.add(&join(&schema.pointer, keyword), message);
            }
        }
        if let Some(answer) = answers.iter().find(|answer| answer.spot.pointer == schema.pointer) {
            let message = format!("{name} is a secret and in an answer ({})", answer.origin);
            findings.add(&schema.pointer, message);
        }
    }
}

fn is_secret((_, schema): &(&str, Spot<'_>)) -> bool {
    schema.value.get("x-secret") == Some(&Value::Bool(true))
}

/// Codegen replaces components with `x-secret` by a type that does not show its value.
pub(super) fn secret_unmarked(model: &Model<'_>, findings: &mut Findings<'_>) {
    for schema in model.request_schemas() {
        let properties = schema.spot.value.get("properties");
        for (name, property) in members(properties, &join(&schema.spot.pointer, "properties")) {
            let looks_secret = words(name).iter().any(|word| SECRETS.contains(&word.as_str()));
            // The mark alone does nothing where there is no component to replace.
            if !looks_secret && !is_secret(&(name, property.clone())) {
                continue;
            }
            let Some(target) = unwrapped(model, property.clone()) else {
                continue;
            };
            let is_text = target.value.get("type").is_some_and(|kind| kind == "string");
            let is_marked = target.value.get("x-secret") == Some(&Value::Bool(true));
            let is_component =
                target.pointer.starts_with("/components/schemas/") && target.pointer != property.pointer;
            if is_text && !(is_marked && is_component) {
                let message = format!(
                    "{name} is a secret, or looks like one; refer to a component with `x-secret: true`"
                );
                findings.add(&property.pointer, message);
            }
        }
    }
}

/// What a $ref or an `allOf` of one $ref stands for.
fn unwrapped<'a>(model: &Model<'a>, property: Spot<'a>) -> Option<Spot<'a>> {
    let schema = model.follow(property)?;
    let wrapped = list(schema.value.get("allOf"), &join(&schema.pointer, "allOf"));
    match wrapped.as_slice() {
        [inner] => model.follow(inner.clone()),
        _ => Some(schema),
    }
}

/// The words of a name such as `user_password` or `secretKey`, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        was_lower = letter.is_lowercase();
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words
}
