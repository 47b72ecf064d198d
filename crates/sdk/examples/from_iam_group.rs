//! Synchronizes the members of an IAM group to a cluster that is known by its name; the project is found by the
//! region's. Naming a group alone would not take its members along.
//!
//! `cargo run -p mrs-iam-sync --example from_iam_group -- mrs-sample group1`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod common;

use mrs_iam_sync::{Client, Names, SyncOutcome};

/// Synchronizes a group with its members; `None` when IAM has no such group.
pub async fn run(client: Client, cluster: &str, group: &str) -> mrs_iam_sync::Result<Option<SyncOutcome>> {
    let iam = client.iam()?;
    let groups = iam.groups().await?;
    let Some(group) = groups.into_iter().find(|found| found.name == group) else {
        println!("IAM has no group {group:?}");
        return Ok(None);
    };
    let members = iam.members_of(&group.id).await?;
    let enabled = members.into_iter().filter(|user| user.enabled != Some(false));
    let names = Names::builder().users(enabled.map(|user| user.name)).group(group.name).build()?;

    let cluster = client.cluster_named(cluster).await?;
    println!("project {}, cluster {}", client.project_id(), cluster.id());
    // Only who is not there yet; leave it out after a change of permissions.
    let outcome = cluster.sync(names).if_missing().wait().await?;
    println!("{:?}, arrived: {:?}", outcome.completion, outcome.arrived);
    Ok(Some(outcome))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    let ([cluster, group], _) = common::arguments("CLUSTER_NAME GROUP")?;
    // Without a project id `connect` asks IAM for the project that is named as the region is.
    run(common::builder().connect().await?, &cluster, &group).await?;
    Ok(())
}
