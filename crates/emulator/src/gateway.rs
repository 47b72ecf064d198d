//! The way of a request: the API gateway's checks, then MRS, then the record.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::auth::{Authenticator, Caller};
use crate::clock::Time;
#[cfg(debug_assertions)]
use crate::conformance;
use crate::differences::REFUSALS;
use crate::error::Refusal;
use crate::fault::{FaultKind, Faults};
use crate::mask;
use crate::mrs::{self, Call, Changed};
use crate::own;
use crate::query::Query;
use crate::quota::Quotas;
use crate::request::{Completeness, Received, RecordedRequest, Records};
use crate::router::{Endpoint, Route, Service, route};
use crate::schemas::Schemas;
use crate::store::{Change, Store};
use crate::sync::Progress;
use crate::time::http_date;
use crate::world::World;

/// Largest body that the gateway takes (error table, `APIGW.0201`).
pub(crate) const MAX_BODY: usize = 12 * 1024 * 1024;
const MAX_TARGET: usize = 32 * 1024;
const MAX_HEADER: usize = 32 * 1024;
const MAX_HEADERS: usize = 128 * 1024;

/// One emulator without its socket: requests in, answers out, nothing waits.
pub(crate) struct Gateway {
    pub(crate) authenticator: Authenticator,
    pub(crate) quotas: Quotas,
    pub(crate) schemas: Schemas,
    pub(crate) time: Time,
    pub(crate) keeping: Mutex<Keeping>,
    /// How often an emulator was started with that state before.
    pub(crate) start: u64,
    pub(crate) base_url: String,
    /// Whether there are the two by which a synchronization is followed.
    pub(crate) status_operations: bool,
    pub(crate) progress: Progress,
    pub(crate) seed: u64,
    pub(crate) initial: World,
    pub(crate) initial_faults: Faults,
    pub(crate) state: Mutex<State>,
    pub(crate) count: AtomicU64,
}

/// Where the state is kept.
pub(crate) enum Keeping {
    Nowhere,
    In(Store),
    /// Given back, as the emulator has stopped: nothing is acknowledged any more.
    Closed,
}

/// What changes.
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) records: Records,
    pub(crate) faults: Faults,
}

/// An answer with how it is to be put on the wire.
pub(crate) struct Delivery {
    pub(crate) response: Response<Bytes>,
    pub(crate) wire: Wire,
}

/// What a connection does with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Sound,
    ResetBefore,
    ResetWithin,
    Stall,
    Drip(Duration),
}

impl From<Response<Bytes>> for Delivery {
    fn from(response: Response<Bytes>) -> Self {
        Self { response, wire: Wire::Sound }
    }
}

impl Delivery {
    fn damage(&mut self, fault: &FaultKind) {
        match fault {
            FaultKind::ResetBefore => self.wire = Wire::ResetBefore,
            FaultKind::ResetWithin => self.wire = Wire::ResetWithin,
            FaultKind::Stall => self.wire = Wire::Stall,
            FaultKind::Drip { every } => self.wire = Wire::Drip(*every),
            FaultKind::Truncate => {
                let body = self.response.body_mut();
                body.truncate(body.len() / 2);
            }
            FaultKind::ContentType => self.set_type("text/plain"),
            FaultKind::WrongType => self.change_types(),
            FaultKind::Html { .. } => {
                let title = self.response.status();
                let page =
                    format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>");
                *self.response.body_mut() = Bytes::from(page);
                self.set_type("text/html");
            }
            FaultKind::Status { .. } | FaultKind::PartialSync => {}
        }
    }

    fn change_types(&mut self) {
        let fields = serde_json::from_slice::<BTreeMap<String, Value>>(self.response.body());
        let changed: BTreeMap<_, _> = fields
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| (name, if value.is_number() { json!("text") } else { json!(0) }))
            .collect();
        *self.response.body_mut() = Bytes::from(json!(changed).to_string());
    }

    fn set_type(&mut self, value: &'static str) {
        self.response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(value));
    }
}

/// An answer before it is put on the wire.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// Besides those that every answer has.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    /// Whether the fault of a partial synchronization happened.
    pub(crate) lost_one: bool,
}

impl Answer {
    pub(crate) fn new(status: StatusCode, body: Value) -> Self {
        Self { status, headers: HeaderMap::new(), body, lost_one: false }
    }

