//! Every way in which reading, signing or verifying fails.
//!
//! No message contains a secret key or a security token.

use std::time::Duration;

use crate::canonical::CanonicalRequest;
use crate::date::SigningDate;
use crate::sign::StringToSign;

/// A key or token that cannot be used. The value itself is in no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The access key (AK) is empty or holds something else than visible ASCII characters, or a comma.
    ///
    /// Cause: often a line end or blank copied along, or AK and SK in one text. Remedy: pass the AK alone.
    #[error("the access key (AK) must be visible ASCII characters without a comma, and not empty")]
    AccessKey,
    /// The secret key (SK) is empty, holds a control character, or begins or ends with white space.
    ///
    /// Cause: often a file read together with its line end. Remedy: trim the text before passing it.
    #[error("the secret key (SK) must have no control character or white space around it, and not be empty")]
    SecretKey,
    /// The security token is empty or holds something else than visible ASCII characters.
    ///
    /// Cause: often a line end copied along. Remedy: pass the `securitytoken` value as received.
    #[error("the security token must be visible ASCII characters, and not empty")]
    SecurityToken,
}

/// A date that cannot stand in an `X-Sdk-Date` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DateError {
    /// The text is not `YYYYMMDDTHHMMSSZ` or names a day or time that no calendar has.
    ///
    /// Remedy: write the time in UTC, for example `20260102T030405Z`.
    #[error("not a UTC date of the form YYYYMMDDTHHMMSSZ")]
    Malformed,
    /// The year is not between 0000 and 9999, or the date is the last day of 9999.
    ///
    /// Remedy: check the clock the time was taken from.
    #[error("the date is outside the years 0000 to 9999")]
    OutOfRange,
}

/// A request that has no canonical form, so that it can be neither signed nor verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The method is empty or not an HTTP token.
    ///
    /// Remedy: pass the method alone, for example `POST`.
    #[error("the method is not an HTTP token")]
    InvalidMethod,
    /// A header name is empty or not an HTTP token.
    ///
    /// Remedy: pass name and value apart, without the colon.
    #[error("header name {name:?} is not an HTTP token")]
    InvalidHeaderName {
        /// The name as given.
        name: String,
    },
    /// The value of a header to sign is not UTF-8 or holds a control character other than a tab.
    ///
    /// Such a value could pretend to be several lines of the canonical request. Remedy: leave the header out of
    /// the signed ones, or encode its value.
    #[error("the value of header `{name}` is not text of one line")]
    InvalidHeaderValue {
        /// The lower-case name of the header.
        name: String,
    },
    /// A header to sign is there twice (in any mixture of upper and lower case).
    ///
    /// What the service makes of it is documented nowhere. Remedy: join the values or leave the header out of the
    /// signed ones.
    #[error("header `{name}` is there more than once")]
    DuplicateHeader {
        /// The lower-case name of the header.
        name: String,
    },
}

/// An `Authorization` value that is not one of this algorithm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// The value begins with another algorithm, for example `V11-HMAC-SHA256`.
    ///
    /// Remedy: have the client use its default algorithm, `SDK-HMAC-SHA256`.
    #[error("algorithm `{algorithm}` is not SDK-HMAC-SHA256")]
    UnsupportedAlgorithm {
        /// The first word of the value, at most 32 letters, digits and hyphens of it.
        algorithm: String,
    },
    /// The value is not `SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…` with these fields in this order.
    #[error("not of the form `SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…`")]
    Malformed,
    /// The `Access` field is empty or holds something else than visible ASCII characters.
    #[error("the Access field is not an access key")]
    InvalidAccessKey,
    /// `SignedHeaders` is not a list of lower-case names, joined by `;`, sorted, each once, none with `_`.
    #[error("SignedHeaders is not a sorted list of lower-case header names")]
    InvalidSignedHeaders,
    /// `Signature` is not 64 lower-case hexadecimal digits.
    #[error("Signature is not 64 lower-case hexadecimal digits")]
    InvalidSignature,
}

/// Why a received request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// There is no `Authorization` header.
    ///
    /// Remedy: sign the request, or check that no proxy removes the header.
    #[error("the request has no Authorization header")]
    MissingAuthorization,
    /// The `Authorization` header cannot be read; the source says why.
    #[error("the Authorization header cannot be read")]
    Authorization(#[from] AuthorizationError),
    /// A header that matters occurs more than once, or a signed one is not text; the source says which.
    #[error("the request has no canonical form")]
    Request(#[from] RequestError),
    /// `x-sdk-date` is not among the signed headers, so that the signature would be good for ever.
    ///
    /// Remedy: sign it; the algorithm demands it.
    #[error("x-sdk-date is not among the signed headers")]
    DateNotSigned,
    /// A header named in `SignedHeaders` is not in the request.
    ///
    /// Cause: the client left it out after signing, or a proxy removed it.
    #[error("signed header `{name}` is not in the request")]
    MissingSignedHeader {
        /// The lower-case name of the header.
        name: String,
    },
    /// The `X-Sdk-Date` value is not a date; the source says why.
    #[error("the X-Sdk-Date header cannot be read")]
    Date(#[from] DateError),
    /// The request was signed too long ago or too far ahead.
    ///
    /// Cause: a wrong clock, or a request held back. Remedy: set the clock, sign each attempt anew.
    #[error("signed at {signed}, more than {} s from the receiver's {now}", allowed.as_secs())]
    DateSkew {
        /// The request's `X-Sdk-Date`.
        signed: SigningDate,
        /// The receiver's time.
        now: SigningDate,
        /// The largest difference accepted.
        allowed: Duration,
    },
    /// The receiver knows no secret key for this access key.
    ///
    /// Remedy: check the AK, and that it belongs to the environment called.
    #[error("access key `{access_key}` is not known")]
    UnknownAccessKey {
        /// The access key (AK) as received.
        access_key: String,
    },
    /// `X-Sdk-Content-Sha256` is neither `UNSIGNED-PAYLOAD` nor 64 hexadecimal digits.
    #[error("X-Sdk-Content-Sha256 is neither UNSIGNED-PAYLOAD nor a SHA-256 digest")]
    InvalidContentSha256,
    /// `X-Sdk-Content-Sha256` is a digest, but not that of the received body.
    ///
    /// Cause: the body was changed after signing, by a proxy or an attacker.
    #[error("X-Sdk-Content-Sha256 is not the digest of the body")]
    ContentSha256Mismatch,
    /// The signature is not that of the received request.
    ///
    /// Cause: a wrong secret key, or method, path, query, a signed header or the body changed after signing.
    /// Remedy: compare the receiver's canonical request with the client's, line by line; if all are the same, the
    /// secret key differs.
    #[error("the signature does not match the request")]
    SignatureMismatch(Box<SignatureMismatch>),
}

/// What the receiver signed, to be compared with what the client signed.
///
/// The signature the receiver computed is not kept: whoever sees it could send the request with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureMismatch {
    pub(crate) access_key: String,
    pub(crate) canonical_request: CanonicalRequest,
    pub(crate) string_to_sign: StringToSign,
}

impl SignatureMismatch {
    /// The access key (AK) as received; it is known to the receiver.
    #[must_use]
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// The receiver's canonical request. Show it with [`CanonicalRequest::redacted`].
    #[must_use]
    pub fn canonical_request(&self) -> &CanonicalRequest {
        &self.canonical_request
    }

    /// The receiver's string to sign.
    #[must_use]
    pub fn string_to_sign(&self) -> &StringToSign {
        &self.string_to_sign
    }
}
