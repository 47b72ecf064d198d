//! `auth status`.

use mrs_iam_sync::LocalCredentials;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::Globals;
use crate::context::{chain_and_address, with_address};
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::output::Output;
use crate::settings::{self, Address};
use crate::text;

/// Result of `auth status`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "auth-status")]
pub(crate) struct AuthStatus {
    credentials: Found,
    /// Base URL that requests would go to; null when neither a region nor an endpoint is given.
    endpoint: Option<String>,
    /// Base URL of IAM, where a project would be looked up; null when it is not known.
    iam_endpoint: Option<String>,
    /// The region that was given, or stands beside the credentials; it plays no part when an endpoint was given too.
    region: Option<String>,
    /// The project; null when none is given.
    project_id: Option<String>,
}

/// The credentials that would be used.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Found {
    /// `access key`, `temporary access key`, `token`, or what gets a token.
    kind: String,
    /// The access key (AK); null for a token.
    access_key_id: Option<String>,
    /// Where they were found.
    source: String,
}

pub(crate) fn status(globals: &Globals, output: Output) -> Result<()> {
    let (chain, mut address) = chain_and_address(globals)?;
    if let Some(project_id) = &address.project_id {
        mrs_iam_sync::check_project_id(project_id)?;
    }
    let found = match chain.find()? {
        Some(LocalCredentials::Credentials(credentials)) => {
            let own = |value: Option<&str>| value.map(str::to_owned);
            if address.endpoint.is_none() {
                address.region = address.region.or_else(|| own(credentials.region()));
            }
            address.project_id = address.project_id.or_else(|| own(credentials.project_id()));
            address.iam_endpoint = address.iam_endpoint.or_else(|| own(credentials.iam_endpoint()));
            Found {
                kind: credentials.describe().to_owned(),
                access_key_id: own(credentials.access_key_id()),
                source: credentials.source().to_string(),
            }
        }
        Some(_) => Found {
            kind: "user name and password, for a token of IAM".to_owned(),
            access_key_id: None,
            source: "environment (HW_USER_NAME, HW_USER_PASSWORD, HW_DOMAIN_NAME)".to_owned(),
        },
        None => {
            return Err(CliError::new(
                Exit::Denied,
                "credentials",
                "no credentials in the environment and no profile file; on an ECS instance its agency would be asked",
            )
            .with_hint(
                "set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or MRS_IAM_SYNC_TOKEN, or write a section [basic] with \
                 ak and sk into ~/.huaweicloud/credentials",
            ));
        }
    };
    let (endpoint, iam_endpoint) = endpoints(globals, &address)?;
    let result = AuthStatus {
        credentials: found,
        endpoint,
        iam_endpoint,
        region: address.region,
        project_id: address.project_id,
    };
    output.result(&result, || table(&result))
}

/// Checks what is given of the address, with the SDK's own rules; what is not given does not matter here.
fn endpoints(globals: &Globals, address: &Address) -> Result<(Option<String>, Option<String>)> {
    let builder = || -> Result<_> { Ok(with_address(settings::sending(globals)?, address)) };
    let iam_known =
        address.iam_endpoint.is_some() || (address.endpoint.is_none() && address.region.is_some());
    let iam = match iam_known {
        true => Some(builder()?.iam()?.endpoint().to_owned()),
        false => None,
    };
    if address.endpoint.is_none() && address.region.is_none() {
        return Ok((None, iam));
    }
    // Any id will do: nothing is sent.
    let project_id = address.project_id.clone().unwrap_or_else(|| "0".to_owned());
    let client = builder()?.project_id(project_id).build()?;
    Ok((Some(client.endpoint().to_owned()), iam))
}

fn table(result: &AuthStatus) -> String {
    const NONE: &str = "-";
    let not_set =
        |value: &Option<String>, flag: &str| value.clone().unwrap_or_else(|| format!("not set ({flag})"));
    let endpoint = not_set(&result.endpoint, "--endpoint, or --region");
    let region = result.region.clone().unwrap_or_else(|| NONE.to_owned());
    let iam = result.iam_endpoint.clone().unwrap_or_else(|| NONE.to_owned());
    let project_id = match (&result.project_id, &result.iam_endpoint, &result.region) {
        (Some(id), ..) => id.clone(),
        (None, Some(_), Some(_)) => "looked up by the region's name (--project-id sets it)".to_owned(),
        _ => not_set(&None, "--project-id"),
    };
    text::table(&[
        ["credentials", &result.credentials.kind],
        ["access key id", result.credentials.access_key_id.as_deref().unwrap_or(NONE)],
        ["source", &result.credentials.source],
        ["endpoint", &endpoint],
        ["IAM endpoint", &iam],
        ["region", &region],
        ["project", &project_id],
    ])
}
