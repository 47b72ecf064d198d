//! The main job: synchronize, wait, tell what arrived.

use std::time::Duration;

use mrs_iam_sync::{Completion, ErrorKind, Names, Selection};

use crate::support::{emulated, operations};

fn documented() -> Names {
    Names::builder().users(["user1", "user2"]).group("groups1").build().expect("names")
}

#[tokio::test(start_paused = true)]
async fn the_documented_example_arrives_and_brings_its_group_along() {
    let (emulator, cluster, time) = emulated(|builder| builder).await;
    let outcome = cluster.sync(documented()).wait().await.expect("a synchronization");
    insta::assert_json_snapshot!(outcome, @r#"
    {
      "accepted": [
        {
          "state": "synchronizing",
          "request_id": "7c3ccd10bb7ec37b46d37926ae627426",
          "attempts": 1,
          "seconds": 0.0
        }
      ],
      "completion": "finished",
      "verified": true,
      "arrived": {
        "users": [
          "user1",
          "user2"
        ],
        "groups": [
          "groups1"
        ]
      },
      "already_present": {
        "users": [],
        "groups": []
      },
      "brought_along": {
        "users": [],
        "groups": [
          "group1"
        ]
      },
      "present": {
        "users": [],
        "groups": []
      },
      "missing": {
        "users": [],
        "groups": []
      },
      "differs_in_case": [],
      "seconds": 2.5
    }
    "#);
    assert_eq!(
        operations(&emulator),
        ["ShowSyncIamUser", "UpdateSyncIamUser", "ListSyncStatus", "ListSyncStatus", "ShowSyncIamUser"]
    );
    // The first look sees it running, the second finds it finished.
    assert_eq!(time.slept(), [1.0, 1.5]);
    let sent = &emulator.requests()[1];
    assert_eq!(
        sent.body,
        r#"{"is_all_sync":false,"group_names":["groups1"],"user_names":["user1","user2"]}"#
    );
    assert_eq!(sent.header("content-type"), Some("application/json;charset=UTF-8"));
}

#[tokio::test(start_paused = true)]
async fn send_returns_with_the_acceptance() {
    let (emulator, cluster, _) = emulated(|builder| builder).await;
    let accepted = cluster.sync(documented()).send().await.expect("accepted").remove(0);
    assert_eq!(accepted.state, "synchronizing");
    assert_eq!(accepted.request_id.as_deref(), Some(emulator.requests()[0].request_id.as_str()));
    assert_eq!(operations(&emulator), ["UpdateSyncIamUser"]);
    assert!(cluster.is_synchronizing().await.expect("an answer"));
}

#[tokio::test(start_paused = true)]
async fn a_second_synchronization_waits_for_the_first() {
    let (emulator, cluster, time) = emulated(|builder| builder.sync_duration(Duration::from_secs(7))).await;
    cluster.sync(documented()).send().await.expect("accepted");
    let accepted = cluster.sync(documented()).send().await.expect("accepted").remove(0);
    // Refused, three looks after 2, 4 and 7 seconds, sent again; a refusal of this kind uses up no attempt.
    assert_eq!((accepted.attempts, time.passed().as_secs()), (2, 7));
    let calls = operations(&emulator);
    assert_eq!(calls[..3], ["UpdateSyncIamUser", "UpdateSyncIamUser", "ListSyncStatus"]);
    assert_eq!(calls.last(), Some(&"UpdateSyncIamUser"));
    assert_eq!(emulator.requests()[1].error_code.as_deref(), Some("12000154"));
}

#[tokio::test(start_paused = true)]
async fn a_synchronization_that_outlasts_the_deadline_is_an_error_of_its_own() {
    let (_emulator, cluster, time) =
        emulated(|builder| builder.sync_duration(Duration::from_secs(600))).await;
    cluster.sync(documented()).send().await.expect("accepted");
    let error = cluster.sync(documented()).send().await.expect_err("one runs already");
    assert_eq!((error.kind(), error.error_code()), (ErrorKind::SyncRunning, Some("12000154")));
    assert!(error.is_transient() && error.hint().expect("a hint").contains("Wait until it has finished"));
    assert!(time.passed() <= Duration::from_secs(60), "{:?}", time.passed());
}

#[tokio::test(start_paused = true)]
async fn everything_is_told_by_what_came() {
    let (_emulator, cluster, _) = emulated(|builder| builder).await;
    let outcome = cluster.sync(Selection::Everything).wait().await.expect("a synchronization");
    assert_eq!(outcome.arrived.users, ["user1", "user2"]);
    assert_eq!(outcome.arrived.groups, ["group1", "groups1"]);
    // IAM is not read: whether all came is not known.
    assert_eq!((outcome.missing, outcome.verified), (None, false));
}

#[tokio::test(start_paused = true)]
async fn only_what_is_missing_is_sent_on_request() {
    let (emulator, cluster, _) = emulated(|builder| builder).await;
    cluster.sync(Names::builder().user("user1").build().expect("names")).wait().await.expect("user1");
    emulator.change_world(|world| world.add_user("user3"));
    let names = Names::builder().users(["user1", "user2", "user3"]).group("group1").build().expect("names");
    let outcome = cluster.sync(names.clone()).if_missing().wait().await.expect("the others");
    assert_eq!(outcome.arrived.users, ["user2", "user3"]);
    assert_eq!(
        (outcome.already_present.users, outcome.already_present.groups),
        (vec!["user1".into()], vec!["group1".into()])
    );
    let bodies: Vec<_> = emulator
        .requests()
        .iter()
        .filter(|sent| sent.method == "POST")
        .map(|sent| sent.body.clone())
        .collect();
    assert_eq!(bodies[1], r#"{"is_all_sync":false,"user_names":["user2","user3"]}"#);

    let outcome = cluster.sync(names.clone()).if_missing().wait().await.expect("nothing");
    assert_eq!((outcome.completion, outcome.accepted), (Completion::NothingToDo, vec![]));
    assert!(outcome.missing.expect("known").is_empty());
    assert!(cluster.sync(names).if_missing().send().await.expect("nothing").is_empty());
    assert_eq!(emulator.requests().iter().filter(|sent| sent.method == "POST").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_removal_leaves_the_groups_that_came_along() {
    let (_emulator, cluster, _) = emulated(|builder| builder).await;
    cluster.sync(documented()).wait().await.expect("a synchronization");
    let names = Names::builder().users(["user1", "nobody"]).group("groups1").build().expect("names");
    let outcome = cluster.cancel(names).wait().await.expect("a removal");
    insta::assert_json_snapshot!(outcome, @r#"
    {
      "accepted": [
        {
          "state": "synchronizing",
          "request_id": "9b65b044264bd07cae9001dfe2c7b240",
          "attempts": 1,
          "seconds": 0.0
        }
      ],
      "completion": "finished",
      "verified": true,
      "removed": {
        "users": [
          "user1"
        ],
        "groups": [
          "groups1"
        ]
      },
      "already_absent": {
        "users": [
          "nobody"
        ],
        "groups": []
      },
      "absent": {
        "users": [],
        "groups": []
      },
      "remaining": {
        "users": [],
        "groups": []
      },
      "groups_left": [
        "group1"
      ],
      "seconds": 2.5
    }
    "#);
}

#[tokio::test(start_paused = true)]
async fn both_status_operations_are_read() {
    let (_emulator, cluster, _) = emulated(|builder| builder.sync_duration(Duration::ZERO)).await;
    assert!(!cluster.is_synchronous().await.expect("an answer"));
    cluster.sync(documented()).send().await.expect("accepted");
    assert!(!cluster.is_synchronizing().await.expect("an answer"));
    assert!(cluster.is_synchronous().await.expect("an answer"));
}

#[tokio::test(start_paused = true)]
async fn a_preview_is_signed_masked_and_not_sent() {
    let (emulator, cluster, _) = emulated(|builder| builder).await;
    let preview = cluster.sync(documented()).preview().await.expect("a preview").remove(0);
    let address = emulator.addr().to_string();
    insta::assert_snapshot!(preview.to_string().replace(&address, "HOST:PORT"), @r#"
    POST http://HOST:PORT/v2/ff8080828997cb24018a1b2db3440b80/clusters/f7f45c04-4303-411c-9b71-d2cb730dd162/iam-sync-user
    accept: application/json
    authorization: SDK-HMAC-SHA256 Access=EMULATEDACCESSKEY000, SignedHeaders=content-type;host;x-project-id;x-sdk-date, Signature=***
    content-type: application/json;charset=UTF-8
    host: HOST:PORT
    user-agent: mrs-iam-sync/0.1.0
    x-project-id: ff8080828997cb24018a1b2db3440b80
    x-sdk-date: 20260102T030405Z

    {"is_all_sync":false,"group_names":["groups1"],"user_names":["user1","user2"]}
    "#);
    let preview = cluster.cancel(documented()).preview().await.expect("a preview");
    assert_eq!((preview.len(), preview[0].method.as_str()), (1, "DELETE"));
    assert!(emulator.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn any_path_of_the_service_can_be_called() {
    let (emulator, cluster, _) = emulated(|builder| builder).await;
    let client = crate::support::client(&emulator.base_url(), &crate::support::VirtualTime::new());
    let path = format!("/v2/{}/clusters/{}/iam-sync", client.project_id(), cluster.id());
    let answer = client.execute_raw(http::Method::GET, &path, None).await.expect("an answer");
    assert_eq!(
        (answer.status.as_u16(), answer.body.as_slice()),
        (200, br#"{"is_synchronizing":false}"#.as_slice())
    );
    assert!(answer.request_id.is_some());
    let body = r#"{"user_names": [ "user1" ]}"#;
    let sync = format!("{path}-user");
    let answer = client.execute_raw(http::Method::POST, &sync, Some(body)).await.expect("an answer");
    assert_eq!(answer.status.as_u16(), 202);
    assert_eq!(emulator.requests()[1].body, body, "byte for byte");
    let error =
        client.execute_raw(http::Method::GET, "/v2/nothing", None).await.expect_err("no such operation");
    assert_eq!((error.kind(), error.error_code()), (ErrorKind::NotFound, Some("APIGW.0101")));
    let before = emulator.requests().len();
    client.execute_raw(http::Method::GET, "//elsewhere.example/", None).await.expect_err("another host");
    assert_eq!(emulator.requests().len(), before);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_service_can_be_taken_as_the_answer_it_is() {
    use crate::support::{Scripted, answer};

    let (emulator, cluster, _) = emulated(|builder| builder).await;
    let client = crate::support::client(&emulator.base_url(), &crate::support::VirtualTime::new());
    let path = format!("/v2/{}/clusters/elsewhere/iam-sync", client.project_id());
    let answered = client.exchange_raw(http::Method::GET, &path, None).await.expect("an answer");
    assert_eq!(answered.status.as_u16(), 400);
    assert!(String::from_utf8_lossy(&answered.body).contains("12000003"), "{answered:?}");
    assert_eq!(answered.error_code().as_deref(), Some("12000003"));
    assert_eq!(answered.request_id.as_deref(), answered.headers["x-request-id"].to_str().ok());
    drop(cluster);
    for (status, code) in [(400, Some("1.2")), (200, None)] {
        let server = Scripted::new(move |_, _| answer(status, "", r#"{"errorCode":"1.2","errorMsg":"no"}"#));
        let client = crate::support::client(&server.base_url(), &crate::support::VirtualTime::new());
        let answered = client.exchange_raw(http::Method::GET, &path, None).await.expect("an answer");
        assert_eq!(answered.error_code().as_deref(), code);
    }

    // Not even a read is sent again.
    let server = Scripted::new(|_, _| answer(503, "", "later"));
    let client = crate::support::client(&server.base_url(), &crate::support::VirtualTime::new());
    let answered = client.exchange_raw(http::Method::GET, &path, None).await.expect("an answer");
    assert_eq!((answered.status.as_u16(), answered.body.as_slice()), (503, &b"later"[..]));
    let server = Scripted::new(|_, _| Vec::new());
    let client = crate::support::client(&server.base_url(), &crate::support::VirtualTime::new());
    client.exchange_raw(http::Method::GET, &path, None).await.expect_err("no answer");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn any_request_can_be_shown_with_the_stages_of_its_signature() {
    let (emulator, cluster, _) = emulated(|builder| builder).await;
    let client = crate::support::client(&emulator.base_url(), &crate::support::VirtualTime::new());
    let path = format!("/v2/{}/clusters/{}/iam-sync-user", client.project_id(), cluster.id());
    let body = r#"{"is_all_sync":false,"group_names":["groups1"],"user_names":["user1","user2"]}"#;
    let shown = client.preview_raw(http::Method::POST, &path, Some(body)).await.expect("a preview");
    let typed = cluster.sync(documented()).preview().await.expect("a preview").remove(0);
    let same = |preview: &mrs_iam_sync::RequestPreview| {
        let mut preview = preview.clone();
        preview.headers.retain(|(name, _)| name != "accept");
        preview
    };
    assert_eq!(same(&shown), same(&typed), "as the call of the SDK");
    let stages = shown.signing.expect("it is signed");
    assert_eq!(stages.signed_headers, ["content-type", "host", "x-project-id", "x-sdk-date"]);
    assert!(
        stages.canonical_request.starts_with(&format!("POST\n{path}/\n\n")),
        "{}",
        stages.canonical_request
    );
    assert!(
        stages.string_to_sign.starts_with("SDK-HMAC-SHA256\n20260102T030405Z\n"),
        "{}",
        stages.string_to_sign
    );
    assert!(emulator.requests().is_empty());
    client.preview_raw(http::Method::GET, "//elsewhere.example/", None).await.expect_err("another host");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_answer_is_no_success_for_any_path_either() {
    use crate::support::{Scripted, answer, json};

    let cases = [
        (
            answer(302, "location: http://127.0.0.1:1/\r\n", ""),
            "with a redirect to 127.0.0.1:1, which is not followed",
        ),
        (answer(304, "", ""), "with a redirect"),
        (json(200, r#"{"a":"#), "with a body that says it is JSON and is not"),
        (json(200, ""), "with a body that says it is JSON and is not"),
    ];
    for (bytes, what) in cases {
        let server = Scripted::new(move |_, _| bytes.clone());
        let client = crate::support::client(&server.base_url(), &crate::support::VirtualTime::new());
        let error = client.execute_raw(http::Method::GET, "/", None).await.expect_err(what);
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[tokio::test]
async fn calls_can_be_spawned() {
    fn is_send<T: Send>(_: &T) {}
    let client = crate::support::client("http://127.0.0.1:1", &crate::support::VirtualTime::new());
    let cluster = client.cluster("c").expect("a cluster");
    is_send(&cluster.sync(documented()).wait());
    is_send(&cluster.cancel(documented()).wait());
    is_send(&cluster.synchronized());
    is_send(&client.execute_raw(http::Method::GET, "/", None));
    is_send(&client.exchange_raw(http::Method::GET, "/", None));
    is_send(&client.preview_raw(http::Method::GET, "/", None));
}

/// What is known is not read again, and what runs already may be changing it.
#[tokio::test(start_paused = true)]
async fn on_the_strength_of_what_is_known() {
    let (emulator, cluster, _) = emulated(|builder| builder.sync_duration(Duration::from_secs(20))).await;
    let before = cluster.synchronized().await.expect("a list");
    cluster.sync(documented()).knowing(before.clone()).send().await.expect("accepted");
    let error = cluster.sync(documented()).knowing(before.clone()).send().await.expect_err("one runs");
    assert_eq!(error.kind(), ErrorKind::SyncRunning);
    let names = Names::builder().user("user1").build().expect("names");
    let error = cluster.cancel(names.clone()).knowing(before.clone()).send().await.expect_err("one runs");
    assert_eq!(error.kind(), ErrorKind::SyncRunning);
    assert_eq!(
        operations(&emulator),
        ["ShowSyncIamUser", "UpdateSyncIamUser", "UpdateSyncIamUser", "CancelSyncIamUser"],
        "nobody waited and sent it again"
    );
    // Without, its end is waited for.
    cluster.sync(documented()).send().await.expect("accepted in the end");
    let outcome = cluster.cancel(names).wait().await.expect("removed");
    assert_eq!(outcome.removed.users, ["user1"]);
}
