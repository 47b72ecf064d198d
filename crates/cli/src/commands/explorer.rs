//! `explorer`.

use mrs_iam_sync_explorer::{Explorer, ExplorerBuilder, StartError};

use crate::args::{self, Globals};
use crate::context::{self, Known};
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::interrupt;
use crate::output::Output;

pub(crate) async fn run(flags: args::Explorer, globals: &Globals, output: Output) -> Result<()> {
    // Watched before the address is out: whoever reads it may send a signal at once.
    let stop = interrupt::signals().map_err(|error| CliError::io("signals cannot be watched", &error))?;
    #[cfg(feature = "emulator")]
    if flags.service.emulated {
        let (emulator, client) = crate::emulated::start(globals).await?;
        let builder = Explorer::builder(client)
            .listen(flags.listen)
            .region(mrs_iam_sync_emulator::SAMPLE_PROJECT_NAME)
            .project_id(mrs_iam_sync_emulator::SAMPLE_PROJECT_ID)
            .endpoint(emulator.base_url())
            .signed_with(
                "the sample access key, which opens nothing real; mrs-iam-sync emulator --env prints it",
            )
            .emulated(true);
        let explorer = started(builder, output).await?;
        output.say(crate::emulated::NOTICE);
        stop.await;
        explorer.shutdown().await;
        emulator.shutdown().await;
        return Ok(());
    }
    let Known { builder, address, credentials } = context::known(globals)?;
    let mut builder = Explorer::builder(builder).listen(flags.listen);
    if let Some(region) = &address.region {
        builder = builder.region(region);
    }
    if let Some(project_id) = &address.project_id {
        builder = builder.project_id(project_id);
    }
    if let Some(endpoint) = &address.endpoint {
        builder = builder.endpoint(endpoint);
    }
    if let Some(words) = &credentials {
        builder = builder.signed_with(words);
    }
    let explorer = started(builder, output).await?;
    if credentials.is_none() {
        output.note(
            "note: no credentials in environment or files: requests fail unless this ECS instance has an agency; \
             set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK",
        );
    }
    stop.await;
    explorer.shutdown().await;
    Ok(())
}

/// Starts it, and says where it is.
async fn started(builder: ExplorerBuilder, output: Output) -> Result<Explorer> {
    let explorer = builder.start().await.map_err(not_started)?;
    output.data(format!("{}\n", explorer.url()).as_bytes())?;
    output.note("Open this address in a browser on this machine; Ctrl-C ends it.");
    Ok(explorer)
}

/// The command line is wrong, or the machine does not let us.
fn not_started(error: StartError) -> CliError {
    let made = match &error {
        StartError::Bind { source, .. } => return CliError::listen(error.to_string(), source, "--listen"),
        StartError::NotLoopback { .. } => CliError::usage(error.to_string())
            .with_hint("from another machine use `ssh -L`; mrs-iam-sync explorer --help shows how"),
        _ => CliError::new(Exit::Failed, "io", error.to_string()),
    };
    match std::error::Error::source(&error) {
        Some(cause) => made.with_cause(cause),
        None => made,
    }
}
