//! Each reading of ours, exercised once.

use mrs_iam_sync_emulator::{
    Clock, ClusterState, Emulator, READINGS, SAMPLE_DOMAIN_NAME, SAMPLE_PASSWORD, World,
};
use sdk_hmac_sha256::Credentials;
use serde_json::json;

use crate::support::{
    Draft, SAMPLE, SECOND, STATUS, SYNC, SYNCHRONOUS, Stage, delete, get, login, owned, path, post,
    sample_key, token,
};

/// One test for each topic, and the list of topics.
macro_rules! exercised {
    ($($topic:literal $name:ident |$stage:ident| $body:block)*) => {
        $(#[tokio::test]
        async fn $name() {
            let $stage = Stage::new().await;
            $body
        })*

        #[test]
        fn every_reading_is_exercised() {
            let topics: Vec<_> = READINGS.iter().map(|reading| reading.topic).collect();
            assert_eq!(topics, [$($topic),*]);
        }
    };
}

const INVALID: (u16, &str) = (400, "12000002");
const USER_1: &str = r#"{"user_names":["user1"]}"#;

exercised! {
    "Methods and paths" methods_and_paths |stage| {
        let encoded = Draft::new("GET", &path(STATUS).replace("iam-sync", "iam%2dsync"));
        assert_eq!(stage.signed(encoded).await.status, 200);
        for draft in [Draft::new("OPTIONS", &path(STATUS)), get("iam-sync/"), get("IAM-SYNC")] {
            assert_eq!(stage.signed(draft).await.outcome(), (404, "APIGW.0101"));
        }
    }
    "Sizes" sizes |stage| {
        let draft = post("").header("x-auth-token", "any").body(vec![b' '; 12 * 1024 * 1024 + 1]);
        assert_eq!(stage.send(draft.clone()).await.outcome(), (413, "APIGW.0201"));
        let fits = draft.body(vec![b' '; 12 * 1024 * 1024]);
        assert_eq!(stage.send(fits).await.outcome(), (401, "APIGW.0301"));
    }
    "Both kinds of credentials" both_kinds_of_credentials |stage| {
        let draft = get(SYNC).header("x-auth-token", "wrong");
        assert!(stage.signed(draft).await.message().ends_with("decrypt token fail"));
    }
    "Owners of credentials" owners_of_credentials |stage| {
        drop(stage);
        let world = World::sample().with_user("poor", &[]);
        let builder = Emulator::builder().world(world).access_key_of("poor", "A", "s").token_of("poor", "t").token("u");
        let stage = Stage::with(builder).await;
        let key = Credentials::new("A", "s").unwrap();
        let signed = async || stage.send(post(USER_1).sign(&key, stage.clock.now())).await;
        let with = async |token: &str| stage.send(post(USER_1).header("x-auth-token", token)).await;
        assert_eq!(signed().await.outcome(), (401, "12000136"));
        assert_eq!(with("t").await.outcome(), (401, "12000136"));
        stage.emulator.change_world(|world| world.remove_user("poor"));
        let answer = signed().await;
        assert!(answer.message().ends_with("Get secretKey failed,ak:A,err:ak not exist"), "{answer:?}");
        assert_eq!(with("t").await.outcome(), (401, "APIGW.0307"));
        assert_eq!(with("u").await.status, 202);
    }
    "Reach of credentials" reach_of_credentials |stage| {
        drop(stage);
        let world = World::sample().with_cluster("p2", "c2");
        let stage = Stage::with(Emulator::builder().token("t").world(world)).await;
        for path in [path(SYNC), "/v2/p2/clusters/c2/iam-sync-user".to_owned()] {
            let draft = Draft::new("POST", &path).json(USER_1).header("x-auth-token", "t");
            assert_eq!(stage.send(draft).await.status, 202);
        }
        let of_the_account = token(&stage, "{}").await;
        for target in [path(SYNC), "/v3/users".to_owned()] {
            let draft = Draft::new("GET", &target).header("x-auth-token", &of_the_account);
            assert_eq!(stage.send(draft).await.status, 200, "{target}");
        }
    }
    "Window of a signature" window_of_a_signature |stage| {
        for (seconds, status) in [(900, 200), (901, 401)] {
            let signed = get(SYNC).sign(&sample_key(), stage.clock.now() - seconds * SECOND);
            assert_eq!(stage.send(signed).await.status, status);
        }
    }
    "Unsigned bodies" unsigned_bodies |stage| {
        let draft = post(USER_1).header("x-sdk-content-sha256", "UNSIGNED-PAYLOAD");
        assert_eq!(stage.signed(draft).await.status, 202);
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(stage.signed(get(SYNC).header("x-sdk-content-sha256", empty)).await.status, 200);
        assert_eq!(stage.signed(post(USER_1).header("x-sdk-content-sha256", empty)).await.status, 401);
    }
    "Security tokens" security_tokens |stage| {
        let key = sample_key().with_security_token("t").unwrap();
        assert_eq!(stage.send(get(SYNC).sign(&key, stage.clock.now())).await.status, 401);
        let stage = Stage::with(Emulator::builder().temporary_key("A", "s", "t")).await;
        let key = Credentials::new("A", "s").unwrap();
        let unsigned = get(SYNC).sign(&key, stage.clock.now()).header("x-security-token", "t");
        assert_eq!(stage.send(unsigned).await.status, 401);
        let signed = get(SYNC).sign(&key.with_security_token("t").unwrap(), stage.clock.now());
        assert_eq!(stage.send(signed).await.status, 200);
    }
    "Locked access keys" locked_access_keys |stage| {
        for _ in 0..5 {
            let late = get(SYNC).sign(&sample_key(), stage.clock.now() - 901 * SECOND);
            assert!(stage.send(late).await.message().contains("signature expired"));
        }
        stage.clock.advance(299 * SECOND);
        assert!(stage.signed(get(SYNC)).await.message().contains("reach the limit"));
        stage.clock.advance(SECOND);
        assert_eq!(stage.signed(get(SYNC)).await.status, 200, "not prolonged");
    }
    "Words of the gateway" words_of_the_gateway |stage| {
        for draft in [get(SYNC), get(SYNC).header("authorization", "x"), get(SYNC).header("x-auth-token", "x")] {
            let answer = stage.send(draft).await;
            assert!(answer.message().starts_with("Incorrect IAM authentication information: "), "{answer:?}");
        }
    }
    "Expired tokens" expired_tokens |stage| {
        let token = token(&stage, r#"{"project":{"name":"cn-north-4"}}"#).await;
        let status = async || stage.send(get(SYNC).header("x-auth-token", &token)).await;
        stage.clock.advance(24 * 3600 * SECOND - std::time::Duration::from_nanos(1));
        assert_eq!(status().await.status, 200);
        stage.emulator.change_world(|world| world.set_password("user1", "another"));
        assert_eq!(status().await.outcome(), (401, "APIGW.0307"));
        stage.emulator.change_world(|world| world.set_password("user1", SAMPLE_PASSWORD));
        assert_eq!(status().await.status, 200);
        stage.emulator.change_world(|world| world.grant_group("group1", "MRS ReadOnlyAccess"));
        assert_eq!(status().await.outcome(), (401, "APIGW.0307"));
        stage.emulator.change_world(|world| world.revoke_group("group1", "MRS ReadOnlyAccess"));
        assert_eq!(status().await.status, 200);
        stage.clock.advance(std::time::Duration::from_nanos(1));
        assert_eq!(status().await.outcome(), (401, "APIGW.0307"));
        stage.emulator.reset();
        assert_eq!(status().await.outcome(), (401, "APIGW.0301"), "unknown");
    }
    "Rate limits" rate_limits |stage| {
        for _ in 0..70 {
            assert_eq!(stage.send(post("{}")).await.status, 401, "does not count");
        }
        for _ in 0..60 {
            assert_eq!(stage.post("{}").await.outcome(), INVALID, "counts");
        }
        stage.clock.advance(60 * SECOND - std::time::Duration::from_nanos(1));
        let answer = stage.post(USER_1).await;
        assert_eq!((answer.outcome(), answer.headers.get("retry-after")), ((429, "APIGW.0308"), None));
        assert_eq!(stage.delete("{}").await.outcome(), INVALID, "another operation");
        stage.clock.advance(std::time::Duration::from_nanos(1));
        assert_eq!(stage.post(USER_1).await.status, 202);
    }
    "X-Project-Id" x_project_id |stage| {
        assert_eq!(stage.signed(get(SYNC).header("x-project-id", "another")).await.status, 200);
    }
    "Project ids" project_ids |stage| {
        for project in ["a-b", "unknown"] {
            let draft = Draft::new("GET", &format!("/v2/{project}/clusters/unknown/iam-sync"));
            assert_eq!(stage.signed(draft).await.outcome(), (400, "12000107"));
        }
    }
    "Query parameters" query_parameters |stage| {
        assert_eq!(stage.signed(get("iam-sync?limit=1")).await.outcome(), INVALID);
        assert_eq!(stage.signed(get("iam-sync?")).await.status, 200, "a question mark alone is no parameter");
        for target in ["/v3/users?name=a&name=b", "/v3/users?password_expires_at=x", "/v3/projects?is_domain=true"] {
            assert_eq!(stage.signed(Draft::new("GET", target)).await.body["error"]["code"], 400, "{target}");
        }
        for target in ["/v3/users?name=", &format!("/v3/groups?name={}", "x".repeat(129))] {
            assert_eq!(stage.signed(Draft::new("GET", target)).await.body["error"]["code"], 400, "{target}");
        }
        let state = format!("/v1.1/{}/cluster_infos?clusterState=Running", SAMPLE[0]);
        assert_eq!(stage.signed(Draft::new("GET", &state)).await.outcome(), INVALID);
        let twice = format!("/v1.1/{}/cluster_infos?pageSize=1&pageSize=1", SAMPLE[0]);
        assert_eq!(stage.signed(Draft::new("GET", &twice)).await.outcome(), INVALID);
    }
    "Permission to synchronize" permission_to_synchronize |stage| {
        stage.emulator.change_world(|world| world.revoke_group("group1", "MRS FullAccess"));
        let token = token(&stage, "{}").await;
        let with = async |draft: Draft| stage.send(draft.header("x-auth-token", &token)).await;
        for draft in [post("nonsense"), delete(USER_1)] {
            let answer = with(draft).await;
            assert_eq!(answer.outcome(), (401, "12000136"));
            assert_eq!(answer.message(), "Policy doesn't allow mrs:cluster:syncUser to be performed");
        }
        for end in [SYNC, STATUS, SYNCHRONOUS] {
            assert_eq!(with(get(end)).await.status, 200, "{end}");
        }
        let elsewhere = post(USER_1).target.replace(SAMPLE[0], "a-b");
        assert_eq!(with(Draft { target: elsewhere, ..post(USER_1) }).await.outcome(), (400, "12000107"));
    }
    "Policies" policies |stage| {
        let may = async || {
            let token = token(&stage, "{}").await;
            let answer = stage.send(post("{}").header("x-auth-token", token)).await;
            answer.outcome() == INVALID
        };
        assert!(may().await, "by its group");
        stage.emulator.change_world(|world| {
            world.add_policy("never", &[], &["mrs:*"]) && world.grant_user("user1", "never")
        });
        assert!(!may().await, "a denial wins");
    }
    "Bodies of reads" bodies_of_reads |stage| {
        let draft = get(SYNC).header("content-type", "text/plain").body("nonsense");
        assert_eq!(stage.signed(draft).await.status, 200);
    }
    "Content type" content_type |stage| {
        let with = |value: &str| delete(r#"{"user_names":["none"]}"#).set("content-type", value);
        for value in ["text/json", "application/json; charset=latin1", ""] {
            assert_eq!(stage.signed(with(value)).await.outcome(), INVALID, "{value}");
        }
        for value in ["APPLICATION/JSON", "application/json; charset=utf-8"] {
            stage.finished(with(value)).await;
        }
    }
    "Missing body" missing_body |stage| {
        let [missing, empty] = [Draft::new("POST", &path(SYNC)), post("{}")];
        let (missing, empty) = (stage.signed(missing).await, stage.signed(empty).await);
        assert_eq!((missing.outcome(), missing.message()), (INVALID, empty.message()));
    }
    "Limits and fields" limits_and_fields |stage| {
        for body in [
            r#"{"user_names":["a","a"]}"#,
            r#"{"user_names":[""]}"#,
            r#"{"user_names":null}"#,
            r#"{"user_names":["a"],"x":1}"#,
        ] {
            assert_eq!(stage.post(body).await.outcome(), INVALID, "{body}");
            assert_eq!(stage.delete(body).await.outcome(), INVALID, "{body}");
        }
    }
    "Nothing named" nothing_named |stage| {
        assert_eq!(stage.post(r#"{"is_all_sync":false,"user_names":[]}"#).await.outcome(), INVALID);
        assert_eq!(stage.delete(r#"{"group_names":[]}"#).await.outcome(), INVALID);
    }
    "Everything and names" everything_and_names |stage| {
        assert_eq!(stage.post(r#"{"is_all_sync":true,"group_names":["g"]}"#).await.outcome(), INVALID);
        assert_eq!(stage.post(r#"{"is_all_sync":true,"group_names":[]}"#).await.status, 202);
    }
    "Everything" everything |stage| {
        stage.finished(post(r#"{"is_all_sync":true}"#)).await;
        assert_eq!(stage.on_manager().await, owned(&["user1", "user2"], &["group1", "groups1"]));
        stage.emulator.change_world(|world| world.remove_user("user1"));
        stage.finished(post(r#"{"is_all_sync":true}"#)).await;
        assert_eq!(stage.on_manager().await.0, ["user1", "user2"]);
    }
    "Unknown names" unknown_names |stage| {
        stage.finished(post(r#"{"user_names":["nobody","user2"],"group_names":["none"]}"#)).await;
        assert_eq!(stage.on_manager().await, owned(&["user2"], &["group1"]));
        stage.finished(delete(r#"{"user_names":["user1"],"group_names":["none"]}"#)).await;
        assert_eq!(stage.on_manager().await, owned(&["user2"], &["group1"]));
    }
    "Case of names" case_of_names |stage| {
        stage.finished(post(r#"{"user_names":["USER1","user1"]}"#)).await;
        stage.finished(delete(r#"{"user_names":["User1"]}"#)).await;
        assert_eq!(stage.on_manager().await.0, ["user1"]);
    }
    "Names on Manager" names_on_manager |stage| {
        let names = ["x", "has.dot", "omm", "an umlaut ü"];
        stage.emulator.change_world(|world| assert!(names.iter().all(|name| world.add_user(*name))));
        stage.finished(post(&json!({ "user_names": names }).to_string())).await;
        assert_eq!(stage.on_manager().await, owned(&names, &[]));
    }
    "Groups of users, users of groups" groups_of_users |stage| {
        stage.finished(post(r#"{"group_names":["group1"]}"#)).await;
        assert_eq!(stage.on_manager().await, owned(&[], &["group1"]));
        let stage = Stage::new().await;
        stage.finished(post(USER_1)).await;
        assert_eq!(stage.on_manager().await, owned(&["user1"], &["group1"]));
    }
    "When IAM is read" when_iam_is_read |stage| {
        assert_eq!(stage.post(r#"{"user_names":["user1","late"]}"#).await.status, 202);
        stage.emulator.change_world(|world| {
            world.add_member("user1", "groups1");
            world.add_user("late");
        });
        stage.clock.advance(2 * SECOND);
        assert_eq!(stage.on_manager().await, owned(&["user1"], &["group1"]));
    }
    "One at a time" one_at_a_time |stage| {
        assert_eq!(stage.delete(USER_1).await.status, 202);
        assert_eq!(stage.post(USER_1).await.outcome(), (500, "12000154"));
        assert_eq!(stage.post("{}").await.outcome(), INVALID);
    }
    "Duration and failure" duration_and_failure |stage| {
        assert_eq!(stage.post(USER_1).await.status, 202);
        stage.clock.advance(2 * SECOND - std::time::Duration::from_nanos(1));
        assert_eq!(stage.on_manager().await, owned(&[], &[]));
        stage.clock.advance(std::time::Duration::from_nanos(1));
        assert_eq!(stage.on_manager().await, owned(&["user1"], &["group1"]));
    }
    "Roles on Manager" roles_on_manager |stage| {
        stage.emulator.change_world(|world| {
            *world = std::mem::take(world)
                .with_user("viewer", &["group2"])
                .with_user_policy("viewer", "MRS ReadOnlyAccess")
                .with_user("nobody", &[]);
        });
        stage.finished(post(r#"{"user_names":["user1","viewer","nobody"]}"#)).await;
        let roles = async |user: &str| {
            let manager = stage.send(Draft::new("GET", "/_emulator/manager")).await.body;
            let users = manager["clusters"][0]["users"].as_array().unwrap().clone();
            users.iter().find(|known| known["name"] == user).unwrap()["roles"].clone()
        };
        assert_eq!(roles("user1").await.as_array().unwrap().len(), 8);
        assert_eq!((roles("viewer").await, roles("nobody").await), (json!(["Manager_viewer"]), json!([])));
        stage.emulator.change_world(|world| world.grant_group("group2", "MRS CommonOperations"));
        assert_eq!(roles("viewer").await, json!(["Manager_viewer"]), "not before it is synchronized again");
        assert_eq!(stage.get(SYNCHRONOUS).await, json!({ "is_synchronous": false }));
        stage.finished(post(r#"{"user_names":["viewer"]}"#)).await;
        assert_eq!(roles("viewer").await, json!(["Manager_viewer", "default", "launcher-job"]));
        assert_eq!(stage.get(SYNCHRONOUS).await, json!({ "is_synchronous": true }));
        stage.emulator.change_world(|world| world.grant_user("viewer", "MRS FullAccess"));
        assert_eq!(stage.get(SYNCHRONOUS).await, json!({ "is_synchronous": false }), "its own policies count");
        let world = stage.emulator.world();
        assert_eq!(world.manager_group_roles(SAMPLE[1], "group2").unwrap().len(), 3);
        assert_eq!(world.manager_roles(SAMPLE[1], "user2"), None);
    }
    "Removed users" removed_users |stage| {
        stage.finished(post(USER_1)).await;
        stage.finished(delete(USER_1)).await;
        assert_eq!(stage.on_manager().await, owned(&[], &["group1"]));
    }
    "Removed groups" removed_groups |stage| {
        stage.finished(post(USER_1)).await;
        stage.finished(delete(r#"{"group_names":["group1"]}"#)).await;
        assert_eq!(stage.on_manager().await, owned(&["user1"], &[]));
    }
    "is_synchronous" is_synchronous |stage| {
        let synchronous = async || stage.get(SYNCHRONOUS).await == json!({ "is_synchronous": true });
        assert!(!synchronous().await, "never synchronized");
        stage.finished(post(USER_1)).await;
        assert!(synchronous().await);
        stage.emulator.change_world(|world| world.add_member("user2", "groups1") && world.add_user("user3"));
        assert!(synchronous().await, "nobody on Manager has changed");
        stage.emulator.change_world(|world| world.add_member("user1", "groups1"));
        assert!(!synchronous().await, "user1 is in another group");
        stage.finished(post(r#"{"user_names":["user2"]}"#)).await;
        assert!(!synchronous().await, "user1 was not part of it");
        stage.finished(post(USER_1)).await;
        assert!(synchronous().await);
        assert_eq!(stage.post(USER_1).await.status, 202);
        assert!(!synchronous().await, "one runs, although nothing has changed");
        stage.clock.advance(2 * SECOND);
        stage.emulator.change_world(|world| world.remove_group("group1"));
        assert!(!synchronous().await, "a group is gone");
        let gone = r#"{"user_names":["user1","user2"],"group_names":["group1"]}"#;
        stage.finished(delete(gone)).await;
        assert!(synchronous().await, "who is left exists");
    }
    "Order of names" order_of_names |stage| {
        stage.emulator.change_world(|world| {
            *world = std::mem::take(world).with_user("a", &["z", "y"]).with_user("b", &["x"]);
        });
        assert_eq!(stage.get(SYNC).await, json!({ "user_names": [], "group_names": [] }));
        stage.finished(post(r#"{"user_names":["user2","b"],"group_names":["x","groups1"]}"#)).await;
        stage.finished(post(r#"{"user_names":["a","user2"],"group_names":["group1"]}"#)).await;
        assert_eq!(stage.on_manager().await, owned(&["user2", "b", "a"], &["x", "groups1", "group1", "y", "z"]));
    }    "Clusters" clusters |stage| {
        stage.emulator.change_world(|world| {
            world.add_named_cluster(SAMPLE[0], "a", "MRS-old");
            world.set_cluster_state("a", ClusterState::Terminated);
            world.set_cluster_tag("a", "env", "prod");
            world.set_cluster_tag("a", "team", "Data lake");
            world.set_cluster_tag(SAMPLE[1], "env", "test")
        });
        for (query, expected) in [
            ("", &["MRS-old", "mrs-sample"][..]),
            ("clusterName=s-s", &["mrs-sample"]),
            ("clusterName=MRS", &["MRS-old"]),
            ("clusterState=history", &["MRS-old"]),
            ("clusterState=existing", &["mrs-sample"]),
            ("tags=", &["MRS-old", "mrs-sample"]),
            ("tags=k*v", &[]),
            ("tags=env", &[]),
            ("tags=*prod", &[]),
            ("tags=env*prod%2C", &[]),
            ("tags=env*prod", &["MRS-old"]),
            ("tags=env*pro", &[]),
            ("tags=env*prod%2Cteam*Data%20lake", &["MRS-old"]),
            ("tags=env*prod%2Cteam*other", &[]),
            ("tags=env*test&clusterState=existing", &["mrs-sample"]),
            ("enterpriseProjectId=1", &[]),
            ("pageSize=1&currentPage=3", &[]),
        ] {
            let target = format!("/v1.1/{}/cluster_infos?{query}", SAMPLE[0]);
            let answer = stage.signed(Draft::new("GET", &target)).await;
            let clusters = answer.body["clusters"].as_array().unwrap();
            let names: Vec<_> = clusters.iter().map(|cluster| cluster["clusterName"].as_str().unwrap()).collect();
            assert_eq!(names, expected, "{query}");
        }
    }
    "States of clusters" states_of_clusters |stage| {
        stage.emulator.change_world(|world| world.set_cluster_state(SAMPLE[1], ClusterState::Frozen));
        assert_eq!(stage.post(USER_1).await.status, 202);
    }
    "Errors of IAM" errors_of_iam |stage| {
        let long = "x".repeat(33 * 1024);
        for (draft, status, title) in [
            (Draft::new("GET", "/v3/users"), 401, "Unauthorized"),
            (Draft::new("GET", &format!("/v3/users?name={long}")), 414, "URI Too Long"),
            (Draft::new("GET", "/v3/users?x").sign(&sample_key(), stage.clock.now()), 400, "Bad Request"),
        ] {
            let answer = stage.send(draft).await;
            assert_eq!(answer.status, status);
            assert_eq!((&answer.body["error"]["code"], &answer.body["error"]["title"]), (&status.into(), &title.into()));
            assert_eq!(answer.header("x-iam-trace-id"), answer.header("x-request-id"));
        }
    }
    "Getting a token" getting_a_token |stage| {
        for (user, password, domain, project) in [
            ("nobody", SAMPLE_PASSWORD, SAMPLE_DOMAIN_NAME, "cn-north-4"),
            ("user1", "wrong", SAMPLE_DOMAIN_NAME, "cn-north-4"),
            ("user1", SAMPLE_PASSWORD, "other", "cn-north-4"),
            ("user1", SAMPLE_PASSWORD, SAMPLE_DOMAIN_NAME, "other"),
        ] {
            for _ in 0..6 {
                let scope = format!(r#"{{"project":{{"name":"{project}"}}}}"#);
                assert_eq!(stage.send(login(user, password, domain, &scope)).await.status, 401);
            }
        }
        for (scope, status) in [
            (r#"{"x":1}"#, 400),
            ("null", 400),
            (r#"{"domain":{"x":1}}"#, 400),
            (r#"{"project":{}}"#, 400),
            (r#"{"domain":{"name":"other"}}"#, 401),
            ("{}", 201),
        ] {
            let answer = stage.send(login("user1", SAMPLE_PASSWORD, SAMPLE_DOMAIN_NAME, scope)).await;
            assert_eq!(answer.status, status, "{scope}");
        }
        let scope = format!(r#"{{"domain":{{"name":"{SAMPLE_DOMAIN_NAME}"}}}}"#);
        let answer = stage.send(login("user1", SAMPLE_PASSWORD, SAMPLE_DOMAIN_NAME, &scope)).await;
        assert_eq!((answer.status.as_u16(), &answer.body["token"]["roles"]), (201, &json!([])));
        assert_eq!(answer.body["token"]["domain"]["name"], SAMPLE_DOMAIN_NAME);
    }
    "Users and groups of IAM" users_and_groups_of_iam |stage| {
        let count = async |target: &str, field: &str| {
            stage.signed(Draft::new("GET", target)).await.body[field].as_array().map(Vec::len)
        };
        let domain = stage.emulator.world().domain_id();
        assert_eq!(count("/v3/users?name=User1", "users").await, Some(0));
        assert_eq!(count("/v3/users?enabled=false", "users").await, Some(0));
        assert_eq!(count(&format!("/v3/groups?domain_id={domain}"), "groups").await, Some(2));
        assert_eq!(count("/v3/groups?domain_id=other", "groups").await, Some(0));
        assert_eq!(stage.signed(Draft::new("GET", "/v3/users/user1/groups")).await.status, 404, "a name is no id");
    }
}
