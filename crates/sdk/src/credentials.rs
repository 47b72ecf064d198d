//! Where credentials come from, and what they are.

use std::fmt;

use sdk_hmac_sha256 as signer;
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, ErrorKind};

/// What a client proves its identity with: an access key (AK) with its secret key (SK), or a token.
///
/// Cloning is cheap. `Debug` shows the access key and the source, never a secret; secrets are overwritten with
/// zeros when the last clone is dropped.
#[derive(Clone)]
pub struct Credentials {
    secret: Secret,
    source: Source,
}

#[derive(Clone)]
pub(crate) enum Secret {
    /// Each request is signed. The token is kept for [`Credentials::scrub`] only.
    Key { key: signer::Credentials, security_token: Option<SecretString> },
    /// Each request carries the token.
    Token(SecretString),
}

/// Where credentials were found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// Given by the program.
    Explicit,
    /// These environment variables.
    Environment(Vec<&'static str>),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explicit => f.write_str("given explicitly"),
            Self::Environment(names) => write!(f, "environment ({})", names.join(", ")),
        }
    }
}

/// An IAM token; ours, as neither the official SDKs nor Terraform have a variable for one.
pub const TOKEN_VARIABLE: &str = "MRS_IAM_SYNC_TOKEN";

/// Names of the variables for access key, secret key and security token: those of the official SDKs first, those
/// of the Terraform provider second.
const KEY_VARIABLES: [[&str; 3]; 2] = [
    ["HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN"],
    ["HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN"],
];

impl Credentials {
    /// A permanent access key.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when one of them is empty or cannot stand in a header.
    pub fn access_key(access_key: impl AsRef<str>, secret_key: impl Into<String>) -> Result<Self, Error> {
        Self::key(access_key.as_ref(), secret_key.into(), None, Source::Explicit)
    }

    /// A temporary access key with its security token.
    ///
    /// # Errors
    /// As [`Credentials::access_key`].
    pub fn temporary(
        access_key: impl AsRef<str>,
        secret_key: impl Into<String>,
        security_token: impl Into<String>,
    ) -> Result<Self, Error> {
        Self::key(access_key.as_ref(), secret_key.into(), Some(security_token.into()), Source::Explicit)
    }

    /// A project-scoped IAM token, valid for 24 hours after it was issued.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when it is empty or cannot stand in a header.
    pub fn token(token: impl Into<String>) -> Result<Self, Error> {
        Self::from_token(token.into(), Source::Explicit)
    }

    /// Credentials from environment variables.
    ///
    /// `HUAWEICLOUD_SDK_AK`, `HUAWEICLOUD_SDK_SK` and, for temporary keys, `HUAWEICLOUD_SDK_SECURITY_TOKEN` as in
    /// the official SDKs; else `HW_ACCESS_KEY`, `HW_SECRET_KEY`, `HW_SECURITY_TOKEN` as in the Terraform provider;
    /// or a token in `MRS_IAM_SYNC_TOKEN`. A variable that is empty counts as not set.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when none is set, a key pair is set by half, or a token is set beside a key; the
    /// message names the variables.
    pub fn from_env() -> Result<Self, Error> {
        let names = KEY_VARIABLES.iter().flatten().chain([&TOKEN_VARIABLE]);
        for name in names {
            if std::env::var_os(name).is_some_and(|value| value.to_str().is_none()) {
                return Err(Error::new(ErrorKind::Credentials, format!("{name} is not UTF-8")));
            }
        }
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// As [`Credentials::from_env`], with the variables looked up by `variable`.
    ///
    /// # Errors
    /// As [`Credentials::from_env`].
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mut key = None;
        for [ak, sk, security_token] in KEY_VARIABLES {
            let (access_key, secret_key, token) = (get(ak), get(sk), get(security_token));
            key = match (access_key, secret_key) {
                (None, None) if token.is_some() => {
                    return Err(half(security_token, &format!("{ak} and {sk} are")));
                }
                (None, None) => continue,
                (Some(_), None) => return Err(half(ak, &format!("{sk} is"))),
                (None, Some(_)) => return Err(half(sk, &format!("{ak} is"))),
                (Some(access_key), Some(secret_key)) => {
                    let mut names = vec![ak, sk];
                    names.extend(token.is_some().then_some(security_token));
                    Some((access_key, secret_key, token, names))
                }
            };
            break;
        }
        match (key, get(TOKEN_VARIABLE)) {
            (Some((_, _, _, names)), Some(_)) => Err(Error::new(
                ErrorKind::Credentials,
                format!("{TOKEN_VARIABLE} is set beside {}", names.join(" and ")),
            )
            .with_hint("unset one of them: requests either carry a token or are signed")),
            (Some((access_key, secret_key, token, names)), None) => {
                Self::key(&access_key, secret_key, token, Source::Environment(names))
            }
            (None, Some(token)) => Self::from_token(token, Source::Environment(vec![TOKEN_VARIABLE])),
            (None, None) => {
                Err(Error::new(ErrorKind::Credentials, "no credentials found in the environment").with_hint(
                    format!("set {} and {}, or {TOKEN_VARIABLE}", KEY_VARIABLES[0][0], KEY_VARIABLES[0][1]),
                ))
            }
        }
    }

