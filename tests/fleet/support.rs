//! An emulator with as many clusters as a test wants, and runs over them.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt as _;
use mrs_iam_sync::{ClientBuilder, Credentials, Error, RateLimits};
use mrs_iam_sync_emulator::{Emulator, EmulatorBuilder, SAMPLE_ACCESS_KEY, World};
use mrs_iam_sync_fleet::{
    ClusterPlan, ClusterReport, Connect, Fleet, Jobs, PlanOptions, Planned, Run, Status, Target,
};
use workspace_tests::PROJECT_ID;
use workspace_tests::virtual_time::{VirtualTime, builder};

/// A client of the emulator for every target; the profile `wrong` has a wrong secret key, and where `dead` leads
/// nobody answers.
#[derive(Clone)]
pub(crate) struct Here {
    pub(crate) base_url: String,
    pub(crate) time: Arc<VirtualTime>,
    pub(crate) limits: Option<RateLimits>,
    pub(crate) caller: Option<String>,
}

impl Connect for Here {
    fn builder(&self, target: &Target) -> Result<ClientBuilder, Error> {
        let base_url = if target.account() == "dead" { "http://127.0.0.1:1" } else { self.base_url.as_str() };
        let mut builder = builder(base_url, &self.time).with_iam_endpoint(self.base_url.as_str());
        if target.account() == "wrong" {
            builder = builder.credentials(Credentials::access_key(SAMPLE_ACCESS_KEY, "not the secret key")?);
        }
        Ok(match &self.limits {
            Some(limits) => builder.with_rate_limits(limits.clone()),
            None => builder.without_rate_limits(),
        })
    }

    fn caller(&self, _: &Target) -> Option<String> {
        self.caller.clone()
    }
}

/// An emulator, and its time.
pub(crate) struct Stage {
    pub(crate) emulator: Emulator,
    pub(crate) time: Arc<VirtualTime>,
    pub(crate) here: Here,
}

/// The sample world with this many more clusters, `c00000` and on.
pub(crate) fn world(clusters: usize) -> World {
    (0..clusters).fold(World::sample(), |world, number| world.with_cluster(PROJECT_ID, id(number)))
}

pub(crate) fn id(number: usize) -> String {
    format!("c{number:05}")
}

/// A file with these lines for each of so many clusters.
pub(crate) fn file(clusters: usize, each: &str) -> String {
    let mut text = "version: 1\nclusters:\n".to_owned();
    for number in 0..clusters {
        let _ = writeln!(text, "  - {{ id: {}, {each} }}", id(number));
    }
    text
}

pub(crate) fn fleet(text: &str) -> Fleet {
    Fleet::parse("fleet.yaml", text, Path::new("")).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

impl Stage {
    pub(crate) async fn new(world: World) -> Self {
        Self::with(world, |builder| builder).await
    }

    pub(crate) async fn with(
        world: World,
        configure: impl FnOnce(EmulatorBuilder) -> EmulatorBuilder,
    ) -> Self {
        let time = VirtualTime::new();
        let builder = configure(Emulator::builder().clock(time.clone()).world(world));
        let emulator = builder.start().await.expect("an emulator");
        let here = Here {
            base_url: emulator.base_url(),
            time: time.clone(),
            limits: Some(RateLimits::new()),
            caller: None,
        };
        Self { emulator, time, here }
    }

    pub(crate) fn run(&self) -> Run {
        Run::new(self.here.clone()).with_time(self.time.clone())
    }

    pub(crate) async fn plan(&self, text: &str, options: PlanOptions) -> Vec<Planned> {
        let run = self.run().with_options(options);
        let jobs = run.find(&fleet(text)).await.expect("no cluster twice");
        run.plan(jobs).collect().await
    }

    /// The plan of the only cluster.
    pub(crate) async fn plan_one(&self, text: &str, options: PlanOptions) -> ClusterPlan {
        match self.plan(text, options).await.as_slice() {
            [Planned::Plan(plan)] => (**plan).clone(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn apply(&self, text: &str) -> Vec<ClusterReport> {
        self.apply_with(text, PlanOptions::default()).await
    }

    pub(crate) async fn apply_with(&self, text: &str, options: PlanOptions) -> Vec<ClusterReport> {
        let run = self.run().with_options(options);
        let jobs = run.find(&fleet(text)).await.expect("no cluster twice");
        reports(&run, jobs).await
    }

    /// How often an operation was called, and with which statuses.
    pub(crate) fn calls(&self, operation: &str) -> Vec<u16> {
        let requests = self.emulator.requests();
        requests.iter().filter(|call| call.operation == Some(operation)).map(|call| call.status).collect()
    }

    /// Users and groups on a cluster's Manager.
    pub(crate) fn on_manager(&self, cluster: &str) -> (Vec<String>, Vec<String>) {
        let world = self.emulator.world();
        let cluster = world.cluster(cluster).expect("a cluster");
        let mut names = (owned(&cluster.user_names()), owned(&cluster.group_names()));
        names.0.sort();
        names.1.sort();
        names
    }
}

/// What became of each cluster, in the order of their ids.
pub(crate) async fn reports(run: &Run, jobs: Jobs) -> Vec<ClusterReport> {
    let mut reports: Vec<ClusterReport> = run.apply(jobs).collect().await;
    reports.sort_by(|one, other| one.cluster.cluster_id.cmp(&other.cluster.cluster_id));
    reports
}

pub(crate) fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(crate) fn statuses(reports: &[ClusterReport]) -> Vec<Status> {
    reports.iter().map(|report| report.status).collect()
}
