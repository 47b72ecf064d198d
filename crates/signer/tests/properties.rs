//! What holds for any request.

mod common;

use common::{Request, credentials, date};
use proptest::prelude::*;
use sdk_hmac_sha256::{
    Authorization, CanonicalRequest, Credentials, SecretKey, Signature, SigningDate, StringToSign,
    VerifyError, sign,
};

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..80)
}

/// Names and values of any kind, and those the algorithm looks at.
fn any_headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let name = prop_oneof![
        ".*",
        "[a-zA-Z_-]{0,8}",
        Just("X-Sdk-Date".to_owned()),
        Just("Authorization".to_owned()),
        Just("x-sdk-content-sha256".to_owned()),
        Just("x-security-token".to_owned()),
    ];
    let value = prop_oneof![
        any_bytes(),
        "[0-9TZ]{16}".prop_map(String::into_bytes),
        "SDK-HMAC-SHA256 Access=[a-z,]*, ?SignedHeaders=[a-z;-]*(x-sdk-date)?, Signature=[0-9a-f]{64}"
            .prop_map(String::into_bytes),
    ];
    prop::collection::vec((name, value), 0..6)
}

/// A target of any kind, not only what an HTTP library lets through.
fn any_target() -> impl Strategy<Value = String> {
    prop_oneof![".*", "[%/0-9a-fA-F&=+;?é用😀-]{0,40}"]
}

fn any_request() -> impl Strategy<Value = Request> {
    let method = prop_oneof![".*", "[A-Za-z]{1,7}"];
    (method, any_target(), prop::option::of(any_target()), any_headers(), any_bytes())
        .prop_map(|(method, path, query, headers, body)| Request { method, path, query, headers, body })
}

/// A request that can be signed and whose parts all count: flipping any bit of them makes another request.
fn signable_request() -> impl Strategy<Value = Request> {
    let headers = prop::collection::btree_map("x-[a-z]{1,6}", "[!-~]{1,20}", 1..5);
    let query = prop::option::of("[a-z]{1,5}=[a-z0-9]{1,5}(&[a-z]{1,5}=[a-z0-9]{1,5}){0,3}");
    (
        "(GET|POST|DELETE)",
        "(/[a-z0-9._~-]{1,10}){1,4}",
        query,
        headers,
        prop::collection::vec(any::<u8>(), 1..80),
    )
        .prop_map(|(method, path, query, headers, body)| Request {
            method,
            path,
            query,
            headers: headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect(),
            body,
        })
}

/// Flips one bit.
fn flip(bytes: &mut [u8], place: prop::sample::Index, bit: u8) {
    let place = place.index(bytes.len());
    bytes[place] ^= 1 << bit;
}

/// The same for text; the highest bit is left alone, as the outcome would not be UTF-8.
fn flip_text(text: &mut String, place: prop::sample::Index, bit: u8) {
    let mut bytes = std::mem::take(text).into_bytes();
    flip(&mut bytes, place, bit % 7);
    *text = String::from_utf8(bytes).expect("ASCII");
}

