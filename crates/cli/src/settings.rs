//! What the global flags and their variables come to: flag first, variable second.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum as _;
use mrs_iam_sync::{
    AgencyCredentials, Client, ClientBuilder, CredentialsChain, DEFAULT_MAX_ATTEMPTS, DEFAULT_TIMEOUT,
    DEFAULT_WAIT_TIMEOUT, RateLimits,
};

use crate::args::{self, Globals};
use crate::error::{CliError, Result};
use crate::output::{Format, Output};

/// The variables that stand for flags. One place for each name.
pub(crate) mod variable {
    pub(crate) const ENDPOINT: &str = "MRS_IAM_SYNC_ENDPOINT";
    pub(crate) const IAM_ENDPOINT: &[&str] = &["MRS_IAM_SYNC_IAM_ENDPOINT", "HUAWEICLOUD_SDK_IAM_ENDPOINT"];
    pub(crate) const PROFILE: &str = "MRS_IAM_SYNC_PROFILE";
    /// Where the metadata service of an ECS instance is, or `off`.
    pub(crate) const METADATA: &str = "MRS_IAM_SYNC_METADATA";
    pub(crate) const REGION: &[&str] = &["MRS_IAM_SYNC_REGION", "HW_REGION_NAME"];
    pub(crate) const PROJECT_ID: &[&str] = &["MRS_IAM_SYNC_PROJECT_ID", "HUAWEICLOUD_SDK_PROJECT_ID"];
    pub(crate) const OUTPUT: &str = "MRS_IAM_SYNC_OUTPUT";
    pub(crate) const QUIET: &str = "MRS_IAM_SYNC_QUIET";
    pub(crate) const VERBOSE: &str = "MRS_IAM_SYNC_VERBOSE";
    pub(crate) const TIMEOUT: &str = "MRS_IAM_SYNC_TIMEOUT";
    pub(crate) const WAIT_TIMEOUT: &str = "MRS_IAM_SYNC_WAIT_TIMEOUT";
    pub(crate) const MAX_ATTEMPTS: &str = "MRS_IAM_SYNC_MAX_ATTEMPTS";
    pub(crate) const NO_RATE_LIMIT: &str = "MRS_IAM_SYNC_NO_RATE_LIMIT";
    pub(crate) const CA_FILE: &str = "MRS_IAM_SYNC_CA_FILE";
}

/// A variable's value; one that is empty counts as not set.
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn first_of(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| environment(name))
}

/// Whether a variable that stands for a flag is set to anything but a no.
fn is_on(name: &str) -> bool {
    environment(name)
        .is_some_and(|value| !matches!(value.to_lowercase().as_str(), "0" | "false" | "no" | "off"))
}

/// How to write.
pub(crate) fn output(globals: &Globals) -> Result<Output> {
    let format = match (globals.output, environment(variable::OUTPUT)) {
        (Some(format), _) => format,
        (None, None) => Format::default(),
        (None, Some(value)) => Format::from_str(&value, false)
            .map_err(|_| bad(variable::OUTPUT, &value, "it is either table or json"))?,
    };
    let quiet = globals.quiet || is_on(variable::QUIET);
    let verbose = match (globals.verbose, environment(variable::VERBOSE)) {
        (0, Some(value)) => match value.to_lowercase().as_str() {
            "0" | "false" | "no" | "off" => 0,
            "1" | "true" | "yes" | "on" => 1,
            "2" => 2,
            _ => return Err(bad(variable::VERBOSE, &value, "it is 0, 1 or 2")),
        },
        (given, _) => given,
    };
    Ok(Output { format, quiet, verbose })
}

/// Where requests go. Whether it is usable, the SDK says.
#[derive(Debug, Default)]
pub(crate) struct Address {
    pub(crate) endpoint: Option<String>,
    pub(crate) iam_endpoint: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) project_id: Option<String>,
}

impl Address {
    /// # Errors
    /// When a variable is not text: to pass over it could send requests elsewhere.
    pub(crate) fn new(globals: &Globals) -> Result<Self> {
        let names = [
            variable::ENDPOINT,
            variable::TIMEOUT,
            variable::WAIT_TIMEOUT,
            variable::MAX_ATTEMPTS,
            variable::NO_RATE_LIMIT,
            variable::PROFILE,
            variable::METADATA,
        ];
        let lists = [variable::IAM_ENDPOINT, variable::REGION, variable::PROJECT_ID];
        for name in names.iter().chain(lists.into_iter().flatten()) {
            if std::env::var_os(name).is_some_and(|value| value.to_str().is_none()) {
                return Err(CliError::usage(format!("the variable {name} is not UTF-8")));
            }
        }
        // On the command line a region is meant, even where the environment has an endpoint.
        let endpoint = match &globals.region {
            Some(_) => globals.endpoint.clone(),
            None => globals.endpoint.clone().or_else(|| environment(variable::ENDPOINT)),
        };
        Ok(Self {
            endpoint,
            iam_endpoint: globals.iam_endpoint.clone().or_else(|| first_of(variable::IAM_ENDPOINT)),
            region: globals.region.clone().or_else(|| first_of(variable::REGION)),
            project_id: globals.project_id.clone().or_else(|| first_of(variable::PROJECT_ID)),
        })
    }

