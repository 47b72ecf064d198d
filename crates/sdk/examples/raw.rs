//! Sends a request of one's own making, with everything else as usual: endpoint, signature, rate limit, errors.
//!
//! `cargo run -p mrs-iam-sync --example raw -- f7f45c04-4303-411c-9b71-d2cb730dd162 user1`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod common;

use http::Method;
use mrs_iam_sync::{Client, RawAnswer};

/// Sends a synchronization as JSON text. A raw write is repeated only when it was not carried out for sure.
pub async fn run(client: Client, cluster_id: &str, user: &str) -> mrs_iam_sync::Result<RawAnswer> {
    let path = format!("/v2/{}/clusters/{cluster_id}/iam-sync-user", client.project_id());
    let body = serde_json::json!({ "is_all_sync": false, "user_names": [user] }).to_string();
    let answer = client.execute_raw(Method::POST, &path, Some(&body)).await?;
    println!("{} {}", answer.status, String::from_utf8_lossy(&answer.body));
    println!("request id: {:?}", answer.request_id);

    let answer = client.execute_raw(Method::GET, &path, None).await?;
    println!("{} {}", answer.status, String::from_utf8_lossy(&answer.body));
    Ok(answer)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    let ([cluster_id, user], _) = common::arguments("CLUSTER_ID USER")?;
    run(common::builder().connect().await?, &cluster_id, &user).await?;
    Ok(())
}
