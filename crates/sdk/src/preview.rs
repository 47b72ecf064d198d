//! A request that was signed and not sent.

use std::fmt;

use sdk_hmac_sha256 as signer;

/// A request as it would be sent: signature and secrets masked, everything else exact.
///
/// `Display` shows it as text, one header a line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestPreview {
    /// HTTP method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Headers in alphabetical order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte; `None` when there is none.
    pub body: Option<String>,
    /// How it was signed; `None` when a token stands in place of a signature.
    pub signing: Option<SigningStages>,
}

/// The stages that a signature is made in, secrets masked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SigningStages {
    /// The request in the one spelling that both sides hash. With a security token the text differs from the one that
    /// was hashed by the mask in the token's place.
    pub canonical_request: String,
    /// What the signature is computed over.
    pub string_to_sign: String,
    /// Names of the signed headers: lower case, sorted.
    pub signed_headers: Vec<String>,
}

/// What stands in a secret's place.
const MASK: &str = "***";

impl RequestPreview {
    pub(crate) fn of(request: &reqwest::Request, signed: Option<&signer::Signed>) -> Self {
        let mut headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), shown(name.as_str(), value)))
            .collect();
        headers.sort();
        Self {
            method: request.method().to_string(),
            url: request.url().to_string(),
            headers,
            body: request
                .body()
                .and_then(reqwest::Body::as_bytes)
                .map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
            signing: signed.map(|signed| {
                let canonical_request = signed.canonical_request();
                SigningStages {
                    canonical_request: canonical_request.redacted().to_string(),
                    string_to_sign: signed.string_to_sign().to_string(),
                    signed_headers: canonical_request
                        .signed_headers()
                        .split(';')
                        .map(str::to_owned)
                        .collect(),
                }
            }),
        }
    }
}

/// A signature is masked from `Signature=` on, so that access key and signed headers can be read.
fn shown(name: &str, value: &http::HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    match (name, text.split_once("Signature=")) {
        ("authorization", Some((before, _))) => format!("{before}Signature={MASK}"),
        _ if signer::is_sensitive_header(name) => MASK.to_owned(),
        _ => text.into_owned(),
    }
}

impl fmt::Display for RequestPreview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.method, self.url)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value}")?;
        }
        match &self.body {
            Some(body) => write!(f, "\n{body}"),
            None => Ok(()),
        }
    }
}
