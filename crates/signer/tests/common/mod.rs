//! What several test files share.

#![allow(dead_code, reason = "each test file uses a part of it")]

use sdk_hmac_sha256::{Credentials, SecretKey, SignableRequest, SigningDate};

pub(crate) const AK: &str = "AKEXAMPLE00000000000";
pub(crate) const SK: &str = "SKSECRET0000000000000000000000000000000";
pub(crate) const DATE: &str = "20260102T030405Z";

pub(crate) fn credentials() -> Credentials {
    Credentials::new(AK, SK).expect("usable keys")
}

pub(crate) fn date() -> SigningDate {
    DATE.parse().expect("a date")
}

pub(crate) fn later(seconds: i64) -> SigningDate {
    SigningDate::from_unix_seconds(date().unix_seconds() + seconds).expect("a date")
}

pub(crate) fn lookup(access_key: &str) -> Option<SecretKey> {
    (access_key == AK).then(|| credentials().secret_key().clone())
}

/// A request that owns its parts, so that tests can change them.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The documented example.
    pub(crate) fn example() -> Self {
        let headers = [
            ("Content-Type", "application/json;charset=UTF-8"),
            ("Host", "mrs.cn-north-4.myhuaweicloud.com"),
            ("X-Project-Id", "0123456789abcdef0123456789abcdef"),
        ];
        Self {
            method: "POST".into(),
            path: "/v2/0123456789abcdef0123456789abcdef/clusters/2b460e01/iam-sync-user".into(),
            query: None,
            headers: headers.map(|(name, value)| (name.into(), value.into())).into(),
            body: br#"{"is_all_sync":false,"group_names":["groups1"],"user_names":["user1","user2"]}"#.into(),
        }
    }

    /// Calls `of` with the borrowed view.
    pub(crate) fn view<T>(&self, of: impl FnOnce(&SignableRequest<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let request = SignableRequest::new(&self.method, &self.path)
            .with_query(self.query.as_deref())
            .with_headers(&headers)
            .with_body(&self.body);
        of(&request)
    }

    /// Sets a header, replacing one of the same name.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.into(), value.into()));
    }

    /// The value of a header that is there.
    pub(crate) fn value_of(&mut self, name: &str) -> &mut Vec<u8> {
        let found = self.headers.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
        &mut found.expect("the header is there").1
    }

    /// Signs and sets the headers, as a client does.
    pub(crate) fn signed_with(mut self, credentials: &Credentials) -> Self {
        let signed = self
            .view(|request| sdk_hmac_sha256::sign(request, credentials, date()))
            .expect("a signable request");
        for (name, value) in signed.headers() {
            self.set(name, value);
        }
        self
    }

    pub(crate) fn signed(self) -> Self {
        self.signed_with(&credentials())
    }

    /// Verifies as received `seconds` after the signature.
    pub(crate) fn verify_after(
        &self,
        seconds: i64,
    ) -> Result<sdk_hmac_sha256::Verified, sdk_hmac_sha256::VerifyError> {
        self.view(|request| {
            sdk_hmac_sha256::verify(request, later(seconds), sdk_hmac_sha256::MAX_SKEW, lookup)
        })
    }

    pub(crate) fn verify(&self) -> Result<sdk_hmac_sha256::Verified, sdk_hmac_sha256::VerifyError> {
        self.verify_after(0)
    }
}
