//! Plans and applies, many clusters at once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt as _};
use mrs_iam_sync::{ErrorKind, MachineTime, Progress, Time};
use tokio::sync::Semaphore;

use crate::accounts::{Accounts, Connect, Lane};
use crate::error::FileError;
use crate::fleet::{Fleet, Wish};
use crate::memory::Memory;
use crate::plan::{self, ClusterKey, ClusterPlan, Known, PlanOptions};
use crate::report::{ClusterReport, Failure, Status};
use crate::resolve::{self, Job};
use crate::stop::Stop;
use crate::work::{Ended, Order, Seen, Ticket, Unseen, Work};

/// Clusters of an account that are read, or on their way to the service, at once, unless set otherwise.
pub const DEFAULT_CONCURRENCY: usize = 64;

/// Clusters of an account whose synchronization is followed at once. A minute's worth of writes is 60, and a synchronization may take
/// a quarter of an hour.
const FOLLOWED: usize = 1024;

/// What a run tells while it goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A write to this cluster is about to leave.
    Writing(&'a ClusterKey),
    /// How the synchronization of this cluster goes on.
    Progress(&'a ClusterKey, &'a Progress),
    /// Somebody else's synchronization runs on this cluster; its end is waited for.
    Busy(&'a ClusterKey),
    /// A write to this cluster has ended, one way or another.
    Ended(&'a ClusterKey),
}

type Listener = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

/// One run over a fleet. What IAM and the lists of clusters say is read once in a run.
pub struct Run {
    accounts: Accounts,
    options: PlanOptions,
    concurrency: usize,
    pub(crate) wait_timeout: Duration,
    pub(crate) listener: Option<Listener>,
    pub(crate) stop: Stop,
    pub(crate) memory: Option<Memory>,
    pub(crate) time: Arc<dyn Time>,
}

/// The clusters of a run.
#[derive(Debug, Clone)]
pub struct Jobs(Vec<Job>);

impl Jobs {
    /// Only those clusters for which `keep` says so.
    #[must_use]
    pub fn keep(mut self, keep: impl Fn(&ClusterKey) -> bool) -> Self {
        self.0.retain(|job| keep(job.cluster()));
        self
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What was planned before, to be carried out as it is ([`Run::apply`]): a cluster that has changed since is left alone.
impl FromIterator<Planned> for Jobs {
    fn from_iter<I: IntoIterator<Item = Planned>>(planned: I) -> Self {
        let job = |planned| match planned {
            Planned::Plan(plan) => Job::Planned(plan),
            Planned::Failed(cluster, failure) => Job::Lost { cluster, failure },
            Planned::NoCluster(cluster) => Job::Nothing { cluster },
        };
        Self(planned.into_iter().map(job).collect())
    }
}

/// A plan of one cluster, or why there is none.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Planned {
    /// The plan.
    Plan(Box<ClusterPlan>),
    /// The cluster could not be looked at.
    Failed(ClusterKey, Box<Failure>),
    /// No cluster has the tags.
    NoCluster(ClusterKey),
}

impl Planned {
    /// The cluster.
    pub fn cluster(&self) -> &ClusterKey {
        match self {
            Self::Plan(plan) => &plan.cluster,
            Self::Failed(cluster, _) | Self::NoCluster(cluster) => cluster,
        }
    }
}

impl Run {
    /// A run that reaches its clusters by `connect`.
    pub fn new(connect: impl Connect + 'static) -> Self {
        Self {
            accounts: Accounts::new(Box::new(connect)),
            options: PlanOptions::default(),
            concurrency: DEFAULT_CONCURRENCY,
            wait_timeout: mrs_iam_sync::DEFAULT_WAIT_TIMEOUT,
            listener: None,
            stop: Stop::new(),
            memory: None,
            time: Arc::new(MachineTime),
        }
    }

    /// What it may do besides what the file says.
    #[must_use]
    pub fn with_options(mut self, options: PlanOptions) -> Self {
        self.options = options;
        self
    }

    /// How many clusters of an account are read, or on their way to the service, at once: 64 unless set.
    #[must_use]
    pub fn with_concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency.clamp(1, FOLLOWED);
        self
    }

    /// How long somebody else's synchronization is waited for, 15 minutes unless set. The clients have the same limit
    /// for those of this run.
    #[must_use]
    pub fn with_wait_timeout(mut self, timeout: Duration) -> Self {
        self.wait_timeout = timeout;
        self
    }

    /// Stops when this asks for it.
    #[must_use]
    pub fn with_stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Remembers what was to no avail from one run to the next, for a program that runs again and again.
    #[must_use]
    pub fn with_memory(mut self, memory: Memory) -> Self {
        self.memory = Some(memory);
        self
    }

    /// Goes by another time than the machine's; for tests. The clients have their own
    /// ([`ClientBuilder::with_time`](mrs_iam_sync::ClientBuilder::with_time)).
    #[must_use]
    pub fn with_time(mut self, time: Arc<dyn Time>) -> Self {
        self.time = time;
        self
    }

    /// Is told how it goes on.
    #[must_use]
    pub fn on_event(mut self, told: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(told));
        self
    }

    /// Finds the clusters of a fleet. Those that are not found are among them, too: what comes of them says so.
    ///
    /// # Errors
    /// When two entries mean the same cluster.
    pub async fn find(&self, fleet: &Fleet) -> Result<Jobs, FileError> {
        resolve::jobs(fleet, &self.accounts).await.map(Jobs)
    }

    /// Looks at each cluster and tells what would have to be done, in the order of the file. Changes nothing.
    pub fn plan(&self, jobs: Jobs) -> impl Stream<Item = Planned> {
        let mut places: HashMap<String, Arc<Semaphore>> = HashMap::new();
        let planned = move |job: Job| {
            let place = places.entry(self.accounts.name(&job.cluster().target));
            let place = place.or_insert_with(|| Arc::new(Semaphore::new(self.concurrency)));
            self.plan_one(job, place.clone())
        };
        // Wide, since each account's own places bound it: one that does not answer delays those of the next so many that
        // do no more than the order wants.
        stream::iter(jobs.0).map(planned).buffered(FOLLOWED)
    }

    async fn plan_one(&self, job: Job, place: Arc<Semaphore>) -> Planned {
        let (cluster, wish) = match job {
            Job::Wanted { cluster, wish } => (cluster, wish),
            Job::Planned(plan) => return Planned::Plan(plan),
            Job::Lost { cluster, failure } => return Planned::Failed(cluster, failure),
            Job::Nothing { cluster } => return Planned::NoCluster(cluster),
        };
        let lane = self.accounts.lane(&cluster.target);
        let _place = place.acquire_owned().await;
        // On the heap, so that those who wait for a place take none.
        match Box::pin(self.look(&lane, &cluster, &wish)).await {
            Ok(seen) => Planned::Plan(Box::new(seen.plan)),
            Err(unseen) => Planned::Failed(cluster, Box::new(unseen.into())),
        }
    }

    /// Makes each cluster as it should be, and tells what became of it, as they come. Each is looked at just before.
    pub fn apply(&self, jobs: Jobs) -> impl Stream<Item = ClusterReport> {
        // A stream for each account: none waits for another.
        let accounts = resolve::by_account(jobs.0, &self.accounts).into_iter().map(|jobs| {
            let front = Arc::new(Semaphore::new(self.concurrency));
            let reports = stream::iter(jobs).map(move |job| self.apply_one(job, front.clone()));
            Box::pin(reports.buffer_unordered(FOLLOWED))
        });
        stream::select_all(accounts)
    }

    async fn apply_one(&self, job: Job, front: Arc<Semaphore>) -> ClusterReport {
        let lane = self.accounts.lane(&job.cluster().target);
        let (cluster, order) = match job {
            Job::Wanted { cluster, wish } => (cluster, Order::Wish(wish)),
            Job::Planned(plan) => (plan.cluster.clone(), Order::Plan(plan)),
            Job::Lost { cluster, failure } => {
                return ClusterReport::new(cluster, Status::Failed).failed(*failure);
            }
            Job::Nothing { cluster } => return ClusterReport::new(cluster, Status::NoCluster),
        };
        // Only so many are between the look and the write: what was seen is not to grow old.
        let ticket = Ticket::new(front.acquire_owned().await.ok());
        if self.stop.is_requested() {
            return ClusterReport::new(cluster, Status::NotStarted);
        }
        if let Some(error) = lane.account.refusal() {
            let failure = Failure::from(&error);
            return ClusterReport { error: Some(failure), ..ClusterReport::new(cluster, Status::NotStarted) };
        }
        let started = self.time.monotonic();
        let mut report = ClusterReport::new(cluster, Status::Unchanged);
        let mut work = Work {
            run: self,
            lane: &lane,
            ticket,
            report: &mut report,
            is_written: false,
            verified: true,
            sent: None,
        };
        let ended = work.all(&order).await;
        let sent = work.sent;
        if let Err(error) = ended {
            report = match error {
                // Who was to be synchronized is; who was to be removed is left.
                Ended::Stopped if report.writes > 0 => ClusterReport { status: Status::Partly, ..report },
                Ended::Stopped => ClusterReport { status: Status::NotStarted, ..report },
                Ended::Told(failure) => report.failed(*failure),
                Ended::Failed(error) => {
                    let before = report.writes == 0 && lane.account.is_told(&error);
                    // Between two requests of many names.
                    let status = match error.kind() {
                        _ if before => Status::NotStarted,
                        ErrorKind::Timeout if error.is_after_acceptance() => Status::Unfinished,
                        ErrorKind::Stopped if report.writes == 0 => Status::NotStarted,
                        ErrorKind::Stopped => Status::Partly,
                        _ => Status::Failed,
                    };
                    ClusterReport { status, error: Some(Failure::from(&*error)), ..report }
                }
            };
        }
        if report.doubt.is_some() && report.status.is_good() {
            report.status = Status::Partly;
        }
        if let Some(memory) = &self.memory {
            memory.note(&report, sent, self.time.monotonic());
        }
        report.seconds = self.time.monotonic().saturating_sub(started).as_secs_f64();
        report
    }

    /// Whether all names are synchronized again.
    pub(crate) fn resyncs(&self) -> bool {
        self.options.resync
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        if let Some(listener) = &self.listener {
            listener(event);
        }
    }

    /// Reads a cluster and compares it.
    pub(crate) async fn look(&self, lane: &Lane, key: &ClusterKey, wish: &Wish) -> Result<Seen, Unseen> {
        let (cluster, present, in_line) = lane.read(key).await?;
        let (mut users, mut groups) = (wish.users.clone(), wish.groups.clone());
        let (mut complete, mut doubt) = (true, None);
        for group in &wish.from_iam {
            match lane.users_of(group).await? {
                // An empty answer is as likely a fault as it is the truth.
                Some(found) if found.is_empty() => {
                    doubt = Some(format!("the IAM group {group} came back without users"));
                }
                Some(found) => users.extend(found),
                None => return Err(Unseen::NoGroup(group.to_string())),
            }
        }
        if !wish.from_iam.is_empty() && !wish.absent.users.is_empty() {
            // The file names them; the group does not know about that.
            users.retain(|user| !wish.absent.users.iter().any(|absent| **absent == **user));
        }
        if wish.all {
            match lane.everyone().await {
                Ok(everyone) if everyone.users.is_empty() => {
                    (complete, doubt) = (false, Some("IAM came back without users".to_owned()));
                }
                Ok(everyone) => {
                    users.clone_from(&everyone.users);
                    groups.clone_from(&everyone.groups);
                }
                Err(error) => {
                    (complete, doubt) = (false, Some(format!("who is in IAM cannot be read: {error}")));
                }
            }
        }
        let mut members = BTreeMap::new();
        for group in plan::groups_in_question(wish, &groups, &present) {
            let found = lane.members_of(&group).await;
            members.insert(group, found);
        }
        let callers: Vec<&str> =
            [&wish.caller, &lane.caller].into_iter().flatten().map(String::as_str).collect();
        let known = Known {
            wish,
            users: &users,
            groups: &groups,
            complete,
            doubt: doubt.as_deref(),
            present: &present,
            in_line,
            members: &members,
            callers: &callers,
            options: self.options,
        };
        let plan = plan::plan(key.clone(), &known);
        Ok(Seen { cluster, plan, present })
    }
}
