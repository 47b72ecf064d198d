//! MRS behind the gateway: the five operations.

use std::time::SystemTime;

use http::HeaderMap;
use serde_json::{Value, json};

use crate::auth::{Authenticator, Caller, Issued};
use crate::error::Refusal;
use crate::fault::Faults;
use crate::policy::SYNC_ACTION;
use crate::query::Query;
use crate::request::Received;
use crate::router::{Route, Service};
use crate::schemas::Schemas;
use crate::sync::{Cluster, Effect, Progress};
use crate::world::World;

/// What an operation works with.
pub(crate) struct Call<'a> {
    pub(crate) route: &'a Route,
    pub(crate) received: &'a Received,
    pub(crate) query: Query,
    pub(crate) schemas: &'a Schemas,
    pub(crate) authenticator: &'a Authenticator,
    /// The account where the operation needs no credentials.
    pub(crate) caller: Caller,
    /// For links in answers.
    pub(crate) base_url: &'a str,
    pub(crate) world: &'a mut World,
    pub(crate) faults: &'a mut Faults,
    pub(crate) now: SystemTime,
    pub(crate) progress: Progress,
    /// Whether there are the two operations by which a synchronization is followed.
    pub(crate) status_operations: bool,
    /// What has to be kept before the answer goes out.
    pub(crate) changed: Changed,
    /// Of the answer, besides those that every answer has.
    pub(crate) headers: HeaderMap,
    /// Whether the fault of a partial synchronization happened.
    pub(crate) lost_one: bool,
}

/// What an operation has changed.
#[derive(Default)]
pub(crate) enum Changed {
    #[default]
    Nothing,
    /// The cluster of the request.
    Cluster,
    Token {
        issued: Issued,
        forgotten: Vec<[u8; 32]>,
    },
}

/// Answers an operation: the body of its success, or a refusal.
pub(crate) type Handler = fn(&mut Call<'_>) -> Result<Value, Refusal>;

/// What is wrong with the path, the same for each operation of MRS. IAM does not find what breaks a rule.
pub(crate) fn check_path(call: &Call<'_>) -> Result<(), Refusal> {
    let endpoint = call.route.endpoint;
    if endpoint.service == Service::Iam {
        return Ok(());
    }
    for (name, value) in &call.route.parameters {
        let Some(component) = endpoint.component(name) else { continue };
        if let Err(what) = call.schemas.check(endpoint.document, component, &json!(value)) {
            let rule = endpoint.document.rule(component).map_or(what.as_str(), |rule| rule.words);
            let message = format!("Invalid parameter {name}: {rule}.");
            let code = if *name == "project_id" { "12000107" } else { "12000002" };
            return Err(Refusal::new(code, message));
        }
    }
    Ok(())
}

/// The query, with no parameter but those of the operation, each by its rule.
pub(crate) fn check_query(call: &Call<'_>) -> Result<Query, Refusal> {
    let endpoint = call.route.endpoint;
    let refuse = |what: String| match endpoint.service {
        Service::Mrs => Refusal::invalid(what),
        Service::Iam => Refusal::iam(400, what),
    };
    let allowed: Vec<_> = endpoint.query().map(|(name, _)| name).collect();
    let query = Query::read(&call.received.uri, &allowed)
        .map_err(|what| refuse(format!("Invalid request: {what}.")))?;
    for (name, component) in endpoint.query() {
        let (Some(component), Some(value)) = (component, query.get(name)) else { continue };
        if let Err(what) = call.schemas.check(endpoint.document, component, &json!(value)) {
            let rule = endpoint.document.rule(component).map_or(what.as_str(), |rule| rule.words);
            return Err(refuse(format!("Invalid parameter {name}: {rule}.")));
        }
    }
    Ok(query)
}

pub(crate) fn update_sync_iam_user(call: &mut Call<'_>) -> Result<Value, Refusal> {
    check_permission(call)?;
    cluster(call)?;
    let body = body(call)?;
    let everything = body["is_all_sync"] == true;
    let (users, groups) = (names(&body, "user_names"), names(&body, "group_names"));
    let named = !users.is_empty() || !groups.is_empty();
    let effect = match (everything, named) {
        (true, true) => {
            return Err(Refusal::invalid(
                "Invalid parameter is_all_sync: true, although names are given too.",
            ));
        }
        (false, false) => {
            let message = "Invalid request: neither is_all_sync nor a name in user_names or group_names.";
            return Err(Refusal::invalid(message));
        }
        (true, false) => call.world.arrival_of_everything(),
        (false, true) => call.world.arrival(&users, &groups),
    };
    start(call, effect)
}

pub(crate) fn cancel_sync_iam_user(call: &mut Call<'_>) -> Result<Value, Refusal> {
    check_permission(call)?;
    cluster(call)?;
    let body = body(call)?;
    let (users, groups) = (names(&body, "user_names"), names(&body, "group_names"));
    if users.is_empty() && groups.is_empty() {
        return Err(Refusal::invalid("Invalid request: no name in user_names or group_names."));
    }
    start(call, Effect::Leave { users, groups })
}

pub(crate) fn show_sync_iam_user(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let cluster = cluster(call)?;
    let answer = json!({ "user_names": cluster.user_names(), "group_names": cluster.group_names() });
    // Otherwise it is the status that is looked at.
    if !call.status_operations {
        look(call)?;
    }
    Ok(answer)
}

pub(crate) fn list_sync_status(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let cluster = cluster(call)?;
    let answer = json!({ "is_synchronizing": cluster.is_synchronizing() });
    look(call)?;
    Ok(answer)
}

pub(crate) fn list_sync_requirements(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let id = cluster(call)?.id().to_owned();
    Ok(json!({ "is_synchronous": call.world.is_synchronous(&id).unwrap_or_default() }))
}

/// Whether the caller may synchronize, or cancel.
fn check_permission(call: &Call<'_>) -> Result<(), Refusal> {
    match &call.caller {
        Caller::User(name) if !call.world.may_sync(name) => {
            let message = format!("Policy doesn't allow {SYNC_ACTION} to be performed");
            Err(Refusal::new("12000136", message))
        }
        _ => Ok(()),
    }
}

/// The id of the request's project.
pub(crate) fn project<'a>(call: &Call<'a>) -> Result<&'a str, Refusal> {
    let id = call.route.parameter("project_id");
    if call.world.has_project(id) {
        Ok(id)
    } else {
        Err(Refusal::new("12000107", format!("Invalid project id {id}.")))
    }
}

