//! What is the emulator's own, below `/_emulator/`: no credentials, not recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::Refusal;
use crate::fault::Fault;
use crate::gateway::Gateway;
use crate::query::Query;
use crate::request::{Completeness, Received, RecordedRequest};
use crate::snapshot;
use crate::sync::Cluster;
use crate::time::http_date;
use crate::world::World;

pub(crate) const PREFIX: &str = "/_emulator/";
/// Room for the snapshot of a hundred clusters with 10,000 users each, several times over.
pub(crate) const MAX_BODY: usize = 512 * 1024 * 1024;

const MOST_FAULTS: usize = 10_000;

/// One thing that the emulator has and the service has not.
pub(crate) struct Own {
    pub(crate) method: &'static str,
    /// What follows the prefix.
    pub(crate) path: &'static str,
    /// What it is for.
    pub(crate) purpose: &'static str,
    answer: fn(&Gateway, &Received) -> Result<Vec<u8>, Refusal>,
}

const fn own(
    method: &'static str,
    path: &'static str,
    purpose: &'static str,
    answer: fn(&Gateway, &Received) -> Result<Vec<u8>, Refusal>,
) -> Own {
    Own { method, path, purpose, answer }
}

pub(crate) const OWN: &[Own] = &[
    own("GET", "health", "Whether it runs, its version and its time.", health),
    own(
        "GET",
        "requests",
        "The latest requests to the service, 10,000 and 64 MB at most, without secrets.",
        requests,
    ),
    own(
        "GET",
        "manager",
        "Users and groups on each cluster's Manager with their roles; `?cluster_id=` shows one cluster.",
        manager,
    ),
    own("GET", "faults", "The injected faults, with how often each has happened.", faults),
    own(
        "POST",
        "faults",
        "Injects a fault: `{\"operation\": \"ListSyncStatus\", \"kind\": \"html\", \"status\": 502, \"count\": 1}`.",
        inject,
    ),
    own("POST", "reset", "Puts everything back to how it was at the start.", reset),
    own("GET", "snapshot", "The world as JSON.", take_snapshot),
    own("POST", "restore", "Puts a world back that `snapshot` gave.", restore),
    own("GET", "clock", "Its time, and how far that is ahead.", show_clock),
    own("POST", "clock", "Moves virtual time forwards: `{\"advance_seconds\": 90}`.", advance_clock),
];

/// Answers a request with JSON; `path` is what follows the prefix.
pub(crate) fn answer(gateway: &Gateway, received: &Received, path: &str) -> Result<Vec<u8>, Refusal> {
    let known = OWN.iter().find(|own| own.method == received.method.as_str() && own.path == path);
    let unknown = || Refusal::new("APIGW.0101", "The emulator has no such path of its own");
    let known = known.ok_or_else(unknown)?;
    check_origin(received)?;
    match received.completeness {
        Completeness::Complete => (known.answer)(gateway, received),
        Completeness::TooLarge => Err(Refusal::with_status(413, "APIGW.0201", "The body is too large")),
        Completeness::Broken => Err(Refusal::with_status(400, "APIGW.0201", "The body is incomplete")),
    }
}

/// A page of somebody else that is open in a browser on this machine reaches the emulator, too.
fn check_origin(received: &Received) -> Result<(), Refusal> {
    let origin = received.header("origin").map(String::from_utf8_lossy);
    let is_ours = |origin: &str| {
        let uri = origin.parse::<Uri>().ok();
        let host = uri.as_ref().and_then(Uri::host).unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|addr| addr.is_loopback())
    };
    match origin {
        Some(origin) if !is_ours(&origin) => {
            Err(Refusal::new("APIGW.0304", "Pages of other machines may not change the emulator"))
        }
        _ => Ok(()),
    }
}

fn text(body: &impl Serialize) -> Result<Vec<u8>, Refusal> {
    // All keys are text, and nothing in it fails to be written.
    serde_json::to_vec(body).map_err(|error| Refusal::new("12000004", error.to_string()))
}

fn health(gateway: &Gateway, _: &Received) -> Result<Vec<u8>, Refusal> {
    text(&json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "now": http_date(gateway.time.now()),
    }))
}

fn requests(gateway: &Gateway, _: &Received) -> Result<Vec<u8>, Refusal> {
    let requests: Vec<_> = gateway.state().records.iter().map(RecordedRequest::json).collect();
    text(&json!({ "requests": requests }))
}

fn faults(gateway: &Gateway, _: &Received) -> Result<Vec<u8>, Refusal> {
    let faults: Vec<_> = gateway.state().faults.all().iter().map(Fault::json).collect();
    text(&json!({ "faults": faults }))
}

