//! Synchronizes more users than one request takes, and tells how far it is. Names are read from standard input, one a
//! line.
//!
//! `cargo run -p mrs-iam-sync --example many_names -- f7f45c04-4303-411c-9b71-d2cb730dd162 < users.txt`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod common;

use mrs_iam_sync::{Client, Names, Progress, SyncOutcome};

/// Synchronizes users; `told` is given the part whose turn has come, how many there are, and the names done before.
pub async fn run(
    client: Client,
    cluster_id: &str,
    users: impl IntoIterator<Item = String>,
    told: impl Fn(usize, usize, usize) + Send + Sync + 'static,
) -> mrs_iam_sync::Result<SyncOutcome> {
    let names = Names::builder().users(users).build()?;
    // One synchronization runs on a cluster at a time: each part is sent when the one before has ended.
    let request = client.cluster(cluster_id)?.sync(names).on_progress(move |progress| {
        if let Progress::Part { part, of, done } = progress {
            told(*part, *of, *done);
        }
    });
    let outcome = request.wait().await?;
    println!("{} requests, {} users arrived", outcome.accepted.len(), outcome.arrived.users.len());
    Ok(outcome)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    let ([cluster_id], _) = common::arguments("CLUSTER_ID < FILE_WITH_ONE_NAME_A_LINE")?;
    let users = std::io::stdin().lines().map_while(Result::ok).filter(|line| !line.is_empty());
    let told = |part, of, done| println!("part {part} of {of}; {done} names are done");
    run(common::builder().connect().await?, &cluster_id, users, told).await?;
    Ok(())
}
