//! Where credentials are looked for when none are given.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use super::agency::AgencyCredentials;
use super::{Context, Credentials, PasswordLogin, ProvideCredentials, Providing, Source};
use super::{environment, koocli, profile};
use crate::error::{Error, ErrorKind};

type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Looks for credentials where the official SDKs do: environment, profile file, metadata service of an ECS instance.
/// The first place that has any is used, and one that has them by half is an error.
///
/// 1. `HUAWEICLOUD_SDK_AK` and `HUAWEICLOUD_SDK_SK`, then the names of the Terraform provider, or a token: see
///    [`Credentials::from_env`]. Without any of these, `HW_USER_NAME`, `HW_USER_PASSWORD` and `HW_DOMAIN_NAME`: see
///    [`PasswordLogin`].
/// 2. `~/.huaweicloud/credentials`, or the file in `HUAWEICLOUD_SDK_CREDENTIALS_FILE`: section `[basic]`.
/// 3. The agency of the ECS instance: see [`AgencyCredentials`].
///
/// A profile that is named is the only place, and has to be there. A profile of KooCLI (`~/.hcloud/config.json`) is
/// looked at on request only; its secrets must not be encrypted.
#[derive(Clone)]
pub struct CredentialsChain {
    variables: Variables,
    /// Whether the variables are the machine's, which may hold what is no text.
    machine: bool,
    wanted: Wanted,
    agency: Option<AgencyCredentials>,
}

#[derive(Debug, Clone)]
enum Wanted {
    First,
    Profile(String),
    /// A profile of KooCLI, its current one without a name.
    KooCli(Option<String>),
}

/// What can be found without the network: credentials, or what gets some.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LocalCredentials {
    /// Credentials, ready to use.
    Credentials(Credentials),
    /// A user name and a password, for which IAM gives a token.
    Login(PasswordLogin),
}

impl CredentialsChain {
    /// The usual places.
    pub fn new() -> Self {
        Self {
            variables: Arc::new(|name| std::env::var(name).ok()),
            machine: true,
            wanted: Wanted::First,
            agency: Some(AgencyCredentials::new()),
        }
    }

    /// Looks up variables with `variable` instead of in this process's environment.
    #[must_use]
    pub fn with_variables(
        mut self,
        variable: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        (self.variables, self.machine) = (Arc::new(variable), false);
        self
    }

    /// Only this section of the profile file.
    #[must_use]
    pub fn with_profile(mut self, section: impl Into<String>) -> Self {
        self.wanted = Wanted::Profile(section.into());
        self
    }

    /// Only this profile of KooCLI; its current one when none is named.
    #[must_use]
    pub fn with_koocli_profile(mut self, profile: Option<String>) -> Self {
        self.wanted = Wanted::KooCli(profile);
        self
    }

    /// Asks this agency instead of that at the usual address.
    #[must_use]
    pub fn with_agency(mut self, agency: AgencyCredentials) -> Self {
        self.agency = Some(agency);
        self
    }

    /// Does not ask for an agency.
    #[must_use]
    pub fn without_agency(mut self) -> Self {
        self.agency = None;
        self
    }

    /// What can be found without the network: in the environment and in files. `None` when there is nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] for credentials that are there by half, twice, or not usable, and for a profile that
    /// was named and is not there; the message names the variable, or the file and line.
    pub fn find(&self) -> Result<Option<LocalCredentials>, Error> {
        if self.machine {
            environment::check_text()?;
        }
        let get = |name: &str| (self.variables)(name);
        match &self.wanted {
            Wanted::First => {
                if let Some(credentials) = Credentials::in_variables(get)? {
                    return Ok(Some(LocalCredentials::Credentials(with_project(credentials, get))));
                }
                if let Some(login) = environment::login(get)? {
                    return Ok(Some(LocalCredentials::Login(login)));
                }
                let Some(path) = profile::default_path(get) else { return Ok(None) };
                Ok(from_profile(&path, None)?.map(LocalCredentials::Credentials))
            }
            Wanted::Profile(section) => {
                let path = profile::default_path(get).ok_or_else(|| no_home("profile file"))?;
                let found = from_profile(&path, Some(section))?.ok_or_else(|| {
                    absent(&path)
                        .with_hint(format!("write it, with a section [{section}] that has ak and sk"))
                })?;
                Ok(Some(LocalCredentials::Credentials(found)))
            }
            Wanted::KooCli(name) => {
                let path = koocli::default_path(get).ok_or_else(|| no_home("configuration of KooCLI"))?;
                let name = name.clone().or_else(|| get("HW_PROFILE").filter(|name| !name.is_empty()));
                let loaded = koocli::load(&path, name.as_deref())?
                    .ok_or_else(|| absent(&path).with_hint("`hcloud configure init` of KooCLI writes it"))?;
                warn_if_readable(&path, loaded.readable_by_others);
                let found = loaded.found;
                let source = Source::KooCli { path, profile: found.profile };
                let credentials = key(&found.access_key, found.secret_key, found.security_token, source)?;
                let credentials = credentials.with_surroundings(found.project_id, found.region, None);
                Ok(Some(LocalCredentials::Credentials(credentials)))
            }
        }
    }

