//! Where requests go.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use url::{Host, Url};

use crate::error::{Error, ErrorKind};

/// Address of the metadata service of an ECS instance: link-local, answered by the host.
const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

/// Longest time for a connection to the metadata service: elsewhere nobody answers at that address.
const METADATA_CONNECT_LIMIT: Duration = Duration::from_millis(300);

/// A base URL that credentials may be sent to: `https`, or `http` to this machine itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Without a trailing slash.
    base: String,
    loopback: bool,
    https: bool,
    metadata: bool,
}

impl Endpoint {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        Self::checked(text, false)
    }

    /// That of a metadata service: no credentials are sent to it, so that plain http to its one address is fine.
    pub(crate) fn metadata(text: &str) -> Result<Self, Error> {
        Self::checked(text, true)
    }

    fn checked(text: &str, metadata: bool) -> Result<Self, Error> {
        // A password in the URL must not get into the message.
        let bad = |what: &str| {
            Error::new(ErrorKind::InvalidInput, format!("the endpoint {what}"))
                .with_hint("an endpoint looks like https://mrs.cn-north-4.myhuaweicloud.com")
        };
        let url = Url::parse(text.trim()).map_err(|error| bad(&format!("is not a URL: {error}")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("must not hold a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("must not hold a query or fragment"));
        }
        let loopback = match url.host() {
            None => return Err(bad("names no host")),
            Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        };
        let link_local = url.host() == Some(Host::Ipv4(METADATA));
        let https = match url.scheme() {
            "https" => true,
            "http" if loopback || (metadata && link_local) => false,
            "http" => {
                return Err(bad("uses http; credentials go over https only, except to this machine itself"));
            }
            other => return Err(bad(&format!("uses {other}, not https"))),
        };
        Ok(Self { base: url.as_str().trim_end_matches('/').to_owned(), loopback, https, metadata })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.base
    }

    /// Whether it is this machine itself, or the host that it runs on: no proxy stands in between.
    pub(crate) fn is_near(&self) -> bool {
        self.loopback || self.metadata
    }

    /// Longest time for a connection, where that is not left to the deadline of an operation.
    pub(crate) fn connect_limit(&self) -> Option<Duration> {
        self.metadata.then_some(METADATA_CONNECT_LIMIT)
    }

    pub(crate) fn is_https(&self) -> bool {
        self.https
    }

    /// The URL of a path below it; `path` begins with a slash and stays on this host.
    pub(crate) fn join(&self, path: &str) -> Result<Url, Error> {
        let bad = |what: &str| {
            Error::new(ErrorKind::InvalidInput, format!("the path {what}"))
                .with_hint("a path is relative to the endpoint: /v2/PROJECT/clusters/CLUSTER/iam-sync-user")
        };
        if !path.starts_with('/') || path.starts_with("//") {
            return Err(bad("must begin with one slash"));
        }
        let plain = path.split(['?', '#']).next().unwrap_or_default();
        if path.contains('\\') || plain.split('/').any(is_dots) {
            return Err(bad("must not hold `.` or `..` segments or backslashes"));
        }
        if path.contains('#') {
            return Err(bad("must not hold a fragment"));
        }
        if path.contains(|character: char| character.is_control() || character == ' ') {
            return Err(bad("must not hold spaces or control characters; percent-encode them"));
        }
        Url::parse(&format!("{}{path}", self.base)).map_err(|error| bad(&format!("is not usable: {error}")))
    }
}

/// Whether a URL parser takes a segment for `.` or `..`.
fn is_dots(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_at_home() {
        for (text, base) in [
            ("https://mrs.cn-north-4.myhuaweicloud.com/", "https://mrs.cn-north-4.myhuaweicloud.com"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:1", "http://[::1]:1"),
            ("http://localhost:1/prefix/", "http://localhost:1/prefix"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().as_str(), base);
        }
        for text in [
            "http://mrs.cn-north-4.myhuaweicloud.com",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "ftp://127.0.0.1",
            "mrs.cn-north-4.myhuaweicloud.com",
            "https://user:secret@example.com",
            "https://example.com?x=1",
            "",
        ] {
            let error = Endpoint::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_path_stays_on_its_host() {
        let endpoint = Endpoint::parse("https://example.com").unwrap();
        assert_eq!(endpoint.join("/v2/p?limit=1").unwrap().as_str(), "https://example.com/v2/p?limit=1");
        for path in [
            "",
            "v2",
            "//evil.example",
            "https://evil.example/",
            "/../x",
            "/a/%2E%2e/b",
            "/a\\b",
            "/a b",
            "/a#b",
        ] {
            assert!(endpoint.join(path).is_err(), "{path}");
        }
    }
}
