//! What is the emulator's own, below `/_emulator/`: no credentials, not recorded.

use std::collections::BTreeSet;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::error::Refusal;
use crate::fault::Fault;
use crate::gateway::{Answer, Gateway};
use crate::request::{Received, RecordedRequest};
use crate::router::Service;
use crate::snapshot;
use crate::sync::Cluster;
use crate::time::http_date;
use crate::world::World;

pub(crate) const PREFIX: &str = "/_emulator/";

/// Answers a request; `path` is what follows the prefix.
pub(crate) fn answer(gateway: &Gateway, received: &Received, path: &str, request_id: &str) -> Answer {
    match (&received.method, path) {
        (&Method::GET, "health") => ok(json!({
            "status": "ok",
            "version": env!("CARGO_PKG_VERSION"),
            "now": http_date(gateway.time.now()),
        })),
        (&Method::GET, "requests") => {
            let requests: Vec<_> = gateway.state().records.iter().map(RecordedRequest::json).collect();
            ok(json!({ "requests": requests }))
        }
        (&Method::GET, "manager") => {
            let now = gateway.time.now();
            let mut state = gateway.state();
            state.world.settle(now);
            let world = &state.world;
            let clusters: Vec<_> = world.clusters().map(|cluster| manager(world, cluster)).collect();
            ok(json!({ "clusters": clusters }))
        }
        (&Method::GET, "faults") => {
            let faults: Vec<_> = gateway.state().faults.all().iter().map(Fault::json).collect();
            ok(json!({ "faults": faults }))
        }
        (&Method::POST, "faults") => match Fault::read(&received.body) {
            Ok(fault) => {
                let answer = ok(fault.json());
                gateway.state().faults.push(fault);
                answer
            }
            Err(what) => {
                let refusal = Refusal::invalid(format!("Invalid fault: {what}."));
                Answer::refused(&refusal, Service::Mrs, request_id)
            }
        },
        (&Method::POST, "reset") => done(gateway.reset().map(|()| json!({ "status": "reset" })), request_id),
        (&Method::GET, "snapshot") => ok(snapshot::take(&gateway.world())),
        (&Method::POST, "restore") => {
            let restored = snapshot::read(&received.body)
                .map_err(|what| Refusal::invalid(format!("Invalid snapshot: {what}.")))
                .and_then(|given| gateway.change_world(|world| *world = given).1);
            done(restored.map(|()| json!({ "status": "restored" })), request_id)
        }
        (&Method::GET, "clock") => ok(clock(gateway)),
        (&Method::POST, "clock") => {
            let advanced = advance_of(&received.body)
                .map_err(|what| Refusal::invalid(format!("Invalid advance: {what}.")))
                .and_then(|by| gateway.advance(by))
                .and_then(|moved| {
                    let fixed =
                        || Refusal::invalid("The emulator's time is not virtual, and cannot be moved.");
                    moved.then(|| clock(gateway)).ok_or_else(fixed)
                });
            done(advanced, request_id)
        }
        _ => {
            let refusal = Refusal::new("APIGW.0101", "The emulator has no such path of its own");
            Answer::refused(&refusal, Service::Mrs, request_id)
        }
    }
}

fn done(outcome: Result<Value, Refusal>, request_id: &str) -> Answer {
    match outcome {
        Ok(body) => ok(body),
        Err(refusal) => Answer::refused(&refusal, Service::Mrs, request_id),
    }
}

fn clock(gateway: &Gateway) -> Value {
    json!({
        "now": http_date(gateway.time.now()),
        "virtual": gateway.time.is_virtual(),
        "ahead_seconds": gateway.time.ahead().as_secs_f64(),
    })
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

fn ok(body: Value) -> Answer {
    Answer::new(StatusCode::OK, body)
}

fn manager(world: &World, cluster: &Cluster) -> Value {
    let with = |names: Vec<&str>, roles: &dyn Fn(&str) -> Option<BTreeSet<&'static str>>| {
        names.into_iter().map(|name| json!({ "name": name, "roles": roles(name) })).collect::<Vec<_>>()
    };
    json!({
        "project_id": cluster.project_id(),
        "cluster_id": cluster.id(),
        "is_synchronizing": cluster.is_synchronizing(),
        "user_names": cluster.user_names(),
        "group_names": cluster.group_names(),
        "users": with(cluster.user_names(), &|name| world.manager_roles(cluster.id(), name)),
        "groups": with(cluster.group_names(), &|name| world.manager_group_roles(cluster.id(), name)),
    })
}
