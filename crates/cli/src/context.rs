//! What a command that talks to the service works with.

use mrs_iam_sync::{Client, Cluster, Credentials};

use crate::args::{Globals, Service, Target};
use crate::error::{CliError, Result};
use crate::output::Output;
use crate::settings::{self, Address};

/// A client, and how to write.
pub(crate) struct Context {
    pub(crate) output: Output,
    pub(crate) client: Client,
    /// Whether this program is the service.
    pub(crate) emulated: bool,
    /// Stops with the command.
    #[cfg(feature = "emulator")]
    _emulator: Option<mrs_iam_sync_emulator::Emulator>,
}

impl Context {
    /// Of a command with these flags; starts the emulator if it is asked for.
    pub(crate) async fn new(globals: &Globals, output: Output, service: &Service) -> Result<Self> {
        #[cfg(feature = "emulator")]
        if service.emulated {
            return crate::emulated::context(globals, output).await;
        }
        let _ = service;
        let address = Address::new(globals)?;
        // Whoever has set nothing yet needs these first.
        let credentials = Credentials::from_env()?;
        address.complete()?;
        let client = build(globals, &address, credentials)?;
        Ok(Self {
            output,
            client,
            emulated: false,
            #[cfg(feature = "emulator")]
            _emulator: None,
        })
    }

    #[cfg(feature = "emulator")]
    pub(crate) fn emulated(
        output: Output,
        client: Client,
        emulator: mrs_iam_sync_emulator::Emulator,
    ) -> Self {
        Self { output, client, emulated: true, _emulator: Some(emulator) }
    }
}

/// Checks the settings and makes a client; sends nothing.
pub(crate) fn build(globals: &Globals, address: &Address, credentials: Credentials) -> Result<Client> {
    tracing::debug!(
        credentials = credentials.describe(),
        access_key = credentials.access_key_id(),
        source = %credentials.source(),
        "credentials"
    );
    let mut builder = settings::sending(globals)?.credentials(credentials);
    if let Some(endpoint) = &address.endpoint {
        builder = builder.endpoint(endpoint);
    }
    if let Some(region) = &address.region {
        builder = builder.region(region);
    }
    if let Some(project_id) = &address.project_id {
        builder = builder.project_id(project_id);
    }
    let client = builder.build()?;
    tracing::debug!(endpoint = client.endpoint(), project = client.project_id(), "client");
    Ok(client)
}

/// The id of the cluster, checked; `id:` before it may be left out. Names cannot be looked up.
pub(crate) fn cluster_id(given: &str) -> Result<String> {
    const ONLY_IDS: &str = "only ids of clusters are supported, f7f45c04-4303-411c-9b71-d2cb730dd162 for example; the \
                            console shows the id on the cluster's page";
    if given.starts_with("name:") {
        return Err(
            CliError::usage(format!("a cluster cannot be given by name ({given:?})")).with_hint(ONLY_IDS)
        );
    }
    let id = mrs_iam_sync::cluster_id(given.strip_prefix("id:").unwrap_or(given))?;
    Ok(id.to_string())
}

/// The context of a command on a cluster, and that cluster.
pub(crate) async fn on_cluster(
    globals: &Globals,
    output: Output,
    target: &Target,
) -> Result<(Context, Cluster)> {
    let id = cluster_id(&target.cluster)?;
    let context = Context::new(globals, output, &target.service).await?;
    let cluster = context.client.cluster(&id)?;
    Ok((context, cluster))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_are_taken() {
        let id = "f7f45c04-4303-411c-9b71-d2cb730dd162";
        assert_eq!(cluster_id(id).unwrap(), id);
        assert_eq!(cluster_id(&format!("id:{id}")).unwrap(), id);
        assert_eq!(cluster_id("c1").unwrap(), "c1");
        for wrong in ["", "id:", "name:prod", "id:a/b", "..", "id:name:x", "my cluster"] {
            assert!(cluster_id(wrong).is_err(), "{wrong}");
        }
    }
}