    pub(crate) fn refused(refusal: &Refusal, service: Service, request_id: &str) -> Self {
        let mut answer = Self::new(refusal.status, refusal.body(service, request_id));
        if let Some(seconds) = refusal.retry_after {
            answer.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }

    fn into_response(self, request_id: &str, now: SystemTime) -> Response<Bytes> {
        respond(self.status, self.headers, self.body.to_string(), request_id, now)
    }
}

impl Gateway {
    pub(crate) fn answer(&self, received: &Received) -> Delivery {
        let (now, date) = (self.time.now(), self.time.clock());
        let request_id = self.request_id();
        if let Some(path) = received.uri.path().strip_prefix(own::PREFIX) {
            return match own::answer(self, received, path) {
                Ok(body) => respond(StatusCode::OK, HeaderMap::new(), body, &request_id, date),
                Err(refusal) => {
                    Answer::refused(&refusal, Service::Mrs, &request_id).into_response(&request_id, date)
                }
            }
            .into();
        }
        let route = route(&received.method, received.uri.path()).filter(|route| self.offers(route.endpoint));
        let service = route.as_ref().map_or(Service::Mrs, |route| route.endpoint.service);
        let fault = route.as_ref().and_then(|route| self.state().faults.take(route.endpoint.operation.id));
        let outcome = match fault.as_ref().and_then(FaultKind::refusal) {
            Some(refusal) => Err(refusal),
            None => self.handle(route.as_ref(), received, now).inspect_err(|refusal| {
                let known = refusal.code.is_empty() || REFUSALS.iter().any(|(code, _)| *code == refusal.code);
                debug_assert!(known, "{} is on no page", refusal.code);
            }),
        };
        let (mut answer, error_code) = match outcome {
            Ok(answer) => {
                #[cfg(debug_assertions)]
                if let Some(route) = &route {
                    conformance::check(route.endpoint, &answer.body, true);
                }
                (answer, None)
            }
            Err(refusal) => {
                let answer = Answer::refused(&refusal, service, &request_id);
                #[cfg(debug_assertions)]
                if let Some(route) = &route {
                    conformance::check(route.endpoint, &answer.body, false);
                }
                // A page has none.
                (answer, Some(refusal.shown_code(service)).filter(|code| !code.is_empty()))
            }
        };
        if service == Service::Iam {
            // IAM's own name for it.
            if let Ok(value) = HeaderValue::from_str(&request_id) {
                answer.headers.insert(HeaderName::from_static("x-iam-trace-id"), value);
            }
        }
        let operation = route.map(|route| route.endpoint.operation.id);
        let lost_one = answer.lost_one.then_some(FaultKind::PartialSync);
        tracing::debug!(
            method = %received.method,
            path = received.uri.path(),
            operation,
            status = answer.status.as_u16(),
            error_code,
            request_id,
            "answered"
        );
        self.state().records.push(RecordedRequest {
            number: 0,
            at: now,
            method: received.method.to_string(),
            path: mask::target(received.target()),
            operation,
            status: answer.status.as_u16(),
            error_code,
            request_id: request_id.clone(),
            headers: mask::headers(&received.headers),
            fault: fault.as_ref().or(lost_one.as_ref()).map(FaultKind::name),
            body: mask::body(received.uri.path(), &received.body),
        });
        let mut delivery = Delivery::from(answer.into_response(&request_id, date));
        if let Some(fault) = &fault {
            delivery.damage(fault);
        }
        delivery
    }

    /// The checks in their order: known API, size, credentials, quota, then what the service finds.
    fn handle(&self, route: Option<&Route>, received: &Received, now: SystemTime) -> Result<Answer, Refusal> {
        let unknown = || {
            Refusal::new("APIGW.0101", "The API does not exist or has not been published in the environment")
        };
        let route = route.ok_or_else(unknown)?;
        check_size(received)?;
        let caller = if route.endpoint.operation.authenticated {
            let standing = |user: &str| self.state().world.standing(user);
            self.authenticator.check(received, self.time.clock(), now, standing)?
        } else {
            Caller::Account
        };
        if let Some(limit) = route.endpoint.per_minute() {
            self.quotas.count(route.endpoint.operation.id, limit, now)?;
        }
        let mut state = self.state();
        let state = &mut *state;
        let mut call = Call {
            route,
            received,
            query: Query::default(),
            schemas: &self.schemas,
            authenticator: &self.authenticator,
            caller,
            base_url: &self.base_url,
            world: &mut state.world,
            faults: &mut state.faults,
            now,
            progress: self.progress,
            status_operations: self.status_operations,
            changed: Changed::default(),
            headers: HeaderMap::new(),
            lost_one: false,
        };
        mrs::check_path(&call)?;
        call.query = mrs::check_query(&call)?;
        let body = (route.endpoint.handler)(&mut call)?;
        let Call { changed, headers, lost_one, .. } = call;
        // Others wait: what they are told must not be ahead of what is kept.
        self.keep(&state.world, route, &changed)?;
        let status = StatusCode::from_u16(route.endpoint.operation.success).unwrap_or(StatusCode::OK);
        Ok(Answer { status, headers, body, lost_one })
    }

