//! Lists the users and groups on a cluster's Manager, and tells how the cluster stands. Changes nothing.
//!
//! `cargo run -p mrs-iam-sync --example list -- f7f45c04-4303-411c-9b71-d2cb730dd162`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod common;

use mrs_iam_sync::{Client, Error, Synchronized};

/// What is on Manager, and the two things that the service tells of its state.
#[derive(Debug)]
pub struct Standing {
    /// The users and groups on Manager.
    pub synchronized: Synchronized,
    /// Whether a synchronization is running; `None` when the service cannot tell.
    pub is_synchronizing: Option<bool>,
    /// Whether the cluster is in line with IAM; what exactly that means is not documented.
    pub is_synchronous: Option<bool>,
}

/// Asks all three.
pub async fn run(client: Client, cluster: &str) -> mrs_iam_sync::Result<Standing> {
    // An id or a name; a name is looked up among the clusters of the project.
    let cluster = client.find_cluster(cluster).await?;
    let synchronized = cluster.synchronized().await?;
    for (what, names) in [("users", &synchronized.users), ("groups", &synchronized.groups)] {
        match names {
            Some(names) => println!("{} {what}: {}", names.len(), names.join(", ")),
            // Not an empty list: the answer did not have one.
            None => println!("{what}: the service does not say"),
        }
    }
    let is_synchronizing = if_known(cluster.is_synchronizing().await)?;
    let is_synchronous = if_known(cluster.is_synchronous().await)?;
    println!("a synchronization is running: {is_synchronizing:?}; in line with IAM: {is_synchronous:?}");
    Ok(Standing { synchronized, is_synchronizing, is_synchronous })
}

/// Older services lack the two operations that tell the status, which is no failure here.
fn if_known(answer: mrs_iam_sync::Result<bool>) -> Result<Option<bool>, Error> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_unknown_operation() => Ok(None),
        Err(error) => Err(error),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    let ([cluster], _) = common::arguments("CLUSTER (its id or name)")?;
    run(common::builder().connect().await?, &cluster).await?;
    Ok(())
}