    fn key(
        access_key: &str,
        secret_key: String,
        security_token: Option<String>,
        source: Source,
    ) -> Result<Self, Error> {
        let unusable = |error: signer::KeyError| {
            Error::new(ErrorKind::Credentials, format!("the credentials ({source}) cannot be used: {error}"))
        };
        let mut key = signer::Credentials::new(access_key, secret_key).map_err(unusable)?;
        let security_token = security_token.map(SecretString::from);
        if let Some(token) = &security_token {
            key = key.with_security_token(token.expose_secret()).map_err(unusable)?;
        }
        Ok(Self { secret: Secret::Key { key, security_token }, source })
    }

    fn from_token(token: String, source: Source) -> Result<Self, Error> {
        let token = SecretString::from(token);
        let text = token.expose_secret();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::new(
                ErrorKind::Credentials,
                format!(
                    "the token ({source}) cannot be used: it must be visible ASCII characters, and not empty"
                ),
            ));
        }
        Ok(Self { secret: Secret::Token(token), source })
    }

    /// The access key (AK); `None` for a token.
    pub fn access_key_id(&self) -> Option<&str> {
        match &self.secret {
            Secret::Key { key, .. } => Some(key.access_key()),
            Secret::Token(_) => None,
        }
    }

    /// What they are: `access key`, `temporary access key` or `token`.
    pub fn describe(&self) -> &'static str {
        match &self.secret {
            Secret::Key { security_token: None, .. } => "access key",
            Secret::Key { security_token: Some(_), .. } => "temporary access key",
            Secret::Token(_) => "token",
        }
    }

    /// Where they were found.
    pub fn source(&self) -> &Source {
        &self.source
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Takes secrets out of a text of the service: the gateway quotes signed headers in some of its messages.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let token = match &self.secret {
            Secret::Key { security_token, .. } => security_token.as_ref(),
            Secret::Token(token) => Some(token),
        };
        match token {
            Some(token) => text.replace(token.expose_secret(), "***"),
            None => text.to_owned(),
        }
    }
}

fn half(set: &str, lacking: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("{set} is set, but {lacking} not"))
        .with_hint("a key pair is an access key and its secret key: set both, or neither")
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("kind", &self.describe())
            .field("access_key", &self.access_key_id())
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<Credentials, Error> {
        Credentials::from_variables(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_names_of_the_sdks_come_before_those_of_terraform() {
        let both = [
            ("HUAWEICLOUD_SDK_AK", "A1"),
            ("HUAWEICLOUD_SDK_SK", "s1"),
            ("HW_ACCESS_KEY", "A2"),
            ("HW_SECRET_KEY", "s2"),
        ];
        assert_eq!(from(&both).unwrap().access_key_id(), Some("A1"));
        assert_eq!(from(&both[2..]).unwrap().access_key_id(), Some("A2"));
        let empty = [("HUAWEICLOUD_SDK_AK", ""), ("HW_ACCESS_KEY", "A2"), ("HW_SECRET_KEY", "s2")];
        assert_eq!(from(&empty).unwrap().access_key_id(), Some("A2"));
    }

    #[test]
    fn half_and_double_credentials_are_errors_that_name_the_variables() {
        let cases: [(&[(&str, &str)], &str); 6] = [
            (&[], "no credentials found in the environment"),
            (&[("HUAWEICLOUD_SDK_AK", "A")], "HUAWEICLOUD_SDK_AK is set, but HUAWEICLOUD_SDK_SK is not"),
            (&[("HW_SECRET_KEY", "s")], "HW_SECRET_KEY is set, but HW_ACCESS_KEY is not"),
            (
                &[("HW_SECURITY_TOKEN", "t")],
                "HW_SECURITY_TOKEN is set, but HW_ACCESS_KEY and HW_SECRET_KEY are not",
            ),
            (
                &[("HUAWEICLOUD_SDK_AK", "A"), ("HUAWEICLOUD_SDK_SK", "s"), ("MRS_IAM_SYNC_TOKEN", "t")],
                "MRS_IAM_SYNC_TOKEN is set beside HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK",
            ),
            (&[("HUAWEICLOUD_SDK_AK", "A B"), ("HUAWEICLOUD_SDK_SK", "s")], "the credentials (environment"),
        ];
        for (variables, message) in cases {
            let error = from(variables).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credentials);
            assert!(error.to_string().starts_with(message), "{error}");
        }
    }

    #[test]
    fn no_secret_is_shown() {
        let key = Credentials::temporary("AK", "the-secret-key", "the-security-token").unwrap();
        let token = Credentials::token("the-token").unwrap();
        let shown = format!("{key:?} {token:?} {}", key.scrub("x-security-token:the-security-token|"));
        for secret in ["the-secret-key", "the-security-token", "the-token"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
