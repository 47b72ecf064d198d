//! The client and what it is made of.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mrs_iam_sync_client::{Answer, ErrorBody};
use mrs_iam_sync_contract::{Operation, iam, iam_sync_user::DOCUMENT, nearest_regions};

use crate::answer::{is_json, too_long, wrong_status};
use crate::attempt::Attempt;
use crate::call::{Call, Facts};
use crate::cluster::Cluster;
use crate::credentials::{Context, Credentials, CredentialsChain, ProvideCredentials};
use crate::endpoint::Endpoint;
use crate::engine::{DEFAULT_ATTEMPT_TIMEOUT, DEFAULT_MAX_CONNECTIONS, DEFAULT_TIMEOUT, Engine, Service};
use crate::error::{Error, ErrorKind};
use crate::iam::Iam;
use crate::limiter::RateLimits;
use crate::names::{self, ProjectId};
use crate::observe::{AttemptReport, Observer};
use crate::preview::RequestPreview;
use crate::retry::{DEFAULT_MAX_ATTEMPTS, Failed, Reach, Replay};
use crate::time::{MachineTime, Time};
use crate::tls::ExtraRoots;
use crate::wallet::Wallet;

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
    pub(crate) engine: Engine,
    pub(crate) service: Arc<Service>,
    /// IAM, where its endpoint is known.
    pub(crate) iam: Option<Arc<Service>>,
    pub(crate) project_id: ProjectId,
    pub(crate) wallet: Arc<Wallet>,
    pub(crate) wait_timeout: Duration,
    pub(crate) settle_time: Duration,
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
        self.shared.service.endpoint.as_str()
    }

    /// The project.
    pub fn project_id(&self) -> &str {
        &self.shared.project_id
    }

    /// The credentials that the next request would carry; asks their provider if need be.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when there are none, and what a provider meets on its way to them.
    pub async fn credentials(&self) -> Result<Credentials, Error> {
        self.shared.wallet.get(self.shared.engine.timeout).await
    }

    /// IAM, with the same credentials.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when its endpoint is not known: it follows from a region, but not from an endpoint of
    /// MRS; see [`ClientBuilder::with_iam_endpoint`].
    pub fn iam(&self) -> Result<Iam, Error> {
        let service = self.shared.iam.clone().ok_or_else(unknown_iam)?;
        Ok(Iam { engine: self.shared.engine.clone(), service, wallet: self.shared.wallet.clone() })
    }

    /// An operation on MRS.
    pub(crate) fn call<'a>(&'a self, facts: Facts, subject: &'a str) -> Call<'a> {
        let shared = &*self.shared;
        Call {
            wallet: Some(&shared.wallet),
            project_id: Some(self.project_id()),
            subject,
            ..Call::plain(&shared.engine, &shared.service, facts)
        }
    }

    /// Signs and sends a request that this SDK has no call for.
    ///
    /// `path` is relative to the endpoint and stays there; it is sent as it is, so percent-encode what needs to be.
    /// `body` is JSON text, sent byte for byte. A read (GET, HEAD, OPTIONS) is repeated as any other call is. A write
    /// is repeated only when it was not carried out for sure: without a connection, or when the service takes no more
    /// requests for the moment. Requests of a documented operation count for its rate limit.
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
        let raw = RawRequest::new(self, method, path, body)?;
        let done = self.call(raw.facts(), path).run(|attempt| exchange(attempt, raw.request())).await?;
        Ok(RawAnswer { duration: done.took, ..done.value })
    }

    /// As [`Client::execute_raw`], but once, and with the answer whatever it says: an error of the service is an answer.
    ///
    /// For whoever shows answers to people. A place within the rate limit is waited for within the deadline of an
    /// operation. Where the answer quotes the token that the request carried, `***` stands in its place.
    ///
    /// # Errors
    /// When there is no answer, or not all of it.
    pub async fn exchange_raw(
        &self,
        method: http::Method,
        path: &str,
        body: Option<&str>,
    ) -> Result<RawAnswer, Error> {
        let raw = RawRequest::new(self, method, path, body)?;
        let call = Call { max_attempts: 1, hurried: true, ..self.call(raw.facts(), path) };
        let done = call.run(|attempt| exchange_once(attempt, raw.request())).await?;
        Ok(RawAnswer { duration: done.took, ..done.value })
    }

    /// Signs a request that [`Client::execute_raw`] would send and shows it instead, with the stages of its signature.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] and [`ErrorKind::Credentials`], as [`Client::execute_raw`]; nothing is sent but what a
    /// provider of credentials may send.
    pub async fn preview_raw(
        &self,
        method: http::Method,
        path: &str,
        body: Option<&str>,
    ) -> Result<RequestPreview, Error> {
        let raw = RawRequest::new(self, method, path, body)?;
        let (shared, project_id) = (&self.shared, Some(self.project_id()));
        let credentials = Some(shared.wallet.get(shared.engine.timeout).await?);
        let attempt = Attempt::new(&shared.service, &shared.engine.time, credentials, project_id, true);
        let attempt = attempt.only_shown();
        let made = complete(&attempt, &mut raw.request());
        match (attempt.take_preview(), made) {
            (Some(preview), _) => Ok(preview),
            (None, Err(failed)) => Err(failed.error),
            (None, Ok(())) => Err(Error::new(ErrorKind::InvalidInput, "the request could not be shown")),
        }
    }
}

