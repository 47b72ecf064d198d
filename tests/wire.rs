//! What goes over the wire: each documented request as it is sent, each documented answer as it is understood.

use mrs_iam_sync_client::iam_sync_user::{Client, types};
use mrs_iam_sync_client::{Error, ResponseValue, connect};
use mrs_iam_sync_contract::iam_sync_user::DOCUMENT;
use mrs_iam_sync_contract::{Operation, RequestExample};
use serde_json::Value;
use workspace_tests::{Bare, CLUSTER_ID, OneAnswer, PROJECT_ID, http};

/// Calls an operation of the generated client and shows what came of it.
async fn call(client: &Client, operation: &Operation, example: Option<&RequestExample>) -> String {
    let (project, cluster) = (PROJECT_ID.to_owned(), CLUSTER_ID.to_owned());
    match operation.rust_name {
        "update_sync_iam_user" => {
            let body: types::UpdateSyncRequest = body(example);
            shown(
                client.update_sync_iam_user().project_id(project).cluster_id(cluster).body(body).send().await,
            )
        }
        "cancel_sync_iam_user" => {
            let body: types::CancelSyncRequest = body(example);
            shown(
                client.cancel_sync_iam_user().project_id(project).cluster_id(cluster).body(body).send().await,
            )
        }
        "show_sync_iam_user" => {
            shown(client.show_sync_iam_user().project_id(project).cluster_id(cluster).send().await)
        }
        "list_sync_status" => {
            shown(client.list_sync_status().project_id(project).cluster_id(cluster).send().await)
        }
        "list_sync_requirements" => {
            shown(client.list_sync_requirements().project_id(project).cluster_id(cluster).send().await)
        }
        other => panic!("the tests do not know the operation {other}"),
    }
}

fn body<T: serde::de::DeserializeOwned>(example: Option<&RequestExample>) -> T {
    serde_json::from_str(example.expect("a request example").json).expect("an example of the type")
}

fn shown<T: std::fmt::Debug>(result: Result<ResponseValue<T>, Error<types::ErrorResponse>>) -> String {
    match result {
        Ok(value) => format!("{} {:#?}", value.status().as_u16(), value.into_inner()),
        Err(Error::ErrorResponse(value)) => {
            format!("error {} {:#?}", value.status().as_u16(), value.into_inner())
        }
        Err(Error::UnexpectedResponse(answer)) => format!("unexpected {}", answer.status().as_u16()),
        Err(other) => format!("{other}"),
    }
}

fn client(server: &OneAnswer) -> Client {
    connect(&server.base_url, &http(), Bare::new())
}

/// An answer of success, so that the call ends well.
fn success(operation: &Operation) -> OneAnswer {
    let status = operation.success.to_string();
    let example =
        operation.response_examples.iter().find(|example| example.status == status).expect("an example");
    OneAnswer::with_body(operation.success, "application/json", example.json)
}

#[tokio::test]
async fn each_documented_request() {
    for operation in DOCUMENT.operations {
        let examples = operation.request.map(|body| body.examples).unwrap_or_default();
        // An operation without a body has one request.
        let examples = if examples.is_empty() { vec![None] } else { examples.iter().map(Some).collect() };
        for example in examples {
            let server = success(operation);
            call(&client(&server), operation, example).await;
            let request = server.received();
            if let Some(example) = example {
                let (_, sent) = request.split_once("\n\n").expect("a body");
                let sent: Value = serde_json::from_str(sent).expect("JSON");
                let documented: Value = serde_json::from_str(example.json).expect("JSON");
                assert_eq!(sent, documented, "{} {}", operation.id, example.name);
            }
            let name = example.map_or_else(String::new, |example| format!("-{}", example.name));
            insta::assert_snapshot!(format!("request-{}{name}", operation.id), request);
        }
    }
}

#[tokio::test]
async fn each_documented_answer() {
    for operation in DOCUMENT.operations {
        let request = operation.request.map(|body| &body.examples[0]);
        let mut answers = Vec::<String>::new();
        for example in operation.response_examples {
            let status = match example.status {
                "4XX" => 400,
                "5XX" => 500,
                status => status.parse().expect("a status"),
            };
            let server = OneAnswer::with_body(status, "application/json", example.json);
            let understood = call(&client(&server), operation, request).await;
            answers.push(format!("{} {}: {}\n=> {understood}", example.status, example.name, example.json));
        }
        insta::assert_snapshot!(format!("answers-{}", operation.id), answers.join("\n\n"));
    }
}

/// Statuses and bodies that the document does not know keep their status; none is a success.
#[tokio::test]
async fn undocumented_answers_keep_their_status() {
    let operation = &mrs_iam_sync_contract::iam_sync_user::SHOW_SYNC_IAM_USER;
    let cases = [
        (
            401,
            "application/json",
            r#"{"error":{"message":"Authentication failed","code":401,"title":"Unauthorized"}}"#,
        ),
        (502, "text/html", "<html>Bad Gateway</html>"),
        (503, "application/json", ""),
        (400, "application/json", r#"{"errorCode":"X","errorMsg":"other shape"}"#),
        (200, "application/json", r#"{"user_names":"#),
        (200, "text/html", "<html>Log in</html>"),
        (204, "application/json", ""),
        (302, "application/json", ""),
    ];
    let mut lines = Vec::new();
    for (status, content_type, body) in cases {
        let server = OneAnswer::with_body(status, content_type, body);
        let authenticator = Bare::new();
        let client = connect(&server.base_url, &http(), authenticator.clone());
        let understood = call(&client, operation, None).await;
        let answer = authenticator.answer().expect("each answer is kept");
        assert_eq!((answer.status.as_u16(), &*answer.body), (status, body.as_bytes()));
        lines.push(format!("{status} {content_type} {body}\n  -> {}", understood.replace('\n', "\n     ")));
    }
    insta::assert_snapshot!(lines.join("\n"));
}
