//! No secret key and no security token in anything that can be printed.

mod common;

use std::error::Error;
use std::fmt::Debug;

use common::{Request, SK, credentials, date};
use sdk_hmac_sha256::{Credentials, SecretKey, StringToSign, VerifyError, sign};

const TOKEN: &str = "gQpjbi1ub3J0aC0x";

fn debug(value: &impl Debug) -> String {
    format!("{value:?} {value:#?}")
}

/// Everything an error shows, sources included.
fn error(value: &(impl Error + 'static)) -> String {
    let mut text = debug(value);
    let mut next: Option<&dyn Error> = Some(value);
    while let Some(error) = next {
        text += &format!(" {error} {error:#}");
        next = error.source();
    }
    text
}

fn clean(name: &str, text: &str) {
    assert!(!text.is_empty(), "{name} shows nothing");
    assert!(!text.contains(SK), "{name} shows the secret key: {text}");
    assert!(!text.contains(TOKEN), "{name} shows the security token: {text}");
}

fn temporary() -> Credentials {
    credentials().with_security_token(TOKEN).expect("a usable token")
}

#[test]
fn keys() {
    clean("Credentials", &debug(&temporary()));
    clean("SecretKey", &debug(temporary().secret_key()));
    assert!(debug(&temporary()).contains(common::AK), "the access key is no secret");
}

#[test]
fn stages() {
    let mut request = Request::example();
    request.set("X-Auth-Token", TOKEN);
    let signed = request.view(|request| sign(request, &temporary(), date())).unwrap();
    assert!(signed.canonical_request().as_str().contains(TOKEN), "the exact text has the token");
    clean("Signed", &debug(&signed));
    clean("CanonicalRequest", &debug(signed.canonical_request()));
    clean("RedactedCanonicalRequest", &signed.canonical_request().redacted().to_string());
    clean("RedactedCanonicalRequest", &debug(&signed.canonical_request().redacted()));
    clean("StringToSign", &format!("{} {}", signed.string_to_sign(), debug(signed.string_to_sign())));
    clean("Authorization", &format!("{} {}", signed.authorization(), debug(signed.authorization())));
    let signature = signed.authorization().signature();
    clean("Signature", &format!("{signature} {}", debug(&signature)));

    let request = request.signed_with(&temporary());
    request.view(|request| clean("SignableRequest", &debug(request)));
    clean("Verified", &debug(&request.verify().unwrap()));
}

#[test]
fn the_request_hides_an_authorization_too() {
    let mut request = Request::example();
    request.set("AUTHORIZATION", SK);
    request.view(|request| clean("SignableRequest", &debug(request)));
    clean("VerifyError", &error(&request.verify().unwrap_err()));
}

#[test]
fn errors() {
    // A secret with a line end, or in the place of the access key: the usual mistakes.
    for refused in [
        SecretKey::new(format!("{SK}\n")).unwrap_err(),
        Credentials::new(format!("{SK}\n"), SK).unwrap_err(),
        Credentials::new("", SK).unwrap_err(),
        credentials().with_security_token(format!("{TOKEN}\n")).unwrap_err(),
    ] {
        clean("KeyError", &error(&refused));
    }
    clean("DateError", &error(&TOKEN.parse::<sdk_hmac_sha256::SigningDate>().unwrap_err()));
    for text in [SK, TOKEN, &format!("{SK} {TOKEN}"), &format!("SDK-HMAC-SHA256 Access=AK, Secret={SK}")] {
        clean("AuthorizationError", &error(&text.parse::<sdk_hmac_sha256::Authorization>().unwrap_err()));
    }

    for value in [format!("{TOKEN}\n"), format!("{TOKEN}\u{1}{SK}")] {
        let mut request = Request::example();
        request.set("X-Security-Token", value.as_str());
        let refused = request.view(|request| sign(request, &credentials(), date())).unwrap_err();
        clean("RequestError", &error(&refused));
    }

    let mut request = Request::example().signed_with(&temporary());
    request.body.clear();
    let refused = request.verify().unwrap_err();
    assert!(matches!(refused, VerifyError::SignatureMismatch(_)));
    clean("VerifyError", &error(&refused));
}

#[test]
fn a_mismatch_does_not_tell_the_signature_the_receiver_expected() {
    let mut request = Request::example().signed();
    request.body.clear();
    let VerifyError::SignatureMismatch(mismatch) = request.verify().unwrap_err() else { panic!() };
    let expected =
        StringToSign::new(mismatch.canonical_request(), date()).signature(credentials().secret_key());
    assert!(!debug(&mismatch).contains(&expected.to_string()));
}
