#![doc = include_str!("../README.md")]

mod authorization;
mod canonical;
mod date;
mod encode;
mod error;
mod key;
mod request;
mod sign;
mod verify;

pub use authorization::Authorization;
pub use canonical::{CanonicalRequest, RedactedCanonicalRequest};
pub use date::SigningDate;
pub use error::{AuthorizationError, DateError, KeyError, RequestError, SignatureMismatch, VerifyError};
pub use key::{Credentials, SecretKey};
pub use request::{
    AUTHORIZATION, SignableRequest, UNSIGNED_PAYLOAD, X_SDK_CONTENT_SHA256, X_SDK_DATE, X_SECURITY_TOKEN,
    is_sensitive_header,
};
pub use sign::{ALGORITHM, Signature, Signed, StringToSign, sign};
pub use verify::{MAX_SKEW, Verified, verify};
