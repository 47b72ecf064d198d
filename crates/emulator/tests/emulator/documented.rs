//! The documented examples, from the document, against the document.

use mrs_iam_sync_contract::{Operation, iam_sync_user as api};
use serde_json::{Value, json};

use crate::support::{Answer, Draft, SYNC, Stage, get, owned, path, post};

/// The documented answer of success.
fn documented(operation: &Operation) -> Value {
    let status = operation.success.to_string();
    let example = operation.response_examples.iter().find(|example| example.status == status).unwrap();
    serde_json::from_str(example.json).unwrap()
}

/// Checks an answer against the response schema of its operation, or that of errors.
pub(crate) fn assert_documented(operation: &Operation, answer: &Answer) {
    let success = answer.status.as_u16() == operation.success;
    let component = if success { operation.response_schema } else { "ErrorResponse" };
    let bundle: Value = serde_json::from_str(api::DOCUMENT.schemas).unwrap();
    let fields = bundle["$defs"][component]["properties"].as_object().unwrap();
    let schema = json!({ "$ref": format!("#/$defs/{component}"), "$defs": bundle["$defs"] });
    jsonschema::validate(&schema, &answer.body).unwrap_or_else(|error| panic!("{}: {error}", operation.id));
    for field in answer.body.as_object().unwrap().keys() {
        assert!(fields.contains_key(field), "{}: {field} is not documented", operation.id);
    }
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(!success || answer.code().is_empty());
}

fn example(operation: &Operation) -> Draft {
    let values: Vec<_> = operation
        .path_parameters
        .iter()
        .map(|parameter| (parameter.name, parameter.example.unwrap()))
        .collect();
    let draft = Draft::new(operation.method.as_str(), &operation.path_with(&values));
    match operation.request {
        Some(request) => {
            let body = request.examples.iter().find(|example| example.name == "documented").unwrap();
            draft.header("content-type", request.content_type).body(body.json.as_bytes().to_vec())
        }
        None => draft,
    }
}

#[tokio::test]
async fn the_documented_examples_in_their_order() {
    let stage = Stage::new().await;
    let call = async |operation: &Operation| {
        let answer = stage.signed(example(operation)).await;
        assert_eq!(answer.status.as_u16(), operation.success, "{answer:?}");
        assert_documented(operation, &answer);
        answer.body
    };
    let wait = || stage.clock.advance(std::time::Duration::from_secs(2));

    let not_running = documented(&api::LIST_SYNC_STATUS);
    assert_eq!(call(&api::LIST_SYNC_STATUS).await, not_running);
    assert_eq!(call(&api::LIST_SYNC_REQUIREMENTS).await, documented(&api::LIST_SYNC_REQUIREMENTS));
    assert_eq!(call(&api::SHOW_SYNC_IAM_USER).await, json!({ "user_names": [], "group_names": [] }));

    assert_eq!(call(&api::UPDATE_SYNC_IAM_USER).await, documented(&api::UPDATE_SYNC_IAM_USER));
    assert_eq!(call(&api::LIST_SYNC_STATUS).await, json!({ "is_synchronizing": true }));
    assert_eq!(call(&api::SHOW_SYNC_IAM_USER).await, json!({ "user_names": [], "group_names": [] }));
    wait();
    assert_eq!(call(&api::LIST_SYNC_STATUS).await, not_running);
    assert_eq!(call(&api::LIST_SYNC_REQUIREMENTS).await, json!({ "is_synchronous": true }));
    // The documented list has group1 alone; that of the documented request has groups1 too.
    let listed = call(&api::SHOW_SYNC_IAM_USER).await;
    assert_eq!(listed, json!({ "user_names": ["user1", "user2"], "group_names": ["groups1", "group1"] }));

    assert_eq!(call(&api::CANCEL_SYNC_IAM_USER).await, documented(&api::CANCEL_SYNC_IAM_USER));
    assert_eq!(call(&api::SHOW_SYNC_IAM_USER).await, listed, "until the removal has ended");
    wait();
    assert_eq!(call(&api::SHOW_SYNC_IAM_USER).await, json!({ "user_names": [], "group_names": ["group1"] }));
}

#[tokio::test]
async fn the_documented_list_comes_from_naming_the_users() {
    let stage = Stage::new().await;
    stage.finished(post(r#"{"user_names":["user1","user2"]}"#)).await;
    assert_eq!(stage.get(SYNC).await, documented(&api::SHOW_SYNC_IAM_USER));
    let world = stage.emulator.world();
    let cluster = world.clusters().next().unwrap();
    let (users, groups) = owned(&cluster.user_names(), &cluster.group_names());
    assert_eq!((users, groups), stage.on_manager().await);
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_the_emulators_date() {
    let stage = Stage::new().await;
    let drafts =
        || [get(SYNC), get("nonsense"), Draft::new("GET", "/_emulator/health"), Draft::new("PUT", "/x")];
    let ids = async || {
        let mut ids = Vec::new();
        for draft in drafts() {
            let answer = stage.signed(draft).await;
            assert_eq!(answer.header("date"), "Fri, 02 Jan 2026 03:04:05 GMT");
            let id = answer.header("x-request-id").to_owned();
            assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
            if answer.code().starts_with("APIGW.") {
                assert_eq!(answer.body["request_id"], *id);
            }
            ids.push(id);
        }
        ids
    };
    let first = ids().await;
    let again = ids().await;
    stage.emulator.reset();
    assert_eq!(ids().await, first, "the same seed and number, the same id");
    assert!(first.iter().all(|id| !again.contains(id)));
    let other = Stage::with(mrs_iam_sync_emulator::Emulator::builder().seed(1)).await;
    assert!(!first.contains(&other.signed(get(SYNC)).await.header("x-request-id").to_owned()));
}

#[tokio::test]
async fn mrs_and_the_gateway_spell_errors_differently() {
    let stage = Stage::new().await;
    let mrs = stage.post("{}").await;
    let fields =
        |answer: &Answer| answer.body.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(fields(&mrs), "error_code error_msg");
    let gateway = stage.send(get(SYNC)).await;
    assert_eq!(fields(&gateway), "error_msg error_code request_id");
    for answer in [&mrs, &gateway] {
        assert_documented(&api::UPDATE_SYNC_IAM_USER, answer);
    }
    assert_eq!(path(SYNC), example(&api::SHOW_SYNC_IAM_USER).target);
}
