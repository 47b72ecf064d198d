//! What every call works with, whatever it calls and whoever calls it.

use std::sync::Arc;
use std::time::Duration;

use mrs_iam_sync_client::Http;
use tokio::sync::Semaphore;

use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::limiter::RateLimits;
use crate::observe::Observer;
use crate::time::Time;
use crate::tls::{ExtraRoots, http_client};

/// Deadline of one operation unless set otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// Deadline of one attempt unless set otherwise.
pub const DEFAULT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// Requests on the way to one host at once, and so connections to it, unless set otherwise.
pub const DEFAULT_MAX_CONNECTIONS: usize = 64;

/// Time, deadlines, limits, trust.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    pub(crate) time: Arc<dyn Time>,
    pub(crate) timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) max_attempts: u32,
    /// None when requests leave as they come.
    pub(crate) limits: Option<RateLimits>,
    pub(crate) observer: Observer,
    pub(crate) max_connections: usize,
    pub(crate) roots: ExtraRoots,
}

impl Engine {
    /// Sets up what it takes to talk to an endpoint. Nothing is sent.
    pub(crate) fn service(&self, endpoint: Endpoint) -> Result<Arc<Service>, Error> {
        let http = http_client(&endpoint, &self.roots)?;
        Ok(Arc::new(Service { endpoint, http, lanes: Semaphore::new(self.max_connections) }))
    }
}

/// A host that requests go to.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) endpoint: Endpoint,
    pub(crate) http: Http,
    /// A place for each request on its way: without a bound ten thousand calls would open as many connections.
    pub(crate) lanes: Semaphore,
}
