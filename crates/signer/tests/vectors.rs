//! Vectors of the API signing guide, the official Go SDK and the official Python SDK, compared stage by stage.

mod common;

use std::cell::Cell;

use common::Request;
use sdk_hmac_sha256::{
    Authorization, CanonicalRequest, Credentials, MAX_SKEW, SigningDate, StringToSign, sign, verify,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct File {
    algorithm: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    method: String,
    /// Not set where `Host` is not signed.
    host: Option<String>,
    headers: std::collections::BTreeMap<String, String>,
    body: String,
    ak: String,
    sk: String,
    date: String,
    url: String,
    authorization: String,
    canonical_request: String,
    string_to_sign: String,
}

impl Vector {
    fn request(&self) -> Request {
        let target = self.url.strip_prefix("https://").expect("an https URL");
        let target = &target[target.find('/').expect("a path")..];
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes()));
        let host = self.host.iter().map(|host| ("Host".to_owned(), host.clone().into_bytes()));
        Request {
            method: self.method.clone(),
            path: path.into(),
            query,
            headers: headers.chain(host).collect(),
            body: self.body.clone().into_bytes(),
        }
    }

    fn credentials(&self) -> Credentials {
        Credentials::new(&self.ak, self.sk.as_str()).expect("usable keys")
    }

    fn date(&self) -> SigningDate {
        self.date.parse().expect("a date")
    }
}

/// Calls `check` with each vector of each file.
fn each(check: impl Fn(&Vector)) {
    for (text, count) in [
        (include_str!("vectors/published.json"), 3),
        (include_str!("vectors/python-sdk.json"), 12),
        (include_str!("vectors/python-sdk-more.json"), 16),
    ] {
        let file: File = serde_json::from_str(text).expect("a vector file");
        assert_eq!(file.algorithm, sdk_hmac_sha256::ALGORITHM);
        assert_eq!(file.vectors.len(), count);
        file.vectors.iter().for_each(&check);
    }
}

#[test]
fn every_stage_is_that_of_the_sdks() {
    each(|vector| {
        let name = &vector.name;
        let mut request = vector.request();
        request.set("X-Sdk-Date", vector.date.as_str());

        let canonical = request.view(CanonicalRequest::new).unwrap();
        assert_eq!(canonical.to_string(), vector.canonical_request, "{name}: canonical request");
        let string_to_sign = StringToSign::new(&canonical, vector.date());
        assert_eq!(string_to_sign.to_string(), vector.string_to_sign, "{name}: string to sign");
        let signature = string_to_sign.signature(vector.credentials().secret_key());
        let authorization = Authorization::new(&vector.credentials(), &canonical, signature);
        assert_eq!(authorization.to_string(), vector.authorization, "{name}: authorization");
        assert_eq!(vector.authorization.parse(), Ok(authorization), "{name}: authorization read back");
    });
}

#[test]
fn the_one_call_gives_the_same_stages() {
    each(|vector| {
        let name = &vector.name;
        let request = vector.request();
        let signed = request.view(|request| sign(request, &vector.credentials(), vector.date())).unwrap();
        assert_eq!(
            signed.canonical_request().as_str(),
            vector.canonical_request,
            "{name}: canonical request"
        );
        assert_eq!(signed.string_to_sign().as_str(), vector.string_to_sign, "{name}: string to sign");
        assert_eq!(signed.authorization().as_str(), vector.authorization, "{name}: authorization");
        let headers: Vec<_> = signed.headers().collect();
        let expected =
            [("x-sdk-date", vector.date.as_str()), ("authorization", vector.authorization.as_str())];
        assert_eq!(headers, expected, "{name}: headers to set");
    });
}

#[test]
fn the_token_of_temporary_keys_is_signed_as_the_sdks_do() {
    let tried = Cell::new(0);
    each(|vector| {
        let Some(token) = vector.headers.get("X-Security-Token") else {
            return;
        };
        let credentials = vector.credentials().with_security_token(token.as_str()).unwrap();
        for given in [None, Some("token of an earlier attempt")] {
            let mut request = vector.request();
            request.headers.retain(|(name, _)| name != "X-Security-Token");
            if let Some(given) = given {
                request.set("X-SECURITY-Token", given);
                request.set("X-SDK-Date", "20200101T000000Z");
            }
            let signed = request.view(|request| sign(request, &credentials, vector.date())).unwrap();
            assert_eq!(signed.authorization().as_str(), vector.authorization);
            let headers: Vec<_> = signed.headers().collect();
            assert_eq!(headers[1], ("x-security-token", token.as_str()));
        }
        tried.set(tried.get() + 1);
    });
    assert_eq!(tried.get(), 1);
}

#[test]
fn the_receiver_accepts_every_vector() {
    each(|vector| {
        let name = &vector.name;
        let mut request = vector.request();
        request.set("X-Sdk-Date", vector.date.as_str());
        request.set("Authorization", vector.authorization.as_str());
        // What a client adds after signing does not matter.
        request.set("Accept", "*/*");
        request.set("x_underscore", "1");
        let of_key = |access_key: &str| {
            assert_eq!(access_key, vector.ak);
            Some(vector.credentials().secret_key().clone())
        };
        let verified = request.view(|request| verify(request, vector.date(), MAX_SKEW, of_key));
        let verified = verified.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(verified.access_key(), vector.ak, "{name}");
        assert_eq!(verified.date(), vector.date(), "{name}");
        assert_eq!(verified.canonical_request().as_str(), vector.canonical_request, "{name}");
        assert_eq!(verified.string_to_sign().as_str(), vector.string_to_sign, "{name}");
        assert_eq!(
            verified.body_is_signed(),
            !vector.canonical_request.ends_with("UNSIGNED-PAYLOAD"),
            "{name}"
        );
        assert!(verified.is_signed("X-Sdk-Date") && !verified.is_signed("accept"), "{name}");
        assert_eq!(verified.is_signed("host"), vector.host.is_some(), "{name}");
    });
}

#[test]
fn order_of_parameters_on_the_wire_does_not_matter() {
    each(|vector| {
        let mut request = vector.request();
        request.set("X-Sdk-Date", vector.date.as_str());
        let Some(query) = request.query.take() else { return };
        request.query = Some(query.split('&').rev().collect::<Vec<_>>().join("&"));
        let canonical = request.view(CanonicalRequest::new).unwrap();
        assert_eq!(canonical.as_str(), vector.canonical_request, "{}", vector.name);
    });
}
