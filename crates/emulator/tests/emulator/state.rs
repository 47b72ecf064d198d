//! State that is kept: in a directory, in a snapshot, and by the clock.

use std::path::Path;
use std::sync::Arc;

use mrs_iam_sync_emulator::{
    Emulator, EmulatorBuilder, ManualClock, SAMPLE_DOMAIN_NAME, SAMPLE_PASSWORD, SAMPLE_SECRET_KEY,
    StartError,
};
use serde_json::{Value, json};

use crate::support::{
    Answer, Draft, SAMPLE, SECOND, STATUS, SYNC, SYNCHRONOUS, Stage, get, login, owned, post, token,
};

const USER_1: &str = r#"{"user_names":["user1"]}"#;

/// An emulator with its state there, at this time.
async fn start(directory: &Path, clock: &Arc<ManualClock>, builder: EmulatorBuilder) -> Stage {
    let emulator = builder.state(directory).clock(clock.clone()).start().await.unwrap();
    Stage { emulator, clock: clock.clone() }
}

async fn own(stage: &Stage, method: &str, end: &str, body: &Value) -> Answer {
    let draft = Draft::new(method, &format!("/_emulator/{end}"));
    stage.send(if body.is_null() { draft } else { draft.body(body.to_string()) }).await
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    let stage = start(directory.path(), &clock, Emulator::builder()).await;
    assert_eq!(stage.post(USER_1).await.status, 202);
    let first = token(&stage, "{}").await;
    let id = stage.signed(get(STATUS)).await.header("x-request-id").to_owned();
    // Without a word, as after a kill; the database itself has to be given back.
    drop(stage);

    let stage = start(directory.path(), &clock, Emulator::builder()).await;
    assert_ne!(stage.signed(get(STATUS)).await.header("x-request-id"), id, "no id comes twice");
    assert_eq!(stage.get(STATUS).await, json!({ "is_synchronizing": true }));
    assert_eq!(stage.post(USER_1).await.outcome(), (500, "12000154"));
    clock.advance(2 * SECOND);
    assert_eq!(stage.on_manager().await, owned(&["user1"], &["group1"]));
    assert_eq!(stage.send(get(SYNC).header("x-auth-token", &first)).await.status, 200);
    assert_eq!(stage.send(login("user1", SAMPLE_PASSWORD, SAMPLE_DOMAIN_NAME, "{}")).await.status, 201);
    stage.emulator.change_world(|world| world.add_user("user3") && world.set_password("user1", "another"));
    drop(stage);

    let stage = start(directory.path(), &clock, Emulator::builder()).await;
    assert_eq!(stage.emulator.world().users().count(), 3);
    assert_eq!(stage.send(get(SYNC).header("x-auth-token", &first)).await.outcome(), (401, "APIGW.0307"));
    assert_eq!(own(&stage, "POST", "reset", &Value::Null).await.status, 200);
    drop(stage);

    let stage = start(directory.path(), &clock, Emulator::builder()).await;
    assert_eq!(stage.emulator.world().users().count(), 2, "as configured");
    assert_eq!(stage.on_manager().await, owned(&[], &[]));
    assert_eq!(stage.send(get(SYNC).header("x-auth-token", &first)).await.outcome(), (401, "APIGW.0301"));
}

#[tokio::test]
async fn looks_are_kept_too() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    let stage = start(directory.path(), &clock, Emulator::builder().sync_polls(2)).await;
    assert_eq!(stage.post(USER_1).await.status, 202);
    drop(stage);
    for expected in [true, true, false] {
        let stage = start(directory.path(), &clock, Emulator::builder()).await;
        assert_eq!(stage.get(STATUS).await, json!({ "is_synchronizing": expected }));
    }
}

#[tokio::test]
async fn no_secret_is_in_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    let builder =
        Emulator::builder().token("configured-token").temporary_key("AK", "hush-secret", "hush-token");
    let stage = start(directory.path(), &clock, builder).await;
    let issued = token(&stage, "{}").await;
    stage.emulator.change_world(|world| world.set_password("user2", "hush-password"));
    drop(stage);
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let has = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(has("user1"), "the file is readable for this test");
        for secret in [&issued, "configured-token", "hush-", SAMPLE_PASSWORD, SAMPLE_SECRET_KEY] {
            assert!(!has(secret));
        }
    }
}

#[tokio::test]
async fn one_emulator_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    let inner = directory.path().join("made/on/the/way");
    let stage = start(&inner, &clock, Emulator::builder()).await;
    let error = Emulator::builder().state(&inner).start().await.unwrap_err();
    assert!(matches!(&error, StartError::State { directory, .. } if *directory == inner), "{error:?}");
    drop(stage);
    drop(start(&inner, &clock, Emulator::builder()).await);
    let file = directory.path().join("file");
    std::fs::write(&file, "not a directory").unwrap();
    assert!(Emulator::builder().state(&file).start().await.is_err());
    let broken = directory.path().join("broken");
    std::fs::create_dir(&broken).unwrap();
    std::fs::write(broken.join("emulator.redb"), [b'x'; 5000]).unwrap();
    assert!(Emulator::builder().state(&broken).start().await.is_err());
}

