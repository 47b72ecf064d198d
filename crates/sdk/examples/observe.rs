//! Counts requests by operation and by what came of them, as for a metrics endpoint.
//!
//! `cargo run -p mrs-iam-sync --example observe -- f7f45c04-4303-411c-9b71-d2cb730dd162`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use mrs_iam_sync::{AttemptReport, Client, ErrorKind};

/// Requests so far, by operation and outcome.
#[derive(Debug, Clone, Default)]
pub struct Counters(Arc<Mutex<BTreeMap<(&'static str, &'static str), u64>>>);

impl Counters {
    /// Counts a request; for [`mrs_iam_sync::ClientBuilder::on_attempt`]. Calls wait for
    /// it, so it must not block.
    pub fn count(&self, report: &AttemptReport) {
        let outcome = report.failure.map_or("ok", ErrorKind::as_str);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((report.operation, outcome)).or_default() += 1;
    }

    /// How often it came out that way.
    pub fn get(&self, operation: &'static str, outcome: &'static str) -> u64 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(&(operation, outcome)).copied().unwrap_or_default()
    }
}

/// Makes a call, and shows the requests that it took: those that were repeated count one by one.
pub async fn run(client: Client, cluster_id: &str, counters: &Counters) -> mrs_iam_sync::Result<usize> {
    let users = client.cluster(cluster_id)?.synchronized().await?.users.unwrap_or_default();
    println!("{} users on Manager; {counters:?}", users.len());
    Ok(users.len())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> mrs_iam_sync::Result<()> {
    let mut builder = Client::builder().region("cn-north-4");
    if let Ok(endpoint) = std::env::var("MRS_IAM_SYNC_ENDPOINT") {
        // The emulator, for example, which is MRS and IAM in one.
        builder = builder.endpoint(endpoint.clone()).with_iam_endpoint(endpoint);
    }
    let counters = Counters::default();
    let counting = counters.clone();
    let client = builder.on_attempt(move |report| counting.count(report)).connect().await?;
    run(client, &std::env::args().nth(1).unwrap_or_default(), &counters).await?;
    Ok(())
}
