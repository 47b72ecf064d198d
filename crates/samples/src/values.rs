//! What a sample is made of besides its operation.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::error::SampleError;
use crate::operation::{Kind, Operation};

/// The values that a sample has in it. Credentials are not among them: a sample reads those from the environment.
///
/// They are checked when something is made of them, so that they can be filled in from a form as it is typed.
///
/// ```
/// use mrs_iam_sync_samples::Values;
///
/// let values = Values::new("cn-north-4", "ff8080828997cb24018a1b2db3440b80", "f7f45c04-4303-411c-9b71-d2cb730dd162")
///     .with_users(["user1", "user2"])
///     .with_groups(["groups1"]);
/// assert_eq!(values.user_names, ["user1", "user2"]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Values {
    /// The region of the cluster. Its endpoint is used, unless another one is given.
    pub region: String,
    /// The endpoint to use whatever the environment says: scheme and host, with a port if need be. Without it a
    /// sample uses the region's, or the one that the environment gives.
    pub endpoint: Option<String>,
    /// The id of the project that the cluster belongs to.
    pub project_id: String,
    /// The id of the cluster.
    pub cluster_id: String,
    /// Whether everything that IAM has is synchronized, instead of names.
    pub everything: bool,
    /// Names of users.
    pub user_names: Vec<String>,
    /// Names of user groups.
    pub group_names: Vec<String>,
}

impl Values {
    /// Values without names, which is what reads take.
    pub fn new(
        region: impl Into<String>,
        project_id: impl Into<String>,
        cluster_id: impl Into<String>,
    ) -> Self {
        Self {
            region: region.into(),
            project_id: project_id.into(),
            cluster_id: cluster_id.into(),
            ..Self::default()
        }
    }

    /// The documented example of an operation, and the region of the documentation. `None` for an unknown operation.
    pub fn example(operation_id: &str) -> Option<Self> {
        let values = Self::new(
            "cn-north-4",
            "ff8080828997cb24018a1b2db3440b80",
            "f7f45c04-4303-411c-9b71-d2cb730dd162",
        );
        Some(match Operation::find(operation_id)?.is_write() {
            true => values.with_users(["user1", "user2"]).with_groups(["groups1"]),
            false => values,
        })
    }

    /// Adds names of users.
    #[must_use]
    pub fn with_users<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.user_names.extend(names.into_iter().map(Into::into));
        self
    }

    /// Adds names of user groups.
    #[must_use]
    pub fn with_groups<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.group_names.extend(names.into_iter().map(Into::into));
        self
    }

    /// Takes everything that IAM has, instead of names.
    #[must_use]
    pub fn with_everything(mut self) -> Self {
        self.everything = true;
        self
    }

    /// Uses this endpoint, an emulator's for example.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// Checks the values, for an operation.
    pub(crate) fn check(&self, operation: &Operation) -> Result<(), SampleError> {
        let wrong = |field, value: &str, rule| SampleError::Value { field, value: value.to_owned(), rule };
        if !is_word(&self.region, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
            return Err(wrong("region", &self.region, "is to be a region's id, cn-north-4 for example"));
        }
        match &self.endpoint {
            None if region_endpoint(&self.region).is_none() => {
                return Err(wrong("region", &self.region, "has no known endpoint: give one, too"));
            }
            Some(endpoint) if !is_endpoint(endpoint) => {
                let rule = "is to be http or https, a host, and a port if need be, without a path";
                return Err(wrong("endpoint", endpoint, rule));
            }
            _ => {}
        }
        if !is_word(&self.project_id, |byte| byte.is_ascii_alphanumeric()) {
            let rule = "1 to 64 characters, letters (A-Z, a-z) and digits only";
            return Err(wrong("project_id", &self.project_id, rule));
        }
        if !is_word(&self.cluster_id, |byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
            let rule = "1 to 64 characters, only letters (A-Z, a-z), digits, underscores (_) and hyphens (-)";
            return Err(wrong("cluster_id", &self.cluster_id, rule));
        }
        for (field, names) in [("user_names", &self.user_names), ("group_names", &self.group_names)] {
            let mut seen = HashSet::new();
            for name in names {
                if !(1..=64).contains(&name.chars().count()) {
                    return Err(wrong(field, name, "1 to 64 characters"));
                }
                // No program can be given one as an argument.
                if name.contains('\0') {
                    return Err(wrong(field, name, "has a NUL character, which no command line can pass on"));
                }
                if !seen.insert(name) {
                    return Err(wrong(field, name, "is named twice"));
                }
            }
            if let Some(first_too_many) = names.get(1000) {
                return Err(wrong(field, first_too_many, "is too many: a request takes 1000 names"));
            }
        }
        let named = !self.user_names.is_empty() || !self.group_names.is_empty();
        let problem = match (operation.kind, self.everything, named) {
            (Kind::Update, true, true) => "takes names or everything, not both",
            (Kind::Update, false, false) => "takes names or everything, and has neither",
            (Kind::Cancel, true, _) => "removes what is named, and cannot remove everything",
            (Kind::Cancel, false, false) => "takes names, and has none",
            (Kind::Names | Kind::Flag(_), _, true) => "takes no names",
            (Kind::Names | Kind::Flag(_), true, false) => {
                "only reads: there is nothing to take everything of"
            }
            _ => return Ok(()),
        };
        Err(SampleError::Combination { operation: operation.id, problem })
    }
}

