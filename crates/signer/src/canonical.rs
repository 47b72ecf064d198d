//! First stage: the canonical request.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::encode::{alphanumeric_and, push_hex, push_path, push_query};
use crate::error::RequestError;
use crate::key::REDACTED;
use crate::request::{AUTHORIZATION, SignableRequest, X_SDK_CONTENT_SHA256, is_sensitive_header};

/// A header to sign: name in any case, value without the blanks around it.
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a str,
}

/// The request in the one spelling that both sides hash.
///
/// Six parts, each ended by a line feed but the last, as Huawei Cloud's API signing guide has them: method, path,
/// query, headers (one line each, so that an empty line follows them), names of the signed headers, digest of the
/// body. `Display` and [`as_str`](Self::as_str) give exactly the bytes that are hashed, **including the value of a
/// signed security token**; for logs there is [`redacted`](Self::redacted), and `Debug` is redacted too.
#[derive(Clone, PartialEq, Eq)]
pub struct CanonicalRequest {
    text: String,
    signed_headers: Range<usize>,
}

impl CanonicalRequest {
    /// Puts a request into canonical form. All headers given are signed, except names with `_` and
    /// `Authorization`.
    ///
    /// Use [`sign`](crate::sign()) to sign; this is the stage on its own, for tests and comparison. `x-sdk-date`
    /// has to be among the headers already.
    ///
    /// # Errors
    ///
    /// [`RequestError`] when the method or a header is not HTTP, a header value is not text of one line or a header
    /// is there twice.
    pub fn new(request: &SignableRequest<'_>) -> Result<Self, RequestError> {
        let entries = signable_entries(request, &[])?;
        Self::assemble(request, entries)
    }

    /// Writes the canonical form with these headers as the signed ones.
    pub(crate) fn assemble(
        request: &SignableRequest<'_>,
        mut entries: Vec<Entry<'_>>,
    ) -> Result<Self, RequestError> {
        if !is_token(request.method) {
            return Err(RequestError::InvalidMethod);
        }
        entries.sort_unstable_by(|left, right| compare_names(left.name, right.name));
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].name.eq_ignore_ascii_case(pair[1].name)) {
            return Err(RequestError::DuplicateHeader { name: pair[0].name.to_ascii_lowercase() });
        }

        let of_headers: usize =
            entries.iter().map(|entry| 2 * entry.name.len() + entry.value.len() + 3).sum();
        let of_target = request.path.len() + request.query.map_or(0, str::len);
        let mut text = String::with_capacity(request.method.len() + of_target + of_headers + 72);
        push_cased(&mut text, request.method, str::make_ascii_uppercase);
        text.push('\n');
        push_path(&mut text, request.path);
        text.push('\n');
        push_query(&mut text, request.query.unwrap_or_default());
        text.push('\n');
        for entry in &entries {
            push_cased(&mut text, entry.name, str::make_ascii_lowercase);
            text.push(':');
            text.push_str(entry.value);
            text.push('\n');
        }
        text.push('\n');
        let start = text.len();
        for (index, entry) in entries.iter().enumerate() {
            if index > 0 {
                text.push(';');
            }
            text.push_str(entry.name);
        }
        text[start..].make_ascii_lowercase();
        let signed_headers = start..text.len();
        text.push('\n');
        match content_sha256(request)? {
            Some(literal) => text.push_str(literal),
            None => push_hex(&mut text, &Sha256::digest(request.body).into()),
        }
        Ok(Self { text, signed_headers })
    }

    /// The bytes that are hashed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of the signed headers: lower case, sorted, joined by `;`.
    #[must_use]
    pub fn signed_headers(&self) -> &str {
        &self.text[self.signed_headers.clone()]
    }

    /// The last line: lower-case hexadecimal SHA-256 of the body, or the value of `X-Sdk-Content-Sha256`.
    #[must_use]
    pub fn payload_hash(&self) -> &str {
        &self.text[self.signed_headers.end + 1..]
    }

    /// The SHA-256 of the text, the last line of the string to sign.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }

    /// The text with the values of sensitive headers masked, for logs and diagnostics.
    ///
    /// Masked are the headers of [`is_sensitive_header`]. Everything else is shown, path and query included.
    #[must_use]
    pub fn redacted(&self) -> RedactedCanonicalRequest<'_> {
        RedactedCanonicalRequest(self)
    }
}

impl fmt::Display for CanonicalRequest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl fmt::Debug for CanonicalRequest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "CanonicalRequest({:?})", self.redacted().to_string())
    }
}

/// A canonical request without the values of sensitive headers; made by [`CanonicalRequest::redacted`].
#[derive(Clone, Copy)]
pub struct RedactedCanonicalRequest<'a>(&'a CanonicalRequest);

impl fmt::Display for RedactedCanonicalRequest<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No part holds a line feed of its own, so the fourth line is the first header and an empty one ends them.
        let mut in_headers = true;
        for (index, line) in self.0.text.split('\n').enumerate() {
            if index > 0 {
                out.write_str("\n")?;
            }
            in_headers &= index < 3 || !line.is_empty();
            match line.split_once(':') {
                Some((name, _)) if index >= 3 && in_headers && is_sensitive_header(name) => {
                    write!(out, "{name}:{REDACTED}")?;
                }
                _ => out.write_str(line)?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for RedactedCanonicalRequest<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, out)
    }
}

