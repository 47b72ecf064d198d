//! One operation from its first request to its last.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use mrs_iam_sync_contract::Operation;
use secrecy::SecretString;
use tokio::sync::SemaphorePermit;
use tracing::Instrument as _;

use crate::attempt::{Attempt, seconds};
use crate::credentials::Credentials;
use crate::engine::{Engine, Service};
use crate::error::{Error, ErrorKind};
use crate::limiter::Place;
use crate::observe::AttemptReport;
use crate::retry::{self, Failed, First, FullJitter, Plan, Replay, idle_rests};
use crate::wallet::Wallet;

/// What is known of an operation before it is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    /// operationId.
    pub(crate) id: &'static str,
    /// The limit that its requests count for, if any.
    pub(crate) per_minute: Option<u32>,
    pub(crate) replay: Replay,
    pub(crate) authenticated: bool,
}

impl From<&'static Operation> for Facts {
    fn from(operation: &'static Operation) -> Self {
        Self {
            id: operation.id,
            per_minute: Some(operation.rate_limit.per_minute),
            replay: Replay::of(operation),
            authenticated: operation.authenticated,
        }
    }
}

/// A look whether a synchronization runs: `None` when that cannot be told.
pub(crate) type Look<'a> = Pin<Box<dyn Future<Output = Option<bool>> + Send + 'a>>;

/// Looks, each within the time given.
pub(crate) type Looks<'a> = dyn Fn(Duration) -> Look<'a> + Send + Sync + 'a;

/// An operation to be called.
pub(crate) struct Call<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) service: &'a Arc<Service>,
    /// None for what needs no credentials.
    pub(crate) wallet: Option<&'a Wallet>,
    pub(crate) project_id: Option<&'a str>,
    pub(crate) facts: Facts,
    /// What stands in the trace beside the operation.
    pub(crate) subject: &'a str,
    /// Deadline of all attempts together.
    pub(crate) timeout: Duration,
    pub(crate) max_attempts: u32,
    /// A secret that the request holds.
    pub(crate) confidential: Option<&'a SecretString>,
    /// Whether a place within the rate limit is waited for within the deadline from the beginning.
    pub(crate) hurried: bool,
    /// For writes that wait until no synchronization runs.
    pub(crate) looks: Option<&'a Looks<'a>>,
    /// Whether a write fails when a synchronization runs, instead of waiting for its end.
    pub(crate) unless_running: bool,
    /// Asked when a request is about to leave, and not while it waits for the rate limit: whether it still may.
    pub(crate) leaves: Option<&'a (dyn Fn() -> bool + Send + Sync + 'a)>,
}

/// What came of an operation.
pub(crate) struct Done<T> {
    pub(crate) value: T,
    pub(crate) request_id: Option<String>,
    /// Requests that it took.
    pub(crate) attempts: u32,
    /// From the first request on.
    pub(crate) took: Duration,
}

impl<'a> Call<'a> {
    /// An operation without credentials and project.
    pub(crate) fn plain(engine: &'a Engine, service: &'a Arc<Service>, facts: impl Into<Facts>) -> Self {
        Self {
            engine,
            service,
            wallet: None,
            project_id: None,
            facts: facts.into(),
            subject: "",
            timeout: engine.timeout,
            max_attempts: engine.max_attempts,
            confidential: None,
            hurried: false,
            looks: None,
            unless_running: false,
            leaves: None,
        }
    }

    /// Calls `send` for each attempt.
    pub(crate) async fn run<T, S, F>(self, send: S) -> Result<Done<T>, Error>
    where
        S: Fn(Arc<Attempt>) -> F,
        F: Future<Output = Result<T, Failed>>,
    {
        let span = tracing::info_span!("operation", operation = self.facts.id, subject = self.subject);
        self.attempts(send).instrument(span).await
    }

    async fn attempts<T, S, F>(self, send: S) -> Result<Done<T>, Error>
    where
        S: Fn(Arc<Attempt>) -> F,
        F: Future<Output = Result<T, Failed>>,
    {
        let time = &self.engine.time;
        let mut plan = Plan::new(time.clone(), self.max_attempts, self.timeout, self.facts.replay);
        let mut course = Course::default();
        let renewable = self.wallet.is_some_and(Wallet::is_renewable);
        let mut jitter = FullJitter::new(time.clone());
        loop {
            let failed = match self.next(&mut plan, &mut course, &send).await {
                Ok((value, request_id)) => {
                    return Ok(Done { value, request_id, attempts: plan.sent(), took: plan.elapsed() });
                }
                Err(failed) => failed,
            };
            let yields = self.unless_running && failed.error.kind() == ErrorKind::SyncRunning;
            let Some(rest) = plan.rest(&failed, &mut jitter, renewable).filter(|_| !yields) else {
                return Err(failed.error.with_attempts(plan.sent()));
            };
            tracing::warn!("{}: trying again in {} s", failed.error, seconds(rest));
            time.sleep(rest).await;
        }
    }

