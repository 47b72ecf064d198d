//! The emulator behind a relay on loopback. The relay holds each answer back until the latency is over, whatever the
//! emulator took of it, and counts.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Read as _, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use mrs_iam_sync::{MachineTime, Time as _};
use mrs_iam_sync_emulator::{Emulator, Quota};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::clock::Scaled;
use crate::world;

/// How the service is to be.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Clusters that it has
    clusters: usize,
    /// How long each answer takes
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Seconds that a synchronization takes
    #[arg(long, conflicts_with = "sync_polls")]
    sync_seconds: Option<u64>,
    /// Looks at it that a synchronization takes
    #[arg(long)]
    sync_polls: Option<u32>,
    /// Count nobody's requests against the documented quota
    #[arg(long)]
    no_quota: bool,
    #[command(flatten)]
    time: Scaled,
}

/// What the relay has seen.
#[derive(Debug, Default)]
struct Counts {
    requests: u64,
    throttled: u64,
    /// Writes that were accepted, by path.
    writes: BTreeMap<Vec<u8>, u64>,
}

/// Serves until stdin ends, so that it never outlives who started it.
pub(crate) async fn run(options: &Options, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let mut builder = Emulator::builder()
        .access_key(std::env::var("HUAWEICLOUD_SDK_AK")?, std::env::var("HUAWEICLOUD_SDK_SK")?)
        .world(world::world(options.clusters))
        .clock(Arc::new(options.time));
    if let Some(seconds) = options.sync_seconds {
        builder = builder.sync_duration(Duration::from_secs(seconds));
    }
    if let Some(polls) = options.sync_polls {
        builder = builder.sync_polls(polls);
    }
    if options.no_quota {
        builder = builder.quota(Quota::Off);
    }
    let emulator = builder.start().await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    writeln!(out, "http://{}", listener.local_addr()?)?;
    out.flush()?;
    let counts = Arc::<Mutex<Counts>>::default();
    let relay = Relay {
        emulator: emulator.addr(),
        latency: Duration::from_millis(options.latency_ms),
        counts: counts.clone(),
    };
    let stdin_ends = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    tokio::select! {
        _ = stdin_ends => {}
        error = relay.accept(&listener) => return Err(error.into()),
    }
    let world = emulator.world();
    let right = world.clusters().filter(|cluster| world::is_right(cluster)).count();
    let counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    for (name, number) in [
        ("requests", counts.requests),
        ("throttled", counts.throttled),
        ("writes", counts.writes.values().sum()),
        ("most_writes", counts.writes.values().copied().max().unwrap_or_default()),
        ("right", right as u64),
    ] {
        writeln!(out, "{name} {number}")?;
    }
    Ok(())
}

#[derive(Clone)]
struct Relay {
    emulator: SocketAddr,
    latency: Duration,
    counts: Arc<Mutex<Counts>>,
}

impl Relay {
    async fn accept(self, listener: &TcpListener) -> std::io::Error {
        loop {
            match listener.accept().await {
                // What goes wrong on a connection, its client reports.
                Ok((stream, _)) => drop(tokio::spawn(self.clone().connection(stream))),
                Err(error) => return error,
            }
        }
    }

    async fn connection(self, mut client: TcpStream) -> std::io::Result<()> {
        let mut service = TcpStream::connect(self.emulator).await?;
        client.set_nodelay(true)?;
        service.set_nodelay(true)?;
        let (mut from_client, mut from_service) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
        // Clients send one request after the other on a connection: what comes after an answer begins a request.
        let mut open: Option<(Duration, Vec<u8>)> = None;
        loop {
            tokio::select! {
                length = client.read(&mut from_client) => {
                    let bytes = &from_client[..length?];
                    if bytes.is_empty() {
                        return Ok(());
                    }
                    open.get_or_insert_with(|| (MachineTime.monotonic(), first_words(bytes)));
                    service.write_all(bytes).await?;
                }
                length = service.read(&mut from_service) => {
                    let bytes = &from_service[..length?];
                    if bytes.is_empty() {
                        return Ok(());
                    }
                    if let Some((came, request)) = open.take() {
                        let rest = (came + self.latency).saturating_sub(MachineTime.monotonic());
                        if !rest.is_zero() {
                            MachineTime.sleep(rest).await;
                        }
                        self.count(request, bytes);
                    }
                    client.write_all(bytes).await?;
                }
            }
        }
    }

    fn count(&self, request: Vec<u8>, answer: &[u8]) {
        // The emulator's own are no calls of the service.
        if request.starts_with(b"GET /_emulator/") {
            return;
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.requests += 1;
        match answer.get(9..12) {
            Some(b"429") => counts.throttled += 1,
            Some(b"202") => *counts.writes.entry(request).or_default() += 1,
            _ => {}
        }
    }
}

/// Method and path of a request.
fn first_words(request: &[u8]) -> Vec<u8> {
    request.split(|byte| *byte == b' ').take(2).collect::<Vec<_>>().join(&b' ')
}