fn inject(gateway: &Gateway, received: &Received) -> Result<Vec<u8>, Refusal> {
    let fault =
        Fault::read(&received.body).map_err(|what| Refusal::invalid(format!("Invalid fault: {what}.")))?;
    let told = text(&fault.json());
    let mut state = gateway.state();
    if state.faults.all().len() >= MOST_FAULTS {
        let message =
            format!("There are {MOST_FAULTS} faults already, those used up included; reset forgets them.");
        return Err(Refusal::invalid(message));
    }
    state.faults.push(fault);
    told
}

fn reset(gateway: &Gateway, _: &Received) -> Result<Vec<u8>, Refusal> {
    gateway.reset()?;
    text(&json!({ "status": "reset" }))
}

fn take_snapshot(gateway: &Gateway, _: &Received) -> Result<Vec<u8>, Refusal> {
    text(&snapshot::Taken::of(&gateway.world()))
}

fn restore(gateway: &Gateway, received: &Received) -> Result<Vec<u8>, Refusal> {
    let given = snapshot::read(&received.body)
        .map_err(|what| Refusal::invalid(format!("Invalid snapshot: {what}.")))?;
    gateway.change_world(|world| *world = given).1?;
    text(&json!({ "status": "restored" }))
}

fn show_clock(gateway: &Gateway, _: &Received) -> Result<Vec<u8>, Refusal> {
    text(&json!({
        "now": http_date(gateway.time.now()),
        "virtual": gateway.time.is_virtual(),
        "ahead_seconds": gateway.time.ahead().as_secs_f64(),
    }))
}

fn advance_clock(gateway: &Gateway, received: &Received) -> Result<Vec<u8>, Refusal> {
    let by =
        advance_of(&received.body).map_err(|what| Refusal::invalid(format!("Invalid advance: {what}.")))?;
    if gateway.advance(by)? {
        show_clock(gateway, received)
    } else {
        Err(Refusal::invalid("The emulator's time is not virtual, and cannot be moved."))
    }
}

/// Reads `{"advance_seconds": 90}`. The error says what is wrong.
fn advance_of(body: &[u8]) -> Result<Duration, String> {
    let body: Value = serde_json::from_slice(body).map_err(|error| format!("not JSON: {error}"))?;
    let fields = body.as_object().filter(|fields| fields.len() == 1);
    let seconds = fields.and_then(|fields| fields.get("advance_seconds")?.as_f64());
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "advance_seconds: a number from 0 on is expected, and no other field".to_owned())
}

fn manager(gateway: &Gateway, received: &Received) -> Result<Vec<u8>, Refusal> {
    let query = Query::read(&received.uri, &["cluster_id"])
        .map_err(|what| Refusal::invalid(format!("Invalid request: {what}.")))?;
    let now = gateway.time.now();
    let mut state = gateway.state();
    state.world.settle(now);
    let world = &state.world;
    let asked = query.get("cluster_id");
    if let Some(id) = asked.filter(|id| world.cluster(id).is_none()) {
        return Err(Refusal::new("12000003", format!("The cluster {id} does not exist.")));
    }
    let shown = world.clusters().filter(|cluster| asked.is_none_or(|id| id == cluster.id()));
    text(&Managers { clusters: shown.map(|cluster| Manager::of(world, cluster)).collect() })
}

#[derive(Serialize)]
struct Managers<'a> {
    clusters: Vec<Manager<'a>>,
}

/// A cluster's Manager as it is shown. Written as it is: there may be a million users on a hundred of them.
#[derive(Serialize)]
struct Manager<'a> {
    project_id: &'a str,
    cluster_id: &'a str,
    is_synchronizing: bool,
    user_names: Vec<&'a str>,
    group_names: Vec<&'a str>,
    users: Vec<Holder<'a>>,
    groups: Vec<Holder<'a>>,
}

#[derive(Serialize)]
struct Holder<'a> {
    name: &'a str,
    roles: Arc<BTreeSet<&'static str>>,
}

impl<'a> Manager<'a> {
    fn of(world: &World, cluster: &'a Cluster) -> Self {
        // Many hold the same policies.
        let mut known = BTreeMap::new();
        let mut holder = |name, policies: Option<&'a Arc<BTreeSet<String>>>| {
            let policies = policies?;
            let roles = known.entry(policies).or_insert_with(|| Arc::new(world.roles(policies)));
            Some(Holder { name, roles: Arc::clone(roles) })
        };
        let (user_names, group_names) = (cluster.user_names(), cluster.group_names());
        Self {
            project_id: cluster.project_id(),
            cluster_id: cluster.id(),
            is_synchronizing: cluster.is_synchronizing(),
            users: user_names.iter().filter_map(|name| holder(name, cluster.user_policies(name))).collect(),
            groups: group_names
                .iter()
                .filter_map(|name| holder(name, cluster.group_policies(name)))
                .collect(),
            user_names,
            group_names,
        }
    }
}
