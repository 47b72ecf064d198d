//! The explorer as a value: how it is configured, started and stopped.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use mrs_iam_sync::ClientBuilder;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::gate::Gate;
use crate::routes::{Shared, router};
use crate::serve::serve;

/// A running explorer.
///
/// It serves on a task of the tokio runtime it was started in, and stops when it is dropped.
pub struct Explorer {
    addr: SocketAddr,
    url: String,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Explorer {
    /// An explorer to configure, on a free port of this machine. What it sends it sends with `client`, which holds
    /// credentials and whatever else is not chosen on the page: give it shared
    /// [rate limits](ClientBuilder::with_rate_limits), as each region and project chosen makes a client of its own.
    pub fn builder(client: ClientBuilder) -> ExplorerBuilder {
        ExplorerBuilder {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            settings: Settings {
                client,
                region: None,
                project_id: None,
                endpoint: None,
                signed_with: None,
                emulated: false,
            },
        }
    }

    /// The address it listens on, with the port that was picked.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where to begin: an address with the token of this start. Whoever has it may send requests with the credentials.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops: takes no new connection, finishes what has begun (for 300 ms at most), frees the port.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        let _ = (&mut self.task).await;
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Without the address to begin at, which holds the token.
impl fmt::Debug for Explorer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Explorer").field("addr", &self.addr).finish_non_exhaustive()
    }
}

/// What the page begins with, and how requests are sent.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) client: ClientBuilder,
    pub(crate) region: Option<String>,
    pub(crate) project_id: Option<String>,
    pub(crate) endpoint: Option<String>,
    pub(crate) signed_with: Option<String>,
    pub(crate) emulated: bool,
}

/// How an explorer is to be; see [`Explorer::builder`].
#[derive(Debug)]
#[must_use]
pub struct ExplorerBuilder {
    listen: SocketAddr,
    settings: Settings,
}

impl ExplorerBuilder {
    /// Where to listen; a loopback address, `127.0.0.1:0` by default. Port 0 picks a free one.
    pub fn listen(mut self, addr: SocketAddr) -> Self {
        self.listen = addr;
        self
    }

    /// The region that the page begins with.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.settings.region = Some(region.into());
        self
    }

    /// The project that the page begins with.
    pub fn project_id(mut self, project_id: impl Into<String>) -> Self {
        self.settings.project_id = Some(project_id.into());
        self
    }

    /// Says that the client goes to this endpoint whatever the region: samples use it, too.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.settings.endpoint = Some(endpoint.into());
        self
    }

    /// What the page says of the credentials, in words. Not a secret.
    pub fn signed_with(mut self, words: impl Into<String>) -> Self {
        self.settings.signed_with = Some(words.into());
        self
    }

    /// Says on the page that nothing real is changed.
    pub fn emulated(mut self, emulated: bool) -> Self {
        self.settings.emulated = emulated;
        self
    }

    /// Starts to listen.
    ///
    /// # Errors
    /// [`StartError`]; nothing is sent.
    pub async fn start(self) -> Result<Explorer, StartError> {
        // A v4 address in a v6 one is none: the browser would write it in a third way.
        if !self.listen.ip().is_loopback() {
            return Err(StartError::NotLoopback { addr: self.listen });
        }
        let bind = |source| StartError::Bind { addr: self.listen, source };
        let listener = TcpListener::bind(self.listen).await.map_err(bind)?;
        let addr = listener.local_addr().map_err(bind)?;
        let gate = Gate::new(addr).map_err(|_| StartError::Random)?;
        let url = gate.entrance();
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(serve(listener, router(Shared::new(gate, self.settings)), stopped));
        Ok(Explorer { addr, url, stop, task })
    }
}

/// Why an explorer did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is not one of this machine's own.
    #[error(
        "the explorer listens on this machine only, not on {addr}: whoever reaches it signs with your key"
    )]
    NotLoopback {
        /// The address.
        addr: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {addr}")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The machine gives no random numbers to make a token of.
    #[error("the machine gives no random numbers, without which there is no token")]
    Random,
}
