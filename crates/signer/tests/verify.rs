//! The receiving side: what is accepted, and which error each fault gives.

mod common;

use common::{AK, Request, SK, credentials, date, later};
use sdk_hmac_sha256::{
    AuthorizationError, Credentials, DateError, MAX_SKEW, RequestError, VerifyError, sign, verify,
};

/// Signs `request` with the headers it has, `x-sdk-date` among them or not.
fn sign_as_is(mut request: Request) -> Request {
    use sdk_hmac_sha256::{Authorization, CanonicalRequest, StringToSign};
    let canonical = request.view(CanonicalRequest::new).expect("a signable request");
    let signature = StringToSign::new(&canonical, date()).signature(credentials().secret_key());
    let authorization = Authorization::new(&credentials(), &canonical, signature);
    request.set("Authorization", authorization.as_str());
    request
}

#[test]
fn accepts_what_was_signed() {
    let verified = Request::example().signed().verify().unwrap();
    assert_eq!(verified.access_key(), AK);
    assert_eq!(verified.date(), date());
    assert!(verified.body_is_signed());
    let signed: Vec<_> = verified.signed_headers().collect();
    assert_eq!(signed, ["content-type", "host", "x-project-id", "x-sdk-date"]);
}

#[test]
fn skew_of_15_minutes_is_accepted_and_one_second_more_is_not() {
    let request = Request::example().signed();
    for seconds in [0, 1, -1, 900, -900] {
        assert!(request.verify_after(seconds).is_ok(), "{seconds}");
    }
    for seconds in [901, -901, 86_400 * 365, -86_400 * 365] {
        let expected = VerifyError::DateSkew { signed: date(), now: later(seconds), allowed: MAX_SKEW };
        assert_eq!(request.verify_after(seconds).unwrap_err(), expected);
    }
    let error = request.verify_after(901).unwrap_err().to_string();
    assert_eq!(error, "signed at 20260102T030405Z, more than 900 s from the receiver's 20260102T031906Z");
}

#[test]
fn unknown_access_key() {
    let other = Credentials::new("OTHER", SK).unwrap();
    let error = Request::example().signed_with(&other).verify().unwrap_err();
    assert_eq!(error, VerifyError::UnknownAccessKey { access_key: "OTHER".into() });
}

#[test]
fn wrong_secret_key_shows_the_stages_and_they_are_equal() {
    let other = Credentials::new(AK, "another secret").unwrap();
    let request = Request::example();
    let sent = request.view(|request| sign(request, &other, date())).unwrap();
    let error = request.signed_with(&other).verify().unwrap_err();
    let VerifyError::SignatureMismatch(mismatch) = error else { panic!("{error:?}") };
    assert_eq!(mismatch.access_key(), AK);
    assert_eq!(mismatch.canonical_request(), sent.canonical_request());
    assert_eq!(mismatch.string_to_sign(), sent.string_to_sign());
}

#[test]
fn changed_body_shows_in_the_last_line() {
    let mut request = Request::example().signed();
    let sent = request.verify().unwrap();
    request.body.push(b' ');
    let error = request.verify().unwrap_err();
    let VerifyError::SignatureMismatch(mismatch) = error else { panic!("{error:?}") };
    let [received, sent] =
        [mismatch.canonical_request(), sent.canonical_request()].map(|canonical| canonical.as_str().lines());
    let differ: Vec<_> = received.zip(sent).enumerate().filter(|(_, (left, right))| left != right).collect();
    assert_eq!(differ.len(), 1);
    assert_eq!(differ[0].0, 9);
}

#[test]
fn headers_that_are_not_signed_may_change_and_signed_ones_may_not() {
    let mut request = Request::example().signed();
    request.set("User-Agent", "proxy");
    request.headers.push(("User-Agent".into(), b"\xff twice and not text".to_vec()));
    assert!(request.verify().is_ok());

    request.headers.retain(|(name, _)| name != "X-Project-Id");
    let expected = VerifyError::MissingSignedHeader { name: "x-project-id".into() };
    assert_eq!(request.verify().unwrap_err(), expected);
}

#[test]
fn a_signed_header_twice_is_refused_even_with_the_same_value() {
    for name in ["x-project-id", "X-SDK-DATE", "authorization", "x-sdk-content-sha256"] {
        let mut request = Request::example();
        request.set("X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD");
        let mut request = request.signed();
        let value = request.value_of(name).clone();
        request.headers.push((name.to_uppercase(), value));
        let error = request.verify().unwrap_err();
        let VerifyError::Request(RequestError::DuplicateHeader { name: twice }) = error else {
            panic!("{error:?}")
        };
        assert!(twice.eq_ignore_ascii_case(name), "{twice}");
    }
}