    /// That nothing is missing that cannot be found out; `found` is the region that stands beside the credentials.
    pub(crate) fn complete(&self, found: Option<&str>) -> Result<()> {
        let region = "a region (--region or MRS_IAM_SYNC_REGION, cn-north-4 for example)";
        let lacks_region = self.endpoint.is_none() && self.region.is_none() && found.is_none();
        if !lacks_region {
            return Ok(());
        }
        let message = match self.project_id {
            Some(_) => format!("{region} is needed"),
            None => format!("{region} is needed; the project is found by it, or given (--project-id)"),
        };
        let hint = "the console shows it in its address and under My Credentials";
        let hint = match cfg!(feature = "emulator") {
            true => format!("{hint}; --emulated does without"),
            false => hint.to_owned(),
        };
        Err(CliError::usage(message).with_hint(hint))
    }
}

/// Where credentials are looked for.
pub(crate) fn chain(globals: &Globals) -> Result<CredentialsChain> {
    let mut chain = CredentialsChain::new();
    chain = match environment(variable::METADATA) {
        None => chain,
        Some(value) if value.eq_ignore_ascii_case("off") => chain.without_agency(),
        Some(endpoint) => chain.with_agency(AgencyCredentials::at(endpoint)),
    };
    let profile = globals.profile.clone().or_else(|| environment(variable::PROFILE));
    Ok(match profile.as_deref() {
        None => chain,
        Some("") => return Err(CliError::usage("the profile has no name")),
        Some("koocli") => chain.with_koocli_profile(None),
        Some(name) => match name.strip_prefix("koocli:") {
            Some(name) => chain.with_koocli_profile(Some(name.to_owned())),
            None => chain.with_profile(name),
        },
    })
}

/// How requests are sent: deadlines, attempts, limits, trust.
pub(crate) fn sending(globals: &Globals) -> Result<ClientBuilder> {
    let timeout = deadline(globals.timeout, variable::TIMEOUT)?;
    let mut builder = Client::builder()
        .with_timeout(timeout.unwrap_or(DEFAULT_TIMEOUT))
        .with_wait_timeout(wait_timeout(globals)?)
        .with_max_attempts(max_attempts(globals)?.unwrap_or(DEFAULT_MAX_ATTEMPTS));
    builder = match is_unlimited(globals) {
        true => builder.without_rate_limits(),
        // Shared by all clients that come of it: the limits are the account's.
        false => builder.with_rate_limits(RateLimits::new()),
    };
    let ca_file = globals.ca_file.clone().or_else(|| std::env::var_os(variable::CA_FILE).map(PathBuf::from));
    match ca_file.filter(|path| !path.as_os_str().is_empty()) {
        Some(path) => Ok(builder.with_ca_file(path)),
        None => Ok(builder),
    }
}

/// Whether requests are to leave as they come, whatever the service documents.
pub(crate) fn is_unlimited(globals: &Globals) -> bool {
    globals.no_rate_limit || is_on(variable::NO_RATE_LIMIT)
}

/// How long a write is followed.
pub(crate) fn wait_timeout(globals: &Globals) -> Result<Duration> {
    Ok(deadline(globals.wait_timeout, variable::WAIT_TIMEOUT)?.unwrap_or(DEFAULT_WAIT_TIMEOUT))
}

fn max_attempts(globals: &Globals) -> Result<Option<u32>> {
    match (globals.max_attempts, environment(variable::MAX_ATTEMPTS)) {
        (None, Some(value)) => match value.parse() {
            Ok(attempts @ 1..=100) => Ok(Some(attempts)),
            _ => Err(bad(variable::MAX_ATTEMPTS, &value, "it is a number from 1 to 100")),
        },
        (flag, _) => Ok(flag),
    }
}

fn deadline(flag: Option<Duration>, variable: &str) -> Result<Option<Duration>> {
    match (flag, environment(variable)) {
        (None, Some(value)) => args::duration(&value).map(Some).map_err(|why| bad(variable, &value, &why)),
        (flag, _) => Ok(flag),
    }
}

fn bad(variable: &str, value: &str, why: &str) -> CliError {
    CliError::usage(format!("the variable {variable} cannot be {value:?}: {why}"))
}