/// The cluster of the request, as it is now.
pub(crate) fn cluster<'a>(call: &'a mut Call<'_>) -> Result<&'a Cluster, Refusal> {
    let (project_id, cluster_id) = (project(call)?, call.route.parameter("cluster_id"));
    let found = call.world.settled_cluster(project_id, cluster_id, call.now);
    found.ok_or_else(|| not_found(cluster_id))
}

/// The same to be changed.
fn cluster_mut<'a>(call: &'a mut Call<'_>) -> Result<&'a mut Cluster, Refusal> {
    let (project_id, cluster_id) = (project(call)?, call.route.parameter("cluster_id"));
    let found = call.world.settled_cluster_mut(project_id, cluster_id, call.now);
    found.ok_or_else(|| not_found(cluster_id))
}

fn not_found(cluster_id: &str) -> Refusal {
    Refusal::new("12000003", format!("The cluster {cluster_id} does not exist."))
}

/// A look at the synchronization that may be running, by which it may go on.
fn look(call: &mut Call<'_>) -> Result<(), Refusal> {
    if cluster(call)?.goes_on_by_looks() {
        cluster_mut(call)?.poll();
        call.changed = Changed::Cluster;
    }
    Ok(())
}

fn start(call: &mut Call<'_>, mut effect: Effect) -> Result<Value, Refusal> {
    let (now, progress) = (call.now, call.progress);
    let running = cluster(call)?;
    if running.is_synchronizing() {
        let message = format!("IAM synchronization of cluster {} is already running.", running.id());
        return Err(Refusal::new("12000154", message));
    }
    if effect.can_lose() && call.faults.take_partial(call.route.endpoint.operation.id) {
        effect.lose_one();
        call.lost_one = true;
    }
    cluster_mut(call)?.start(effect, now, progress);
    call.changed = Changed::Cluster;
    Ok(json!({ "state": "synchronizing" }))
}

/// The request's JSON body, valid by the document. No body at all is an object without fields.
fn body(call: &Call<'_>) -> Result<Value, Refusal> {
    let Some(request) = call.route.endpoint.operation.request else {
        return Ok(json!({}));
    };
    if call.received.body.is_empty() {
        return Ok(json!({}));
    }
    check_content_type(request.content_type, call.received.header("content-type"))?;
    let body: Value = serde_json::from_slice(&call.received.body)
        .map_err(|error| Refusal::invalid(format!("Invalid request body: not JSON: {error}.")))?;
    let invalid = |what| Refusal::invalid(format!("Invalid request body: {what}."));
    call.schemas.check(call.route.endpoint.document, request.schema, &body).map_err(invalid)?;
    Ok(body)
}

/// The expected media type, with no parameter but a charset that is UTF-8. Upper and lower case are the same.
pub(crate) fn check_content_type(expected: &str, sent: Option<&[u8]>) -> Result<(), Refusal> {
    let essence = expected.split(';').next().unwrap_or_default();
    let text = sent.and_then(|sent| str::from_utf8(sent).ok()).unwrap_or_default();
    let mut parts = text.split(';').map(str::trim);
    let same_essence = parts.next().is_some_and(|part| part.eq_ignore_ascii_case(essence));
    let same_charset = parts.filter(|part| !part.is_empty()).all(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim_matches('"');
        name.eq_ignore_ascii_case("charset")
            && ["utf-8", "utf8"].iter().any(|utf8| value.eq_ignore_ascii_case(utf8))
    });
    if same_essence && same_charset {
        Ok(())
    } else {
        Err(Refusal::invalid(format!("Invalid header Content-Type: {expected} is expected.")))
    }
}

fn names(body: &Value, field: &str) -> Vec<String> {
    let list = body[field].as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use mrs_iam_sync_contract::iam_sync_user::UPDATE_SYNC_IAM_USER;

    use super::*;

    #[test]
    fn content_types() {
        let expected = UPDATE_SYNC_IAM_USER.request.unwrap().content_type;
        let accepted = |text: &str| check_content_type(expected, Some(text.as_bytes())).is_ok();
        for text in [
            "application/json",
            expected,
            "application/json;charset=utf-8",
            "Application/JSON; Charset=\"utf8\"",
            "application/json;",
        ] {
            assert!(accepted(text), "{text}");
        }
        for text in
            ["", "text/json", "application/json; charset=latin1", "application/json, a", "application/jsonp"]
        {
            assert!(!accepted(text), "{text}");
        }
        assert!(
            check_content_type(expected, Some(b"\xff")).is_err()
                && check_content_type(expected, None).is_err()
        );
    }
}
