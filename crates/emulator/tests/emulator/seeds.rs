//! Seeds: what can be said in one, and how what is wrong is told.

use mrs_iam_sync_emulator::{Clock, ClusterState, Emulator, SAMPLE_ACCESS_KEY, SAMPLE_DOMAIN_NAME, Seed};
use sdk_hmac_sha256::Credentials;
use serde_json::{Value, json};

use crate::support::{Draft, Stage, get, login, sample_key};

const FULL: &str = r"
domain: acme
projects:
- { id: p1, name: cn-north-4 }
- id: p2
policies:
- { name: sync only, allow: ['mrs:cluster:syncUser'], deny: ['mrs:cluster:delete'] }
groups:
- { name: admins, policies: [MRS FullAccess] }
- name: others
users:
- name: alice
  password: hush-password
  groups: [admins, others]
  access_keys: [{ access_key: AK-ALICE, secret_key: hush-alice }]
- { name: bob, policies: [sync only] }
- name: 007
  access_keys: [{ access_key: AK-TEMP, secret_key: hush-temp, security_token: hush-token }]
access_keys:
- { access_key: AK-ACCOUNT, secret_key: hush-account }
clusters:
- { id: c1, project: p1, name: first, synchronized: { users: [bob, alice], groups: [others] } }
- { id: c2, project: p2, state: scaling-out, synchronized: { everything: true } }
- { id: c3, project: p2, tags: { env: prod, team: data } }
";

