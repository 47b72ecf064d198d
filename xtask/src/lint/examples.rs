//! Rules about examples and about schemas as a validator sees them.

use jsonschema::Validator;
use serde_json::Value;

use super::Findings;
use super::keywords::Kind;
use super::model::{Model, Spot, content, members};
use crate::document::join;
use crate::schema::{SchemaError, bundle, convert, validator_of};

/// How many flaws of one example a message tells.
const SHOWN: usize = 3;

pub(super) fn of_requests(model: &Model<'_>, findings: &mut Findings<'_>) {
    for body in model.operations.iter().filter_map(|operation| model.request(operation)) {
        ask_for_examples(model, findings, &body);
    }
}

pub(super) fn of_responses(model: &Model<'_>, findings: &mut Findings<'_>) {
    for operation in &model.operations {
        for (status, _, response) in model.responses(operation) {
            if status.starts_with('2') {
                ask_for_examples(model, findings, &response);
            }
        }
    }
}

fn ask_for_examples<'a>(model: &Model<'a>, findings: &mut Findings<'_>, body: &Spot<'a>) {
    for (_, media) in content(body) {
        if examples(model, &media).is_empty() {
            findings.add(&media.pointer, "no example; copy the documented one");
        }
    }
}

/// The examples beside a `schema`: of a media type, parameter or header.
fn examples<'a>(model: &Model<'a>, holder: &Spot<'a>) -> Vec<Spot<'a>> {
    let member = |spot: &Spot<'a>, name: &str| {
        spot.value.get(name).map(|value| Spot { pointer: join(&spot.pointer, name), value })
    };
    let named = members(holder.value.get("examples"), &join(&holder.pointer, "examples"));
    let mut all = member(holder, "example").into_iter().collect::<Vec<_>>();
    all.extend(named.filter_map(|(_, example)| member(&model.follow(example)?, "value")));
    all
}

/// Every schema with the values that it must take.
fn samples<'a>(model: &Model<'a>) -> Vec<(Spot<'a>, Vec<Spot<'a>>)> {
    let at = |pointer: &str| model.document.value.pointer(pointer);
    let mut all = Vec::new();
    for place in model.places.iter().filter(|place| !place.is_reference) {
        let Some(value) = at(&place.pointer) else { continue };
        let spot = Spot { pointer: place.pointer.clone(), value };
        match place.kind {
            Kind::Schema => {
                let own = ["example", "default"].into_iter().filter_map(|keyword| {
                    Some(Spot { pointer: join(&place.pointer, keyword), value: place.value.get(keyword)? })
                });
                let own = own.collect();
                all.push((spot, own));
            }
            Kind::Parameter | Kind::Header | Kind::MediaType => {
                if let Some(schema) = place.value.get("schema") {
                    let examples = examples(model, &spot);
                    all.push((Spot { pointer: join(&place.pointer, "schema"), value: schema }, examples));
                }
            }
            _ => {}
        }
    }
    all.retain(|(_, values)| !values.is_empty());
    all
}

pub(super) fn refused(model: &Model<'_>, findings: &mut Findings<'_>) {
    // Without sound schemas there is nothing to check with; other rules say so.
    let Ok(bundle) = bundle(model.document) else {
        return;
    };
    for (schema, values) in samples(model) {
        let Ok(validator) = validator_at(model, &bundle, &schema) else {
            continue;
        };
        for value in values {
            let flaws = flaws(&validator, value.value);
            if !flaws.is_empty() {
                findings.add(&value.pointer, format!("its schema {} refuses it: {flaws}", schema.pointer));
            }
        }
    }
}

/// What a schema refuses in a value, with the place in the value.
fn flaws(validator: &Validator, value: &Value) -> String {
    let all = validator.iter_errors(value).map(|error| {
        let place = error.instance_path().to_string();
        if place.is_empty() { error.to_string() } else { format!("{place}: {error}") }
    });
    all.take(SHOWN).collect::<Vec<_>>().join("; ")
}

fn validator_at(model: &Model<'_>, bundle: &Value, schema: &Spot<'_>) -> Result<Validator, SchemaError> {
    validator_of(bundle, &convert(model.document, schema.value, &schema.pointer)?)
}

pub(super) fn unsound(model: &Model<'_>, findings: &mut Findings<'_>) {
    // What the rules about shapes and references tell of is told once, with the keyword at fault.
    if !model.flaws.is_empty() {
        return;
    }
    let bundle = bundle(model.document);
    let mut outer = String::from("//");
    for place in model.of(Kind::Schema) {
        // A schema is checked together with those inside it.
        if place.pointer.starts_with(&outer) {
            continue;
        }
        outer = format!("{}/", place.pointer);
        let Some(value) = model.document.value.pointer(&place.pointer) else {
            continue;
        };
        let converted = convert(model.document, value, &place.pointer);
        match (converted, &bundle) {
            (Err(SchemaError::Reference { .. }), _) => {}
            (Err(SchemaError::Keyword { pointer, keyword, why }), _) => {
                findings.add(&join(&pointer, &keyword), format!("`{keyword}` {why}"));
            }
            (Err(SchemaError::Value { pointer, message }), _) => findings.add(&pointer, message),
            (Err(error), _) => findings.add(&place.pointer, error.to_string()),
            (Ok(converted), Ok(bundle)) => match validator_of(bundle, &converted) {
                Ok(_) => {}
                Err(SchemaError::Refused { place: inner, message }) => {
                    findings.add(&format!("{}{inner}", place.pointer), message);
                }
                Err(error) => findings.add(&place.pointer, error.to_string()),
            },
            // Another schema is unsound, and has a finding of its own.
            (Ok(_), Err(_)) => {}
        }
    }
}