    /// Keeps what an operation has changed, before its answer goes out.
    fn keep(&self, world: &World, route: &Route, changed: &Changed) -> Result<(), Refusal> {
        match changed {
            Changed::Nothing => Ok(()),
            Changed::Cluster => match world.cluster(route.parameter("cluster_id")) {
                Some(cluster) => self.commit(&[Change::Cluster(cluster)]),
                None => Ok(()),
            },
            Changed::Token { issued, forgotten } => self.commit(&[Change::Token { issued, forgotten }]),
        }
    }

    /// As with any answer of 500, whether the change took place is open then.
    fn commit(&self, changes: &[Change<'_>]) -> Result<(), Refusal> {
        let kept = match &*self.keeping.lock().unwrap_or_else(PoisonError::into_inner) {
            Keeping::Nowhere => Ok(()),
            Keeping::In(store) => store.commit(changes),
            Keeping::Closed => Err("the emulator has stopped".into()),
        };
        kept.map_err(|error| {
            tracing::error!(%error, "the state cannot be kept");
            Refusal::new("12000004", "The emulator's state cannot be kept.")
        })
    }

    /// Whether this service has an operation at all.
    fn offers(&self, endpoint: &Endpoint) -> bool {
        self.status_operations || !endpoint.is_status_operation()
    }

    /// What changes, also after somebody panicked while changing it.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the state's directory back.
    pub(crate) fn close(&self) {
        let mut keeping = self.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*keeping, Keeping::In(_)) {
            *keeping = Keeping::Closed;
        }
    }

    /// Changes the world, brought to this time. Answers what the change does, and whether it is kept.
    pub(crate) fn change_world<T>(&self, change: impl FnOnce(&mut World) -> T) -> (T, Result<(), Refusal>) {
        let now = self.time.now();
        let mut state = self.state();
        state.world.settle(now);
        let result = change(&mut state.world);
        let kept = self.commit(&[Change::World { world: &state.world, keep_tokens: true }]);
        (result, kept)
    }

    /// A copy of the world as it is now.
    pub(crate) fn world(&self) -> World {
        let now = self.time.now();
        let mut state = self.state();
        state.world.settle(now);
        state.world.clone()
    }

    /// Moves time forwards, where it can be.
    pub(crate) fn advance(&self, by: Duration) -> Result<bool, Refusal> {
        if !self.time.is_virtual() {
            return Ok(false);
        }
        let _others_wait = self.state();
        let ahead = self.time.ahead().saturating_add(by);
        // The last one that a header can say; later ones would turn the time back.
        if self.time.clock().checked_add(ahead).and_then(http_date).is_none() {
            return Err(Refusal::invalid("Time ends with the year 9999."));
        }
        self.commit(&[Change::Ahead(ahead)])?;
        self.time.set_ahead(ahead);
        Ok(true)
    }

    /// Back to how it was at the start: world, records, faults, tokens, locked keys, quotas, time, request ids.
    pub(crate) fn reset(&self) -> Result<(), Refusal> {
        let mut state = self.state();
        state.world = self.initial.clone();
        state.records = Records::default();
        state.faults = self.initial_faults.clone();
        self.authenticator.reset();
        self.quotas.reset();
        self.time.set_ahead(Duration::ZERO);
        self.count.store(0, Ordering::Relaxed);
        let world = Change::World { world: &state.world, keep_tokens: false };
        self.commit(&[world, Change::Ahead(Duration::ZERO)])
    }

    /// 32 hexadecimal digits that follow from the seed, the number of the start and that of the request.
    fn request_id(&self) -> String {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        // The first start has the ids that it has without state.
        let start = (self.start > 0).then_some(self.start);
        let digest = [self.seed, number]
            .into_iter()
            .chain(start)
            .fold(Sha256::new(), |digest, part| digest.chain_update(part.to_be_bytes()))
            .finalize();
        hex::encode(&digest[..16])
    }
}

fn check_size(received: &Received) -> Result<(), Refusal> {
    let refuse = |status, what: &str| Err(Refusal::with_status(status, "APIGW.0201", what));
    let sizes = || received.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
    if received.target().len() > MAX_TARGET {
        refuse(414, "Request URI too large: more than 32 KB")
    } else if sizes().any(|size| size > MAX_HEADER) || sizes().sum::<usize>() > MAX_HEADERS {
        refuse(494, "Request header too large: one of more than 32 KB, or more than 128 KB in all")
    } else {
        match received.completeness {
            Completeness::Complete => Ok(()),
            Completeness::TooLarge => refuse(413, "Request entity too large: more than 12 MB"),
            Completeness::Broken => refuse(400, "Bad request: the body is incomplete"),
        }
    }
}

fn respond(
    status: StatusCode,
    headers: HeaderMap,
    body: impl Into<Bytes>,
    request_id: &str,
    now: SystemTime,
) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    if let Some(value) = http_date(now).and_then(|date| HeaderValue::from_str(&date).ok()) {
        headers.insert(DATE, value);
    }
    response
}
