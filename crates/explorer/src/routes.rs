//! The routes. Each is a fixed path; what is sent to the service is made from an operation's name and checked values.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::header::CONTENT_DISPOSITION;
use axum::http::{HeaderValue, Response, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::{get, post};
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use mrs_iam_sync::{Client, Iam};
use mrs_iam_sync_contract::iam_sync_user::DOCUMENT;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answer::Answer;
use crate::catalogue::OPERATIONS;
use crate::explorer::Settings;
use crate::gate::{Gate, Verdict, guarded};
use crate::page::{FILES, INDEX};
use crate::refusal::{Refusal, typed};
use crate::samples;
use crate::values::{self, Values};

/// Longest body of a request: a thousand users and as many groups fit in it, 64 characters of four bytes each.
const MAX_BODY: usize = 640 * 1024;
/// A body that is too large is read on so far, so that its sender gets to see the answer.
const MAX_DISCARDED: usize = 128 * 1024 * 1024;
/// How long a body may take to come.
const BODY: Duration = Duration::from_secs(30);
/// Clients that are kept; each region and project that is chosen makes one.
const MAX_CLIENTS: usize = 64;

/// What all requests share.
pub(crate) struct Shared {
    gate: Gate,
    settings: Settings,
    clients: Mutex<HashMap<(String, String), Client>>,
    iams: Mutex<HashMap<String, Iam>>,
}

type Explorer = State<Arc<Shared>>;
type Answered = Result<Response<Body>, Refusal>;

impl Shared {
    pub(crate) fn new(gate: Gate, settings: Settings) -> Arc<Self> {
        Arc::new(Self { gate, settings, clients: Mutex::default(), iams: Mutex::default() })
    }

    /// Whether the endpoint does not depend on the region.
    fn any_region(&self) -> bool {
        self.settings.endpoint.is_some()
    }

    fn client(&self, region: &str, project_id: &str) -> Result<Client, Refusal> {
        values::region(region, self.any_region())?;
        values::project_id(project_id)?;
        let key = (region.to_owned(), project_id.to_owned());
        kept(&self.clients, key, || {
            self.settings.client.clone().region(region).project_id(project_id).build()
        })
    }

    fn iam(&self, region: &str) -> Result<Iam, Refusal> {
        values::region(region, self.any_region())?;
        kept(&self.iams, region.to_owned(), || self.settings.client.clone().region(region).iam())
    }
}

/// One that was made before, or a new one: it costs more than a call.
fn kept<K: std::hash::Hash + Eq, V: Clone>(
    all: &Mutex<HashMap<K, V>>,
    key: K,
    make: impl FnOnce() -> Result<V, mrs_iam_sync::Error>,
) -> Result<V, Refusal> {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = all.get(&key) {
        return Ok(found.clone());
    }
    let made = make()?;
    if all.len() >= MAX_CLIENTS {
        all.clear();
    }
    all.insert(key, made.clone());
    Ok(made)
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/assets/{name}", get(asset))
        .route("/api/context", get(context))
        .route("/api/projects", post(projects))
        .route("/api/clusters", post(clusters))
        .route("/api/members", post(members))
        .route("/api/preview", post(preview))
        .route("/api/send", post(send))
        .route("/api/sample", post(sample))
        .route("/api/archive", post(archive))
        .fallback(nothing)
        .method_not_allowed_fallback(async || Refusal::no_method())
        .layer(from_fn_with_state(shared.clone(), guard))
        .with_state(shared)
}

/// Before and after each request, whatever its path.
async fn guard(State(shared): Explorer, request: Request, next: Next) -> Response<Body> {
    let is_page = !request.uri().path().starts_with("/api/");
    let verdict = shared.gate.check(&request);
    guarded(match verdict {
        Ok(Verdict::Pass) => next.run(request).await,
        Ok(Verdict::Enter) => shared.gate.enter(),
        Err(refusal) => {
            tracing::debug!(status = refusal.status.as_u16(), path = request.uri().path(), "refused");
            if is_page { refusal.page() } else { refusal.json() }
        }
    })
}

async fn nothing(request: Request) -> Response<Body> {
    let refusal = Refusal::no_route();
    if request.uri().path().starts_with("/api/") { refusal.json() } else { refusal.page() }
}

async fn index() -> Response<Body> {
    typed(StatusCode::OK, "text/html; charset=utf-8", INDEX)
}

/// A name that is no text is none of a file, either.
async fn asset(name: Result<Path<String>, PathRejection>) -> Answered {
    let name = name.map(|Path(name)| name).unwrap_or_default();
    let file = FILES.iter().find(|file| file.name == name).ok_or_else(Refusal::no_route)?;
    Ok(typed(StatusCode::OK, file.content_type, file.text))
}

/// What the page begins with.
async fn context(State(shared): Explorer) -> Answered {
    let settings = &shared.settings;
    let mut regions: Vec<&str> = DOCUMENT.regions.iter().map(|region| region.id).collect();
    if let Some(own) = settings.region.as_deref().filter(|own| !regions.contains(own)) {
        regions.push(own);
    }
    answer(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "emulated": settings.emulated,
        "endpoint": settings.endpoint,
        "region": settings.region,
        "project_id": settings.project_id,
        "signed_with": settings.signed_with,
        "regions": regions,
        "operations": *OPERATIONS,
        "languages": samples::languages(),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InRegion {
    region: String,
}

/// The projects of the account.
async fn projects(State(shared): Explorer, request: Request) -> Answered {
    let given: InRegion = read(request).await?;
    answer(&json!({ "projects": shared.iam(&given.region)?.projects(None).await? }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InProject {
    region: String,
    project_id: String,
}

/// The clusters of a project.
async fn clusters(State(shared): Explorer, request: Request) -> Answered {
    let given: InProject = read(request).await?;
    let client = shared.client(&given.region, &given.project_id)?;
    answer(&json!({ "clusters": client.clusters().await? }))
}

/// The names of the account's users and groups.
async fn members(State(shared): Explorer, request: Request) -> Answered {
    let given: InRegion = read(request).await?;
    let iam = shared.iam(&given.region)?;
    let users: Vec<String> = iam.users().await?.into_iter().map(|user| user.name).collect();
    let groups: Vec<String> = iam.groups().await?.into_iter().map(|group| group.name).collect();
    answer(&json!({ "user_names": users, "group_names": groups }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    operation_id: String,
    values: Values,
}

/// The request as it would be sent, and how it is signed. Nothing is sent.
async fn preview(State(shared): Explorer, request: Request) -> Answered {
    let wanted: Wanted = read(request).await?;
    let prepared = wanted.values.prepare(values::operation(&wanted.operation_id)?, shared.any_region())?;
    let client = shared.client(&wanted.values.region, &wanted.values.project_id)?;
    let shown = client.preview_raw(prepared.method, &prepared.path, prepared.body.as_deref()).await?;
    answer(&json!({
        "operation_id": prepared.operation.id,
        "method": shown.method,
        "url": shown.url,
        "headers": shown.headers,
        "body": shown.body,
        "signing": shown.signing.map(|stages| json!({
            "canonical_request": stages.canonical_request,
            "string_to_sign": stages.string_to_sign,
            "signed_headers": stages.signed_headers,
        })),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    operation_id: String,
    values: Values,
    /// That a person has said yes to a write.
    #[serde(default)]
    confirmed: bool,
}

/// Signs and sends a request, once, and answers what came back.
async fn send(State(shared): Explorer, request: Request) -> Answered {
    let order: Order = read(request).await?;
    let operation = values::operation(&order.operation_id)?;
    let prepared = order.values.prepare(operation, shared.any_region())?;
    if operation.is_write() && !order.confirmed {
        return Err(Refusal::value("confirmed", "a write is sent only when it was confirmed"));
    }
    let client = shared.client(&order.values.region, &order.values.project_id)?;
    let answered = client
        .exchange_raw(prepared.method.clone(), &prepared.path, prepared.body.as_deref())
        .await
        .map_err(Refusal::of_exchange)?;
    tracing::info!(operation = operation.id, status = answered.status.as_u16(), "sent");
    answer(&Answer::new(client.endpoint(), &prepared, &answered))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleWanted {
    language: String,
    operation_id: String,
    values: Values,
}

/// A code sample. Nothing is sent.
async fn sample(State(shared): Explorer, request: Request) -> Answered {
    let wanted: SampleWanted = read(request).await?;
    let operation = values::operation(&wanted.operation_id)?;
    let endpoint = shared.settings.endpoint.as_deref();
    answer(&samples::sample(&wanted.language, operation, &wanted.values, endpoint)?)
}

/// The folder of a code sample. Nothing is sent.
async fn archive(State(shared): Explorer, request: Request) -> Answered {
    let wanted: SampleWanted = read(request).await?;
    let operation = values::operation(&wanted.operation_id)?;
    let endpoint = shared.settings.endpoint.as_deref();
    let (name, bytes) = samples::folder(&wanted.language, operation, &wanted.values, endpoint)?;
    let mut response = typed(StatusCode::OK, "application/zip", bytes);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

fn answer(value: &impl Serialize) -> Answered {
    // Everything here is made of texts and numbers.
    let text = serde_json::to_string(value).map_err(|error| Refusal::internal(error.to_string()))?;
    Ok(typed(StatusCode::OK, "application/json", text))
}

/// The JSON of a request.
async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    let Ok(body) = tokio::time::timeout(BODY, whole(request.into_body())).await else {
        let message = format!("the body did not come within {} s", BODY.as_secs());
        return Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "body", message));
    };
    serde_json::from_slice(&body?)
        .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "body", format!("the body: {error}")))
}

async fn whole(mut body: Body) -> Result<BytesMut, Refusal> {
    let (mut kept, mut size) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Refusal::new(StatusCode::BAD_REQUEST, "body", "the request broke off within its body")
        })?;
        let Ok(data) = frame.into_data() else { continue };
        size += data.len();
        if size <= MAX_BODY {
            kept.extend_from_slice(&data);
        } else if size <= MAX_DISCARDED {
            kept = BytesMut::new();
        } else {
            break;
        }
    }
    if size > MAX_BODY {
        let message = format!("the body is longer than {} KiB", MAX_BODY / 1024);
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message));
    }
    Ok(kept)
}
