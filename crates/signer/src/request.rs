//! The view of a request that is signed or verified.

use std::fmt;

use crate::key::REDACTED;

/// Header with the time of the signature, `YYYYMMDDTHHMMSSZ` in UTC; always signed.
pub const X_SDK_DATE: &str = "x-sdk-date";
/// Header with the signature.
pub const AUTHORIZATION: &str = "authorization";
/// Header with the token that belongs to temporary keys.
pub const X_SECURITY_TOKEN: &str = "x-security-token";
/// Header whose value takes the place of the body's digest.
pub const X_SDK_CONTENT_SHA256: &str = "x-sdk-content-sha256";
/// Value of [`X_SDK_CONTENT_SHA256`] for a body that the signature does not cover.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// Whether the value of this header must not be logged: `authorization`, `x-auth-token`, `x-security-token`.
///
/// Upper and lower case are the same.
#[must_use]
pub fn is_sensitive_header(name: &str) -> bool {
    [AUTHORIZATION, "x-auth-token", X_SECURITY_TOKEN].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// A borrowed view of a request: everything that signing looks at, nothing that it changes.
///
/// Path and query are given as they stand on the wire, percent-encoded. Signing puts them into canonical form for
/// itself; the URL that is sent stays what it was.
///
/// When signing, the caller chooses what is signed: all headers in the list are, except names with `_` and
/// `Authorization`. When verifying, the list holds every header received, and `SignedHeaders` chooses.
///
/// ```
/// use sdk_hmac_sha256::SignableRequest;
///
/// let headers: [(&str, &[u8]); 2] =
///     [("host", b"mrs.cn-north-4.myhuaweicloud.com"), ("content-type", b"application/json")];
/// let request = SignableRequest::new("GET", "/v2/project/clusters/cluster/iam-sync")
///     .with_query(Some("limit=10&offset=0"))
///     .with_headers(&headers)
///     .with_body(b"");
/// # let _ = request;
/// ```
#[derive(Clone, Copy)]
pub struct SignableRequest<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: &'a [(&'a str, &'a [u8])],
    pub(crate) body: &'a [u8],
}

impl<'a> SignableRequest<'a> {
    /// A request without query, headers and body. `path` is percent-encoded and begins with `/`.
    #[must_use]
    pub fn new(method: &'a str, path: &'a str) -> Self {
        Self { method, path, query: None, headers: &[], body: &[] }
    }

    /// Sets the raw query, without the `?`. `None` and an empty text are the same.
    ///
    /// A `+` is a plus sign, not a space: the official Python SDK 3.1.219 sends a space as `%20` and a plus as
    /// `%2B`. A URL builder that writes spaces as `+` (as HTML forms do) would be signed as a plus.
    #[must_use]
    pub fn with_query(mut self, query: Option<&'a str>) -> Self {
        self.query = query;
        self
    }

    /// Sets the headers: name in any case, value as bytes.
    #[must_use]
    pub fn with_headers(mut self, headers: &'a [(&'a str, &'a [u8])]) -> Self {
        self.headers = headers;
        self
    }

    /// Sets the body as it is sent. The service accepts signed requests with bodies of up to 12 MB.
    #[must_use]
    pub fn with_body(mut self, body: &'a [u8]) -> Self {
        self.body = body;
        self
    }
}

impl fmt::Debug for SignableRequest<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers = self.headers.iter().map(|(name, value)| {
            let hidden = is_sensitive_header(name);
            (name, if hidden { REDACTED.into() } else { String::from_utf8_lossy(value) })
        });
        out.debug_struct("SignableRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query)
            .field("headers", &headers.collect::<Vec<_>>())
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}
