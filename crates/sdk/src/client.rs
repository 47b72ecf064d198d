//! The client and what it is made of.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mrs_iam_sync_client::{Answer, ErrorBody, Http};
use mrs_iam_sync_contract::{iam_sync_user::DOCUMENT, nearest_regions};

use crate::cluster::Cluster;
use crate::credentials::Credentials;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::names::{self, ProjectId};
use crate::time::{MachineTime, Time};
use crate::transport::{Attempt, http_client, is_json, too_long, wrong_status};

/// Deadline of one operation unless set otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// Deadline of a wait unless set otherwise.
pub const DEFAULT_WAIT_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// Settle time of a wait unless set otherwise; see [`ClientBuilder::with_settle_time`].
pub const DEFAULT_SETTLE_TIME: Duration = Duration::from_secs(10);

/// A client of the IAM synchronization of one project.
///
/// Cheap to clone; clones share connections. Credentials go to the configured endpoint only, and redirects are not
/// followed.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

/// What all clones share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) endpoint: Endpoint,
    pub(crate) project_id: ProjectId,
    pub(crate) credentials: Credentials,
    pub(crate) http: Http,
    pub(crate) timeout: Duration,
    pub(crate) wait_timeout: Duration,
    pub(crate) settle_time: Duration,
    pub(crate) time: Arc<dyn Time>,
}

impl Client {
    /// Starts without any setting.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A cluster of the project, by its id.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the id breaks the documented rule. Whether the cluster exists is seen with
    /// the first call.
    pub fn cluster(&self, cluster_id: &str) -> Result<Cluster, Error> {
        Ok(Cluster { client: self.clone(), id: names::cluster_id(cluster_id)? })
    }

    /// The base URL that requests go to, without a trailing slash.
    pub fn endpoint(&self) -> &str {
        self.shared.endpoint.as_str()
    }

    /// The project.
    pub fn project_id(&self) -> &str {
        &self.shared.project_id
    }

    /// The credentials.
    pub fn credentials(&self) -> &Credentials {
        &self.shared.credentials
    }

    /// Signs and sends a request that this SDK has no call for.
    ///
    /// `path` is relative to the endpoint and stays there; it is sent as it is, so percent-encode what needs to be.
    /// `body` is JSON text, sent byte for byte.
    ///
    /// # Errors
    /// As any call: an answer of 400 or above, a redirect (which is not followed), one that breaks off, and one that
    /// says it is JSON and is not. Any other is returned as it came.
    pub async fn execute_raw(
        &self,
        method: http::Method,
        path: &str,
        body: Option<&str>,
    ) -> Result<RawAnswer, Error> {
        let write = !method.is_safe();
        let mut request = reqwest::Request::new(method, self.shared.endpoint.join(path)?);
        if let Some(body) = body {
            serde_json::from_str::<serde::de::IgnoredAny>(body).map_err(|error| {
                Error::new(ErrorKind::InvalidInput, "the body is not JSON").with_source(error)
            })?;
            let json = http::HeaderValue::from_static("application/json;charset=UTF-8");
            request.headers_mut().insert(http::header::CONTENT_TYPE, json);
            *request.body_mut() = Some(body.to_owned().into());
        }
        let attempt = Attempt::new(&self.shared, write);
        let unusable = |message: String| Error::new(ErrorKind::InvalidInput, message);
        mrs_iam_sync_client::address(&mut request, Some(self.project_id())).map_err(unusable)?;
        mrs_iam_sync_client::Authenticate::authenticate(&*attempt, &mut request)
            .map_err(|error| Error::new(ErrorKind::Credentials, error.to_string()))?;
        let exchange = mrs_iam_sync_client::exchange(&self.shared.http, request, &*attempt);
        let result = tokio::time::timeout(self.shared.timeout, exchange).await;
        let sent_at = attempt.sent_at();
        match (result, attempt.take_answer()) {
            (Err(_), _) => Err(attempt.timed_out(self.shared.timeout)),
            (Ok(Err(error)), answer) => Err(attempt.broken(error, answer.as_ref())),
            (Ok(Ok(_)), Some(answer)) if answer.status.as_u16() >= 400 => {
                Err(attempt.refused(&answer, sent_at))
            }
            (Ok(Ok(_)), Some(answer)) => match fault(&answer) {
                Some(what) => Err(attempt.unexpected(&answer, &what)),
                None => Ok(RawAnswer::of(answer, &attempt)),
            },
            (Ok(Ok(response)), None) => Err(Error::new(
                ErrorKind::UnexpectedAnswer,
                format!("the answer {} was not kept", response.status()),
            )),
        }
    }
}

/// What is wrong with an answer of which nothing but success is known.
fn fault(answer: &Answer) -> Option<String> {
    if answer.status.is_redirection() {
        return Some(wrong_status(answer));
    }
    if !answer.complete {
        return Some(too_long());
    }
    let json = answer.headers.get(http::header::CONTENT_TYPE).is_some_and(is_json);
    let broken = json && serde_json::from_slice::<serde::de::IgnoredAny>(&answer.body).is_err();
    broken.then(|| "a body that says it is JSON and is not".to_owned())
}

