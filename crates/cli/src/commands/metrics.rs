//! Metrics of `apply --every`, as Prometheus reads them.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use mrs_iam_sync_fleet::Status;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::commands::apply::Summary;
use crate::error::{CliError, Result};
use crate::output::Output;

/// Readers at once, so that they never take the sockets that the service is asked by.
const MOST_READERS: usize = 16;

/// How long one of them may take, from the connection to the end of the answer.
const READER_TIME: Duration = Duration::from_secs(5);

/// What the rounds so far came to. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Metrics(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    rounds: u64,
    failed_rounds: u64,
    writes: u64,
    last: Option<(Summary, f64)>,
}

impl Metrics {
    /// Counts a round; `None` when it failed as a whole.
    #[expect(clippy::disallowed_methods, reason = "a scraper compares it with its own clock")]
    pub(crate) fn round(&self, summary: Option<&Summary>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.rounds += 1;
        let Some(summary) = summary else {
            counts.failed_rounds += 1;
            return;
        };
        counts.writes += summary.writes();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        counts.last = Some((summary.clone(), now));
    }

    /// The text format of Prometheus.
    pub(crate) fn text(&self) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        let mut one = |name: &str, kind: &str, help: &str, values: &[(String, String)]| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (labels, value) in values {
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        };
        let single = |value: String| [(String::new(), value)];
        one(
            "mrs_iam_sync_rounds_total",
            "counter",
            "Rounds that have ended.",
            &single(counts.rounds.to_string()),
        );
        let help = "Rounds that failed as a whole.";
        one("mrs_iam_sync_failed_rounds_total", "counter", help, &single(counts.failed_rounds.to_string()));
        let help = "Synchronizations and removals that the service accepted.";
        one("mrs_iam_sync_writes_total", "counter", help, &single(counts.writes.to_string()));
        if let Some((summary, at)) = &counts.last {
            let clusters: Vec<_> = Status::ALL
                .into_iter()
                .map(|status| (format!("{{status=\"{}\"}}", status.as_str()), summary.of(status).to_string()))
                .collect();
            one(
                "mrs_iam_sync_clusters",
                "gauge",
                "Clusters of the last round, by what became of them.",
                &clusters,
            );
            let help = "How long the last round took.";
            one("mrs_iam_sync_round_duration_seconds", "gauge", help, &single(summary.seconds().to_string()));
            let help = "When the last round ended, in seconds since 1970.";
            one("mrs_iam_sync_last_round_timestamp_seconds", "gauge", help, &single(format!("{at:.3}")));
        }
        text
    }
}

/// Serves metrics until it is dropped.
pub(crate) struct Server(JoinHandle<()>);

impl Server {
    pub(crate) async fn start(address: SocketAddr, metrics: Metrics, output: Output) -> Result<Self> {
        if !address.ip().is_loopback() {
            return Err(CliError::usage(format!(
                "metrics are served to this machine only, and {address} is not it"
            ))
            .with_hint("listen on 127.0.0.1, and let an agent on this machine pass them on"));
        }
        let listener = TcpListener::bind(address).await.map_err(|error| {
            CliError::listen(format!("metrics cannot be served on {address}"), &error, "--metrics")
        })?;
        let bound = listener.local_addr().unwrap_or(address);
        if !output.quiet {
            output.say(&format!("Metrics: http://{bound}/metrics"));
        }
        let places = Arc::new(Semaphore::new(MOST_READERS));
        Ok(Self(tokio::spawn(async move {
            loop {
                let Ok(place) = places.clone().acquire_owned().await else { return };
                let Ok((stream, _)) = listener.accept().await else {
                    // Out of files, for example: that passes.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                };
                let metrics = metrics.clone();
                let service = service_fn(move |request| {
                    let answer = answer(&request, &metrics);
                    async move { Ok::<_, Infallible>(answer) }
                });
                let mut server = http1::Builder::new();
                server.timer(TokioTimer::new()).keep_alive(false);
                let served = server.serve_connection(TokioIo::new(stream), service);
                tokio::spawn(async move {
                    match tokio::time::timeout(READER_TIME, served).await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => tracing::debug!(%error, "a reader of metrics is gone"),
                        Err(_) => tracing::debug!("a reader of metrics took too long"),
                    }
                    drop(place);
                });
            }
        })))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn answer<B>(request: &Request<B>, metrics: &Metrics) -> Response<String> {
    let (status, kind, body) = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => {
            (StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", metrics.text())
        }
        (_, "/metrics") => (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "only GET\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "text/plain", "metrics are at /metrics\n".to_owned()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    response
}
