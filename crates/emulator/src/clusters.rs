//! MRS: the clusters of a project.

use serde_json::{Value, json};

use crate::error::Refusal;
use crate::mrs::{Call, cluster, project};
use crate::query::page;
use crate::sync::{Cluster, ClusterState};

/// Largest page, and number of a page.
const MOST: usize = 2_147_483_646;
/// The only enterprise project: the default one.
const ENTERPRISE_PROJECT: &str = "0";

pub(crate) fn list_clusters(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let project_id = project(call)?;
    let invalid = |what: String| Refusal::invalid(format!("Invalid parameter {what}."));
    let size = call.query.number("pageSize", 1..=MOST).map_err(invalid)?.unwrap_or(10);
    let number = call.query.number("currentPage", 1..=MOST).map_err(invalid)?.unwrap_or(1);
    let name = call.query.get("clusterName").unwrap_or_default();
    let state = call.query.get("clusterState");
    let tags: Vec<_> = call
        .query
        .get("tags")
        .filter(|tags| !tags.is_empty())
        .map(|tags| tags.split(',').collect())
        .unwrap_or_default();
    // No cluster is in another enterprise project.
    let elsewhere = call.query.get("enterpriseProjectId").is_some_and(|id| id != ENTERPRISE_PROJECT);
    let found: Vec<_> = call
        .world
        .clusters()
        .filter(|cluster| !elsewhere && cluster.project_id() == project_id && cluster.name().contains(name))
        .filter(|cluster| state.is_none_or(|state| is_in(cluster.state(), state)))
        .filter(|cluster| tags.iter().all(|tag| has(cluster, tag)))
        .map(info)
        .collect();
    Ok(json!({ "clusterTotal": found.len(), "clusters": page(found, number, size) }))
}

pub(crate) fn show_cluster_details(call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(json!({ "cluster": info(cluster(call)?) }))
}

/// Whether a cluster has a tag, `key*value`. What is no tag no cluster has: the document takes any text.
fn has(cluster: &Cluster, tag: &str) -> bool {
    tag.split_once('*').is_some_and(|(key, value)| cluster.tags().get(key).is_some_and(|has| has == value))
}

/// Whether a state is the one asked for, or belongs to the group of states asked for.
fn is_in(state: ClusterState, asked: &str) -> bool {
    match asked {
        "existing" => state != ClusterState::Terminated,
        "history" => state == ClusterState::Terminated,
        asked => state.as_str() == asked,
    }
}

fn info(cluster: &Cluster) -> Value {
    json!({
        "clusterId": cluster.id(),
        "clusterName": cluster.name(),
        "clusterState": cluster.state().as_str(),
        "tenantId": cluster.project_id(),
        "enterpriseProjectId": ENTERPRISE_PROJECT,
    })
}
