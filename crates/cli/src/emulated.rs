//! `--emulated`: the service inside this program, behind a real socket and real signatures.

use mrs_iam_sync::{ClientBuilder, Credentials};
use mrs_iam_sync_emulator::{Emulator, SAMPLE_ACCESS_KEY, SAMPLE_PROJECT_ID, SAMPLE_SECRET_KEY, StartError};

use crate::args::Globals;
use crate::context::{Context, with_address};
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::output::Output;
use crate::settings::{self, Address};

pub(crate) const NOTICE: &str =
    "EMULATED: nothing real was changed; state ends with this command (keep one with: mrs-iam-sync emulator)";

/// Starts an emulator and a client of it.
pub(crate) async fn context(globals: &Globals, output: Output) -> Result<Context> {
    let (emulator, builder) = start(globals).await?;
    let client = builder.build()?;
    output.say(NOTICE);
    Ok(Context::emulated(output, client, emulator))
}

/// Starts an emulator, and says how it is reached. Environment, region and proxies play no part; credentials never
/// leave it.
pub(crate) async fn start(globals: &Globals) -> Result<(Emulator, ClientBuilder)> {
    let flags = [
        ("--endpoint", &globals.endpoint),
        ("--iam-endpoint", &globals.iam_endpoint),
        ("--project-id", &globals.project_id),
        ("--profile", &globals.profile),
    ];
    for (flag, given) in flags {
        if given.is_some() {
            return Err(CliError::usage(format!("{flag} cannot be used together with --emulated"))
                .with_hint("--emulated works on a sample world inside this program: leave one of them out"));
        }
    }
    let emulator = Emulator::builder().start().await.map_err(not_started)?;
    let address = Address {
        endpoint: Some(emulator.base_url()),
        iam_endpoint: Some(emulator.base_url()),
        region: None,
        project_id: Some(SAMPLE_PROJECT_ID.to_owned()),
    };
    let credentials = Credentials::access_key(SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY)?;
    let builder = with_address(settings::sending(globals)?, &address).credentials(credentials);
    Ok((emulator, builder))
}

/// The command line is wrong, or the machine does not let us.
pub(crate) fn not_started(error: StartError) -> CliError {
    if let StartError::Listen { source, .. } = &error {
        return CliError::listen(error.to_string(), source, "--listen");
    }
    let exit = match error {
        StartError::NotLoopback { .. } | StartError::Credentials(_) => Exit::Usage,
        _ => Exit::Failed,
    };
    let kind = if exit == Exit::Usage { "usage" } else { "io" };
    let mut made = CliError::new(exit, kind, error.to_string());
    if let StartError::NotLoopback { .. } = error {
        made =
            made.with_hint("--allow-remote lets others reach it, who may then change it without credentials");
    }
    match std::error::Error::source(&error) {
        Some(cause) => made.with_cause(cause),
        None => made,
    }
}
