//! Tokens, and finding the ids of projects, clusters, users and groups.

use mrs_iam_sync_emulator::{
    ClusterState, Emulator, SAMPLE_CLUSTER_NAME, SAMPLE_DOMAIN_NAME, SAMPLE_PASSWORD, SAMPLE_PROJECT_NAME,
    World,
};
use serde_json::{Value, json};

use crate::support::{Draft, SAMPLE, SECOND, SYNC, Stage, get, login, post, token};

const PROJECT: &str = r#"{"project":{"name":"cn-north-4"},"domain":{"name":"project wins"}}"#;

async fn read(stage: &Stage, target: &str) -> Value {
    let answer = stage.signed(Draft::new("GET", target)).await;
    assert_eq!(answer.status, 200, "{target}: {answer:?}");
    answer.body
}

/// The names in a list of IAM.
async fn names(stage: &Stage, target: &str, field: &str) -> Vec<String> {
    let body = read(stage, target).await;
    assert_eq!(body["links"]["self"], format!("{}{target}", stage.emulator.base_url()));
    let list = body[field].as_array().unwrap();
    list.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_token_is_as_documented_and_opens_mrs() {
    let stage = Stage::new().await;
    let answer = stage.send(login("user1", SAMPLE_PASSWORD, SAMPLE_DOMAIN_NAME, PROJECT)).await;
    assert_eq!(answer.status, 201);
    let world = stage.emulator.world();
    let domain = json!({ "id": world.domain_id(), "name": SAMPLE_DOMAIN_NAME });
    let expected = json!({
        "token": {
            "expires_at": "2026-01-03T03:04:05.000000Z",
            "issued_at": "2026-01-02T03:04:05.000000Z",
            "methods": ["password"],
            "roles": [],
            "user": { "id": world.user_id("user1"), "name": "user1", "domain": domain },
            "project": { "id": SAMPLE[0], "name": SAMPLE_PROJECT_NAME, "domain": domain },
            "catalog": [],
        },
    });
    assert_eq!(answer.body, expected);
    let token = answer.header("x-subject-token");
    assert!(!answer.body.to_string().contains(token));
    assert_eq!(stage.send(get(SYNC).header("x-auth-token", token)).await.status, 200);
    let again = stage.send(login("user1", SAMPLE_PASSWORD, SAMPLE_DOMAIN_NAME, PROJECT)).await;
    assert_ne!(again.header("x-subject-token"), token);
    assert_eq!(stage.send(get(SYNC).header("x-auth-token", token)).await.status, 200, "the old one lives on");
    let by_id = format!(r#"{{"project":{{"id":"{}"}}}}"#, SAMPLE[0]);
    let mut draft = login("user2", SAMPLE_PASSWORD, SAMPLE_DOMAIN_NAME, &by_id);
    draft.target.push_str("?nocatalog=true");
    let answer = stage.send(draft).await;
    assert_eq!(answer.body["token"]["project"]["name"], SAMPLE_PROJECT_NAME);
    assert_eq!(answer.body["token"].get("catalog"), None);
}

#[tokio::test]
async fn a_token_lasts_as_long_as_configured() {
    let stage = Stage::with(Emulator::builder().token_lifetime(60 * SECOND).token("configured")).await;
    let token = token(&stage, PROJECT).await;
    let send = async |token: &str| stage.send(get(SYNC).header("x-auth-token", token)).await;
    stage.clock.advance(59 * SECOND);
    assert_eq!(send(&token).await.status, 200);
    stage.clock.advance(SECOND);
    let answer = send(&token).await;
    assert_eq!((answer.outcome(), answer.message()), ((401, "APIGW.0307"), "The token must be updated"));
    assert_eq!(send("configured").await.status, 200);
    let users = stage.send(Draft::new("GET", "/v3/users").header("x-auth-token", &token)).await;
    assert_eq!((users.status.as_u16(), &users.body["error"]["code"]), (401, &json!(401)));

    let stage = Stage::new().await;
    let token = crate::support::token(&stage, PROJECT).await;
    stage.emulator.change_world(|world| world.remove_user("user1"));
    let answer = stage.send(get(SYNC).header("x-auth-token", token)).await;
    assert_eq!(answer.outcome(), (401, "APIGW.0307"), "its user has gone");

    let stage = Stage::with(Emulator::builder().token_lifetime(std::time::Duration::MAX)).await;
    let answer = stage.send(login("user1", SAMPLE_PASSWORD, SAMPLE_DOMAIN_NAME, PROJECT)).await;
    assert!(answer.body["token"]["expires_at"].as_str().unwrap().starts_with("9999-"), "{answer:?}");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_login_is_told_without_its_password() {
    let stage = Stage::new().await;
    let good = login("user1", SAMPLE_PASSWORD, SAMPLE_DOMAIN_NAME, PROJECT);
    let text = String::from_utf8(good.body.to_vec()).unwrap();
    let with = |from: &str, to: &str| good.clone().body(text.replace(from, to).into_bytes());
    for (draft, status) in [
        (good.clone(), 201),
        (good.clone().set("content-type", "application/json;charset=utf8"), 201),
        (good.clone().set("content-type", "application/json"), 201),
        (good.clone().set("content-type", "text/plain"), 400),
        (with(r#"["password"]"#, r#"["totp"]"#), 400),
        (with(r#"["password"]"#, r#"["password","totp"]"#), 400),
        (with(r#""name":"user1""#, r#""name":1"#), 400),
        (with(r#""domain":{"name":"sample-domain"}"#, r#""domain":null"#), 400),
        (with("}", ""), 400),
        (with("cn-north-4", "cn-north-1"), 401),
        (with("user1", "user3"), 401),
        (with("sample-domain", "other"), 401),
        (with(SAMPLE_PASSWORD, "emulated-passwore"), 401),
        (Draft { target: "/v3/auth/tokens/".into(), ..good.clone() }, 404),
        (Draft { target: "/v3/auth/tokens?x=y".into(), ..good.clone() }, 400),
        (Draft { method: "GET".into(), ..good.clone() }, 404),
    ] {
        let shown = format!("{draft:?}");
        let answer = stage.send(draft).await;
        assert_eq!(answer.status, status, "{shown}: {answer:?}");
        assert!(!format!("{answer:?}").contains("emulated-passwor"), "{answer:?}");
    }
    for recorded in stage.emulator.requests() {
        let shown = format!("{recorded:?}");
        assert!(!shown.contains("emulated-passwor"), "{shown}");
    }
    let own = stage.send(Draft::new("GET", "/_emulator/requests")).await.body.to_string();
    assert!(!own.contains("emulated-passwor") && own.contains(r#"\"name\":\"user1\""#), "{own}");
}

/// The places of everything in a value, itself included.
fn places(value: &Value, place: &str) -> Vec<String> {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(values) => {
            values.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    let below = below.into_iter().flat_map(|(step, value)| places(value, &format!("{place}/{step}")));
    std::iter::once(place.to_owned()).chain(below).collect()
}

#[tokio::test]
async fn a_login_of_any_shape_is_answered() {
    let stage = Stage::new().await;
    let good = login("user1", SAMPLE_PASSWORD, SAMPLE_DOMAIN_NAME, PROJECT);
    let body: Value = serde_json::from_slice(&good.body).unwrap();
    for place in places(&body, "") {
        for other in [
            json!(null),
            json!(true),
            json!(1),
            json!("x"),
            json!([]),
            json!(["x"]),
            json!({}),
            json!({"x": []}),
        ] {
            let mut changed = body.clone();
            *changed.pointer_mut(&place).unwrap() = other;
            let answer = stage.send(good.clone().body(changed.to_string().into_bytes())).await;
            assert!([201, 400, 401].contains(&answer.status.as_u16()), "{changed}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn nothing_that_can_be_printed_shows_a_secret() {
    let world = World::sample().with_password("user1", "hush-hush");
    let builder = Emulator::builder().world(world).access_key("AK", "hush-hush").token("hush-hush");
    assert!(!format!("{builder:?}").contains("hush"), "{builder:?}");
    let stage = Stage::with(builder).await;
    let answer = stage.send(login("user1", "hush-hush", SAMPLE_DOMAIN_NAME, PROJECT)).await;
    let token = answer.header("x-subject-token").to_owned();
    assert_eq!(stage.send(get(SYNC).header("x-auth-token", &token)).await.status, 200);
    let shown = format!("{:?} {:?} {:?}", stage.emulator, stage.emulator.world(), stage.emulator.requests());
    assert!(!shown.contains("hush") && !shown.contains(&token), "{shown}");
}

#[tokio::test]
async fn ids_of_iam_are_found() {
    let world = World::sample().with_project("p2", "ap-southeast-1").with_user("a b", &["groups1"]);
    let stage = Stage::with(Emulator::builder().world(world)).await;
    let world = stage.emulator.world();
    let projects = read(&stage, "/v3/projects?name=cn-north-4").await;
    assert_eq!(projects["projects"].as_array().unwrap().len(), 1);
    let project = &projects["projects"][0];
    assert_eq!((&project["id"], &project["domain_id"]), (&json!(SAMPLE[0]), &json!(world.domain_id())));
    assert_eq!((&project["enabled"], &project["is_domain"]), (&json!(true), &json!(false)));
    assert_eq!(projects["links"]["next"], Value::Null);
    assert_eq!(names(&stage, "/v3/projects", "projects").await, ["cn-north-4", "ap-southeast-1"]);
    assert_eq!(names(&stage, "/v3/projects?page=2&per_page=1", "projects").await, ["ap-southeast-1"]);
    for query in ["page=1", "per_page=1", "page=0&per_page=1", "page=1&per_page=5001", "enabled=yes"] {
        let answer = stage.signed(Draft::new("GET", &format!("/v3/projects?{query}"))).await;
        assert_eq!(answer.body["error"]["code"], 400, "{query}");
    }

    assert_eq!(names(&stage, "/v3/users", "users").await, ["a b", "user1", "user2"]);
    assert_eq!(names(&stage, "/v3/users?name=a%20b", "users").await, ["a b"]);
    assert_eq!(names(&stage, "/v3/groups", "groups").await, ["group1", "groups1"]);
    let groups = read(&stage, "/v3/groups?name=group1").await;
    let id = groups["groups"][0]["id"].as_str().unwrap();
    assert_eq!(Some(id.to_owned()), world.group_id("group1"));
    assert!(groups["groups"][0]["create_time"].is_u64());
    assert_eq!(names(&stage, &format!("/v3/groups/{id}/users"), "users").await, ["user1", "user2"]);
    let user = world.user_id("a b").unwrap();
    assert_eq!(names(&stage, &format!("/v3/users/{user}/groups"), "groups").await, ["groups1"]);
    for target in [format!("/v3/users/{id}/groups"), format!("/v3/groups/{user}/users")] {
        let error = stage.signed(Draft::new("GET", &target)).await.body["error"].take();
        assert_eq!((&error["code"], &error["title"]), (&json!(404), &json!("Not Found")));
    }
    assert_eq!(stage.emulator.requests()[0].operation, Some("KeystoneListProjects"));
    let refused = stage.emulator.requests().pop().unwrap();
    assert_eq!((refused.status, refused.error_code.as_deref()), (404, Some("404")));
}

#[tokio::test]
async fn clusters_are_found_by_name_and_state() {
    let world = (0..12).fold(World::sample(), |world, number| {
        world.with_named_cluster(SAMPLE[0], format!("c{number:02}"), format!("big-{number:02}"))
    });
    let world = world
        .with_cluster("other", "elsewhere")
        .with_cluster_state("c03", ClusterState::Terminated)
        .with_cluster_state("c04", ClusterState::ScalingOut);
    let stage = Stage::with(Emulator::builder().world(world)).await;
    let list = async |query: &str| {
        let body = read(&stage, &format!("/v1.1/{}/cluster_infos{query}", SAMPLE[0])).await;
        let clusters = body["clusters"].as_array().unwrap();
        let names: Vec<_> =
            clusters.iter().map(|cluster| cluster["clusterName"].as_str().unwrap().to_owned()).collect();
        (body["clusterTotal"].as_u64().unwrap(), names)
    };
    let (total, names) = list("").await;
    assert_eq!((total, names.len()), (13, 10), "ten a page");
    assert_eq!(
        list("?currentPage=2").await,
        (13, vec!["big-10".into(), "big-11".into(), "mrs-sample".into()])
    );
    assert_eq!(list("?pageSize=1&currentPage=5").await, (13, vec!["big-04".into()]));
    assert_eq!(list("?clusterName=sample").await, (1, vec![SAMPLE_CLUSTER_NAME.into()]));
    assert_eq!(list("?clusterState=scaling-out").await, (1, vec!["big-04".into()]));
    assert_eq!(list("?clusterState=history&clusterName=big").await, (1, vec!["big-03".into()]));
    assert_eq!(list("?clusterState=existing").await.0, 12);
    assert_eq!(list("?clusterName=none").await, (0, vec![]));
    for query in ["pageSize=0", "currentPage=x", "pageSize=2147483647", "clusterState=Running", "limit=1"] {
        let draft = Draft::new("GET", &format!("/v1.1/{}/cluster_infos?{query}", SAMPLE[0]));
        assert_eq!(stage.signed(draft).await.outcome(), (400, "12000002"), "{query}");
    }
    let infos =
        |project: &str, rest: &str| Draft::new("GET", &format!("/v1.1/{project}/cluster_infos{rest}"));
    assert_eq!(stage.signed(infos("nobody", "")).await.outcome(), (400, "12000107"));
    assert_eq!(stage.send(infos(SAMPLE[0], "")).await.outcome(), (401, "APIGW.0301"));
    assert_eq!(stage.signed(infos(SAMPLE[0], "/elsewhere")).await.outcome(), (400, "12000003"));
    assert_eq!(stage.signed(infos(SAMPLE[0], "/a.b")).await.outcome(), (400, "12000002"));
    let detail = read(&stage, &format!("/v1.1/{}/cluster_infos/c04", SAMPLE[0])).await;
    let expected = json!({
        "cluster": {
            "clusterId": "c04",
            "clusterName": "big-04",
            "clusterState": "scaling-out",
            "tenantId": SAMPLE[0],
            "enterpriseProjectId": "0",
        },
    });
    assert_eq!(detail, expected);
}

#[tokio::test]
async fn iam_has_no_quota_and_clusters_have_that_of_reads() {
    let stage = Stage::with(Emulator::builder().token("t")).await;
    for (target, last) in
        [("/v3/groups".to_owned(), 200), (format!("/v1.1/{}/cluster_infos", SAMPLE[0]), 429)]
    {
        let draft = Draft::new("GET", &target).header("x-auth-token", "t");
        for _ in 0..1000 {
            assert_eq!(stage.send(draft.clone()).await.status, 200, "{target}");
        }
        assert_eq!(stage.send(draft).await.status, last, "{target}");
    }
}

#[tokio::test]
async fn a_service_may_lack_the_two_status_operations() {
    let stage = Stage::with(Emulator::builder().without_status_operations()).await;
    for end in ["iam-sync", "iam-sync/is-synchronous"] {
        assert_eq!(stage.signed(get(end)).await.outcome(), (404, "APIGW.0101"));
    }
    assert_eq!(stage.emulator.requests()[0].operation, None);
    assert_eq!(stage.signed(post(r#"{"user_names":["user1"]}"#)).await.status, 202);
    assert_eq!(stage.signed(get(SYNC)).await.status, 200);
}
