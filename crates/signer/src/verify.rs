//! The receiving side.

use std::time::Duration;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::authorization::Authorization;
use crate::canonical::{CanonicalRequest, Entry, compare_names, content_sha256, header_text, single_header};
use crate::date::SigningDate;
use crate::encode::push_hex;
use crate::error::{AuthorizationError, RequestError, SignatureMismatch, VerifyError};
use crate::key::SecretKey;
use crate::request::{AUTHORIZATION, SignableRequest, UNSIGNED_PAYLOAD, X_SDK_DATE};
use crate::sign::StringToSign;

/// The skew that Huawei Cloud's API signing guide names: a difference of more than 15 minutes is refused.
pub const MAX_SKEW: Duration = Duration::from_secs(15 * 60);

/// Verifies a received request.
///
/// `request` holds the method, path, query, headers and body as received; `now` is the receiver's time and
/// `max_skew` the largest difference from it in either direction, usually [`MAX_SKEW`]. `secret_key_of` looks up the
/// secret key of an access key (AK).
///
/// Checked in this order: the `Authorization` header, that `x-sdk-date` is among the signed headers and all of these
/// are there, that the date is within the skew, `X-Sdk-Content-Sha256`, the access key, that no signed header is
/// there twice, and the signature, in constant time. Headers that are not named in `SignedHeaders` are not covered
/// and not looked at, with one exception:
///
/// `X-Sdk-Content-Sha256` takes the place of the body's digest. **Our reading**, as no document says what a receiver
/// does: `UNSIGNED-PAYLOAD` is taken literally, and [`Verified::body_is_signed`] is `false` then; a digest has to be
/// that of the received body, as otherwise another body could be put under the signature; any other value is
/// refused.
///
/// The security token of temporary keys is signed like any header, and not compared with anything here: a receiver
/// that hands out such keys checks the token itself. Nothing guards against the same request being sent twice within
/// the skew.
///
/// # Errors
///
/// [`VerifyError`] says which check failed; the request must be refused then.
pub fn verify<F>(
    request: &SignableRequest<'_>,
    now: SigningDate,
    max_skew: Duration,
    secret_key_of: F,
) -> Result<Verified, VerifyError>
where
    F: FnOnce(&str) -> Option<SecretKey>,
{
    let authorization = received_authorization(request)?;
    if !authorization.signed_headers().any(|name| name == X_SDK_DATE) {
        return Err(VerifyError::DateNotSigned);
    }
    let entries = signed_entries(request, &authorization)?;
    // Present, as all signed headers are.
    let date = entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(X_SDK_DATE));
    let date: SigningDate = date.map_or("", |entry| entry.value).parse()?;
    if date.abs_diff(now) > max_skew {
        return Err(VerifyError::DateSkew { signed: date, now, allowed: max_skew });
    }
    let body_is_signed = check_content_sha256(request)?;
    let Some(secret_key) = secret_key_of(authorization.access_key()) else {
        return Err(VerifyError::UnknownAccessKey { access_key: authorization.access_key().to_owned() });
    };
    let canonical_request = CanonicalRequest::assemble(request, entries)?;
    let string_to_sign = StringToSign::new(&canonical_request, date);
    if string_to_sign.signature(&secret_key) == authorization.signature() {
        Ok(Verified { authorization, canonical_request, string_to_sign, body_is_signed })
    } else {
        let access_key = authorization.access_key().to_owned();
        let mismatch = SignatureMismatch { access_key, canonical_request, string_to_sign };
        Err(VerifyError::SignatureMismatch(Box::new(mismatch)))
    }
}

fn received_authorization(request: &SignableRequest<'_>) -> Result<Authorization, VerifyError> {
    let text = match single_header(request, AUTHORIZATION) {
        Ok(text) => text.ok_or(VerifyError::MissingAuthorization)?,
        Err(RequestError::InvalidHeaderValue { .. }) => return Err(AuthorizationError::Malformed.into()),
        Err(error) => return Err(error.into()),
    };
    Ok(text.parse()?)
}

/// The headers that `SignedHeaders` names. Each is there at least once; whether more is seen when they are sorted.
fn signed_entries<'a>(
    request: &SignableRequest<'a>,
    authorization: &Authorization,
) -> Result<Vec<Entry<'a>>, VerifyError> {
    // The list is sorted: it was read so.
    let names: Vec<&str> = authorization.signed_headers().collect();
    let mut seen = vec![false; names.len()];
    let mut entries = Vec::with_capacity(names.len());
    for &(name, value) in request.headers {
        let place = names.binary_search_by(|signed| compare_names(signed, name));
        if let Ok(place) = place {
            seen[place] = true;
            entries.push(Entry { name, value: header_text(name, value)? });
        }
    }
    match seen.iter().position(|seen| !seen) {
        Some(place) => Err(VerifyError::MissingSignedHeader { name: names[place].to_owned() }),
        None => Ok(entries),
    }
}

/// Whether the signature covers the body.
fn check_content_sha256(request: &SignableRequest<'_>) -> Result<bool, VerifyError> {
    let Some(claimed) = content_sha256(request)? else {
        return Ok(true);
    };
    if claimed == UNSIGNED_PAYLOAD {
        return Ok(false);
    }
    if claimed.len() != 64 || !claimed.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(VerifyError::InvalidContentSha256);
    }
    let mut actual = String::with_capacity(64);
    push_hex(&mut actual, &Sha256::digest(request.body).into());
    let same = actual.as_bytes().ct_eq(claimed.to_ascii_lowercase().as_bytes());
    if bool::from(same) { Ok(true) } else { Err(VerifyError::ContentSha256Mismatch) }
}

/// A request whose signature holds.
#[derive(Clone, Debug)]
pub struct Verified {
    authorization: Authorization,
    canonical_request: CanonicalRequest,
    string_to_sign: StringToSign,
    body_is_signed: bool,
}

impl Verified {
    /// The access key (AK) whose secret key signed the request.
    #[must_use]
    pub fn access_key(&self) -> &str {
        self.authorization.access_key()
    }

    /// The names of the headers that the signature covers: lower case, sorted.
    pub fn signed_headers(&self) -> impl Iterator<Item = &str> {
        self.authorization.signed_headers()
    }

    /// Whether the signature covers the header of this name. Upper and lower case are the same.
    #[must_use]
    pub fn is_signed(&self, name: &str) -> bool {
        self.signed_headers().any(|signed| signed.eq_ignore_ascii_case(name))
    }

    /// Whether the signature covers the body; `false` for `UNSIGNED-PAYLOAD`.
    #[must_use]
    pub fn body_is_signed(&self) -> bool {
        self.body_is_signed
    }

    /// The time of the signature.
    #[must_use]
    pub fn date(&self) -> SigningDate {
        self.string_to_sign.date()
    }

    /// The receiver's canonical request, the same as the client's.
    #[must_use]
    pub fn canonical_request(&self) -> &CanonicalRequest {
        &self.canonical_request
    }

    /// The receiver's string to sign, the same as the client's.
    #[must_use]
    pub fn string_to_sign(&self) -> &StringToSign {
        &self.string_to_sign
    }
}