#[tokio::test]
async fn a_snapshot_can_be_put_back() {
    let stage = Stage::new().await;
    stage.finished(post(USER_1)).await;
    assert_eq!(stage.post(r#"{"is_all_sync":true}"#).await.status, 202);
    let before = own(&stage, "GET", "snapshot", &Value::Null).await.body;
    assert!(!before.to_string().contains(SAMPLE_PASSWORD));
    stage.clock.advance(2 * SECOND);
    stage.emulator.change_world(|world| world.remove_user("user2"));
    assert_eq!(stage.on_manager().await.0, ["user1", "user2"]);
    let answer = own(&stage, "POST", "restore", &before).await;
    assert_eq!((answer.status.as_u16(), &answer.body), (200, &json!({ "status": "restored" })));
    assert_eq!(stage.emulator.world().users().count(), 2);
    assert_eq!(
        stage.get(SYNCHRONOUS).await,
        json!({ "is_synchronous": true }),
        "its running one has ended since"
    );
    assert_eq!(own(&stage, "POST", "restore", &json!({ "format": 1 })).await.outcome(), (400, "12000002"));
    assert_eq!(own(&stage, "POST", "restore", &Value::Null).await.outcome(), (400, "12000002"));
    let elsewhere = Stage::with(Emulator::builder().world(mrs_iam_sync_emulator::World::new())).await;
    assert_eq!(own(&elsewhere, "POST", "restore", &before).await.status, 200);
    assert_eq!(elsewhere.emulator.world().cluster(SAMPLE[1]).unwrap().user_names(), ["user1"]);
}

#[tokio::test]
async fn virtual_time_moves_everything_but_signatures() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    let stage = start(directory.path(), &clock, Emulator::builder().virtual_time(true)).await;
    let issued = token(&stage, "{}").await;
    assert_eq!(stage.post(USER_1).await.status, 202);
    let answer = own(&stage, "POST", "clock", &json!({ "advance_seconds": 1.5 })).await;
    let moved = json!({ "now": "Fri, 02 Jan 2026 03:04:06 GMT", "virtual": true, "ahead_seconds": 1.5 });
    assert_eq!((answer.status.as_u16(), &answer.body), (200, &moved));
    assert_eq!(stage.on_manager().await, owned(&[], &[]));
    assert!(stage.emulator.advance(SECOND));
    assert_eq!(stage.on_manager().await, owned(&["user1"], &["group1"]));
    assert!(stage.emulator.advance(24 * 3600 * SECOND));
    let answer = stage.signed(get(SYNC)).await;
    assert_eq!(answer.status, 200, "signed by the clock as it is");
    assert_eq!(answer.header("date"), "Fri, 02 Jan 2026 03:04:05 GMT");
    assert_eq!(stage.send(get(SYNC).header("x-auth-token", issued)).await.outcome(), (401, "APIGW.0307"));
    drop(stage);
    let stage = start(directory.path(), &clock, Emulator::builder().virtual_time(true)).await;
    assert_eq!(own(&stage, "GET", "clock", &Value::Null).await.body["ahead_seconds"], 86402.5);
    for wrong in
        [json!({}), json!({ "advance_seconds": -1 }), json!({ "advance_seconds": 1, "x": 1 }), json!([])]
    {
        assert_eq!(own(&stage, "POST", "clock", &wrong).await.outcome(), (400, "12000002"), "{wrong}");
    }
    stage.emulator.reset();
    assert_eq!(own(&stage, "GET", "clock", &Value::Null).await.body["ahead_seconds"], 0.0);

    let fixed = Stage::new().await;
    assert!(!fixed.emulator.advance(SECOND));
    let answer = own(&fixed, "POST", "clock", &json!({ "advance_seconds": 1 })).await;
    assert_eq!(answer.outcome(), (400, "12000002"));
    assert!(answer.message().contains("not virtual"), "{answer:?}");
    assert_eq!(own(&fixed, "GET", "clock", &Value::Null).await.body["virtual"], false);
}

#[tokio::test]
async fn a_damaged_file_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    drop(start(directory.path(), &clock, Emulator::builder()).await);
    let file = directory.path().join("emulator.redb");
    let sound = std::fs::read(&file).unwrap();
    let mut flipped = sound.clone();
    flipped.iter_mut().skip(4096).step_by(7).for_each(|byte| *byte ^= 0x55);
    for damaged in [&sound[..5000], &flipped, b"no database"] {
        std::fs::write(&file, damaged).unwrap();
        let error = Emulator::builder().state(directory.path()).start().await.unwrap_err();
        assert!(matches!(error, StartError::State { .. }), "{error:?}");
    }
    std::fs::write(&file, sound).unwrap();
    drop(start(directory.path(), &clock, Emulator::builder()).await);
}

#[tokio::test]
async fn virtual_time_ends_with_the_year_9999() {
    let stage = Stage::with(Emulator::builder().virtual_time(true)).await;
    let advance =
        async |seconds: f64| own(&stage, "POST", "clock", &json!({ "advance_seconds": seconds })).await;
    assert_eq!(advance(3600.0).await.status, 200);
    for far in [1.8e19, 9e18, 3e11] {
        assert_eq!(advance(far).await.outcome(), (400, "12000002"));
    }
    assert_eq!(own(&stage, "GET", "clock", &Value::Null).await.body["ahead_seconds"], 3600.0);
    assert_eq!(advance(2.5e11).await.status, 200);
}

#[tokio::test]
async fn pages_of_others_cannot_change_it() {
    let stage = Stage::new().await;
    let reset = |origin: &str| Draft::new("POST", "/_emulator/reset").header("origin", origin);
    for foreign in ["http://example.com", "null", "https://192.0.2.1:8080", ""] {
        assert_eq!(stage.send(reset(foreign)).await.outcome(), (403, "APIGW.0304"), "{foreign}");
    }
    for own in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"] {
        assert_eq!(stage.send(reset(own)).await.status, 200, "{own}");
    }
}