fn config() -> ProptestConfig {
    // The seeds of failures would be written beside the sources.
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nothing_panics(request in any_request(), seconds in any::<i64>()) {
        let now = SigningDate::from_unix_seconds(seconds).unwrap_or(date());
        let secret = credentials().secret_key().clone();
        request.view(|view| {
            let _ = format!("{view:?}");
            if let Ok(canonical) = CanonicalRequest::new(view) {
                let _ = format!("{canonical} {canonical:?} {}", canonical.redacted());
                let _ = StringToSign::new(&canonical, now).signature(&secret);
            }
            let _ = sign(view, &credentials(), now);
            let outcome = sdk_hmac_sha256::verify(view, now, sdk_hmac_sha256::MAX_SKEW, |_| Some(secret));
            if let Err(error) = outcome {
                let _ = format!("{error} {error:?}");
            }
        });
    }

    #[test]
    fn no_parser_panics_and_what_is_read_is_written_the_same(
        text in prop_oneof![".*", "[0-9TZ]{16}", "SDK-HMAC-SHA256 .*", "[0-9a-f]{64}"],
    ) {
        if let Ok(date) = text.parse::<SigningDate>() {
            prop_assert_eq!(date.to_string(), &*text);
            prop_assert_eq!(SigningDate::from_unix_seconds(date.unix_seconds()), Ok(date));
        }
        if let Ok(signature) = Signature::from_hex(&text) {
            prop_assert_eq!(signature.to_string(), &*text);
        }
        if let Ok(authorization) = text.parse::<Authorization>() {
            prop_assert_eq!(authorization.as_str().parse(), Ok(authorization));
        }
        let _ = SecretKey::new(&*text);
        if let Ok(credentials) = Credentials::new(&text, "secret") {
            let _ = credentials.with_security_token(&*text);
        }
    }

    #[test]
    fn every_second_is_written_and_read(seconds in -62_167_219_200_i64..=253_402_207_200) {
        let date = SigningDate::from_unix_seconds(seconds).unwrap();
        prop_assert_eq!(date.as_str().parse(), Ok(date));
    }

    #[test]
    fn what_is_signed_verifies(request in prop_oneof![any_request(), signable_request()], temporary in any::<bool>()) {
        let mut request = request;
        // Receivers refuse other values, see `content_sha256_is_checked_against_the_body`.
        request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("x-sdk-content-sha256"));
        request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
        let keys = credentials();
        let keys = if temporary { keys.with_security_token("token").unwrap() } else { keys };
        if request.view(|view| sign(view, &keys, date())).is_ok() {
            let outcome = request.signed_with(&keys).verify();
            prop_assert!(outcome.is_ok(), "{:?}", outcome);
        }
    }

    #[test]
    fn order_and_case_of_headers_do_not_matter(
        request in signable_request().prop_flat_map(|request| {
            let headers = Just(request.headers.clone()).prop_shuffle();
            (Just(request), headers)
        }),
    ) {
        let (request, shuffled) = request;
        let mut other = request.clone();
        other.headers = shuffled;
        for (name, value) in &mut other.headers {
            name.make_ascii_uppercase();
            value.insert(0, b' ');
            value.push(b'\t');
        }
        let [left, right] = [request, other].map(|request| request.view(CanonicalRequest::new));
        prop_assert_eq!(left, right);
    }

    #[test]
    fn canonical_targets_are_their_own_canonical_form(path in any_target(), query in any_target()) {
        let canonical = |path: &str, query: &str| {
            let request = sdk_hmac_sha256::SignableRequest::new("GET", path).with_query(Some(query));
            CanonicalRequest::new(&request).unwrap()
        };
        let once = canonical(&path, &query);
        let mut lines = once.as_str().lines().skip(1);
        let twice = canonical(lines.next().unwrap(), lines.next().unwrap());
        prop_assert_eq!(&twice, &once);
        prop_assert!(once.as_str().is_ascii());
    }

    #[test]
    fn one_flipped_bit_is_noticed(
        request in signable_request(),
        part in 0..7,
        place in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let mut changed = request.signed();
        let before = changed.clone();
        match part {
            0 => flip(&mut changed.body, place, bit),
            1 => flip_text(&mut changed.path, place, bit),
            2 => match &mut changed.query {
                Some(query) => flip_text(query, place, bit),
                None => changed.query = Some("a=1".into()),
            },
            3 => flip_text(&mut changed.method, place, bit),
            4 => {
                let value = &mut changed.headers[0].1;
                flip(value, place, bit);
            }
            5 => flip(changed.value_of("x-sdk-date"), place, bit),
            _ => {
                let value = changed.value_of("authorization");
                let signature = value.len() - 64;
                flip(&mut value[signature..], place, bit);
            }
        }
        // Another case of the method is another spelling of the same.
        prop_assume!(!changed.method.eq_ignore_ascii_case(&before.method) || part != 3);
        let outcome = changed.verify();
        prop_assert!(outcome.is_err(), "{:?}", changed);
        if part < 3 {
            let mismatch = matches!(outcome, Err(VerifyError::SignatureMismatch(_)));
            prop_assert!(mismatch, "{:?}", outcome);
        }
    }
}
