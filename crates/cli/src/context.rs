//! What a command that talks to the service works with.

use mrs_iam_sync::{
    Client, ClientBuilder, Cluster, ClusterRef, Credentials, CredentialsChain, Iam, LocalCredentials,
};

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
        let client = builder(globals)?.connect().await.map_err(in_words_of_flags)?;
        tracing::debug!(endpoint = client.endpoint(), project = client.project_id(), "client");
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

/// IAM alone, for a command that needs no project.
pub(crate) struct IamContext {
    pub(crate) iam: Iam,
    pub(crate) emulated: bool,
    /// Holds the emulator.
    _context: Option<Context>,
}

/// As [`Context::new`], for a command that asks IAM only.
pub(crate) async fn iam(globals: &Globals, output: Output, service: &Service) -> Result<IamContext> {
    #[cfg(feature = "emulator")]
    if service.emulated {
        let context = crate::emulated::context(globals, output).await?;
        return Ok(IamContext { iam: context.client.iam()?, emulated: true, _context: Some(context) });
    }
    let _ = (output, service);
    let iam = builder(globals)?.iam().map_err(in_words_of_flags)?;
    Ok(IamContext { iam, emulated: false, _context: None })
}

/// Everything that flags, variables and files say. What is missing is named here if it can be told without the
/// network; whoever has set nothing yet needs credentials first.
fn builder(globals: &Globals) -> Result<ClientBuilder> {
    prepared(globals).map(|prepared| prepared.builder)
}

/// What is known of a client before it is connected.
pub(crate) struct Prepared {
    pub(crate) builder: ClientBuilder,
    /// The IAM user that the credentials belong to, where they tell.
    pub(crate) user: Option<String>,
    /// The access key, where it is known.
    pub(crate) access_key: Option<String>,
}

/// As [`builder`], with what the credentials tell.
pub(crate) fn prepared(globals: &Globals) -> Result<Prepared> {
    let (address, chain) = (Address::new(globals)?, settings::chain(globals)?);
    let builder = with_address(settings::sending(globals)?, &address);
    let (mut user, mut access_key) = (None, None);
    let builder = match chain.find()? {
        Some(LocalCredentials::Credentials(credentials)) => {
            address.complete(credentials.region())?;
            log(&credentials);
            let own_iam = credentials.iam_endpoint().filter(|_| address.iam_endpoint.is_none());
            let builder = match own_iam {
                Some(endpoint) => builder.with_iam_endpoint(endpoint),
                None => builder,
            };
            access_key = credentials.access_key_id().map(str::to_owned);
            builder.credentials(credentials)
        }
        Some(LocalCredentials::Login(login)) => {
            address.complete(None)?;
            user = Some(login.user().to_owned());
            builder.credentials(login)
        }
        _ => builder.credentials(chain),
    };
    Ok(Prepared { builder, user, access_key })
}

/// What flags, variables and files say, for a command in which the rest is chosen later.
#[cfg(feature = "explorer")]
pub(crate) struct Known {
    pub(crate) builder: ClientBuilder,
    pub(crate) address: Address,
    /// The credentials in words; `None` when this machine has none in its environment and files.
    pub(crate) credentials: Option<String>,
}

/// As [`builder`], but a region may be missing.
#[cfg(feature = "explorer")]
pub(crate) fn known(globals: &Globals) -> Result<Known> {
    let (mut address, chain) = (Address::new(globals)?, settings::chain(globals)?);
    let (credentials, words) = match chain.find()? {
        Some(LocalCredentials::Credentials(credentials)) => {
            log(&credentials);
            let owned = |text: Option<&str>| text.map(str::to_owned);
            address.iam_endpoint = address.iam_endpoint.or(owned(credentials.iam_endpoint()));
            address.project_id = address.project_id.or(owned(credentials.project_id()));
            if address.endpoint.is_none() {
                address.region = address.region.or(owned(credentials.region()));
            }
            let key = credentials.access_key_id().map(|id| format!(" {id}")).unwrap_or_default();
            let words = format!("{}{key}, from {}", credentials.describe(), credentials.source());
            (Some(LocalCredentials::Credentials(credentials)), Some(words))
        }
        Some(login) => {
            (Some(login), Some("a token, fetched with the name and password of an IAM user".to_owned()))
        }
        None => (None, None),
    };
    let builder = with_address(settings::sending(globals)?, &address);
    let builder = match credentials {
        Some(LocalCredentials::Credentials(credentials)) => builder.credentials(credentials),
        Some(LocalCredentials::Login(login)) => builder.credentials(login),
        _ => builder.credentials(chain),
    };
    if address.endpoint.is_some() || address.region.is_some() {
        // What is wrong with them is better said now than by the first request.
        let any =
            if address.project_id.is_none() { builder.clone().project_id("0") } else { builder.clone() };
        any.build().map_err(in_words_of_flags)?;
    }
    Ok(Known { builder, address, credentials: words })
}

fn log(credentials: &Credentials) {
    tracing::debug!(
        credentials = credentials.describe(),
        access_key = credentials.access_key_id(),
        source = %credentials.source(),
        "found"
    );
}

/// Where requests go.
pub(crate) fn with_address(mut builder: ClientBuilder, address: &Address) -> ClientBuilder {
    if let Some(endpoint) = &address.endpoint {
        builder = builder.endpoint(endpoint);
    }
    if let Some(endpoint) = &address.iam_endpoint {
        builder = builder.with_iam_endpoint(endpoint);
    }
    if let Some(region) = &address.region {
        builder = builder.region(region);
    }
    if let Some(project_id) = &address.project_id {
        builder = builder.project_id(project_id);
    }
    builder
}

/// What the SDK says of its settings, for whoever has flags instead.
fn in_words_of_flags(error: mrs_iam_sync::Error) -> CliError {
    let message = error.to_string();
    let error = CliError::from(error);
    match message.as_str() {
        text if text.contains("the endpoint of IAM") => {
            error.with_hint("give --project-id, or --iam-endpoint beside --endpoint, or --region alone")
        }
        text if text.contains("no region whose project") => error.with_hint("give --project-id or --region"),
        text if text.contains("neither a region nor an endpoint") => {
            error.with_hint("give --region, cn-north-4 for example, or --endpoint")
        }
        _ => error,
    }
}

/// How the cluster is given; sends nothing.
pub(crate) fn cluster_ref(target: &Target) -> Result<ClusterRef> {
    Ok(ClusterRef::parse(&target.cluster)?)
}

/// The context of a command on a cluster, and that cluster; a name is looked up.
pub(crate) async fn on_cluster(
    globals: &Globals,
    output: Output,
    target: &Target,
) -> Result<(Context, Cluster)> {
    let wanted = cluster_ref(target)?;
    let context = Context::new(globals, output, &target.service).await?;
    let cluster = match wanted {
        ClusterRef::Id(id) => context.client.cluster(&id)?,
        _ => context.client.find_cluster(&target.cluster).await?,
    };
    Ok((context, cluster))
}

/// Credentials as they can be found without the network, for `auth status`.
pub(crate) fn chain_and_address(globals: &Globals) -> Result<(CredentialsChain, Address)> {
    Ok((settings::chain(globals)?, Address::new(globals)?))
}
