//! The schemas: of the document, of the Rust types, and the documented examples between them.

use std::collections::BTreeSet;

use mrs_iam_sync_contract::{DOCUMENTS, Document, iam, iam_sync_user, mrs_clusters};
use serde_json::{Value, json};
use workspace_tests::{COMPONENTS, component};

fn bundle(document: &Document) -> Value {
    serde_json::from_str(document.schemas).expect("the bundle is JSON")
}

/// Every documented example: what it is, the component it belongs to, its JSON.
fn examples(document: &'static Document) -> Vec<(String, &'static str, Value)> {
    let mut examples = Vec::new();
    let mut add = |what: String, schema, json: &str| {
        examples.push((what, schema, serde_json::from_str(json).expect("an example is JSON")));
    };
    for operation in document.operations {
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
    for document in DOCUMENTS {
        let bundle = bundle(document);
        let documented: BTreeSet<&str> =
            bundle["$defs"].as_object().expect("definitions").keys().map(String::as_str).collect();
        let typed = COMPONENTS.iter().filter(|component| component.document.name == document.name);
        let typed: BTreeSet<&str> = typed.map(|component| component.name).collect();
        assert_eq!(documented, typed, "{}", document.name);
    }
}

#[test]
fn every_example_validates_and_survives_a_round_trip() {
    // None may go unnoticed: requests, answers of success, and errors of each operation.
    let counts = [
        (iam_sync_user::DOCUMENT, 3 + 5 + 5 * 3),
        (iam::DOCUMENT, 3 + 7 + 6 * 3),
        (mrs_clusters::DOCUMENT, 3 + 2 * 3),
    ];
    assert_eq!(counts.len(), DOCUMENTS.len());
    for (document, count) in counts {
        let (bundle, examples) = (bundle(document), examples(document));
        assert_eq!(examples.len(), count, "{}", document.name);
        for (what, schema, json) in examples {
            let validator = xtask::schema::validator(&bundle, schema).expect("a valid schema");
            let faults: Vec<String> = validator.iter_errors(&json).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{what}: {faults:?}");
            let mut expected = json.clone();
            if schema == "UpdateSyncRequest" {
                // The default is always written out.
                expected.as_object_mut().expect("an object").entry("is_all_sync").or_insert(json!(false));
            }
            assert_eq!((component(document, schema).round_trip)(&json).expect(&what), expected, "{what}");
        }
    }
}

#[test]
fn the_documented_requests_keep_their_order() {
    for document in DOCUMENTS {
        for body in document.operations.iter().filter_map(|operation| operation.request) {
            let json = serde_json::from_str(body.examples[0].json).expect("JSON");
            let sent = (component(document, body.schema).round_trip)(&json).expect("a request");
            assert_eq!(sent.to_string(), body.examples[0].json, "{}", body.schema);
        }
    }
}

/// What the generated types accept and refuse, each like the document's schema or with the difference named.
#[test]
fn the_types_hold_the_rules_of_the_document() {
    let long = "x".repeat(65);
    let sync = [
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
    let user = json!({"name": "n", "password": "p", "domain": {"name": "d"}});
    let auth = json!({
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": {"name": "cn-north-4"}},
    });
    let of_iam = [
        ("UserId", json!("a/b"), false),
        ("UserId", json!(".."), false),
        ("GroupId", json!(""), false),
        ("UserName", json!(long), false),
        ("GroupName", json!("x".repeat(128)), true),
        ("GroupName", json!("x".repeat(129)), false),
        ("ProjectName", json!(""), true),
        ("Password", json!(""), true),
        ("Password", json!(5), false),
        ("CreateTokenRequest", json!({"auth": auth}), true),
        ("CreateTokenRequest", json!({"auth": auth, "more": 1}), false),
        ("CreateTokenRequest", json!({}), false),
        ("TokenMethod", json!("totp"), false),
        ("TokenScope", json!({}), true),
        ("ScopeProject", json!({"region": "cn-north-4"}), false),
        ("CreateTokenResponse", json!({}), false),
        ("CreateTokenResponse", json!({"token": {}}), false),
        ("Token", json!({"expires_at": "2020-01-05T09:05:22.701000Z", "catalog": []}), true),
        ("ProjectList", json!({}), false),
        ("ProjectList", json!({"projects": [{"id": "i"}]}), false),
        ("UserList", json!({"users": null}), false),
        ("UserList", json!({"users": [], "links": {"self": null, "next": null}}), true),
        ("User", json!({"id": "i", "name": "n", "enabled": null, "pwd_strength": "high"}), true),
        ("GroupList", json!({"users": []}), false),
        ("Group", json!({"name": "n"}), false),
        ("ErrorResponse", json!({}), true),
        ("ErrorResponse", json!({"error": {"code": 401}}), true),
        // The client never lets this through: it puts errors into the documented shape first.
        ("ErrorResponse", json!({"error": {"code": "401"}}), false),
    ];
    let clusters = [
        ("PageSize", json!("2147483646"), true),
        ("PageSize", json!("0"), false),
        ("PageSize", json!(10), false),
        ("CurrentPage", json!("01"), false),
        ("ClusterState", json!("scaling-out"), true),
        ("ClusterState", json!("gone"), false),
        ("ListClustersResponse", json!({}), false),
        ("ListClustersResponse", json!({"clusterTotal": 0}), false),
        ("ListClustersResponse", json!({"clusterTotal": "0", "clusters": []}), false),
        ("ShowClusterDetailsResponse", json!({}), false),
        ("Cluster", json!({"clusterId": "i"}), false),
        ("Cluster", json!({"clusterId": "i", "clusterName": "n", "clusterState": "brand-new"}), true),
        ("Cluster", json!({"clusterId": "i", "clusterName": "n", "safeMode": 1, "tenantId": null}), true),
        ("Cluster", json!({"clusterId": "i", "clusterName": "n", "safeMode": "1"}), true),
    ];
    let cases = [
        (iam_sync_user::DOCUMENT, sync.as_slice()),
        (iam::DOCUMENT, of_iam.as_slice()),
        (mrs_clusters::DOCUMENT, clusters.as_slice()),
    ];
    for (document, cases) in cases {
        let bundle = bundle(document);
        for (name, value, valid) in cases {
            let validator = xtask::schema::validator(&bundle, name).expect("a valid schema");
            assert_eq!(validator.is_valid(value), *valid, "the schema {name} on {value}");
            let typed = (component(document, name).round_trip)(value);
            assert_eq!(typed.is_ok(), *valid, "the type {name} on {value}");
        }
    }
    // What counts entries is not in the types: the SDK takes it from the contract, or sets one field itself.
    let names: Vec<String> = (0..1001).map(|number| format!("user{number}")).collect();
    for (document, name, value) in [
        (iam_sync_user::DOCUMENT, "UpdateSyncRequest", json!({"user_names": names})),
        (iam_sync_user::DOCUMENT, "UpdateSyncRequest", json!({"user_names": ["a", "a"]})),
        (iam::DOCUMENT, "ScopeProject", json!({})),
    ] {
        let validator = xtask::schema::validator(&bundle(document), name).expect("a valid schema");
        assert!(!validator.is_valid(&value));
        assert!((component(document, name).round_trip)(&value).is_ok());
    }
}

#[test]
fn derived_schemas_beside_the_documents() {
    for component in COMPONENTS {
        let document = &bundle(component.document)["$defs"][component.name];
        let derived = (component.schema)();
        assert_same_shape(component.name, document, &derived);
        insta::assert_json_snapshot!(
            format!("{}-{}", component.document.name, component.name),
            json!({"document": document, "derived": derived})
        );
    }
}

/// Names, required fields, types and defaults agree; the constraints, which schemars does not see, may not.
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
        let default = |schema: &Value| schema["properties"][&key]["default"].clone();
        // Where the document has none a missing field is null or an empty list, which are the same to the types.
        if !default(document).is_null() {
            assert_eq!(default(document), default(derived), "default of {name}.{key}");
        }
    }
}
