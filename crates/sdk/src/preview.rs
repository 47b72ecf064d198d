//! A request that was signed and not sent.

use std::fmt;

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
}

/// What stands in a secret's place.
const MASK: &str = "***";

impl RequestPreview {
    pub(crate) fn of(request: &reqwest::Request) -> Self {
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
        }
    }
}

/// A signature is masked from `Signature=` on, so that access key and signed headers can be read.
fn shown(name: &str, value: &http::HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    match (name, text.split_once("Signature=")) {
        ("authorization", Some((before, _))) => format!("{before}Signature={MASK}"),
        _ if sdk_hmac_sha256::is_sensitive_header(name) => MASK.to_owned(),
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
