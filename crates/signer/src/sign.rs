//! Second and third stage, and signing in one call.

use std::fmt;

use subtle::ConstantTimeEq;

use crate::authorization::Authorization;
use crate::canonical::{CanonicalRequest, Entry, signable_entries};
use crate::date::SigningDate;
use crate::encode::{parse_lower_hex, push_hex};
use crate::error::{AuthorizationError, RequestError};
use crate::key::{Credentials, SecretKey, SecurityToken};
use crate::request::{AUTHORIZATION, SignableRequest, X_SDK_DATE, X_SECURITY_TOKEN};

/// The name of the algorithm, as the string to sign and the `Authorization` header begin.
pub const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// What the signature is computed over: algorithm, date and digest of the canonical request, one line each.
///
/// It holds no secret. `Display` and [`as_str`](Self::as_str) give exactly the bytes that are signed.
#[derive(Clone, PartialEq, Eq)]
pub struct StringToSign {
    text: String,
    date: SigningDate,
}

impl StringToSign {
    /// The string to sign of a canonical request. `date` must be the value of its `x-sdk-date` header.
    #[must_use]
    pub fn new(canonical_request: &CanonicalRequest, date: SigningDate) -> Self {
        let mut text = String::with_capacity(ALGORITHM.len() + 1 + 16 + 1 + 64);
        text.push_str(ALGORITHM);
        text.push('\n');
        text.push_str(date.as_str());
        text.push('\n');
        push_hex(&mut text, &canonical_request.sha256());
        Self { text, date }
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The date in the second line.
    #[must_use]
    pub fn date(&self) -> SigningDate {
        self.date
    }

    /// HMAC-SHA256 of the text under the bytes of the secret key.
    #[must_use]
    pub fn signature(&self, secret_key: &SecretKey) -> Signature {
        Signature(secret_key.hmac_sha256(&self.text))
    }
}

impl fmt::Display for StringToSign {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl fmt::Debug for StringToSign {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "StringToSign({:?})", self.text)
    }
}

/// A signature: 32 bytes, written as 64 lower-case hexadecimal digits.
///
/// Two signatures are compared in constant time.
#[derive(Clone, Copy, Eq)]
pub struct Signature([u8; 32]);

impl Signature {
    /// Reads the hexadecimal form.
    ///
    /// # Errors
    ///
    /// [`AuthorizationError::InvalidSignature`] when it is not exactly 64 lower-case hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, AuthorizationError> {
        parse_lower_hex(text).map(Self).ok_or(AuthorizationError::InvalidSignature)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for Signature {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(64);
        push_hex(&mut text, &self.0);
        out.write_str(&text)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Signature({self})")
    }
}

/// Signs a request: the one call a client needs.
///
/// The request is not changed; [`Signed::headers`] are the headers to set on it. Signed are all its headers except
/// names with `_` and `Authorization`, and in addition `x-sdk-date` with `date` and, for temporary keys,
/// `x-security-token`. A request that carries these two already (from an earlier attempt) is signed with the new
/// values. An `Authorization` header does not stop signing.
///
/// `Host` is in the service's table of mandatory headers and the official Python SDK signs it: give it as a header,
/// with the port unless it is the scheme's own, even when the HTTP client adds it by itself.
///
/// # Errors
///
/// [`RequestError`] when the request has no canonical form; nothing is signed then.
///
/// ```
/// use sdk_hmac_sha256::{Credentials, SignableRequest, sign};
///
/// let credentials = Credentials::new("AKEXAMPLE00000000000", "SKSECRET0000000000000000000000000000000")?;
/// let headers: [(&str, &[u8]); 1] = [("host", b"mrs.cn-north-4.myhuaweicloud.com")];
/// let request = SignableRequest::new("GET", "/v2/p/clusters/c/iam-sync").with_headers(&headers);
/// let signed = sign(&request, &credentials, "20260102T030405Z".parse()?)?;
/// for (name, value) in signed.headers() {
///     // Set `name` to `value` on the request that is sent, replacing a header of that name.
///     assert!(["x-sdk-date", "authorization"].contains(&name) && !value.is_empty());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sign(
    request: &SignableRequest<'_>,
    credentials: &Credentials,
    date: SigningDate,
) -> Result<Signed, RequestError> {
    let token = credentials.security_token();
    let replaced = [X_SDK_DATE, X_SECURITY_TOKEN];
    let mut entries = signable_entries(request, if token.is_some() { &replaced } else { &replaced[..1] })?;
    entries.push(Entry { name: X_SDK_DATE, value: date.as_str() });
    if let Some(token) = token {
        entries.push(Entry { name: X_SECURITY_TOKEN, value: token.as_str() });
    }
    let canonical_request = CanonicalRequest::assemble(request, entries)?;
    let string_to_sign = StringToSign::new(&canonical_request, date);
    let signature = string_to_sign.signature(credentials.secret_key());
    let authorization = Authorization::new(credentials, &canonical_request, signature);
    Ok(Signed { canonical_request, string_to_sign, authorization, security_token: token.cloned() })
}

/// The outcome of [`sign`]: the headers to set, and the stages they came from.
#[derive(Clone, Debug)]
pub struct Signed {
    canonical_request: CanonicalRequest,
    string_to_sign: StringToSign,
    authorization: Authorization,
    security_token: Option<SecurityToken>,
}

impl Signed {
    /// Name and value of each header to set on the request, replacing one of the same name.
    ///
    /// `x-sdk-date`, `x-security-token` for temporary keys, `authorization`; names in lower case. Mark those that
    /// [`is_sensitive_header`](crate::is_sensitive_header) names as sensitive, where the HTTP library can.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            Some((X_SDK_DATE, self.string_to_sign.date.as_str())),
            self.security_token.as_ref().map(|token| (X_SECURITY_TOKEN, token.as_str())),
            Some((AUTHORIZATION, self.authorization.as_str())),
        ]
        .into_iter()
        .flatten()
    }

    /// First stage.
    #[must_use]
    pub fn canonical_request(&self) -> &CanonicalRequest {
        &self.canonical_request
    }

    /// Second stage.
    #[must_use]
    pub fn string_to_sign(&self) -> &StringToSign {
        &self.string_to_sign
    }

    /// Third stage.
    #[must_use]
    pub fn authorization(&self) -> &Authorization {
        &self.authorization
    }
}
