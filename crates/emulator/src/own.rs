//! What is the emulator's own, below `/_emulator/`: no credentials, not recorded.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::error::Refusal;
use crate::fault::Fault;
use crate::gateway::{Answer, Gateway};
use crate::request::{Received, RecordedRequest};
use crate::router::Service;
use crate::sync::Cluster;
use crate::time::http_date;

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
            let clusters: Vec<_> = state.world.clusters().map(manager).collect();
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

fn manager(cluster: &Cluster) -> Value {
    json!({
        "project_id": cluster.project_id(),
        "cluster_id": cluster.id(),
        "is_synchronizing": cluster.is_synchronizing(),
        "user_names": cluster.user_names(),
        "group_names": cluster.group_names(),
    })
}
