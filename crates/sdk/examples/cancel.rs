//! Removes users from a cluster's Manager, waits, and tells what stays behind.
//!
//! `cargo run -p mrs-iam-sync --example cancel -- f7f45c04-4303-411c-9b71-d2cb730dd162 user1 user2`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod common;

use mrs_iam_sync::{CancelOutcome, Client, Names};

/// Removes users from Manager, with a look at the request before it is sent.
pub async fn run(
    client: Client,
    cluster_id: &str,
    users: Vec<String>,
) -> mrs_iam_sync::Result<CancelOutcome> {
    let cluster = client.cluster(cluster_id)?;
    let request = cluster.cancel(Names::builder().users(users).build()?);
    for preview in request.clone().preview().await? {
        println!("{} {}", preview.method, preview.url);
    }
    let outcome = request.wait().await?;
    println!("removed: {:?}", outcome.removed.users);
    println!("were not there: {:?}", outcome.already_absent.users);
    println!("still there: {:?}", outcome.remaining);
    // The groups that came along with a user stay when the user goes.
    println!("groups that are left: {:?}", outcome.groups_left);
    Ok(outcome)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    let ([cluster_id, user], others) = common::arguments("CLUSTER_ID USER [USER...]")?;
    let users = [vec![user], others].concat();
    run(common::builder().connect().await?, &cluster_id, users).await?;
    Ok(())
}
