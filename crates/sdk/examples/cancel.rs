//! Removes users from a cluster's Manager, waits, and tells what stays behind.
//!
//! `cargo run -p mrs-iam-sync --example cancel -- f7f45c04-4303-411c-9b71-d2cb730dd162 user1 user2`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

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
async fn main() -> mrs_iam_sync::Result<()> {
    let mut builder = Client::builder().region("cn-north-4");
    if let Ok(endpoint) = std::env::var("MRS_IAM_SYNC_ENDPOINT") {
        // The emulator, for example, which is MRS and IAM in one.
        builder = builder.endpoint(endpoint.clone()).with_iam_endpoint(endpoint);
    }
    let mut arguments = std::env::args().skip(1);
    let cluster_id = arguments.next().unwrap_or_default();
    run(builder.connect().await?, &cluster_id, arguments.collect()).await?;
    Ok(())
}