    /// One attempt, and what has to be done before it.
    async fn next<T, S, F>(
        &self,
        plan: &mut Plan,
        course: &mut Course,
        send: &S,
    ) -> Result<(T, Option<String>), Failed>
    where
        S: Fn(Arc<Attempt>) -> F,
        F: Future<Output = Result<T, Failed>>,
    {
        let first = plan.take_first();
        if first == First::Idle {
            Box::pin(self.until_idle(plan, course)).await?;
        }
        // Before the way: a provider may need one itself. What it fails with is its own last word.
        let asked = self.engine.time.monotonic();
        let credentials = Box::pin(self.credentials(plan, course, first)).await.map_err(Failed::last)?;
        let spent = self.engine.time.monotonic().saturating_sub(asked);
        let way = self.way(plan, course).await?;
        plan.begin(spent);
        // Others may have renewed them while this call waited for its turn.
        let credentials = credentials.map(|found| self.wallet.and_then(Wallet::ready).unwrap_or(found));
        if plan.left().is_zero() {
            return Err(
                course.over(|| Error::new(ErrorKind::Timeout, "the time was up before the request was sent"))
            );
        }
        if let Some(credentials) = &credentials {
            course.credentials = Some(credentials.clone());
        }
        if self.leaves.is_some_and(|leaves| !leaves()) {
            return Err(course.over(Error::stopped));
        }
        // On the heap, as are the two before: thousands of calls may wait for their turn, of which few are under way.
        let result = Box::pin(self.one(plan, credentials, way, send)).await;
        if let Err(failed) = &result {
            course.failure = Some(failed.error.clone());
        }
        result
    }

    /// Waits for the rate limit and a free lane: as long as it takes before the first request, within the deadline
    /// afterwards.
    async fn way(&self, plan: &Plan, course: &Course) -> Result<Way<'_>, Failed> {
        let free = async {
            let place = match (&self.engine.limits, self.facts.per_minute) {
                (Some(limits), Some(per_minute)) => {
                    let endpoint = self.service.endpoint.as_str();
                    Some(limits.admit(endpoint, self.facts.id, per_minute, &self.engine.time).await)
                }
                _ => None,
            };
            // Never closed, so that there is always one in the end.
            Way { _lane: self.service.lanes.acquire().await.ok(), place }
        };
        match plan.sent() {
            0 if !self.hurried => Ok(free.await),
            _ => tokio::time::timeout(plan.left(), free).await.map_err(|_| {
                course.over(|| Error::new(ErrorKind::Throttled, "no place within the rate limit"))
            }),
        }
    }

    async fn credentials(
        &self,
        plan: &Plan,
        course: &Course,
        first: First,
    ) -> Result<Option<Credentials>, Error> {
        let Some(wallet) = self.wallet.filter(|_| self.facts.authenticated) else {
            return Ok(None);
        };
        let credentials = match &course.credentials {
            Some(refused) if first == First::Renew => wallet.renew(refused, plan.left()).await?,
            _ => wallet.get(plan.left()).await?,
        };
        Ok(Some(credentials))
    }

    async fn one<T, S, F>(
        &self,
        plan: &mut Plan,
        credentials: Option<Credentials>,
        way: Way<'_>,
        send: &S,
    ) -> Result<(T, Option<String>), Failed>
    where
        S: Fn(Arc<Attempt>) -> F,
        F: Future<Output = Result<T, Failed>>,
    {
        let engine = self.engine;
        let write = self.facts.replay != Replay::Read;
        let attempt = Arc::new(
            Attempt::new(self.service, &engine.time, credentials, self.project_id, write)
                .with_secret(self.confidential),
        );
        let number = plan.count();
        let limit = engine.attempt_timeout.min(plan.left());
        let span = tracing::debug_span!(
            "attempt",
            attempt = number,
            status = tracing::field::Empty,
            error_code = tracing::field::Empty,
            request_id = tracing::field::Empty,
            duration_ms = tracing::field::Empty,
        );
        let started = engine.time.monotonic();
        let answer = tokio::time::timeout(limit, send(attempt.clone()).instrument(span.clone())).await;
        let result = answer.unwrap_or_else(|_| Err(attempt.timed_out(limit)));
        let duration = engine.time.monotonic().saturating_sub(started);
        if let (Some(place), Err(Failed { error, .. })) = (&way.place, &result)
            && error.is_throttled()
        {
            place.refused(retry::hold(error));
        }
        drop(way);
        let error = result.as_ref().err().map(|failed| &failed.error);
        let status = attempt.status();
        // That of a refusal may stand in the body only.
        let request_id =
            error.and_then(Error::request_id).map(str::to_owned).or_else(|| attempt.request_id());
        span.record("status", status);
        span.record("error_code", error.and_then(Error::error_code));
        span.record("request_id", request_id.as_deref());
        span.record("duration_ms", u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
        span.in_scope(|| match error {
            None => tracing::debug!("answered"),
            Some(error) => tracing::debug!(kind = error.kind().as_str(), "failed"),
        });
        engine.observer.tell(|| AttemptReport {
            operation: self.facts.id,
            attempt: number,
            status,
            failure: error.map(Error::kind),
            error_code: error.and_then(Error::error_code).map(str::to_owned),
            request_id: request_id.clone(),
            duration,
        });
        result.map(|value| (value, request_id))
    }

    /// Waits until no synchronization runs, or nobody can tell; within the deadline.
    async fn until_idle(&self, plan: &Plan, course: &Course) -> Result<(), Failed> {
        let Some(looks) = self.looks else { return Ok(()) };
        for rest in idle_rests() {
            match tokio::time::timeout(plan.left(), looks(plan.left())).await {
                Ok(Some(true)) => {}
                Ok(_) => return Ok(()),
                Err(_) => break,
            }
            if rest >= plan.left() {
                break;
            }
            self.engine.time.sleep(rest).await;
        }
        Err(course.over(|| Error::new(ErrorKind::SyncRunning, "a synchronization is still running")))
    }
}

/// What a request holds while it is on its way.
struct Way<'a> {
    _lane: Option<SemaphorePermit<'a>>,
    place: Option<Place>,
}

/// What the attempts of one operation hand on.
#[derive(Default)]
struct Course {
    credentials: Option<Credentials>,
    failure: Option<Error>,
}

impl Course {
    /// The end of the deadline between two attempts: the failure of the last one says why there was no other.
    fn over(&self, otherwise: impl FnOnce() -> Error) -> Failed {
        Failed::last(self.failure.clone().unwrap_or_else(otherwise))
    }
}
