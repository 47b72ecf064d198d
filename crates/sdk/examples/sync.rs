//! Synchronizes users, waits until the service has finished, and tells what came of it.
//!
//! `cargo run -p mrs-iam-sync --example sync -- f7f45c04-4303-411c-9b71-d2cb730dd162 user1 user2`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod common;

use std::time::Duration;

use mrs_iam_sync::{Client, Completion, Names, Progress, SyncOutcome};

/// Synchronizes users to a cluster's Manager.
pub async fn run(client: Client, cluster_id: &str, users: Vec<String>) -> mrs_iam_sync::Result<SyncOutcome> {
    let names = Names::builder().users(users).build()?;
    let request = client.cluster(cluster_id)?.sync(names).on_progress(|progress| {
        if let Progress::Running(Some(true)) = progress {
            println!("still running");
        }
    });
    let outcome = request.wait().await?;
    match outcome.completion {
        Completion::DeadlinePassed => println!("not finished yet; this is how far it is:"),
        _ => println!("finished after {:.0} s", outcome.seconds),
    }
    println!("arrived: {:?}", outcome.arrived.users);
    println!("there before: {:?}", outcome.already_present.users);
    println!("groups that came along: {:?}", outcome.brought_along.groups);
    // `None` is not "nobody": the service did not say who is there.
    match &outcome.missing {
        Some(missing) => println!("missing: {:?}", missing.users),
        None => println!("missing: nobody can tell"),
    }
    Ok(outcome)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    let ([cluster_id, user], others) = common::arguments("CLUSTER_ID USER [USER...]")?;
    // A name that does not exist is waited for until the deadline, 15 minutes unless set.
    let client = common::builder().with_wait_timeout(Duration::from_secs(120)).connect().await?;
    run(client, &cluster_id, [vec![user], others].concat()).await?;
    Ok(())
}