#[tokio::test]
async fn a_seed_is_a_world_with_its_keys() {
    let seed = Seed::from_yaml(FULL).unwrap();
    assert!(!format!("{seed:?}").contains("hush"), "{seed:?}");
    assert_eq!(
        seed.first_key().map(|(access_key, _, token)| (access_key, token)),
        Some(("AK-ACCOUNT", None))
    );
    let temporary = "access_keys: [{ access_key: A, secret_key: S, security_token: T }]";
    assert_eq!(Seed::from_yaml(temporary).unwrap().first_key(), Some(("A", "S", Some("T"))));
    let world = seed.world().clone();
    assert_eq!(world.domain_name(), "acme");
    assert_eq!(world.projects().collect::<Vec<_>>(), [("p1", "cn-north-4"), ("p2", "p2")]);
    assert_eq!(world.users().collect::<Vec<_>>(), ["007", "alice", "bob"]);
    let [first, second, third] = ["c1", "c2", "c3"].map(|id| world.cluster(id).unwrap());
    assert_eq!((first.name(), first.user_names()), ("first", vec!["bob", "alice"]));
    assert_eq!(first.group_names(), ["others", "admins"], "groups come along");
    assert_eq!(second.user_names(), ["007", "alice", "bob"]);
    assert_eq!((second.state(), third.state()), (ClusterState::ScalingOut, ClusterState::Running));
    assert_eq!((third.tags().len(), third.tags()["team"].as_str()), (2, "data"));
    assert_eq!(world.is_synchronous("c1"), Some(true));
    assert_eq!((third.user_names().len(), world.is_synchronous("c3")), (0, Some(false)));
    assert_eq!(world.manager_roles("c1", "alice").unwrap().len(), 8);

    let stage = Stage::with(Emulator::builder().from_seed(seed)).await;
    let list = |cluster: &str, project: &str| {
        Draft::new("GET", &format!("/v2/{project}/clusters/{cluster}/iam-sync-user"))
    };
    let now = stage.clock.now();
    for (access_key, secret) in [("AK-ALICE", "hush-alice"), ("AK-ACCOUNT", "hush-account")] {
        let key = Credentials::new(access_key, secret).unwrap();
        let answer = stage.send(list("c1", "p1").sign(&key, now)).await;
        assert_eq!(answer.body["user_names"], json!(["bob", "alice"]), "{answer:?}");
    }
    let temporary =
        Credentials::new("AK-TEMP", "hush-temp").unwrap().with_security_token("hush-token").unwrap();
    let cancel = Draft::new("DELETE", "/v2/p1/clusters/c1/iam-sync-user").json(r#"{"user_names":["bob"]}"#);
    assert_eq!(stage.send(cancel.sign(&temporary, now)).await.outcome(), (401, "12000136"), "it is 007's");
    assert_eq!(
        stage.send(list("c1", "p1").sign(&sample_key(), now)).await.status,
        401,
        "the sample key is out"
    );
    assert_eq!(stage.send(login("alice", "hush-password", "acme", "{}")).await.status, 201);
}

#[tokio::test]
async fn an_empty_seed_is_a_world_without_anything() {
    for text in ["", "# nothing\n", "{}"] {
        let seed = Seed::from_yaml(text).unwrap();
        assert_eq!(seed.world().domain_name(), SAMPLE_DOMAIN_NAME);
        assert_eq!((seed.world().users().count(), seed.first_key()), (0, None), "{text}");
    }
    let stage = Stage::with(Emulator::builder().from_seed(Seed::from_yaml("").unwrap())).await;
    let answer = stage.signed(get("iam-sync")).await;
    assert_eq!(answer.outcome(), (400, "12000107"), "{SAMPLE_ACCESS_KEY} is accepted");
}

#[test]
fn what_is_wrong_is_told_with_line_and_place() {
    for (text, expected) in [
        ("users: [", "line 1: "),
        ("- 1", "line 1: "),
        ("users:\n- { name: a, nick: b }", "line 2: users[0].nick: unknown field `nick`"),
        ("users:\n- groups: []", "line 2: users[0]: missing field `name`"),
        ("users:\n- name: [a]", "line 2: users[0].name"),
        ("users:\n- name: a\n  groups:\n  - b\n", "line 4: users[0].groups[0]: there is no group `b`"),
        ("users:\n- name: a\n- name: a\n", "line 3: users[1].name: there is a user `a` already"),
        ("users: [{ name: a, policies: [none] }]", "line 1: users[0].policies[0]: there is no policy `none`"),
        ("users: [{ name: '' }]", "line 1: users[0].name: 1 to 64 characters"),
        ("users: [{ name: a, password: [hush] }]", "line 1: users[0].password: text is expected"),
        (
            "users: [{ name: a, access_keys: [{ access_key: a b, secret_key: hush }] }]",
            "line 1: users[0].access_keys[0]: ",
        ),
        ("groups:\n- name: g\n  policies: [x]\n", "line 3: groups[0].policies[0]: there is no policy `x`"),
        (
            "policies: [{ name: MRS FullAccess }]",
            "line 1: policies[0].name: there is a policy `MRS FullAccess` already",
        ),
        ("projects: [{ id: a-b }]", "line 1: projects[0].id: 1 to 64 characters, letters"),
        ("clusters:\n- id: c\n  project: p\n", "line 3: clusters[0].project: there is no project `p`"),
        (
            "projects: [{ id: p }]\nclusters:\n- { id: c, project: p, state: asleep }",
            "line 3: clusters[0].state: unknown variant `asleep`",
        ),
        (
            "projects: [{ id: p }]\nclusters:\n- { id: c, project: p, synchronized: { users: [u] } }",
            "line 3: clusters[0].synchronized.users[0]: there is no user `u`",
        ),
        (
            "access_keys: [{ access_key: A, secret_key: s }, { access_key: A, secret_key: s }]",
            "line 1: access_keys[1]",
        ),
    ] {
        let error = Seed::from_yaml(text).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{text}: {error}");
        assert!(!error.to_string().contains("hush"), "{text}: {error}");
    }
}

#[test]
fn its_schema_takes_what_is_read_and_refuses_what_is_not() {
    let schema = Seed::json_schema();
    assert_eq!(
        (&schema["title"], &schema["$schema"]),
        (&json!("seed"), &json!("https://json-schema.org/draft/2020-12/schema"))
    );
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    // YAML that is JSON too is enough to compare the two.
    let seeds = [
        json!({}),
        json!({ "domain": "d", "projects": [{ "id": "p" }], "clusters": [{ "id": "c", "project": "p", "state": "frozen" }] }),
        json!({ "users": [{ "name": "u", "password": "p", "access_keys": [{ "access_key": "a", "secret_key": "s" }] }] }),
        json!({ "policies": [{ "name": "p", "allow": ["a"] }], "groups": [{ "name": "g", "policies": ["p"] }] }),
        json!({ "users": [{ "nick": "u" }] }),
        json!({ "users": [{ "name": "" }] }),
        json!({ "projects": [{ "id": "a-b" }] }),
        json!({ "unknown": 1 }),
        json!({ "clusters": [{ "id": "c" }] }),
    ];
    for seed in seeds {
        let (valid, read) = (validator.is_valid(&seed), Seed::from_yaml(&seed.to_string()));
        assert_eq!(valid, read.is_ok(), "{seed}: {read:?}");
    }
    let described = |value: &Value| {
        let properties = value["properties"].as_object().unwrap();
        properties.values().all(|property| property["description"].is_string())
    };
    assert!(
        described(&schema)
            && schema["$defs"]
                .as_object()
                .unwrap()
                .values()
                .all(|definition| { definition.get("properties").is_none() || described(definition) })
    );
}