/// A request that this SDK has no call for, checked.
struct RawRequest<'a> {
    method: http::Method,
    url: url::Url,
    path: &'a str,
    body: Option<&'a str>,
}

impl<'a> RawRequest<'a> {
    fn new(
        client: &Client,
        method: http::Method,
        path: &'a str,
        body: Option<&'a str>,
    ) -> Result<Self, Error> {
        let url = client.shared.service.endpoint.join(path)?;
        if let Some(body) = body {
            serde_json::from_str::<serde::de::IgnoredAny>(body).map_err(|error| {
                Error::new(ErrorKind::InvalidInput, "the body is not JSON").with_source(error)
            })?;
        }
        Ok(Self { method, url, path, body })
    }

    fn facts(&self) -> Facts {
        let documented = documented(&self.method, self.path);
        Facts {
            id: documented.map_or("raw", |operation| operation.id),
            per_minute: documented.map(|operation| operation.rate_limit.per_minute),
            replay: if self.method.is_safe() { Replay::Read } else { Replay::Unknown },
            authenticated: true,
        }
    }

    fn request(&self) -> reqwest::Request {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        if let Some(body) = self.body {
            let json = http::HeaderValue::from_static("application/json;charset=UTF-8");
            request.headers_mut().insert(http::header::CONTENT_TYPE, json);
            *request.body_mut() = Some(body.to_owned().into());
        }
        request
    }
}

/// The documented operation that a request is, if any.
fn documented(method: &http::Method, path: &str) -> Option<&'static Operation> {
    let path = path.split('?').next().unwrap_or_default();
    DOCUMENT.operations.iter().find(|operation| operation.matches(method.as_str(), path))
}

/// Gives a request what it lacks: host, project, credentials.
fn complete(attempt: &Attempt, request: &mut reqwest::Request) -> Result<(), Failed> {
    use mrs_iam_sync_client::Authenticate as _;

    let before = |kind, message: String| Failed::before(Error::new(kind, message));
    mrs_iam_sync_client::address(request, attempt.project_id())
        .map_err(|message| before(ErrorKind::InvalidInput, message))?;
    attempt.authenticate(request).map_err(|error| before(ErrorKind::Credentials, error.to_string()))
}

/// Sends a request as it is, with credentials, and takes any answer that is all there.
async fn exchange_once(attempt: Arc<Attempt>, mut request: reqwest::Request) -> Result<RawAnswer, Failed> {
    complete(&attempt, &mut request)?;
    let result = mrs_iam_sync_client::exchange(&attempt.service().http, request, &*attempt).await;
    match (result, attempt.answer()) {
        (Err(error), answer) => Err(attempt.broken(error, answer.as_ref())),
        (Ok(_), Some(answer)) if !answer.complete => {
            Err(Failed::new(attempt.unexpected(&answer, &too_long()), Reach::Answered))
        }
        (Ok(_), Some(answer)) => Ok(RawAnswer::of(attempt.scrubbed(answer), &attempt)),
        (Ok(response), None) => Err(not_kept(&response)),
    }
}

