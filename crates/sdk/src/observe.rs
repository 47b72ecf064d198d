//! Who wants to count requests is told of each.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::ErrorKind;

/// One request that was sent, and what came of it. No secret is in it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AttemptReport {
    /// operationId, `UpdateSyncIamUser` for example; `raw` for [`Client::execute_raw`](crate::Client::execute_raw)
    /// of something the document does not know.
    pub operation: &'static str,
    /// Counts the requests of one operation from 1.
    pub attempt: u32,
    /// HTTP status, when an answer came.
    pub status: Option<u16>,
    /// The sort of failure; `None` when it succeeded.
    pub failure: Option<ErrorKind>,
    /// The service's error code, when it gave one.
    pub error_code: Option<String>,
    /// The request id, when the answer had one.
    pub request_id: Option<String>,
    /// From the request to the end of its answer, or to when nobody waited any more.
    pub duration: Duration,
}

type Listener = Arc<dyn Fn(&AttemptReport) + Send + Sync>;

/// Whoever is told, if anybody.
#[derive(Clone, Default)]
pub(crate) struct Observer(Option<Listener>);

impl Observer {
    pub(crate) fn new(told: impl Fn(&AttemptReport) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(told)))
    }

    /// `report` is made only when somebody listens.
    pub(crate) fn tell(&self, report: impl FnOnce() -> AttemptReport) {
        if let Some(listener) = &self.0 {
            listener(&report());
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Observer" } else { "None" })
    }
}
