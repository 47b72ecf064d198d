//! Answers against the documents: in debug builds every one, so that all tests of all crates hold the emulator to
//! them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use mrs_iam_sync_contract::{DOCUMENTS, Document};
use serde_json::Value;

use crate::router::Endpoint;
use crate::schemas::validator;

/// The component of errors, the same name in each document.
const ERROR: &str = "ErrorResponse";

/// By document and component, compiled once for all emulators of the process.
static VALIDATORS: LazyLock<BTreeMap<(&str, &str), Validator>> = LazyLock::new(|| {
    let of = |document: &'static Document| {
        let successes = document.operations.iter().map(|operation| operation.response_schema);
        let components: Vec<_> = successes.chain([ERROR]).collect();
        components.into_iter().filter_map(move |component| {
            Some(((document.name, component), validator(document, component).ok()?))
        })
    };
    DOCUMENTS.iter().copied().flat_map(of).collect()
});

/// Panics when an answer is not what the document says; the connection then breaks without one.
pub(crate) fn check(endpoint: &Endpoint, body: &Value, success: bool) {
    if let Err(what) = conforms(endpoint, body, success) {
        panic!("the answer of {} does not follow its document: {what}: {body}", endpoint.operation.id);
    }
}

fn conforms(endpoint: &Endpoint, body: &Value, success: bool) -> Result<(), String> {
    let component = if success { endpoint.operation.response_schema } else { ERROR };
    let validator = VALIDATORS.get(&(endpoint.document.name, component)).ok_or("no schema")?;
    validator.validate(body).map_err(|error| format!("{}: {error}", error.instance_path()))
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::json;

    use super::*;
    use crate::router::route;

    #[test]
    fn an_answer_that_strays_is_found() {
        let status = route(&Method::GET, "/v2/p/clusters/c/iam-sync").unwrap();
        for (body, success, holds) in [
            (json!({ "is_synchronizing": false }), true, true),
            (json!({ "is_synchronizing": "false" }), true, false),
            (json!({}), true, false),
            (json!({ "error_code": "12000004" }), false, true),
            (json!({ "error_code": 12_000_004 }), false, false),
        ] {
            assert_eq!(conforms(status.endpoint, &body, success).is_ok(), holds, "{body}");
        }
        let users = route(&Method::GET, "/v3/users").unwrap();
        assert!(conforms(users.endpoint, &json!({ "users": [{ "id": "1" }] }), true).is_err());
        assert!(conforms(users.endpoint, &json!({ "error": { "code": "401" } }), false).is_err());
    }

    #[test]
    fn every_answer_has_a_schema() {
        let answers: usize = DOCUMENTS.iter().map(|document| document.operations.len()).sum();
        assert!(VALIDATORS.len() > DOCUMENTS.len() && VALIDATORS.len() <= answers + DOCUMENTS.len());
        for operation in DOCUMENTS.iter().flat_map(|document| document.operations) {
            assert!(VALIDATORS.keys().any(|(_, known)| *known == operation.response_schema));
        }
    }
}
