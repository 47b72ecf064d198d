//! What goes over the wire: each documented request as it is sent, each documented answer as it is understood.

use std::sync::Arc;

use mrs_iam_sync_client::iam::types as iam_types;
use mrs_iam_sync_client::iam_sync_user::types as sync_types;
use mrs_iam_sync_client::{Error, ResponseValue, connect, connect_clusters, connect_iam};
use mrs_iam_sync_contract::{DOCUMENTS, Operation, RequestExample};
use serde_json::Value;
use workspace_tests::{Bare, OneAnswer, http};

/// One call of an operation.
#[derive(Debug, Clone, Copy)]
struct Call {
    operation: &'static Operation,
    /// The body, for an operation that has one.
    body: Option<&'static RequestExample>,
    /// Whether the optional parameters of the query are sent.
    query: bool,
}

impl Call {
    /// Every documented request of an operation, the optional parameters of its query left out and sent.
    fn all(operation: &'static Operation) -> Vec<Self> {
        let examples = operation.request.map(|body| body.examples).unwrap_or_default();
        // An operation without a body has one request.
        let bodies = if examples.is_empty() { vec![None] } else { examples.iter().map(Some).collect() };
        let mut calls: Vec<_> =
            bodies.into_iter().map(|body| Self { operation, body, query: false }).collect();
        if !operation.query_parameters.is_empty() {
            calls.push(Self { query: true, ..calls[0] });
        }
        calls
    }

    /// What a snapshot of it is called.
    fn name(&self) -> String {
        let body = self.body.map_or_else(String::new, |example| format!("-{}", example.name));
        format!("{}{body}{}", self.operation.id, if self.query { "-query" } else { "" })
    }

    fn body<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_str(self.body.expect("a request example").json).expect("an example of the type")
    }

    /// The documented example of a parameter.
    fn example(&self, name: &str) -> String {
        let path = self.operation.path_parameters.iter().map(|parameter| (parameter.name, parameter.example));
        let query =
            self.operation.query_parameters.iter().map(|parameter| (parameter.name, parameter.example));
        let (_, example) = path.chain(query).find(|(other, _)| *other == name).expect("a parameter");
        example.expect("an example").to_owned()
    }

    /// Calls the operation of the generated client and shows what came of it.
    async fn send(&self, base_url: &str, authenticator: Arc<Bare>) -> String {
        /// Sets the parameters named, and sends.
        macro_rules! send {
            ($request:expr $(, $parameter:ident: $name:literal)* $(; $optional:ident: $key:literal)*) => {{
                let request = $request$(.$parameter(self.example($name)))*;
                match self.query {
                    true => shown(request$(.$optional(self.example($key)))*.send().await),
                    false => shown(request.send().await),
                }
            }};
        }
        let sync = connect(base_url, &http(), authenticator.clone());
        let iam = connect_iam(base_url, &http(), authenticator.clone());
        let clusters = connect_clusters(base_url, &http(), authenticator);
        match self.operation.rust_name {
            "update_sync_iam_user" => send!(
                sync.update_sync_iam_user().body(self.body::<sync_types::UpdateSyncRequest>()),
                project_id: "project_id", cluster_id: "cluster_id"
            ),
            "cancel_sync_iam_user" => send!(
                sync.cancel_sync_iam_user().body(self.body::<sync_types::CancelSyncRequest>()),
                project_id: "project_id", cluster_id: "cluster_id"
            ),
            "show_sync_iam_user" => {
                send!(sync.show_sync_iam_user(), project_id: "project_id", cluster_id: "cluster_id")
            }
            "list_sync_status" => {
                send!(sync.list_sync_status(), project_id: "project_id", cluster_id: "cluster_id")
            }
            "list_sync_requirements" => {
                send!(sync.list_sync_requirements(), project_id: "project_id", cluster_id: "cluster_id")
            }
            "keystone_create_user_token_by_password" => send!(
                iam.keystone_create_user_token_by_password().body(self.body::<iam_types::CreateTokenRequest>());
                nocatalog: "nocatalog"
            ),
            "keystone_list_projects" => send!(iam.keystone_list_projects(); name: "name"),
            "keystone_list_users" => send!(iam.keystone_list_users(); name: "name"),
            "keystone_list_groups" => send!(iam.keystone_list_groups(); name: "name"),
            "keystone_list_groups_for_user" => {
                send!(iam.keystone_list_groups_for_user(), user_id: "user_id")
            }
            "keystone_list_users_for_group_by_admin" => {
                send!(iam.keystone_list_users_for_group_by_admin(), group_id: "group_id")
            }
            "list_clusters" => send!(
                clusters.list_clusters(), project_id: "project_id";
                page_size: "pageSize"; current_page: "currentPage"; cluster_name: "clusterName";
                cluster_state: "clusterState"; tags: "tags"
            ),
            "show_cluster_details" => {
                send!(clusters.show_cluster_details(), project_id: "project_id", cluster_id: "cluster_id")
            }
            other => panic!("the tests do not know the operation {other}"),
        }
    }
}

