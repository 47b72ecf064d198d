//! Signatures, their window, temporary keys, tokens, and the lock.

use std::time::Duration;

use mrs_iam_sync_emulator::{Clock, Emulator, SAMPLE_ACCESS_KEY};
use sdk_hmac_sha256::Credentials;

use crate::support::{Draft, SECOND, SYNC, Stage, get, path, post, sample_key};

const MINUTE: Duration = Duration::from_secs(60);
const REFUSED: (u16, &str) = (401, "APIGW.0301");

#[tokio::test]
async fn the_window_of_a_signature_is_15_minutes_in_both_directions() {
    let stage = Stage::new().await;
    let now = stage.clock.now();
    for (at, accepted) in [
        (now, true),
        (now - 15 * MINUTE, true),
        (now + 15 * MINUTE, true),
        (now - 15 * MINUTE - SECOND, false),
        (now + 15 * MINUTE + SECOND, false),
    ] {
        let answer = stage.send(get(SYNC).sign(&sample_key(), at)).await;
        assert_eq!(answer.status == 200, accepted, "{answer:?}");
        if !accepted {
            assert_eq!(answer.outcome(), REFUSED);
            assert!(answer.message().contains("server time:20260102T030405Z"), "{}", answer.message());
            assert!(answer.message().contains("signature time:20260102T0"), "{}", answer.message());
        }
    }
}

