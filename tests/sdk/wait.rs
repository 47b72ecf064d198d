//! Waiting: when it ends, what it outlives, what it says.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mrs_iam_sync::{Client, Completion, ErrorKind, Names, Progress, Selection};
use workspace_tests::{CLUSTER_ID, PROJECT_ID};

use crate::support::{Scripted, Steps, VirtualTime, cluster_at, emulated, json, sample_credentials};

fn user1() -> Names {
    Names::builder().user("user1").build().expect("names")
}

/// A service that answers the five operations from a script: whether a synchronization runs at each look, and who
/// is there at each read.
fn service(running: &'static [&'static str], there: &'static [&'static str]) -> Scripted {
    let turns = Mutex::new((0, 0));
    Scripted::new(move |_, request| {
        let mut turns = turns.lock().expect("no panic before");
        let step = |turn: &mut usize, script: &[&'static str]| {
            let line = script[(*turn).min(script.len() - 1)];
            *turn += 1;
            line
        };
        if request.starts_with("POST") || request.starts_with("DELETE") {
            return json(202, r#"{"state":"synchronizing"}"#);
        }
        if request.contains("/iam-sync-user ") {
            let line = step(&mut turns.1, there);
            return match line.split_once(' ') {
                Some((status, body)) => json(status.parse().expect("a status"), body),
                None => {
                    let users: Vec<&str> = line.split(',').filter(|name| !name.is_empty()).collect();
                    json(200, &serde_json::json!({"user_names": users, "group_names": []}).to_string())
                }
            };
        }
        match step(&mut turns.0, running) {
            "running" => json(200, r#"{"is_synchronizing":true}"#),
            "idle" => json(200, r#"{"is_synchronizing":false}"#),
            "unknown" => json(
                404,
                r#"{"error_code":"APIG.0101","error_msg":"The API does not exist","request_id":"r"}"#,
            ),
            "503" => json(503, r#"{"error_code":"APIGW.0613","error_msg":"IAM is unavailable"}"#),
            "html" => json(200, "<html>restarting</html>"),
            "401" => json(401, r#"{"error_code":"APIGW.0307","error_msg":"The token must be updated."}"#),
            other => panic!("the script says {other}"),
        }
    })
}

#[tokio::test(start_paused = true)]
async fn idle_counts_once_a_running_state_was_seen() {
    let time = VirtualTime::new();
    let service = service(&["idle", "running", "idle"], &["", "user1"]);
    let outcome = cluster_at(&service.base_url(), &time).sync(user1()).wait().await.expect("an outcome");
    assert_eq!((outcome.completion, outcome.arrived.users), (Completion::Finished, vec!["user1".to_owned()]));
    assert_eq!(time.slept(), [1.0, 1.5, 2.25]);
}

#[tokio::test(start_paused = true)]
async fn idle_counts_after_the_settle_time_otherwise() {
    let (_emulator, cluster, time) = emulated(|builder| builder.sync_duration(Duration::ZERO)).await;
    let outcome = cluster.sync(user1()).wait().await.expect("an outcome");
    assert_eq!(outcome.completion, Completion::Finished);
    assert_eq!(time.slept(), [1.0, 1.5, 2.25, 3.375, 5.0625]);
}

#[tokio::test(start_paused = true)]
async fn the_settle_time_can_be_set() {
    let (emulator, _, time) = emulated(|builder| builder.sync_duration(Duration::ZERO)).await;
    let client = Client::builder()
        .endpoint(emulator.base_url())
        .project_id(PROJECT_ID)
        .credentials(sample_credentials())
        .with_time(time.clone())
        .with_settle_time(Duration::from_secs(1))
        .build()
        .expect("a client");
    client.cluster(CLUSTER_ID).expect("a cluster").sync(user1()).wait().await.expect("an outcome");
    assert_eq!(time.slept(), [1.0]);
}

#[tokio::test(start_paused = true)]
async fn rests_grow_to_a_quarter_of_a_minute_and_end_with_the_deadline() {
    let (_emulator, cluster, time) =
        emulated(|builder| builder.sync_duration(Duration::from_secs(86_400))).await;
    let outcome = cluster.sync(user1()).wait().await.expect("an outcome");
    assert_eq!((outcome.completion, outcome.arrived.is_empty()), (Completion::DeadlinePassed, true));
    let slept = time.slept();
    assert!(slept.iter().all(|rest| *rest <= 15.0) && slept.contains(&15.0), "{slept:?}");
    assert!(
        time.passed().abs_diff(Duration::from_secs(15 * 60)) < Duration::from_millis(50),
        "{:?}",
        time.passed()
    );
}

#[tokio::test(start_paused = true)]
async fn missing_names_are_looked_for_until_the_deadline() {
    let time = VirtualTime::new();
    let late = service(&["running", "idle"], &["", "", "", "user1"]);
    let outcome = cluster_at(&late.base_url(), &time).sync(user1()).wait().await.expect("an outcome");
    assert_eq!((outcome.arrived.users, time.slept().len()), (vec!["user1".to_owned()], 4));

    let (_emulator, cluster, time) = emulated(|builder| builder).await;
    let names = Names::builder().users(["user1", "USER2", "nobody"]).build().expect("names");
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = told.clone();
    let request = cluster
        .sync(names)
        .on_progress(move |progress| listener.lock().expect("no panic").push(progress.clone()));
    let outcome = request.wait().await.expect("an outcome");
    assert_eq!(outcome.completion, Completion::Finished);
    assert_eq!(outcome.missing.expect("known").users, ["USER2", "nobody"]);
    assert!(
        time.passed().abs_diff(Duration::from_secs(15 * 60)) < Duration::from_millis(50),
        "{:?}",
        time.passed()
    );
    let told = told.lock().expect("no panic");
    assert!(matches!(
        told[..5],
        [
            Progress::Reading,
            Progress::Sending,
            Progress::Accepted(_),
            Progress::Running(Some(true)),
            Progress::Running(Some(false))
        ]
    ));
    assert!(
        matches!(&told[5], Progress::Outstanding(names) if names.users == ["USER2", "nobody"]),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn names_that_differ_in_case_are_told() {
    let time = VirtualTime::new();
    let service = service(&["running", "idle"], &["", "bob"]);
    let names = Names::builder().user("Bob").build().expect("names");
    let outcome = cluster_at(&service.base_url(), &time).sync(names).wait().await.expect("an outcome");
    assert_eq!(outcome.missing.expect("known").users, ["Bob"]);
    assert_eq!((&*outcome.differs_in_case[0].named, &*outcome.differs_in_case[0].found), ("Bob", "bob"));
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_may_pass_does_not_end_a_wait() {
    let time = VirtualTime::new();
    let service = service(&["running", "503", "html", "idle"], &["", "500 {}", "200 []", "user1"]);
    let outcome = cluster_at(&service.base_url(), &time).sync(user1()).wait().await.expect("an outcome");
    assert_eq!((outcome.completion, outcome.arrived.users), (Completion::Finished, vec!["user1".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_result_that_nobody_can_read_is_a_failure_with_its_cause() {
    let time = VirtualTime::new();
    let service = service(&["running", "idle"], &["", r#"500 {"error_code":"12000163"}"#]);
    let error =
        cluster_at(&service.base_url(), &time).sync(user1()).wait().await.expect_err("nothing was read");
    assert_eq!((error.error_code(), error.is_after_acceptance()), (Some("12000163"), true));
    assert!(
        time.passed().abs_diff(Duration::from_secs(15 * 60)) < Duration::from_millis(50),
        "{:?}",
        time.passed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_stays_says_that_the_request_was_accepted() {
    let time = VirtualTime::new();
    let service = service(&["running", "401"], &[""]);
    let error =
        cluster_at(&service.base_url(), &time).sync(user1()).wait().await.expect_err("an expired token");
    assert_eq!((error.kind(), error.error_code()), (ErrorKind::Authentication, Some("APIGW.0307")));
    assert!(error.is_after_acceptance());
    assert!(
        error.to_string().starts_with("the request had been accepted, but what became of it is not known: ")
    );
}

#[tokio::test(start_paused = true)]
async fn without_the_status_operations_the_names_tell() {
    let time = VirtualTime::new();
    let service = service(&["unknown"], &["", "", "user1"]);
    let outcome = cluster_at(&service.base_url(), &time).sync(user1()).wait().await.expect("an outcome");
    assert_eq!((outcome.completion, outcome.arrived.users), (Completion::Finished, vec!["user1".to_owned()]));
    // Asked once, not again.
    assert_eq!(service.lines().iter().filter(|line| *line == "GET iam-sync").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_the_status_operations_everything_is_a_list_that_rests() {
    let time = VirtualTime::new();
    let service = service(&["unknown"], &["", "user1", "user1,user2", "user1,user2,user3"]);
    let outcome =
        cluster_at(&service.base_url(), &time).sync(Selection::Everything).wait().await.expect("an outcome");
    assert_eq!(outcome.completion, Completion::Finished);
    assert_eq!(outcome.arrived.users, ["user1", "user2", "user3"]);
    assert!(time.total() >= Duration::from_secs(10), "{:?}", time.slept());
}

#[tokio::test(start_paused = true)]
async fn an_unknown_state_is_success_and_shown_as_it_came() {
    let service =
        Scripted::new(|_, _| json(202, r#"{"state":"queued-for-tomorrow","more":{"than":"documented"}}"#));
    let cluster = cluster_at(&service.base_url(), &VirtualTime::new());
    let accepted = cluster.sync(user1()).send().await.expect("accepted").remove(0);
    assert_eq!(accepted.state, "queued-for-tomorrow");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_left_at_the_deadline() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let time = VirtualTime::new();
    let cluster = cluster_at(&format!("http://{}", silent.local_addr().expect("an address")), &time);
    let error = cluster.synchronized().await.expect_err("no answer");
    assert!(error.is_timeout(), "{error:?}");
    // Half a minute for the first attempt, a rest of a second, and what is left of the minute for the second.
    assert!(error.to_string().ends_with("did not answer within 29 s (after 2 attempts)"), "{error}");
    assert_eq!(time.passed().as_secs(), 60);
}

/// A look that hangs does not outlast the wait: it is given what is left, and at least a second.
#[tokio::test(start_paused = true)]
async fn looks_end_with_the_wait() {
    let service = Scripted::new(|number, request| match (number, request) {
        (0, _) => Steps::from(json(200, r#"{"user_names":[]}"#)),
        (_, write) if write.starts_with("POST") => json(202, r#"{"state":"synchronizing"}"#).into(),
        _ => Steps::silence(),
    });
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = told.clone();
    let client = Client::builder()
        .endpoint(service.base_url())
        .project_id(PROJECT_ID)
        .credentials(sample_credentials())
        .with_time(VirtualTime::new())
        .with_wait_timeout(Duration::from_secs(4))
        .build()
        .expect("a client");
    let request = client.cluster(CLUSTER_ID).expect("a cluster").sync(user1()).on_progress(move |progress| {
        if let Progress::LookFailed(why) = progress {
            let why = why.split("within ").nth(1).unwrap_or(why);
            listener.lock().expect("no panic").push(why.to_owned());
        }
    });
    // The last read fails as well, and nothing is known.
    let outcome = request.wait().await.expect("an outcome");
    assert_eq!((outcome.completion, outcome.missing), (Completion::DeadlinePassed, None));
    assert_eq!(*told.lock().expect("no panic"), ["3 s", "1 s"]);
}