fn shown<T: std::fmt::Debug, E: std::fmt::Debug>(result: Result<ResponseValue<T>, Error<E>>) -> String {
    match result {
        Ok(value) => format!("{} {:#?}", value.status().as_u16(), value.into_inner()),
        Err(Error::ErrorResponse(value)) => {
            format!("error {} {:#?}", value.status().as_u16(), value.into_inner())
        }
        Err(Error::UnexpectedResponse(answer)) => format!("unexpected {}", answer.status().as_u16()),
        Err(other) => format!("{other}"),
    }
}

/// An answer of success, so that the call ends well.
fn success(operation: &Operation) -> OneAnswer {
    let status = operation.success.to_string();
    let example =
        operation.response_examples.iter().find(|example| example.status == status).expect("an example");
    OneAnswer::with_body(operation.success, "application/json", example.json)
}

fn operations() -> impl Iterator<Item = &'static Operation> {
    DOCUMENTS.iter().flat_map(|document| document.operations)
}

#[tokio::test]
async fn each_documented_request() {
    for call in operations().flat_map(Call::all) {
        let server = success(call.operation);
        call.send(&server.base_url, Bare::new()).await;
        let request = server.received();
        if let Some(example) = call.body {
            let (_, sent) = request.split_once("\n\n").expect("a body");
            let sent: Value = serde_json::from_str(sent).expect("JSON");
            let documented: Value = serde_json::from_str(example.json).expect("JSON");
            assert_eq!(sent, documented, "{}", call.name());
        }
        insta::assert_snapshot!(format!("request-{}", call.name()), request);
    }
}

#[tokio::test]
async fn each_documented_answer() {
    for operation in operations() {
        let call = Call::all(operation)[0];
        let mut answers = Vec::<String>::new();
        for example in operation.response_examples {
            let status = match example.status {
                "4XX" => 400,
                "5XX" => 500,
                status => status.parse().expect("a status"),
            };
            let server = OneAnswer::with_body(status, "application/json", example.json);
            let understood = call.send(&server.base_url, Bare::new()).await;
            answers.push(format!("{} {}: {}\n=> {understood}", example.status, example.name, example.json));
        }
        insta::assert_snapshot!(format!("answers-{}", operation.id), answers.join("\n\n"));
    }
}

/// Calls for the whole account must not name a project.
#[tokio::test]
async fn without_a_project_none_is_named() {
    for operation in operations() {
        let server = success(operation);
        Call::all(operation)[0].send(&server.base_url, Bare::of_account()).await;
        assert!(!server.received().contains("x-project-id"), "{}", operation.id);
    }
}

/// A call that needs no credentials is given none, and no project that they could be for.
#[tokio::test]
async fn credentials_go_where_they_are_needed_only() {
    for operation in operations() {
        let server = success(operation);
        Call::all(operation)[0].send(&server.base_url, Bare::new()).await;
        let request = server.received();
        assert_eq!(request.contains("authorization: credentials"), operation.authenticated, "{request}");
        assert_eq!(request.contains("x-project-id"), operation.authenticated, "{request}");
    }
    let open: Vec<_> = operations().filter(|operation| !operation.authenticated).map(|one| one.id).collect();
    assert_eq!(open, ["KeystoneCreateUserTokenByPassword"]);
}

/// Names may hold spaces, and a `+` would be signed as a plus sign.
#[tokio::test]
async fn a_space_in_a_query_is_no_plus() {
    let server = success(&mrs_iam_sync_contract::iam::KEYSTONE_LIST_USERS);
    let client = connect_iam(&server.base_url, &http(), Bare::new());
    client.keystone_list_users().name("a b+c&d=é%".to_owned()).send().await.expect("users");
    let request = server.received();
    assert!(request.starts_with("GET /v3/users?name=a%20b%2Bc%26d%3D%C3%A9%25 HTTP/1.1\n"), "{request}");
}

#[tokio::test]
async fn the_token_stands_in_a_header() {
    let operation = &mrs_iam_sync_contract::iam::KEYSTONE_CREATE_USER_TOKEN_BY_PASSWORD;
    let body = operation.response_examples[0].json;
    let server = OneAnswer::with(format!(
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\nX-Subject-Token: MIIDkgYJ\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    ));
    let authenticator = Bare::new();
    let client = connect_iam(&server.base_url, &http(), authenticator.clone());
    let request: iam_types::CreateTokenRequest = Call::all(operation)[0].body();
    let answer = client.keystone_create_user_token_by_password().body(request).send().await.expect("a token");
    let token = answer.headers().get("x-subject-token").expect("the header");
    assert_eq!(token, "MIIDkgYJ");
    let kept = authenticator.answer().expect("each answer is kept");
    assert!(!format!("{answer:?} {kept:?}").contains("MIIDkgYJ"));
    assert_eq!(answer.into_inner().token.project.expect("a project").name, "cn-north-4");
}

/// Statuses and bodies that the document does not know keep their status; none is a success.
#[tokio::test]
async fn undocumented_answers_keep_their_status() {
    let call = Call::all(&mrs_iam_sync_contract::iam_sync_user::SHOW_SYNC_IAM_USER)[0];
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
        let understood = call.send(&server.base_url, authenticator.clone()).await;
        let answer = authenticator.answer().expect("each answer is kept");
        assert_eq!((answer.status.as_u16(), &*answer.body), (status, body.as_bytes()));
        lines.push(format!("{status} {content_type} {body}\n  -> {}", understood.replace('\n', "\n     ")));
    }
    insta::assert_snapshot!(lines.join("\n"));
}
