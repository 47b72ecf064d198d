//! What a client proves its identity with, and where that comes from.

mod agency;
mod chain;
mod environment;
mod file;
mod koocli;
mod metadata;
mod password;
mod profile;
#[cfg(test)]
mod properties;

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use sdk_hmac_sha256 as signer;
use secrecy::{ExposeSecret, SecretString};

pub use agency::AgencyCredentials;
pub use chain::{CredentialsChain, LocalCredentials};
pub use environment::TOKEN_VARIABLE;
pub use password::PasswordLogin;

use crate::engine::{Engine, Service};
use crate::error::{Error, ErrorKind};

/// What a client proves its identity with: an access key (AK) with its secret key (SK), or a token.
///
/// Cloning is cheap. `Debug` shows the access key and the source, never a secret; secrets are overwritten with
/// zeros when the last clone is dropped.
#[derive(Clone)]
pub struct Credentials(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    secret: Secret,
    source: Source,
    expires_at: Option<SystemTime>,
    project_id: Option<String>,
    region: Option<String>,
    iam_endpoint: Option<String>,
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
    /// A section of a profile file.
    Profile {
        /// The file.
        path: PathBuf,
        /// The section.
        section: String,
        /// The line that the section begins on.
        line: usize,
    },
    /// A profile of KooCLI.
    KooCli {
        /// KooCLI's configuration file.
        path: PathBuf,
        /// The profile.
        profile: String,
    },
    /// The agency of the ECS instance that the program runs on.
    Metadata,
    /// A token that IAM gave for a user name and a password.
    Login,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explicit => f.write_str("given explicitly"),
            Self::Environment(names) => write!(f, "environment ({})", names.join(", ")),
            Self::Profile { path, section, line } => {
                write!(f, "profile file {}:{line} [{}]", path.display(), section.escape_debug())
            }
            Self::KooCli { path, profile } => write!(f, "KooCLI profile {profile:?} in {}", path.display()),
            Self::Metadata => f.write_str("agency of this ECS instance (metadata service)"),
            Self::Login => f.write_str("user name and password (IAM token)"),
        }
    }
}

/// What [`ProvideCredentials::provide`] returns.
pub type Providing<'a> = Pin<Box<dyn Future<Output = Result<Credentials, Error>> + Send + 'a>>;

/// Where a client gets credentials from.
///
/// A client asks when it needs them first, before they expire (40 minutes before, or after half of a shorter time),
/// and once more when the service says that a token has to be renewed. It asks once, however many calls wait, and
/// keeps what it got. [`Credentials`] are a provider of themselves.
pub trait ProvideCredentials: fmt::Debug + Send + Sync {
    /// Gets credentials; those that expire say when.
    fn provide<'a>(&'a self, context: &'a Context) -> Providing<'a>;

    /// Whether asking again may give others. Without it a token that has expired is not asked for again.
    fn is_renewable(&self) -> bool {
        true
    }
}

impl ProvideCredentials for Credentials {
    fn provide<'a>(&'a self, _: &'a Context) -> Providing<'a> {
        Box::pin(std::future::ready(Ok(self.clone())))
    }

    fn is_renewable(&self) -> bool {
        false
    }
}

impl<P: ProvideCredentials + ?Sized> ProvideCredentials for Arc<P> {
    fn provide<'a>(&'a self, context: &'a Context) -> Providing<'a> {
        (**self).provide(context)
    }

    fn is_renewable(&self) -> bool {
        (**self).is_renewable()
    }
}

/// What a provider of credentials may use of the client that asks.
#[derive(Debug, Clone)]
pub struct Context {
    pub(crate) engine: Engine,
    /// IAM, where the client knows it.
    pub(crate) iam: Option<Arc<Service>>,
    pub(crate) region: Option<String>,
    pub(crate) project_id: Option<String>,
}

impl Context {
    /// The client's time of day.
    pub fn now(&self) -> SystemTime {
        self.engine.time.now()
    }
}

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

    /// The same credentials, which expire at that time. For providers.
    #[must_use]
    pub fn with_expiry(self, expires_at: SystemTime) -> Self {
        self.with(|inner| inner.expires_at = Some(expires_at))
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// The same credentials, of which more is known.
    pub(crate) fn with_surroundings(
        self,
        project_id: Option<String>,
        region: Option<String>,
        iam_endpoint: Option<String>,
    ) -> Self {
        self.with(|inner| {
            (inner.project_id, inner.region, inner.iam_endpoint) = (project_id, region, iam_endpoint);
        })
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
        Ok(Self::of(Secret::Key { key, security_token }, source))
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
        Ok(Self::of(Secret::Token(token), source))
    }

    fn of(secret: Secret, source: Source) -> Self {
        Self(Arc::new(Inner {
            secret,
            source,
            expires_at: None,
            project_id: None,
            region: None,
            iam_endpoint: None,
        }))
    }

    /// The access key (AK); `None` for a token.
    pub fn access_key_id(&self) -> Option<&str> {
        match &self.0.secret {
            Secret::Key { key, .. } => Some(key.access_key()),
            Secret::Token(_) => None,
        }
    }

    /// What they are: `access key`, `temporary access key` or `token`.
    pub fn describe(&self) -> &'static str {
        match &self.0.secret {
            Secret::Key { security_token: None, .. } => "access key",
            Secret::Key { security_token: Some(_), .. } => "temporary access key",
            Secret::Token(_) => "token",
        }
    }

    /// Where they were found.
    pub fn source(&self) -> &Source {
        &self.0.source
    }

    /// When they expire, where that is known.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.0.expires_at
    }

    /// The project that stands beside them where they were found, or that a token is for.
    pub fn project_id(&self) -> Option<&str> {
        self.0.project_id.as_deref()
    }

    /// The region that stands beside them where they were found.
    pub fn region(&self) -> Option<&str> {
        self.0.region.as_deref()
    }

    /// The endpoint of IAM that stands beside them where they were found.
    pub fn iam_endpoint(&self) -> Option<&str> {
        self.0.iam_endpoint.as_deref()
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.0.secret
    }

    /// Whether these are the very same, not only equal ones.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Takes secrets out of a text of the service: the gateway quotes signed headers in some of its messages.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let token = match &self.0.secret {
            Secret::Key { security_token, .. } => security_token.as_ref(),
            Secret::Token(token) => Some(token),
        };
        match token {
            Some(token) => text.replace(token.expose_secret(), "***"),
            None => text.to_owned(),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("kind", &self.describe())
            .field("access_key", &self.access_key_id())
            .field("source", self.source())
            .field("expires_at", &self.expires_at())
            .field("project_id", &self.project_id())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
