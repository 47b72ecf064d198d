//! What is the emulator's own, below `/_emulator/`: no credentials, not recorded.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::error::Refusal;
use crate::fault::Fault;
use crate::gateway::{Answer, Gateway};
use crate::request::{Received, RecordedRequest};
use crate::router::Service;
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
            "now": http_date(gateway.clock.now()),
        })),
        (&Method::GET, "requests") => {
            let requests: Vec<_> = gateway.state().records.iter().map(RecordedRequest::json).collect();
            ok(json!({ "requests": requests }))
        }
        (&Method::GET, "manager") => {
            let now = gateway.clock.now();
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
        (&Method::POST, "reset") => {
            gateway.reset();
            ok(json!({ "status": "reset" }))
        }
        _ => {
            let refusal = Refusal::new("APIGW.0101", "The emulator has no such path of its own");
            Answer::refused(&refusal, Service::Mrs, request_id)
        }
    }
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