#[test]
fn authorization_faults() {
    let mut request = Request::example();
    assert_eq!(request.verify().unwrap_err(), VerifyError::MissingAuthorization);
    for (value, error) in [
        (&b""[..], AuthorizationError::Malformed),
        (b"\xff\xfe", AuthorizationError::Malformed),
        (b"Bearer abc", AuthorizationError::UnsupportedAlgorithm { algorithm: "Bearer".into() }),
        (
            b"V11-HMAC-SHA256 Credential=AK/20260102/region/service, SignedHeaders=host, Signature=00",
            AuthorizationError::UnsupportedAlgorithm { algorithm: "V11-HMAC-SHA256".into() },
        ),
    ] {
        request.set("Authorization", value);
        assert_eq!(request.verify().unwrap_err(), VerifyError::Authorization(error));
    }
}

#[test]
fn the_date_must_be_signed_and_readable() {
    let unsigned = sign_as_is(Request::example());
    assert_eq!(unsigned.verify().unwrap_err(), VerifyError::DateNotSigned);
    let mut added = unsigned;
    added.set("X-Sdk-Date", common::DATE);
    assert_eq!(added.verify().unwrap_err(), VerifyError::DateNotSigned);

    for text in ["", "2026-01-02T03:04:05Z", "20260230T000000Z", "20260102T030405Z, 20260102T030405Z"] {
        let mut request = Request::example();
        request.set("X-Sdk-Date", text);
        assert_eq!(
            sign_as_is(request).verify().unwrap_err(),
            VerifyError::Date(DateError::Malformed),
            "{text}"
        );
    }
}

#[test]
fn content_sha256_is_checked_against_the_body() {
    const DIGEST: &str = "66e662db935f8fef5c3b63802426ec83c7957a8ba95b63e4969300101573ba83";
    let with = |value: &str| {
        let mut request = Request::example();
        request.set("X-Sdk-Content-Sha256", value);
        request.signed()
    };

    for digest in [DIGEST.to_owned(), DIGEST.to_uppercase()] {
        let mut request = with(&digest);
        assert!(request.verify().unwrap().body_is_signed());
        // The signature alone would still hold: the digest stands in the canonical request, whatever the body.
        request.body.push(b'x');
        assert_eq!(request.verify().unwrap_err(), VerifyError::ContentSha256Mismatch);
    }

    let mut request = with("UNSIGNED-PAYLOAD");
    request.body.push(b'x');
    assert!(!request.verify().unwrap().body_is_signed());
    // Turning a signed body into an unsigned one does not work.
    let mut request = Request::example().signed();
    request.set("X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD");
    assert!(matches!(request.verify().unwrap_err(), VerifyError::SignatureMismatch(_)));

    for value in ["unsigned-payload", "STREAMING", &DIGEST[1..], &DIGEST.replace('6', "g")] {
        assert_eq!(with(value).verify().unwrap_err(), VerifyError::InvalidContentSha256, "{value}");
    }
    assert!(with(" ").verify().unwrap().body_is_signed(), "an empty value counts as none");
}

#[test]
fn an_encoded_slash_is_not_a_slash() {
    let mut request = Request::example();
    request.path = "/v2/a%2Fb".into();
    let mut request = request.signed();
    request.path = "/v2/a/b".into();
    assert!(matches!(request.verify().unwrap_err(), VerifyError::SignatureMismatch(_)));
}

#[test]
fn the_wire_may_spell_the_same_target_differently() {
    let mut request = Request::example();
    request.path = "/v2/a~b".into();
    request.query = Some("b=2&a=%41".into());
    let mut request = request.signed();
    for (path, query) in [("/v2/a%7Eb", "a=A&b=2"), ("/v2/a~b/", "b=2&a=A&"), ("/v2/%61%7eb", "b=%32&a=A")] {
        request.path = path.into();
        request.query = Some(query.into());
        assert!(request.verify().is_ok(), "{path}?{query}");
    }
}

#[test]
fn the_lookup_is_asked_once_and_only_for_a_request_that_could_hold() {
    let request = Request::example().signed();
    let asked = std::cell::Cell::new(0);
    let outcome = request.view(|request| {
        verify(request, later(901), MAX_SKEW, |_| {
            asked.set(asked.get() + 1);
            None
        })
    });
    assert!(matches!(outcome, Err(VerifyError::DateSkew { .. })));
    assert_eq!(asked.get(), 0);
}
