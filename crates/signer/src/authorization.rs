//! Third stage: the `Authorization` header.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::canonical::{CanonicalRequest, is_token};
use crate::encode::push_hex;
use crate::error::AuthorizationError;
use crate::key::{Credentials, is_access_key};
use crate::sign::{ALGORITHM, Signature};

/// The value of an `Authorization` header.
///
/// `SDK-HMAC-SHA256 Access=<AK>, SignedHeaders=<names joined by ;>, Signature=<hex>`. `Display` and
/// [`as_str`](Self::as_str) give exactly the text that is sent. It proves nothing by itself: read from a request, it
/// is a claim until [`verify`](crate::verify()) has accepted it.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization {
    text: String,
    access_key: Range<usize>,
    signed_headers: Range<usize>,
    signature: Signature,
}

impl Authorization {
    /// Puts the three parts together. Use [`sign`](crate::sign()) to sign; this is the stage on its own.
    #[must_use]
    pub fn new(
        credentials: &Credentials,
        canonical_request: &CanonicalRequest,
        signature: Signature,
    ) -> Self {
        Self::assemble(credentials.access_key(), canonical_request.signed_headers(), signature)
    }

    fn assemble(access_key: &str, signed_headers: &str, signature: Signature) -> Self {
        let fixed = " Access=, SignedHeaders=, Signature=".len() + ALGORITHM.len() + 64;
        let mut text = String::with_capacity(fixed + access_key.len() + signed_headers.len());
        let mut push = |before: &str, value: &str| {
            text.push_str(before);
            let start = text.len();
            text.push_str(value);
            start..text.len()
        };
        push(ALGORITHM, "");
        let access_key = push(" Access=", access_key);
        let signed_headers = push(", SignedHeaders=", signed_headers);
        push(", Signature=", "");
        push_hex(&mut text, signature.as_bytes());
        Self { text, access_key, signed_headers, signature }
    }

    /// The value of the header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The access key (AK).
    #[must_use]
    pub fn access_key(&self) -> &str {
        &self.text[self.access_key.clone()]
    }

    /// The names of the signed headers: lower case, sorted.
    pub fn signed_headers(&self) -> impl Iterator<Item = &str> {
        self.text[self.signed_headers.clone()].split(';')
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> Signature {
        self.signature
    }
}

impl FromStr for Authorization {
    type Err = AuthorizationError;

    /// Reads the value of a header. Strict, but for the number of spaces behind the algorithm (one at least) and
    /// behind a comma (none at least); `Display` of the outcome has one each.
    ///
    /// # Errors
    ///
    /// [`AuthorizationError`] says which part is wrong.
    fn from_str(text: &str) -> Result<Self, AuthorizationError> {
        let (algorithm, fields) = text.split_once(' ').ok_or(AuthorizationError::Malformed)?;
        if algorithm != ALGORITHM {
            // Anything longer or with other characters is no algorithm, and could be a secret in the wrong place.
            let named = !algorithm.is_empty()
                && algorithm.len() <= 32
                && algorithm.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            return Err(if named {
                AuthorizationError::UnsupportedAlgorithm { algorithm: algorithm.to_owned() }
            } else {
                AuthorizationError::Malformed
            });
        }
        let mut fields = fields.split(',').map(|field| field.trim_start_matches(' '));
        let mut field = |name: &str| fields.next().and_then(|field| field.strip_prefix(name));
        let parts = (field("Access="), field("SignedHeaders="), field("Signature="));
        let (Some(access_key), Some(signed_headers), Some(signature)) = parts else {
            return Err(AuthorizationError::Malformed);
        };
        if fields.next().is_some() {
            return Err(AuthorizationError::Malformed);
        }
        if !is_access_key(access_key) {
            return Err(AuthorizationError::InvalidAccessKey);
        }
        let names_hold = signed_headers.split(';').all(is_signed_name);
        if !names_hold || !signed_headers.split(';').is_sorted_by(|left, right| left < right) {
            return Err(AuthorizationError::InvalidSignedHeaders);
        }
        Ok(Self::assemble(access_key, signed_headers, Signature::from_hex(signature)?))
    }
}

fn is_signed_name(name: &str) -> bool {
    is_token(name) && !name.bytes().any(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

impl fmt::Display for Authorization {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Authorization({:?})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "325ea9ec167bbbfac2233a47ab4f82dc9a855270866e2624e6e5adab2aef2031";

    #[test]
    fn reads_and_writes() {
        let text = format!("SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature={HEX}");
        for variant in [
            text.clone(),
            text.replace(", ", ","),
            text.replace(", ", ",   "),
            text.replace("SHA256 ", "SHA256   "),
        ] {
            let read: Authorization = variant.parse().unwrap();
            assert_eq!(read.as_str(), text, "{variant:?}");
            assert_eq!(read.access_key(), "AK");
            assert_eq!(read.signed_headers().collect::<Vec<_>>(), ["host", "x-sdk-date"]);
            assert_eq!(read.signature().to_string(), HEX);
        }
    }

    #[test]
    fn refuses_everything_else() {
        use AuthorizationError as E;
        let good = format!("SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature={HEX}");
        let other = |name: &str| E::UnsupportedAlgorithm { algorithm: name.into() };
        for (from, to, error) in [
            ("SDK-HMAC-SHA256", "V11-HMAC-SHA256", other("V11-HMAC-SHA256")),
            ("SDK-HMAC-SHA256", "sdk-hmac-sha256", other("sdk-hmac-sha256")),
            ("SDK-HMAC-SHA256", "", E::Malformed),
            ("SDK-HMAC-SHA256", "SDK_HMAC", E::Malformed),
            ("SDK-HMAC-SHA256 ", "SDK-HMAC-SHA256\t", E::Malformed),
            (&good, "SDK-HMAC-SHA256", E::Malformed),
            (&good, "", E::Malformed),
            ("Access=", "access=", E::Malformed),
            ("Access=", "Credential=", E::Malformed),
            ("Access=AK, ", "", E::Malformed),
            ("Access=AK, ", "Access=AK, Access=AK, ", E::Malformed),
            ("Signature=", "SignedHeaders=", E::Malformed),
            ("2031", "2031,", E::Malformed),
            ("2031", "2031 ", E::InvalidSignature),
            ("AK, ", "AK ,", E::InvalidAccessKey),
            ("=AK,", "=,", E::InvalidAccessKey),
            ("=AK,", "=ÄK,", E::InvalidAccessKey),
            ("host;x-sdk-date", "", E::InvalidSignedHeaders),
            ("host;x-sdk-date", "host;", E::InvalidSignedHeaders),
            ("host;x-sdk-date", "x-sdk-date;host", E::InvalidSignedHeaders),
            ("host;x-sdk-date", "host;host", E::InvalidSignedHeaders),
            ("host;", "Host;", E::InvalidSignedHeaders),
            ("host;", "ho_st;", E::InvalidSignedHeaders),
            ("host;", "ho st;", E::InvalidSignedHeaders),
            ("325ea", "325EA", E::InvalidSignature),
            ("325ea", "325e", E::InvalidSignature),
            ("325ea", "325eaa", E::InvalidSignature),
            ("325ea", "325eg", E::InvalidSignature),
        ] {
            let text = good.replace(from, to);
            assert_eq!(text.parse::<Authorization>().unwrap_err(), error, "{text:?}");
        }
    }
}
