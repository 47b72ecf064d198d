//! What a browser asked for, and what it complained of.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use serde_json::Value;
use url::{Host, Url};

/// Runs before any script of a page, and before its policy refuses anything.
pub(crate) const LISTENER: &str = "
    window.__violations = [];
    addEventListener('securitypolicyviolation', (event) => window.__violations.push(
        `${event.effectiveDirective} refused ${event.blockedURI || 'something inline'}, in ${event.sourceFile || document.URL}`));
";

/// Where a page may ask.
#[derive(Debug, Clone)]
pub(crate) enum Allowed {
    /// This address of this machine, and no other port of it.
    Origin(Url),
    /// Files below this folder.
    Folder(PathBuf),
}

impl Allowed {
    fn allows(&self, url: &Url) -> bool {
        // Both are of the page itself, and reach nobody.
        if matches!(url.scheme(), "data" | "blob") {
            return true;
        }
        match self {
            Self::Origin(own) => url.origin() == own.origin() && loopback(url),
            Self::Folder(folder) => {
                url.scheme() == "file" && url.to_file_path().is_ok_and(|path| path.starts_with(folder))
            }
        }
    }
}

fn loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// All that was seen of a browser.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// What it asked for, refused or not, in order.
    pub(crate) requests: Vec<String>,
    /// Bytes that came over a connection or from a file, headers included, by each answer.
    pub(crate) bytes: u64,
    /// What policies of pages refused.
    pub(crate) violations: Vec<String>,
    /// Errors and warnings of the console.
    pub(crate) console: Vec<String>,
}

impl Seen {
    /// Takes in entries of the log `performance`.
    pub(crate) fn network(&mut self, entries: &[Value]) {
        for entry in entries {
            let Some(message) = entry["message"].as_str() else { continue };
            let Ok(event) = serde_json::from_str::<Value>(message) else { continue };
            let (method, params) = (&event["message"]["method"], &event["message"]["params"]);
            match method.as_str() {
                Some("Network.requestWillBeSent") => {
                    self.requests.extend(params["request"]["url"].as_str().map(str::to_owned))
                }
                Some("Network.webSocketCreated" | "Network.webTransportCreated") => {
                    self.requests.extend(params["url"].as_str().map(str::to_owned));
                }
                Some("Network.loadingFinished") => {
                    self.bytes += params["encodedDataLength"].as_f64().unwrap_or_default() as u64;
                }
                _ => {}
            }
        }
    }

    /// Takes in entries of the log `browser`.
    pub(crate) fn said(&mut self, entries: &[Value]) {
        let bad =
            entries.iter().filter(|entry| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING")));
        self.console.extend(bad.filter_map(|entry| entry["message"].as_str().map(str::to_owned)));
    }

    /// What was asked for elsewhere than allowed.
    pub(crate) fn elsewhere(&self, allowed: &Allowed) -> Vec<&str> {
        let own = |url: &str| Url::parse(url).is_ok_and(|url| allowed.allows(&url));
        // The page that each browser begins with.
        let requests = self.requests.iter().map(String::as_str).filter(|url| *url != "about:blank");
        requests.filter(|url| !own(url)).collect()
    }

    /// All that should not have been, a line each.
    pub(crate) fn complaints(&self, allowed: &Allowed) -> Vec<String> {
        let elsewhere = self.elsewhere(allowed).into_iter().map(|url| format!("it asked for {}", Short(url)));
        let violations = self.violations.iter().map(|what| format!("its policy was broken: {what}"));
        let console = self.console.iter().map(|what| format!("its console has: {}", Short(what)));
        elsewhere.chain(violations).chain(console).collect()
    }
}

/// A text that may be very long, as an address of data is.
struct Short<'a>(&'a str);

impl fmt::Display for Short<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 400;
        match self.0.char_indices().nth(MOST) {
            Some((end, _)) => write!(out, "{}…", &self.0[..end]),
            None => out.write_str(self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(method: &str, params: Value) -> Value {
        let message = serde_json::json!({ "message": { "method": method, "params": params } });
        serde_json::json!({ "level": "INFO", "message": message.to_string() })
    }

    fn requests(urls: &[&str]) -> Seen {
        let mut seen = Seen::default();
        let entries: Vec<_> = urls
            .iter()
            .map(|url| event("Network.requestWillBeSent", serde_json::json!({ "request": { "url": url } })))
            .collect();
        seen.network(&entries);
        seen
    }

    #[test]
    fn only_the_explorers_own_port_is_its_own() {
        let allowed = Allowed::Origin(Url::parse("http://127.0.0.1:8000/?token=x").unwrap());
        let seen = requests(&[
            "about:blank",
            "http://127.0.0.1:8000/api/context",
            "data:,",
            "blob:http://127.0.0.1:8000/1",
        ]);
        assert_eq!(seen.elsewhere(&allowed), [""; 0]);
        let foreign = [
            "http://127.0.0.1:8001/",
            "https://127.0.0.1:8000/",
            "http://10.0.0.1:8000/",
            "https://fonts.example/a.woff2",
            "file:///etc/hosts",
        ];
        assert_eq!(requests(&foreign).elsewhere(&allowed), foreign);
    }

    #[test]
    fn files_are_of_their_folder() {
        let allowed = Allowed::Folder(PathBuf::from("/site/docs/api"));
        let own = ["file:///site/docs/api/index.html#a", "data:image/png;base64,AA"];
        assert_eq!(requests(&own).elsewhere(&allowed), [""; 0]);
        let foreign = [
            "file:///site/docs/other.html",
            "file:///site/docs/api/../x",
            "http://127.0.0.1/",
            "https://example.com/",
        ];
        assert_eq!(requests(&foreign).elsewhere(&allowed), foreign);
    }

    #[test]
    fn connections_of_other_sorts_and_all_complaints_are_told() {
        let mut seen = Seen::default();
        seen.network(&[
            event("Network.webSocketCreated", serde_json::json!({ "url": "wss://example.com/" })),
            event("Network.loadingFinished", serde_json::json!({ "encodedDataLength": 12.0 })),
        ]);
        seen.said(&[
            serde_json::json!({ "level": "SEVERE", "message": "Refused to connect" }),
            serde_json::json!({ "level": "INFO", "message": "hello" }),
        ]);
        seen.violations.push("connect-src refused wss://example.com/, in a".to_owned());
        let allowed = Allowed::Folder(PathBuf::from("/"));
        assert_eq!(
            seen.complaints(&allowed),
            [
                "it asked for wss://example.com/",
                "its policy was broken: connect-src refused wss://example.com/, in a",
                "its console has: Refused to connect",
            ]
        );
        assert_eq!(seen.bytes, 12);
    }
}
