//! The same call in different ways, each doing what the one before it does and something more: the differences are
//! where a call's time goes.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use clap::{Args, ValueEnum};
use cpu_time::ProcessTime;
use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, USER_AGENT};
use mrs_iam_sync::{Client, Cluster, Names, Sleep, Time};
use mrs_iam_sync_client::iam_sync_user::types;
use mrs_iam_sync_client::{Answer, Authenticate, AuthenticateError, Http, connect};
use reqwest::{Request, StatusCode};
use sdk_hmac_sha256::{self as signer, SignableRequest};
use serde::{Deserialize, Serialize};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

const ACCESS_KEY: &str = "HUAWEICLOUD_SDK_AK";
const SECRET_KEY: &str = "HUAWEICLOUD_SDK_SK";
const JSON: &str = "application/json;charset=UTF-8";
const NO_LIMIT: Duration = Duration::from_secs(u32::MAX as u64);

/// How calls are made.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Way {
    /// reqwest; body and answer stay text
    Http,
    /// As `http`, and JSON is written and read
    Raw,
    /// As `raw`, and signed by hand with the signer crate
    Signed,
    /// The generated client with its hooks, signed in the same way
    Generated,
    /// The SDK without rate limits
    Sdk,
    /// The SDK with rate limits that never make it wait
    Limited,
}

/// What to call, and how often.
#[derive(Debug, Args)]
pub(crate) struct Load {
    url: String,
    project: String,
    cluster: String,
    /// Calls before it counts
    warm_up: u32,
    /// Calls that count
    measured: u32,
}

/// CPU time of a call in nanoseconds: all of this process, user and system.
pub(crate) async fn run(way: Way, load: &Load) -> Result<u128> {
    match way {
        Way::Sdk | Way::Limited => {
            let cluster = cluster(load, matches!(way, Way::Limited))?;
            measure(load, async || sdk(&cluster).await).await
        }
        Way::Generated => {
            let (http, by_hand) = (Http::build(builder()?)?, Arc::new(ByHand::new(load)?));
            let ids = (load.project.parse()?, load.cluster.parse()?);
            measure(load, async || generated(&http, &load.url, &ids, &by_hand).await).await
        }
        Way::Http | Way::Raw | Way::Signed => {
            let http = builder()?
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .build()?;
            let (text, by_hand) = (serde_json::to_string(&BODY)?, ByHand::new(load)?);
            measure(load, async || by_reqwest(way, &http, load, &text, &by_hand).await).await
        }
    }
}

/// All calls at once on one client, some at once on the wire; how many were answered.
pub(crate) async fn burst(load: &Load) -> Result<usize> {
    let cluster = cluster(load, false)?;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..load.warm_up + load.measured {
        let cluster = cluster.clone();
        calls.spawn(async move { sdk(&cluster).await.is_ok() });
    }
    Ok(calls.join_all().await.into_iter().filter(|answered| *answered).count())
}

async fn measure(load: &Load, call: impl AsyncFn() -> Result<()>) -> Result<u128> {
    for _ in 0..load.warm_up {
        call().await?;
    }
    let start = ProcessTime::now();
    for _ in 0..load.measured {
        call().await?;
    }
    Ok(start.elapsed().as_nanos() / u128::from(load.measured.max(1)))
}

fn check(state: &str) -> Result<()> {
    if state == "synchronizing" { Ok(()) } else { Err(format!("another answer: {state}").into()) }
}

/// As the SDK sets it up for http on loopback.
fn builder() -> Result<reqwest::ClientBuilder> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy())
}

