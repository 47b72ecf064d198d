//! What a program does about a failure, by its kind.
//!
//! `cargo run -p mrs-iam-sync --example errors -- f7f45c04-4303-411c-9b71-d2cb730dd162 user1`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod common;

use std::time::Duration;

use mrs_iam_sync::{Client, Error, ErrorKind, Names};

/// What is to be done next.
#[derive(Debug, PartialEq)]
pub enum Next {
    /// Nothing: all is well.
    Nothing,
    /// Send these users again, after that time.
    Again(Vec<String>, Duration),
}

/// Synchronizes users, and says which to send again, and when. A failure that somebody has to look at is an error.
pub async fn run(client: Client, cluster_id: &str, users: Vec<String>) -> mrs_iam_sync::Result<Next> {
    let names = Names::builder().users(users.clone()).build()?;
    match client.cluster(cluster_id)?.sync(names).wait().await {
        Ok(_) => Ok(Next::Nothing),
        Err(error) => next(error, users),
    }
}

/// The SDK has repeated by itself what may be repeated: this is about what is left.
fn next(error: Error, users: Vec<String>) -> mrs_iam_sync::Result<Next> {
    println!("{error}");
    println!("hint: {}", error.hint().unwrap_or("none"));
    println!("for support: request {:?}, code {:?}", error.request_id(), error.error_code());
    // Where it took several requests, those before need not be sent again.
    let left = error.parts().map_or(users, |parts| parts.not_done.users.clone());
    println!("not done: {} users", left.len());
    match error.kind() {
        ErrorKind::Throttled => Ok(Next::Again(left, error.retry_after().unwrap_or(Duration::from_secs(60)))),
        // Somebody else's synchronization.
        ErrorKind::SyncRunning => Ok(Next::Again(left, Duration::from_secs(60))),
        // A synchronization may be sent twice.
        _ if error.is_transient() => Ok(Next::Again(left, Duration::from_secs(300))),
        // Credentials, permissions, a wrong id, a proxy's page: the same call would fail in the same way.
        _ => Err(error),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    let ([cluster_id, user], others) = common::arguments("CLUSTER_ID USER [USER...]")?;
    let users = [vec![user], others].concat();
    println!("{:?}", run(common::builder().connect().await?, &cluster_id, users).await?);
    Ok(())
}