/// 1 to 64 bytes, of these.
fn is_word(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// Scheme, host and port, and so little else that it is a word in each language.
fn is_endpoint(text: &str) -> bool {
    let Some(host) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let (host, port) = match host.rsplit_once(':') {
        // The colon of an address in brackets.
        Some((_, rest)) if rest.contains(']') => (host, None),
        Some((host, port)) => (host, Some(port)),
        None => (host, None),
    };
    let name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    let address = |byte: u8| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.';
    let host_fits = match host.strip_prefix('[').map(|host| host.strip_suffix(']')) {
        None => !host.is_empty() && host.bytes().all(name),
        Some(host) => host.is_some_and(|host| !host.is_empty() && host.bytes().all(address)),
    };
    host_fits && port.is_none_or(|port| !port.starts_with('+') && port.parse::<u16>().is_ok())
}

/// The regions of the document, by the domain that serves them.
pub(crate) const REGIONS: [(&str, &[&str]); 3] = [
    (
        "myhuaweicloud.com",
        &[
            "ae-ad-1",
            "af-north-1",
            "af-south-1",
            "ap-southeast-2",
            "ap-southeast-3",
            "ap-southeast-5",
            "cn-east-2",
            "cn-east-3",
            "cn-east-4",
            "cn-east-5",
            "cn-north-1",
            "cn-north-11",
            "cn-north-12",
            "cn-north-2",
            "cn-north-4",
            "cn-north-9",
            "cn-south-1",
            "cn-south-4",
            "cn-southwest-2",
            "cn-southwest-3",
            "eu-west-0",
            "la-north-2",
            "la-south-2",
            "me-east-1",
            "my-kualalumpur-1",
            "na-mexico-1",
            "ru-moscow-1",
            "sa-brazil-1",
            "tr-west-1",
        ],
    ),
    ("myhuaweicloud.cn", &["ap-southeast-1", "ap-southeast-4", "ru-northwest-2"]),
    ("myhuaweicloud.eu", &["eu-west-101"]),
];

/// The endpoint of a region that is known.
pub(crate) fn region_endpoint(region: &str) -> Option<String> {
    let (domain, _) = REGIONS.iter().find(|(_, regions)| regions.contains(&region))?;
    Some(format!("https://mrs.{region}.{domain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints() {
        for good in [
            "https://mrs.cn-north-4.myhuaweicloud.com",
            "http://127.0.0.1:8080",
            "http://[::1]:1",
            "http://[::1]",
        ] {
            assert!(is_endpoint(good), "{good}");
        }
        for bad in [
            "",
            "https://",
            "ftp://host",
            "http://host/",
            "http://host/path",
            "http://user@host",
            "http://host:",
            "http://host:99999",
            "http://host:+1",
            "http://ho st",
            "http://ho'st",
            "http://$(host)",
            "http://[::1",
            "http://[]",
            "http://]:1",
            "http://host?query",
        ] {
            assert!(!is_endpoint(bad), "{bad}");
        }
    }

    #[test]
    fn values_are_read_strictly() {
        let read = |text: &str| serde_json::from_str::<Values>(text);
        let values = read(r#"{"region": "cn-north-4", "project_id": "p", "cluster_id": "c"}"#).unwrap();
        assert_eq!(values, Values::new("cn-north-4", "p", "c"));
        assert!(read(r#"{"users": ["user1"]}"#).is_err());
    }
}