/// An answer as it came. `Debug` shows neither header values nor the body, as either may hold a token.
#[derive(Clone)]
#[non_exhaustive]
pub struct RawAnswer {
    /// HTTP status, below 400.
    pub status: http::StatusCode,
    /// Headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// The request id to quote when asking support.
    pub request_id: Option<String>,
}

impl fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawAnswer")
            .field("status", &self.status)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("request_id", &self.request_id)
            .finish()
    }
}

impl RawAnswer {
    fn of(answer: Answer, attempt: &Attempt) -> Self {
        let request_id = attempt.id(&answer, &ErrorBody::parse(&answer.body));
        Self { status: answer.status, headers: answer.headers, body: answer.body.to_vec(), request_id }
    }
}

/// Collects what a [`Client`] needs: credentials, a project, and a region or an endpoint.
#[derive(Debug, Clone, Default)]
pub struct ClientBuilder {
    region: Option<String>,
    endpoint: Option<String>,
    project_id: Option<String>,
    credentials: Option<Credentials>,
    timeout: Option<Duration>,
    wait_timeout: Option<Duration>,
    settle_time: Option<Duration>,
    time: Option<Arc<dyn Time>>,
}

impl ClientBuilder {
    /// The region, `cn-north-4` for example; its endpoint comes from the document.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// The endpoint, instead of a region's: `https`, or `http` to this machine itself. Wins over a region.
    #[must_use]
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// The id of the project that the clusters belong to.
    #[must_use]
    pub fn project_id(mut self, project_id: impl Into<String>) -> Self {
        self.project_id = Some(project_id.into());
        self
    }

    /// What to sign requests with.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Deadline of one operation, 60 s unless set. A wait has a deadline of its own.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Deadline of a wait after a write was accepted, 15 minutes unless set.
    #[must_use]
    pub fn with_wait_timeout(mut self, timeout: Duration) -> Self {
        self.wait_timeout = Some(timeout);
        self
    }

    /// How long an idle service is not believed after it accepted a write, as long as no running state was seen; 10 s
    /// unless set. It may start late, or finish between two looks.
    #[must_use]
    pub fn with_settle_time(mut self, settle_time: Duration) -> Self {
        self.settle_time = Some(settle_time);
        self
    }

    /// Time, sleep and chance, for tests.
    #[must_use]
    pub fn with_time(mut self, time: Arc<dyn Time>) -> Self {
        self.time = Some(time);
        self
    }

    /// Checks the settings and makes the client. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a setting that is missing or unusable, [`ErrorKind::Credentials`] without
    /// credentials.
    pub fn build(self) -> Result<Client, Error> {
        let endpoint = match (&self.endpoint, &self.region) {
            (Some(endpoint), _) => Endpoint::parse(endpoint)?,
            (None, Some(region)) => Endpoint::parse(region_endpoint(region)?)?,
            (None, None) => {
                return Err(Error::new(ErrorKind::InvalidInput, "neither a region nor an endpoint is given")
                    .with_hint("give the region of the cluster, cn-north-4 for example"));
            }
        };
        let project_id = self.project_id.ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "no project id is given")
                .with_hint("give the id of the project in the cluster's region; the console shows it under My Credentials")
        })?;
        let project_id = names::project_id(&project_id)?;
        let credentials = self.credentials.ok_or_else(|| {
            Error::new(ErrorKind::Credentials, "no credentials are given").with_hint(
                "give an access key with its secret key, or a token; Credentials::from_env reads variables",
            )
        })?;
        let http = http_client(&endpoint)?;
        Ok(Client {
            shared: Arc::new(Shared {
                endpoint,
                project_id,
                credentials,
                http,
                timeout: self.timeout.unwrap_or(DEFAULT_TIMEOUT),
                wait_timeout: self.wait_timeout.unwrap_or(DEFAULT_WAIT_TIMEOUT),
                settle_time: self.settle_time.unwrap_or(DEFAULT_SETTLE_TIME),
                time: self.time.unwrap_or_else(|| Arc::new(MachineTime)),
            }),
        })
    }
}

fn region_endpoint(region: &str) -> Result<&'static str, Error> {
    if let Some(known) = DOCUMENT.region(region) {
        return Ok(known.endpoint);
    }
    let near = nearest_regions(DOCUMENT, region);
    let hint = match near.as_slice() {
        [] => "give the endpoint of MRS in that region instead".to_owned(),
        near => format!(
            "did you mean {}? For a region that is not listed give the endpoint instead",
            near.join(", ")
        ),
    };
    Err(Error::new(ErrorKind::InvalidInput, format!("no region {region:?} is known")).with_hint(hint))
}