#[tokio::test]
async fn whatever_is_changed_after_signing_breaks_the_signature() {
    let stage = Stage::new().await;
    let draft = post(r#"{"user_names":["user1"]}"#)
        .header("user-agent", "test")
        .header("x-project-id", "p")
        .sign(&sample_key(), stage.clock.now());
    let changed = |change: fn(&mut Draft)| {
        let mut draft = draft.clone();
        change(&mut draft);
        draft
    };
    for (what, tampered) in [
        ("body", changed(|draft| draft.body = r#"{"user_names":["user2"]}"#.into())),
        ("method", changed(|draft| draft.method = "DELETE".into())),
        ("path", changed(|draft| draft.target = draft.target.replace("/v2/f", "/v2/e"))),
        ("query", changed(|draft| draft.target.push_str("?a=b"))),
        ("host", draft.clone().set("host", "elsewhere")),
        ("content type", draft.clone().set("content-type", "application/json")),
        ("user agent", draft.clone().set("user-agent", "proxy")),
        ("project", draft.clone().set("x-project-id", "q")),
        ("date", draft.clone().set("x-sdk-date", "20260102T030406Z")),
        ("user agent removed", draft.clone().without("user-agent")),
        ("user agent twice", draft.clone().header("user-agent", "test")),
        ("date removed", draft.clone().without("x-sdk-date")),
    ] {
        let answer = stage.send(tampered).await;
        assert_eq!(answer.outcome(), REFUSED, "{what}");
        assert!(answer.message().starts_with("Incorrect IAM authentication information: "), "{what}");
        stage.emulator.reset();
    }
    let untouched = draft.clone().header("x-not-signed", "added on the way");
    assert_eq!(stage.send(untouched).await.status, 202);
}

#[tokio::test]
async fn the_gateways_canonical_request_is_told_without_the_security_token() {
    let stage = Stage::with(Emulator::builder().temporary_key("TEMPORARY", "right", "secret-token")).await;
    let wrong = Credentials::new("TEMPORARY", "wrong").unwrap().with_security_token("secret-token").unwrap();
    let answer = stage.send(get(SYNC).sign(&wrong, stage.clock.now())).await;
    let (beginning, canonical) = answer.message().split_once(", canonicalRequest:").unwrap();
    assert_eq!(beginning, "Incorrect IAM authentication information: verify aksk signature fail");
    let lines: Vec<_> = canonical.split('|').collect();
    assert_eq!(lines[..4], ["GET", &format!("{}/", path(SYNC)), "", "host:emulator.test"]);
    assert_eq!(lines[4], "x-sdk-date:20260102T030405Z");
    assert!(lines[5].starts_with("x-security-token:") && lines[6].is_empty(), "{lines:?}");
    assert_eq!(lines[7], "host;x-sdk-date;x-security-token");
    assert_eq!(lines.len(), 9);
    assert!(!answer.body.to_string().contains("secret-token"));
}

#[tokio::test]
async fn temporary_keys_need_their_token() {
    let builder =
        Emulator::builder().temporary_key("TEMPORARY", "secret", "token-1").access_key("PERMANENT", "secret");
    let stage = Stage::with(builder).await;
    let now = stage.clock.now();
    let key = |name: &str| Credentials::new(name, "secret").unwrap();
    let with = |name: &str, token: &str| key(name).with_security_token(token).unwrap();
    assert_eq!(stage.send(get(SYNC).sign(&with("TEMPORARY", "token-1"), now)).await.status, 200);
    assert_eq!(stage.send(get(SYNC).sign(&key("PERMANENT"), now)).await.status, 200);
    for (draft, what) in [
        (get(SYNC).sign(&key("TEMPORARY"), now), "not found"),
        (get(SYNC).sign(&with("TEMPORARY", "token-2"), now), "does not belong"),
        (
            get(SYNC).sign(&key("TEMPORARY"), now).header("x-security-token", "token-1"),
            "not among the signed",
        ),
        (get(SYNC).sign(&with("PERMANENT", "token-1"), now), "permanent"),
        (get(SYNC).sign(&sample_key(), now), "err:ak not exist"),
    ] {
        let answer = stage.send(draft).await;
        assert_eq!(answer.outcome(), REFUSED, "{what}");
        assert!(answer.message().contains(what), "{}", answer.message());
        assert!(!answer.message().contains("token-1"), "{}", answer.message());
    }
}

#[tokio::test]
async fn tokens() {
    let stage = Stage::with(Emulator::builder().token("token-1").token("token-2")).await;
    for (token, status) in [("token-1", 200), ("token-2", 200), ("token-3", 401), ("token-", 401), ("", 401)]
    {
        let answer = stage.send(get(SYNC).header("x-auth-token", token)).await;
        assert_eq!(answer.status, status, "{token}");
    }
    assert_eq!(Stage::new().await.send(get(SYNC).header("x-auth-token", "")).await.status, 401);
}

#[tokio::test]
async fn five_failures_in_a_row_lock_the_key_for_five_minutes() {
    let stage =
        Stage::with(Emulator::builder().access_key("A", "right").access_key("B", "right").token("t")).await;
    let key = |name: &str, secret: &str| Credentials::new(name, secret).unwrap();
    let send = async |key: &Credentials| stage.send(get(SYNC).sign(key, stage.clock.now())).await;
    let (right, wrong) = (key("A", "right"), key("A", "wrong"));
    let locked = "Incorrect IAM authentication information: AK access failed to reach the limit,forbidden";

    for _ in 0..4 {
        send(&wrong).await;
    }
    assert_eq!(send(&right).await.status, 200, "four are not enough, and a success starts anew");
    for _ in 0..5 {
        let answer = send(&wrong).await;
        assert!(answer.message().contains("verify aksk signature fail"), "{}", answer.message());
    }
    assert_eq!((send(&right).await.message(), send(&wrong).await.message()), (locked, locked));
    assert_eq!(send(&key("B", "right")).await.status, 200, "another key");
    assert_eq!(stage.send(get(SYNC).header("x-auth-token", "t")).await.status, 200, "tokens have no lock");
    stage.clock.advance(5 * MINUTE - SECOND);
    assert_eq!(send(&right).await.message(), locked);
    stage.clock.advance(SECOND);
    assert_eq!(send(&right).await.status, 200);

    for _ in 0..6 {
        send(&key("UNKNOWN", "x")).await;
    }
    assert!(send(&key("UNKNOWN", "x")).await.message().ends_with("ak not exist"), "nothing to lock");
}

#[tokio::test]
async fn wire_forms_of_the_official_sdks() {
    let stage = Stage::new().await;
    let now = stage.clock.now();
    // Python signs Host and Content-Type, in lower case on the wire.
    let python = post(r#"{"user_names":["user1"]}"#)
        .set("content-type", "application/json;charset=utf-8")
        .header("user-agent", "huaweicloud-usdk-python/3.0")
        .header("x-project-id", "p");
    assert_eq!(stage.send(python.sign(&sample_key(), now)).await.status, 202);
    // Go signs neither.
    let go = get(SYNC).without("host").header("x-project-id", "p").sign(&sample_key(), now);
    let go = go.header("host", "emulator.test").header("content-type", "application/json");
    assert_eq!(stage.send(go).await.status, 200);
    let recorded = stage.emulator.requests();
    let authorization = recorded[1].header("Authorization").unwrap();
    let expected = format!(
        "SDK-HMAC-SHA256 Access={SAMPLE_ACCESS_KEY}, SignedHeaders=x-project-id;x-sdk-date, Signature=***"
    );
    assert_eq!(authorization, expected);
}

#[tokio::test]
async fn a_refused_signature_is_explained_on_request() {
    let key = |secret: &str| {
        Credentials::new("AK-EXPLAINED", secret).unwrap().with_security_token("hush-token").unwrap()
    };
    let plain = Stage::new().await;
    let late = |stage: &Stage| stage.clock.now() - 901 * SECOND;
    let answer = plain.send(get(SYNC).sign(&sample_key(), late(&plain))).await;
    assert_eq!((answer.status.as_u16(), answer.body.get("_emulator")), (401, None), "not by default");

    let builder =
        Emulator::builder().explain_auth(true).temporary_key("AK-EXPLAINED", "hush-secret", "hush-token");
    let stage = Stage::with(builder).await;
    let now = stage.clock.now();
    let drafts = [
        ("wrong secret", get("iam-sync?b=2&a=1").sign(&key("wrong"), now)),
        ("expired", get("iam-sync?b=2&a=1").sign(&key("hush-secret"), late(&stage))),
        ("unknown key", get("iam-sync?b=2&a=1").sign(&sample_key(), now)),
        ("IAM", Draft::new("GET", "/v3/users").sign(&key("wrong"), now)),
    ];
    for (name, draft) in drafts {
        let answer = stage.send(draft).await;
        assert_eq!(answer.status, 401, "{name}");
        let own = &answer.body["_emulator"];
        let canonical = own["canonical_request"].as_str().unwrap();
        assert!(canonical.starts_with("GET\n/v"), "{name}: {canonical}");
        assert!(
            name == "IAM" || canonical.contains("\na=1&b=2\nhost:emulator.test\n"),
            "{name}: {canonical}"
        );
        let to_sign = own["string_to_sign"].as_str().unwrap();
        assert!(to_sign.starts_with("SDK-HMAC-SHA256\n2026"), "{name}: {to_sign}");
        let shown = answer.body.to_string();
        assert!(!shown.contains("hush"), "{name}: {shown}");
    }
    let answer = stage.send(get(SYNC).header("authorization", "Bearer hush")).await;
    assert_eq!((answer.status.as_u16(), answer.body.get("_emulator")), (401, None), "nothing to compute");
    let good = stage.send(get(SYNC).sign(&key("hush-secret"), now)).await;
    assert_eq!((good.status.as_u16(), good.body.get("_emulator")), (200, None));
}

#[tokio::test]
async fn the_explanation_is_what_a_client_would_have_signed() {
    let stage = Stage::with(Emulator::builder().explain_auth(true)).await;
    let wrong = Credentials::new(mrs_iam_sync_emulator::SAMPLE_ACCESS_KEY, "wrong").unwrap();
    let draft = post(r#"{"user_names":["user1"]}"#).sign(&wrong, stage.clock.now());
    let headers: Vec<_> =
        draft.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
    let request = sdk_hmac_sha256::SignableRequest::new("POST", &draft.target)
        .with_headers(&headers)
        .with_body(&draft.body);
    let canonical = sdk_hmac_sha256::CanonicalRequest::new(&request).unwrap().to_string();
    let answer = stage.send(draft.clone()).await;
    assert_eq!(answer.body["_emulator"]["canonical_request"], canonical);
}
