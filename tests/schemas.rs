//! The schemas: of the document, of the Rust types, and the documented examples between them.

use std::collections::BTreeSet;

use mrs_iam_sync_contract::iam_sync_user::DOCUMENT;
use serde_json::{Value, json};
use workspace_tests::{COMPONENTS, component};

fn bundle() -> Value {
    serde_json::from_str(DOCUMENT.schemas).expect("the bundle is JSON")
}

/// Every documented example: what it is, the component it belongs to, its JSON.
fn examples() -> Vec<(String, &'static str, Value)> {
    let mut examples = Vec::new();
    let mut add = |what: String, schema, json: &str| {
        examples.push((what, schema, serde_json::from_str(json).expect("an example is JSON")));
    };
    for operation in DOCUMENT.operations {
        if let Some(body) = operation.request {
            for example in body.examples {
                add(format!("{} request {}", operation.id, example.name), body.schema, example.json);
            }
        }
        for example in operation.response_examples {
            let what = format!("{} {} {}", operation.id, example.status, example.name);
            add(what, example.schema, example.json);
        }
    }
    examples
}

#[test]
fn every_component_has_a_rust_type_here() {
    let bundle = bundle();
    let documented: BTreeSet<&str> =
        bundle["$defs"].as_object().expect("definitions").keys().map(String::as_str).collect();
    let typed: BTreeSet<&str> = COMPONENTS.iter().map(|component| component.name).collect();
    assert_eq!(documented, typed);
}

#[test]
fn every_example_validates_and_survives_a_round_trip() {
    let bundle = bundle();
    let examples = examples();
    // Two of the first write and one of the second, one answer each, three errors each: none may go unnoticed.
    assert_eq!(examples.len(), 3 + 5 + 5 * 3);
    for (what, schema, json) in examples {
        let validator = xtask::schema::validator(&bundle, schema).expect("a valid schema");
        let faults: Vec<String> = validator.iter_errors(&json).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{what}: {faults:?}");
        let mut expected = json.clone();
        if schema == "UpdateSyncRequest" {
            // The default is always written out.
            expected.as_object_mut().expect("an object").entry("is_all_sync").or_insert(json!(false));
        }
        assert_eq!((component(schema).round_trip)(&json).expect(&what), expected, "{what}");
    }
}

#[test]
fn the_documented_request_keeps_its_order() {
    let request =
        DOCUMENT.operation_by_rust_name("update_sync_iam_user").and_then(|operation| operation.request);
    let example = request.expect("a request").examples[0];
    let json =
        (component("UpdateSyncRequest").round_trip)(&serde_json::from_str(example.json).expect("JSON"));
    assert_eq!(
        json.expect("a request").to_string(),
        r#"{"is_all_sync":false,"group_names":["groups1"],"user_names":["user1","user2"]}"#
    );
}

/// What the generated types accept and refuse, each like the document's schema or with the difference named.
#[test]
fn the_types_hold_the_rules_of_the_document() {
    let bundle = bundle();
    let long = "x".repeat(65);
    let cases = [
        ("ClusterId", json!("a_b-C9"), true),
        ("ClusterId", json!("a/b"), false),
        ("ClusterId", json!(".."), false),
        ("ClusterId", json!("abc\n"), false),
        ("ClusterId", json!(""), false),
        ("ClusterId", json!(long), false),
        ("ProjectId", json!("a-b"), false),
        ("UserName", json!(""), false),
        ("UserName", json!("用".repeat(64)), true),
        ("UserName", json!("用".repeat(65)), false),
        ("GroupName", json!(long), false),
        ("UpdateSyncRequest", json!({}), true),
        ("UpdateSyncRequest", json!({"user_name": []}), false),
        ("UpdateSyncRequest", json!({"user_names": [""]}), false),
        ("UpdateSyncRequest", json!({"user_names": "user1"}), false),
        ("UpdateSyncRequest", json!({"is_all_sync": "true"}), false),
        ("CancelSyncRequest", json!({"is_all_sync": true}), false),
        ("UpdateSyncIamUserResponse", json!({}), false),
        ("UpdateSyncIamUserResponse", json!({"state": "brand-new", "more": 1}), true),
        ("ShowSyncIamUserResponse", json!({}), true),
        ("ShowSyncIamUserResponse", json!({"user_names": null}), true),
        ("ShowSyncIamUserResponse", json!({"user_names": [1]}), false),
        ("ListSyncStatusResponse", json!({}), false),
        ("ListSyncStatusResponse", json!({"is_synchronizing": "false"}), false),
        ("ListSyncRequirementsResponse", json!({}), false),
        ("ErrorResponse", json!({}), true),
    ];
    for (name, value, valid) in cases {
        let validator = xtask::schema::validator(&bundle, name).expect("a valid schema");
        assert_eq!(validator.is_valid(&value), valid, "the schema {name} on {value}");
        assert_eq!((component(name).round_trip)(&value).is_ok(), valid, "the type {name} on {value}");
    }
    // The limits of lists are not in the types: the SDK takes them from the contract.
    let names: Vec<String> = (0..1001).map(|number| format!("user{number}")).collect();
    for value in [json!({"user_names": names}), json!({"user_names": ["a", "a"]})] {
        let validator = xtask::schema::validator(&bundle, "UpdateSyncRequest").expect("a valid schema");
        assert!(!validator.is_valid(&value));
        assert!((component("UpdateSyncRequest").round_trip)(&value).is_ok());
    }
}

#[test]
fn derived_schemas_beside_the_documents() {
    let bundle = bundle();
    for component in COMPONENTS {
        let document = &bundle["$defs"][component.name];
        let derived = (component.schema)();
        assert_same_shape(component.name, document, &derived);
        insta::assert_json_snapshot!(component.name, json!({"document": document, "derived": derived}));
    }
}

/// Names, required fields, and what may be null agree; the constraints, which schemars does not see, may not.
fn assert_same_shape(name: &str, document: &Value, derived: &Value) {
    let keys = |schema: &Value| -> BTreeSet<String> {
        schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
    };
    assert_eq!(keys(document), keys(derived), "properties of {name}");
    let required = |schema: &Value| -> BTreeSet<String> {
        schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(required(document), required(derived), "required fields of {name}");
    for key in keys(document) {
        let kind = |schema: &Value| -> Option<String> {
            match &schema["properties"][&key]["type"] {
                Value::String(kind) => Some(kind.clone()),
                Value::Array(kinds) => {
                    kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").map(str::to_owned)
                }
                _ => None,
            }
        };
        assert_eq!(kind(document), kind(derived), "type of {name}.{key}");
    }
}