/// The headers that are signed when all are, without those in `left_out`.
pub(crate) fn signable_entries<'a>(
    request: &SignableRequest<'a>,
    left_out: &[&str],
) -> Result<Vec<Entry<'a>>, RequestError> {
    // Room for the headers that signing adds.
    let mut entries = Vec::with_capacity(request.headers.len() + 2);
    for &(name, value) in request.headers {
        let skipped = name.contains('_')
            || name.eq_ignore_ascii_case(AUTHORIZATION)
            || left_out.iter().any(|known| name.eq_ignore_ascii_case(known));
        if skipped {
            continue;
        }
        if !is_token(name) {
            return Err(RequestError::InvalidHeaderName { name: name.to_owned() });
        }
        entries.push(Entry { name, value: header_text(name, value)? });
    }
    Ok(entries)
}

/// The value of a header as text, without the white space around it.
pub(crate) fn header_text<'a>(name: &str, value: &'a [u8]) -> Result<&'a str, RequestError> {
    // Looks at all bytes whatever it finds, as that compiles to a few wide instructions.
    let control =
        value.iter().fold(false, |found, &byte| found | (byte.is_ascii_control() & (byte != b'\t')));
    str::from_utf8(value)
        .ok()
        .filter(|_| !control)
        .map(str::trim)
        .ok_or_else(|| RequestError::InvalidHeaderValue { name: name.to_ascii_lowercase() })
}

/// The text of a header that may be there once.
pub(crate) fn single_header<'a>(
    request: &SignableRequest<'a>,
    name: &str,
) -> Result<Option<&'a str>, RequestError> {
    let mut found = request.headers.iter().filter(|header| header.0.eq_ignore_ascii_case(name));
    let Some(&(_, value)) = found.next() else {
        return Ok(None);
    };
    if found.next().is_some() {
        return Err(RequestError::DuplicateHeader { name: name.to_owned() });
    }
    header_text(name, value).map(Some)
}

/// The literal that takes the place of the body's digest. An empty one does not, as in the official Python SDK.
pub(crate) fn content_sha256<'a>(request: &SignableRequest<'a>) -> Result<Option<&'a str>, RequestError> {
    Ok(single_header(request, X_SDK_CONTENT_SHA256)?.filter(|value| !value.is_empty()))
}

/// Byte order of the lower-case forms.
pub(crate) fn compare_names(left: &str, right: &str) -> Ordering {
    let lower = |byte: u8| byte.to_ascii_lowercase();
    left.bytes().map(lower).cmp(right.bytes().map(lower))
}

/// The characters of an HTTP token (RFC 9110, section 5.6.2).
static TOKEN: [bool; 256] = alphanumeric_and(b"!#$%&'*+-.^_`|~");

/// Whether `text` is an HTTP token: what methods and header names consist of.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| TOKEN[usize::from(byte)])
}

/// Appends an HTTP token in one case.
fn push_cased(out: &mut String, token: &str, case: fn(&mut str)) {
    let start = out.len();
    out.push_str(token);
    case(&mut out[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(headers: &[(&str, &[u8])]) -> Result<CanonicalRequest, RequestError> {
        CanonicalRequest::new(
            &SignableRequest::new("get", "/a").with_headers(headers).with_query(Some("b=1")),
        )
    }

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn parts() {
        let canonical =
            with(&[("X-B", b" two  words\t"), ("Host", b"h"), ("x_y", b"\xff"), ("AUTHORIZATION", b"old")])
                .unwrap();
        assert_eq!(canonical.as_str(), format!("GET\n/a/\nb=1\nhost:h\nx-b:two  words\n\nhost;x-b\n{EMPTY}"));
        assert_eq!(canonical.signed_headers(), "host;x-b");
        assert_eq!(canonical.payload_hash(), EMPTY);
    }

    #[test]
    fn names_sort_in_lower_case() {
        let canonical = with(&[("a-b", b"2"), ("A", b"1"), ("Ab", b"3"), ("Z", b"")]).unwrap();
        assert_eq!(canonical.signed_headers(), "a;a-b;ab;z");
    }

    #[test]
    fn content_sha256_replaces_the_digest() {
        let canonical = with(&[("X-Sdk-Content-SHA256", b" UNSIGNED-PAYLOAD ")]).unwrap();
        assert_eq!(canonical.payload_hash(), "UNSIGNED-PAYLOAD");
        assert_eq!(with(&[("X-Sdk-Content-SHA256", b" ")]).unwrap().payload_hash(), EMPTY);
    }

    #[test]
    fn refuses_what_is_not_http() {
        let name = String::from("x-a");
        for value in [&b"a\nb"[..], b"a\r", b"\0", b"\x7f", b"\xff", b"\n"] {
            let error = RequestError::InvalidHeaderValue { name: name.clone() };
            assert_eq!(with(&[("X-A", value)]), Err(error), "{value:?}");
        }
        let twice = with(&[("X-A", b"1"), ("b", b""), ("x-a", b"1")]);
        assert_eq!(twice, Err(RequestError::DuplicateHeader { name }));
        for name in ["", "a:b", "a b", "a\n", "ä", "a;b"] {
            let error = RequestError::InvalidHeaderName { name: name.into() };
            assert_eq!(with(&[(name, b"")]), Err(error));
        }
        for method in ["", "GE T", "GET\n", "GÉT"] {
            let request = SignableRequest::new(method, "/");
            assert_eq!(CanonicalRequest::new(&request), Err(RequestError::InvalidMethod), "{method:?}");
        }
    }

    #[test]
    fn redaction_masks_values_only() {
        let canonical =
            with(&[("X-Auth-Token", b"tok:en"), ("X-Security-Token", b"token"), ("host", b"h")]).unwrap();
        let expected = format!(
            "GET\n/a/\nb=1\nhost:h\nx-auth-token:{REDACTED}\nx-security-token:{REDACTED}\n\n\
             host;x-auth-token;x-security-token\n{EMPTY}"
        );
        assert_eq!(canonical.redacted().to_string(), expected);
        assert!(!format!("{canonical:?} {:?}", canonical.redacted()).contains("tok:en"));
    }
}
