//! `auth status`.

use mrs_iam_sync::Credentials;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::Globals;
use crate::context::build;
use crate::error::Result;
use crate::output::Output;
use crate::settings::Address;
use crate::text;

/// Result of `auth status`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "auth-status")]
pub(crate) struct AuthStatus {
    credentials: Found,
    /// Base URL that requests would go to; null when neither a region nor an endpoint is given.
    endpoint: Option<String>,
    /// The region that was given; it plays no part when an endpoint was given too.
    region: Option<String>,
    /// The project; null when none is given.
    project_id: Option<String>,
}

/// The credentials that would be used.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Found {
    /// `access key`, `temporary access key` or `token`.
    kind: String,
    /// The access key (AK); null for a token.
    access_key_id: Option<String>,
    /// Where they were found.
    source: String,
}

pub(crate) fn status(globals: &Globals, output: Output) -> Result<()> {
    let address = Address::new(globals)?;
    let credentials = Credentials::from_env();
    let endpoint = endpoint(globals, &address, &credentials)?;
    let credentials = credentials?;
    let result = AuthStatus {
        credentials: Found {
            kind: credentials.describe().to_owned(),
            access_key_id: credentials.access_key_id().map(str::to_owned),
            source: credentials.source().to_string(),
        },
        endpoint,
        region: address.region,
        project_id: address.project_id,
    };
    output.result(&result, || table(&result))
}

/// Checks what is given of the address, with the SDK's own rules; what is not given does not matter here.
fn endpoint(
    globals: &Globals,
    address: &Address,
    credentials: &Result<Credentials, mrs_iam_sync::Error>,
) -> Result<Option<String>> {
    if let Some(project_id) = &address.project_id {
        mrs_iam_sync::project_id(project_id)?;
    }
    let (Ok(credentials), true) = (credentials, address.endpoint.is_some() || address.region.is_some())
    else {
        return Ok(None);
    };
    let complete = Address {
        endpoint: address.endpoint.clone(),
        region: address.region.clone(),
        project_id: Some(address.project_id.clone().unwrap_or_else(|| "0".to_owned())),
    };
    let client = build(globals, &complete, credentials.clone())?;
    Ok(Some(client.endpoint().to_owned()))
}

fn table(result: &AuthStatus) -> String {
    const NONE: &str = "-";
    let not_set =
        |value: &Option<String>, flag: &str| value.clone().unwrap_or_else(|| format!("not set ({flag})"));
    let endpoint = not_set(&result.endpoint, "--endpoint, or --region");
    let region = result.region.clone().unwrap_or_else(|| NONE.to_owned());
    let project_id = not_set(&result.project_id, "--project-id");
    text::table(&[
        ["credentials", &result.credentials.kind],
        ["access key id", result.credentials.access_key_id.as_deref().unwrap_or(NONE)],
        ["source", &result.credentials.source],
        ["endpoint", &endpoint],
        ["region", &region],
        ["project", &project_id],
    ])
}
