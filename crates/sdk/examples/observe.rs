//! Counts requests by operation and by what came of them, as for a metrics endpoint, and traces them to standard
//! error.
//!
//! `cargo run -p mrs-iam-sync --example observe -- f7f45c04-4303-411c-9b71-d2cb730dd162`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use mrs_iam_sync::{AttemptReport, Client, ErrorKind};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::prelude::*;

/// Requests so far, by operation and outcome.
#[derive(Debug, Clone, Default)]
pub struct Counters(Arc<Mutex<BTreeMap<(&'static str, &'static str), u64>>>);

impl Counters {
    /// Counts a request; for [`mrs_iam_sync::ClientBuilder::on_attempt`]. Calls wait for it,
    /// so it must not block.
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
async fn main() -> Result<(), common::Failure> {
    let ([cluster_id], _) = common::arguments("CLUSTER_ID")?;
    // The SDK's own spans and events, down to each request: nothing of the libraries below.
    let only = Targets::new().with_target("mrs_iam_sync", tracing::Level::DEBUG);
    let lines =
        tracing_subscriber::fmt::layer().with_span_events(FmtSpan::CLOSE).with_writer(std::io::stderr);
    tracing_subscriber::registry().with(only).with(lines).init();

    let counters = Counters::default();
    let counting = counters.clone();
    let client = common::builder().on_attempt(move |report| counting.count(report)).connect().await?;
    run(client, &cluster_id, &counters).await?;
    Ok(())
}