fn not_kept(response: &reqwest::Response) -> Failed {
    let message = format!("the answer {} was not kept", response.status());
    Failed::new(Error::new(ErrorKind::UnexpectedAnswer, message), Reach::Answered)
}

/// Sends a request as it is, with credentials.
async fn exchange(attempt: Arc<Attempt>, mut request: reqwest::Request) -> Result<RawAnswer, Failed> {
    complete(&attempt, &mut request)?;
    let result = mrs_iam_sync_client::exchange(&attempt.service().http, request, &*attempt).await;
    let (answer, sent_at) = (attempt.answer(), attempt.sent_at());
    let answered = |error| Failed::new(error, Reach::Answered);
    match (result, answer) {
        (Err(error), answer) => Err(attempt.broken(error, answer.as_ref())),
        (Ok(_), Some(answer)) if answer.status.as_u16() >= 400 => {
            Err(answered(attempt.refused(&answer, sent_at)))
        }
        (Ok(_), Some(answer)) => match fault(&answer) {
            Some(what) => Err(answered(attempt.unexpected(&answer, &what))),
            None => Ok(RawAnswer::of(answer, &attempt)),
        },
        (Ok(response), None) => Err(not_kept(&response)),
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
    /// HTTP status, below 400 unless it comes from [`Client::exchange_raw`].
    pub status: http::StatusCode,
    /// Headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// The request id to quote when asking support.
    pub request_id: Option<String>,
    /// From the first request to the end of the answer.
    pub duration: Duration,
}

impl fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawAnswer")
            .field("status", &self.status)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("request_id", &self.request_id)
            .field("duration", &self.duration)
            .finish()
    }
}

impl RawAnswer {
    /// The error code in the body of an answer of 400 or above, in any of the shapes that MRS, gateways and IAM give it.
    #[must_use]
    pub fn error_code(&self) -> Option<String> {
        let failed = self.status.is_client_error() || self.status.is_server_error();
        failed.then(|| ErrorBody::parse(&self.body).error_code).flatten()
    }

    fn of(answer: Answer, attempt: &Attempt) -> Self {
        let request_id = attempt.id(&answer, &ErrorBody::parse(&answer.body));
        Self {
            status: answer.status,
            headers: answer.headers,
            body: answer.body.to_vec(),
            request_id,
            duration: Duration::ZERO,
        }
    }
}

/// Collects what a [`Client`] needs: credentials, a project, and a region or an endpoint.
#[derive(Debug, Clone, Default)]
pub struct ClientBuilder {
    region: Option<String>,
    endpoint: Option<String>,
    iam_endpoint: Option<String>,
    project_id: Option<String>,
    credentials: Option<Arc<dyn ProvideCredentials>>,
    timeout: Option<Duration>,
    attempt_timeout: Option<Duration>,
    max_attempts: Option<u32>,
    limits: Limits,
    max_connections: Option<usize>,
    ca_file: Option<PathBuf>,
    observer: Observer,
    wait_timeout: Option<Duration>,
    settle_time: Option<Duration>,
    time: Option<Arc<dyn Time>>,
}

/// What a client needs besides its endpoint and project: settings, credentials, IAM where it is known.
type Equipment = (Engine, Arc<Wallet>, Option<Arc<Service>>);

/// Which rate limits a client keeps.
#[derive(Debug, Clone, Default)]
enum Limits {
    /// The documented ones, by itself.
    #[default]
    Own,
    Shared(RateLimits),
    Off,
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