#[derive(Serialize)]
struct Body {
    is_all_sync: bool,
    group_names: [&'static str; 1],
    user_names: [&'static str; 2],
}

const BODY: Body = Body { is_all_sync: false, group_names: ["groups1"], user_names: ["user1", "user2"] };

#[derive(Deserialize)]
struct State {
    state: String,
}

async fn by_reqwest(
    way: Way,
    http: &reqwest::Client,
    load: &Load,
    text: &str,
    by_hand: &ByHand,
) -> Result<()> {
    let url = format!("{}/v2/{}/clusters/{}/iam-sync-user", load.url, load.project, load.cluster);
    let request = http
        .post(url)
        .header(ACCEPT, HeaderValue::from_static("application/json"))
        .header(CONTENT_TYPE, HeaderValue::from_static(JSON))
        .header(USER_AGENT, HeaderValue::from_static("bench-calls"))
        .header("x-project-id", HeaderValue::from_str(&load.project)?);
    let request = match way {
        Way::Http => request.body(text.to_owned()),
        _ => request.json(&BODY),
    };
    let mut request = request.build()?;
    if matches!(way, Way::Signed) {
        by_hand.sign(&mut request)?;
    }
    let response = http.execute(request).await?;
    if response.status() != StatusCode::ACCEPTED {
        return Err(response.status().to_string().into());
    }
    match way {
        Way::Http => response.bytes().await.map(drop).map_err(Into::into),
        _ => check(&response.json::<State>().await?.state),
    }
}

async fn generated(
    http: &Http,
    url: &str,
    (project, cluster): &(types::ProjectId, types::ClusterId),
    by_hand: &Arc<ByHand>,
) -> Result<()> {
    let body = types::UpdateSyncRequest {
        is_all_sync: false,
        group_names: Some(vec!["groups1".parse()?]),
        user_names: Some(vec!["user1".parse()?, "user2".parse()?]),
    };
    let client = connect(url, http, by_hand.clone());
    let call =
        client.update_sync_iam_user().project_id(project.clone()).cluster_id(cluster.clone()).body(body);
    check(&call.send().await?.into_inner().state)
}

async fn sdk(cluster: &Cluster) -> Result<()> {
    let names = Names::builder().users(["user1", "user2"]).groups(["groups1"]).build()?;
    let accepted = cluster.sync(names).send().await?.pop().ok_or("nothing was sent")?;
    check(&accepted.state)
}

fn cluster(load: &Load, limited: bool) -> Result<Cluster> {
    let builder = Client::builder()
        .endpoint(&load.url)
        .project_id(&load.project)
        .credentials(mrs_iam_sync::Credentials::from_env()?);
    let builder = match limited {
        false => builder.without_rate_limits(),
        // Nothing may be above the documented limits, so that minutes have to be short.
        true => builder
            .with_time(Arc::new(ShortMinutes::default()))
            .with_timeout(NO_LIMIT)
            .with_attempt_timeout(NO_LIMIT),
    };
    Ok(builder.build()?.cluster(&load.cluster)?)
}

/// A second passes with each look at the clock, and so more than one with each call.
#[derive(Debug, Default)]
struct ShortMinutes(AtomicU64);

impl Time for ShortMinutes {
    #[expect(clippy::disallowed_methods, reason = "the bench program's one clock of its own")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn sleep(&self, _: Duration) -> Sleep<'_> {
        panic!("the rate limit makes a call wait, which is not what is measured");
    }

    fn chance(&self) -> f64 {
        0.5
    }
}

/// What a port by hand does: sets the headers to be signed and signs.
#[derive(Debug)]
struct ByHand {
    project: String,
    credentials: signer::Credentials,
}

impl ByHand {
    fn new(load: &Load) -> Result<Self> {
        let credentials = signer::Credentials::new(std::env::var(ACCESS_KEY)?, std::env::var(SECRET_KEY)?)?;
        Ok(Self { project: load.project.clone(), credentials })
    }

    #[expect(clippy::disallowed_methods, reason = "the bench program's one clock of its own")]
    fn sign(&self, request: &mut Request) -> Result<()> {
        let url = request.url();
        let host = format!("{}:{}", url.host_str().unwrap_or_default(), url.port().unwrap_or_default());
        let headers = [
            ("content-type", JSON.as_bytes()),
            ("host", host.as_bytes()),
            ("x-project-id", self.project.as_bytes()),
        ];
        let view = SignableRequest::new(request.method().as_str(), url.path())
            .with_query(url.query())
            .with_headers(&headers)
            .with_body(request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default());
        let signed = signer::sign(&view, &self.credentials, SystemTime::now().try_into()?)?;
        request.headers_mut().insert(HOST, HeaderValue::from_str(&host)?);
        for (name, value) in signed.headers() {
            request.headers_mut().insert(name, HeaderValue::from_str(value)?);
        }
        Ok(())
    }
}

impl Authenticate for ByHand {
    fn project_id(&self) -> Option<&str> {
        Some(&self.project)
    }

    fn authenticate(&self, request: &mut Request) -> Result<(), AuthenticateError> {
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static("bench-calls"));
        self.sign(request).map_err(|error| AuthenticateError(error.to_string()))
    }

    fn answered(&self, _: Answer) {}
}
