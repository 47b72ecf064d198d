//! A client of the fleet crate, as the command line is one, but with a time of its own.

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use futures_util::StreamExt as _;
use mrs_iam_sync::{Client, ClientBuilder, Credentials, MachineTime, Names, Time as _};
use mrs_iam_sync_fleet::{Connect, Fleet, Planned, Run, Target};

use crate::clock::Scaled;
use crate::world::{self, PROJECT};

/// Answers by which a latency is measured.
const PROBES: u32 = 20;

/// What to do.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum What {
    /// Look and compare
    Plan,
    /// Make it so
    Apply,
}

/// A run.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[arg(value_enum)]
    what: What,
    /// The fleet file
    file: PathBuf,
    /// The service
    url: String,
    #[command(flatten)]
    time: Scaled,
}

/// Somebody else's writes.
#[derive(Debug, Args)]
pub(crate) struct Others {
    /// Number of the first cluster
    first: usize,
    /// How many, each written once
    clusters: usize,
    /// The service
    url: String,
    /// Writes a minute, one after the other
    per_minute: u32,
    #[command(flatten)]
    time: Scaled,
}

struct ToServer(ClientBuilder);

impl Connect for ToServer {
    fn builder(&self, _: &Target) -> Result<ClientBuilder, mrs_iam_sync::Error> {
        Ok(self.0.clone())
    }
}

/// Numbers by name.
pub(crate) async fn run(options: &Options) -> Result<Vec<(&'static str, f64)>, Box<dyn Error>> {
    let time = Arc::new(options.time);
    let began = time.monotonic();
    let run = Run::new(ToServer(builder(&options.url, options.time)?)).with_time(time.clone());
    let jobs = run.find(&Fleet::read(&options.file)?).await?;
    let mut good = 0_u32;
    match options.what {
        What::Plan => {
            let mut plans = std::pin::pin!(run.plan(jobs));
            while let Some(planned) = plans.next().await {
                good += u32::from(matches!(planned, Planned::Plan(plan) if plan.changes()));
            }
        }
        What::Apply => {
            let mut reports = std::pin::pin!(run.apply(jobs));
            while let Some(report) = reports.next().await {
                good += u32::from(report.status.is_good());
            }
        }
    }
    let took = time.monotonic().saturating_sub(began).as_secs_f64();
    Ok(vec![("seconds", took), ("good", f64::from(good))])
}

/// Writes one after the other at its pace, and no faster when it was held up. It keeps no limit of its own, as a script
/// that starts a program for each write. Numbers by name.
pub(crate) async fn others(options: &Others) -> Result<Vec<(&'static str, f64)>, Box<dyn Error>> {
    let time = options.time;
    let began = time.monotonic();
    let client = builder(&options.url, time)?
        .without_rate_limits()
        // Nobody is there who would try again.
        .with_timeout(Duration::from_secs(3600))
        .build()?;
    let pace = Duration::from_secs(60) / options.per_minute;
    let mut followed = tokio::task::JoinSet::new();
    for number in options.first..options.first + options.clusters {
        let due = time.monotonic() + pace;
        let cluster = client.cluster(&world::cluster(number))?;
        cluster.sync(Names::builder().users(world::users()).build()?).send().await?;
        followed.spawn(async move {
            while cluster.is_synchronizing().await? {
                time.sleep(Duration::from_secs(5)).await;
            }
            Ok::<_, mrs_iam_sync::Error>(())
        });
        time.sleep(due.saturating_sub(time.monotonic())).await;
    }
    let good = followed.join_all().await.into_iter().filter(Result::is_ok).count();
    let took = time.monotonic().saturating_sub(began).as_secs_f64();
    Ok(vec![("seconds", took), ("good", good as f64)])
}

fn builder(url: &str, time: Scaled) -> Result<ClientBuilder, mrs_iam_sync::Error> {
    Ok(Client::builder()
        .endpoint(url)
        .project_id(PROJECT)
        .credentials(Credentials::from_env()?)
        .with_time(Arc::new(time)))
}

/// How long an answer takes that costs nobody anything, for a client that does nothing else: the mean of a few, in
/// microseconds.
pub(crate) fn probe(address: &str) -> Result<Vec<(&'static str, f64)>, Box<dyn Error>> {
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let began = MachineTime.monotonic();
    for _ in 0..PROBES {
        stream.write_all(b"GET /_emulator/health HTTP/1.1\r\nhost: bench\r\n\r\n")?;
        // Small enough to come at once.
        if stream.read(&mut [0; 4096])? == 0 {
            return Err("the service has closed the connection".into());
        }
    }
    let took = MachineTime.monotonic().saturating_sub(began);
    Ok(vec![("latency_us", took.as_secs_f64() * 1e6 / f64::from(PROBES))])
}