    /// The endpoint of IAM, instead of a region's; needed for what IAM is asked when an endpoint of MRS is given.
    #[must_use]
    pub fn with_iam_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.iam_endpoint = Some(endpoint.into());
        self
    }

    /// The id of the project that the clusters belong to.
    #[must_use]
    pub fn project_id(mut self, project_id: impl Into<String>) -> Self {
        self.project_id = Some(project_id.into());
        self
    }

    /// What to sign requests with: [`Credentials`], or a provider of them. Unless set, [`CredentialsChain`] looks for
    /// some.
    #[must_use]
    pub fn credentials(mut self, credentials: impl ProvideCredentials + 'static) -> Self {
        self.credentials = Some(Arc::new(credentials));
        self
    }

    /// Deadline of one operation with all its attempts and the rests between them, 60 s unless set. It begins with
    /// the first request: a place within the rate limit is waited for before. A wait has a deadline of its own.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Deadline of one attempt, 30 s unless set, and never more than what is left of the operation's.
    #[must_use]
    pub fn with_attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// Attempts of one operation, the first one included: 3 unless set, at least 1. A refusal for too many requests
    /// and one because a synchronization runs use up none.
    #[must_use]
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts.max(1));
        self
    }

    /// Limits to share with other clients of the same account. A client keeps limits of its own unless set.
    #[must_use]
    pub fn with_rate_limits(mut self, limits: RateLimits) -> Self {
        self.limits = Limits::Shared(limits);
        self
    }

    /// Sends requests as they come, whatever the service documents.
    #[must_use]
    pub fn without_rate_limits(mut self) -> Self {
        self.limits = Limits::Off;
        self
    }

    /// Requests on the way at once, and so connections: 64 unless set, at least 1. Others wait before their deadline
    /// begins.
    #[must_use]
    pub fn with_max_connections(mut self, connections: usize) -> Self {
        self.max_connections = Some(connections.clamp(1, 10_000));
        self
    }

    /// A file with certificates (PEM) that are trusted besides the machine's own: those of a private authority, or
    /// of a proxy that looks into TLS.
    #[must_use]
    pub fn with_ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Is told of each request that was sent and what came of it, to count them for example.
    #[must_use]
    pub fn on_attempt(mut self, told: impl Fn(&AttemptReport) + Send + Sync + 'static) -> Self {
        self.observer = Observer::new(told);
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

    /// Checks the settings and makes the client. Nothing is sent; credentials are asked for with the first call.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a setting that is missing or unusable: [`ClientBuilder::connect`] finds out what
    /// is missing.
    pub fn build(self) -> Result<Client, Error> {
        let project_id = self.project_id.clone().ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "no project id is given")
                .with_hint("give the id of the project in the cluster's region; the console shows it under My Credentials")
        })?;
        let endpoint = self.mrs_endpoint(self.region.as_deref())?;
        let project_id = names::project_id(&project_id)?;
        let (engine, wallet, iam) = self.parts()?;
        self.client(engine, wallet, iam, endpoint, project_id)
    }

    /// As [`ClientBuilder::build`], and finds out what is not given: credentials (see [`CredentialsChain`]), the
    /// region where it stands beside them, and the project, whose name in IAM is that of the region. What is missing
    /// for that is said before anything is sent.
    ///
    /// # Errors
    /// As [`ClientBuilder::build`] and [`Iam::project_id`]; [`ErrorKind::Credentials`] when there are none.
    pub async fn connect(mut self) -> Result<Client, Error> {
        let (engine, mut wallet, mut iam) = self.parts()?;
        if let Some(endpoint) = &self.endpoint {
            Endpoint::parse(endpoint)?;
        }
        let credentials = wallet.get(engine.timeout).await?;
        if self.region.is_none() && self.endpoint.is_none() && credentials.region().is_some() {
            self.region = credentials.region().map(str::to_owned);
        }
        if self.iam_endpoint.is_none() && credentials.iam_endpoint().is_some() {
            self.iam_endpoint = credentials.iam_endpoint().map(str::to_owned);
        }
        let endpoint = self.mrs_endpoint(self.region.as_deref())?;
        if iam.is_none() || credentials.iam_endpoint().is_some() {
            // What was found beside the credentials may say where IAM is.
            iam = self.iam_endpoint()?.map(|endpoint| engine.service(endpoint)).transpose()?;
            wallet = Arc::new(wallet.in_context(self.context(&engine, &iam)));
        }
        let known = self.project_id.clone().or_else(|| credentials.project_id().map(str::to_owned));
        let project_id = match (known, &self.region, &iam) {
            (Some(project_id), ..) => project_id,
            (None, Some(region), Some(service)) => {
                let iam = Iam { engine: engine.clone(), service: service.clone(), wallet: wallet.clone() };
                iam.project_id(region).await?
            }
            (None, None, _) => {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    "no project id is given, and no region whose project could be looked up",
                )
                .with_hint("give a project id or a region"));
            }
            (None, Some(_), None) => {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    "no project id is given, and the endpoint of IAM, where it could be looked up, is not known",
                )
                .with_hint("give a project id, or the endpoint of IAM beside that of MRS"));
            }
        };
        let project_id = names::project_id(&project_id)?;
        self.client(engine, wallet, iam, endpoint, project_id)
    }

    /// IAM alone, for what needs no project. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when neither a region nor an endpoint of IAM is given, or one is unusable.
    pub fn iam(self) -> Result<Iam, Error> {
        let (engine, wallet, iam) = self.parts()?;
        let service = iam.ok_or_else(unknown_iam)?;
        Ok(Iam { engine, service, wallet })
    }

    fn client(
        self,
        engine: Engine,
        wallet: Arc<Wallet>,
        iam: Option<Arc<Service>>,
        endpoint: Endpoint,
        project_id: ProjectId,
    ) -> Result<Client, Error> {
        let service = engine.service(endpoint)?;
        Ok(Client {
            shared: Arc::new(Shared {
                engine,
                service,
                iam,
                project_id,
                wallet,
                wait_timeout: self.wait_timeout.unwrap_or(DEFAULT_WAIT_TIMEOUT),
                settle_time: self.settle_time.unwrap_or(DEFAULT_SETTLE_TIME),
            }),
        })
    }

    /// What does not depend on the project.
    fn parts(&self) -> Result<Equipment, Error> {
        let engine = self.engine()?;
        let iam = self.iam_endpoint()?.map(|endpoint| engine.service(endpoint)).transpose()?;
        let provider = self.credentials.clone().unwrap_or_else(|| Arc::new(CredentialsChain::new()));
        let wallet = Wallet::new(provider, self.context(&engine, &iam));
        Ok((engine, Arc::new(wallet), iam))
    }

    fn context(&self, engine: &Engine, iam: &Option<Arc<Service>>) -> Context {
        Context {
            engine: engine.clone(),
            iam: iam.clone(),
            region: self.region.clone(),
            project_id: self.project_id.clone(),
        }
    }

    fn mrs_endpoint(&self, region: Option<&str>) -> Result<Endpoint, Error> {
        match (&self.endpoint, region) {
            (Some(endpoint), _) => Endpoint::parse(endpoint),
            (None, Some(region)) => Endpoint::parse(region_endpoint(region)?),
            (None, None) => {
                Err(Error::new(ErrorKind::InvalidInput, "neither a region nor an endpoint is given")
                    .with_hint("give the region of the cluster, cn-north-4 for example"))
            }
        }
    }

    /// That of IAM, where it is known. Credentials that are for an endpoint of somebody's own do not go to the public
    /// IAM of a region unless that is said.
    fn iam_endpoint(&self) -> Result<Option<Endpoint>, Error> {
        match (&self.iam_endpoint, &self.endpoint, &self.region) {
            (Some(endpoint), ..) => Endpoint::parse(endpoint).map(Some),
            (None, None, Some(region)) => {
                // A region that MRS does not have is a mistake; one that IAM has no endpoint for is not.
                region_endpoint(region)?;
                let own = iam::DOCUMENT.region(region).map(|region| region.endpoint);
                own.or_else(|| iam::DOCUMENT.default_endpoint()).map(Endpoint::parse).transpose()
            }
            _ => Ok(None),
        }
    }

    fn engine(&self) -> Result<Engine, Error> {
        Ok(Engine {
            time: self.time.clone().unwrap_or_else(|| Arc::new(MachineTime)),
            timeout: self.timeout.unwrap_or(DEFAULT_TIMEOUT),
            attempt_timeout: self.attempt_timeout.unwrap_or(DEFAULT_ATTEMPT_TIMEOUT),
            max_attempts: self.max_attempts.unwrap_or(DEFAULT_MAX_ATTEMPTS),
            limits: match &self.limits {
                Limits::Own => Some(RateLimits::new()),
                Limits::Shared(limits) => Some(limits.clone()),
                Limits::Off => None,
            },
            observer: self.observer.clone(),
            max_connections: self.max_connections.unwrap_or(DEFAULT_MAX_CONNECTIONS),
            roots: self.ca_file.as_deref().map(ExtraRoots::read).transpose()?.unwrap_or_default(),
        })
    }
}

fn unknown_iam() -> Error {
    Error::new(ErrorKind::InvalidInput, "the endpoint of IAM is not known")
        .with_hint("give a region, or the endpoint of IAM beside that of MRS")
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