    async fn fetch(&self, context: &Context) -> Result<Credentials, Error> {
        match self.find()? {
            Some(LocalCredentials::Credentials(credentials)) => return Ok(credentials),
            Some(LocalCredentials::Login(login)) => return login.provide(context).await,
            None => {}
        }
        let Some(agency) = &self.agency else { return Err(nothing(None)) };
        let error = match agency.provide(context).await {
            Ok(credentials) => return Ok(credentials),
            Err(error) => error,
        };
        match error.kind() {
            ErrorKind::Unavailable => Err(error),
            // This machine is no ECS instance, or has no agency: there are no credentials, and that is the matter.
            _ => Err(nothing(Some(error))),
        }
    }
}

impl Default for CredentialsChain {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CredentialsChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialsChain")
            .field("wanted", &self.wanted)
            .field("agency", &self.agency)
            .finish_non_exhaustive()
    }
}

impl ProvideCredentials for CredentialsChain {
    fn provide<'a>(&'a self, context: &'a Context) -> Providing<'a> {
        Box::pin(self.fetch(context))
    }
}

/// The official SDKs' variable for the project belongs to their variables for the key.
fn with_project(credentials: Credentials, get: impl Fn(&str) -> Option<String>) -> Credentials {
    let project_id = get("HUAWEICLOUD_SDK_PROJECT_ID").filter(|id| !id.is_empty());
    credentials.with_surroundings(project_id, None, None)
}

fn from_profile(path: &Path, section: Option<&str>) -> Result<Option<Credentials>, Error> {
    let Some(loaded) = profile::load(path, section)? else { return Ok(None) };
    warn_if_readable(path, loaded.readable_by_others);
    let found = loaded.found;
    let source = Source::Profile { path: path.to_owned(), section: found.section, line: found.line };
    let credentials = key(&found.access_key, found.secret_key, found.security_token, source)?;
    Ok(Some(credentials.with_surroundings(found.project_id, None, found.iam_endpoint)))
}

fn key(
    access_key: &str,
    secret_key: SecretString,
    security_token: Option<SecretString>,
    source: Source,
) -> Result<Credentials, Error> {
    let token = security_token.map(|token| token.expose_secret().to_owned());
    Credentials::key(access_key, secret_key.expose_secret().to_owned(), token, source)
}

fn warn_if_readable(path: &Path, readable_by_others: bool) {
    if readable_by_others {
        tracing::warn!(
            path = %path.display(),
            "others on this machine can read the file with the secret key; `chmod 600` keeps them out"
        );
    }
}

fn absent(path: &Path) -> Error {
    Error::new(ErrorKind::Credentials, format!("{} is not there", path.display()))
}

fn no_home(what: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("where the {what} is cannot be told"))
        .with_hint("set HOME (on Windows USERPROFILE)")
}

fn nothing(why: Option<Error>) -> Error {
    let message = match why {
        Some(_) => {
            "no credentials found in the environment, in a profile file, or from an agency of an ECS instance"
        }
        None => "no credentials found in the environment or in a profile file",
    };
    let error = Error::new(ErrorKind::Credentials, message).with_hint(
        "set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or MRS_IAM_SYNC_TOKEN, or write a section [basic] with ak and \
         sk into ~/.huaweicloud/credentials",
    );
    match why {
        Some(why) => error.with_source(why),
        None => error,
    }
}
