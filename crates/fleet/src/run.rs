//! Plans and applies, many clusters at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt as _};
use mrs_iam_sync::{
    CancelOutcome, Cluster, Completion, Error, ErrorKind, MachineTime, Names, Progress, Selection,
    SyncOutcome, Synchronized, Time,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::accounts::{Accounts, Connect, Lane};
use crate::error::FileError;
use crate::fleet::{Fleet, Wish};
use crate::plan::{self, ClusterKey, ClusterPlan, Known, PlanOptions, Verdict};
use crate::report::{ClusterReport, Failure, Status};
use crate::resolve::{self, Job};
use crate::stop::Stop;

/// Clusters that are read, or on their way to the service, at once, unless set otherwise.
pub const DEFAULT_CONCURRENCY: usize = 64;

/// Clusters whose synchronization is followed at once. A minute's worth of writes is 60, and a synchronization may take
/// a quarter of an hour.
const FOLLOWED: usize = 1024;

/// Rest between two looks whether somebody else's synchronization still runs.
const BUSY_REST: Duration = Duration::from_secs(10);

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
    wait_timeout: Duration,
    listener: Option<Listener>,
    stop: Stop,
    time: Arc<dyn Time>,
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
            time: Arc::new(MachineTime),
        }
    }

    /// What it may do besides what the file says.
    #[must_use]
    pub fn with_options(mut self, options: PlanOptions) -> Self {
        self.options = options;
        self
    }

    /// How many clusters are read, or on their way to the service, at once: 64 unless set.
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
        stream::iter(jobs.0).map(|job| self.plan_one(job)).buffered(self.concurrency)
    }

    async fn plan_one(&self, job: Job) -> Planned {
        let (cluster, wish) = match job {
            Job::Wanted { cluster, wish } => (cluster, wish),
            Job::Planned(plan) => return Planned::Plan(plan),
            Job::Lost { cluster, failure } => return Planned::Failed(cluster, failure),
            Job::Nothing { cluster } => return Planned::NoCluster(cluster),
        };
        let lane = self.accounts.lane(&cluster.target);
        match self.look(&lane, &cluster, &wish).await {
            Ok(seen) => Planned::Plan(Box::new(seen.plan)),
            Err(error) => Planned::Failed(cluster, Box::new(Failure::from(&error))),
        }
    }

    /// Makes each cluster as it should be, and tells what became of it, as they come. Each is looked at just before.
    pub fn apply(&self, jobs: Jobs) -> impl Stream<Item = ClusterReport> {
        let front = Arc::new(Semaphore::new(self.concurrency));
        stream::iter(jobs.0).map(move |job| self.apply_one(job, front.clone())).buffer_unordered(FOLLOWED)
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
        let mut work = Work { run: self, lane: &lane, ticket, report: &mut report };
        if let Err(error) = work.all(&order).await {
            report = match error {
                Ended::Stopped => ClusterReport { status: Status::NotStarted, ..report },
                Ended::Failed(error) => {
                    let before = report.writes == 0 && lane.account.is_told(&error);
                    let status = if before { Status::NotStarted } else { Status::Failed };
                    ClusterReport { status, error: Some(Failure::from(&*error)), ..report }
                }
            };
        }
        report.seconds = self.time.monotonic().saturating_sub(started).as_secs_f64();
        report
    }

    fn tell(&self, event: &Event<'_>) {
        if let Some(listener) = &self.listener {
            listener(event);
        }
    }

    /// Reads a cluster and compares it.
    async fn look(&self, lane: &Lane, key: &ClusterKey, wish: &Wish) -> Result<Seen, Error> {
        let client = lane.client().await?;
        let cluster = client.cluster(key.cluster_id.as_deref().unwrap_or_default())?;
        let (present, in_line) = futures_util::future::try_join(
            lane.with(cluster.synchronized()),
            lane.with(lane.in_line(&cluster)),
        )
        .await?;
        let (mut users, mut groups) = (wish.users.clone(), wish.groups.clone());
        let (mut complete, mut doubt) = (true, None);
        for group in &wish.from_iam {
            match lane.users_of(group).await? {
                // An empty answer is as likely a fault as it is the truth.
                Some(found) if found.is_empty() => {
                    doubt = Some(format!("the IAM group {group} came back without users"));
                }
                Some(found) => users.extend(found),
                None => doubt = Some(format!("IAM has no group {group}")),
            }
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
                    tracing::debug!(%error, "IAM cannot be read");
                    complete = false;
                }
            }
        }
        let mut members = BTreeMap::new();
        for group in plan::groups_in_question(wish, &groups, &present) {
            let found = lane.members_of(&group).await;
            members.insert(group, found);
        }
        let caller = wish.caller.as_deref().or(lane.caller.as_deref());
        let known = Known {
            wish,
            users: &users,
            groups: &groups,
            complete,
            doubt: doubt.as_deref(),
            present: &present,
            in_line,
            members: &members,
            caller,
            options: self.options,
        };
        let plan = plan::plan(key.clone(), &known);
        Ok(Seen { cluster, plan, present })
    }
}

/// What to do on a cluster.
enum Order {
    Wish(Arc<Wish>),
    Plan(Box<ClusterPlan>),
}

/// A cluster that was looked at.
struct Seen {
    cluster: Cluster,
    plan: ClusterPlan,
    present: Synchronized,
}

/// Why the work on a cluster ended before it was done.
enum Ended {
    Stopped,
    Failed(Box<Error>),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// The leave to be between look and write; given back when the write leaves.
#[derive(Clone)]
struct Ticket(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Ticket {
    fn new(permit: Option<OwnedSemaphorePermit>) -> Self {
        Self(Arc::new(Mutex::new(permit)))
    }

    fn give_back(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// The work on one cluster.
struct Work<'a> {
    run: &'a Run,
    lane: &'a Lane,
    ticket: Ticket,
    report: &'a mut ClusterReport,
}

impl Work<'_> {
    /// Looks and does what is to be done; again, as long as somebody else is in the way and nothing was done.
    async fn all(&mut self, order: &Order) -> Result<(), Ended> {
        let deadline = self.run.time.monotonic() + self.run.wait_timeout;
        loop {
            let error = match self.once(order).await {
                Err(Ended::Failed(error)) if self.report.writes == 0 => error,
                result => return result,
            };
            let goes_on = match error.kind() {
                // It may change who is there, so that all is looked at again.
                ErrorKind::SyncRunning => self.until_idle(deadline).await?,
                // Somebody else uses the quota, too. The client has slowed down by itself.
                ErrorKind::Throttled => self.run.time.monotonic() < deadline && !self.run.stop.is_requested(),
                _ => false,
            };
            if !goes_on {
                return Err(Ended::Failed(error));
            }
        }
    }

    async fn once(&mut self, order: &Order) -> Result<(), Ended> {
        match Box::pin(self.look(order)).await? {
            Some(seen) => Box::pin(self.carry_out(&seen)).await,
            None => Ok(()),
        }
    }

    /// The present state and what is to be done; `None` when that is nothing, and the report says why.
    async fn look(&mut self, order: &Order) -> Result<Option<Seen>, Ended> {
        let key = self.report.cluster.clone();
        let seen = match order {
            Order::Wish(wish) => self.run.look(self.lane, &key, wish).await?,
            Order::Plan(plan) => {
                let client = self.lane.client().await?;
                let cluster = client.cluster(key.cluster_id.as_deref().unwrap_or_default())?;
                let present = self.lane.with(cluster.synchronized()).await?;
                Seen { cluster, plan: (**plan).clone(), present }
            }
        };
        self.report.held_back.clone_from(&seen.plan.held_back);
        self.report.in_line_with_iam = seen.plan.in_line_with_iam;
        self.report.all = seen.plan.all;
        match seen.plan.verdict {
            Verdict::Change => {}
            Verdict::Refused => {
                let needed = seen.plan.needs_max_removals.unwrap_or_default();
                self.report.status = Status::Refused;
                self.report.error = Some(
                    Failure::new(
                        "too_many_removals",
                        format!("{needed} removals are more than are allowed here"),
                    )
                    .hint(format!("look at them with `plan`; --max-removals {needed} allows them")),
                );
                return Ok(None);
            }
            _ => return Ok(None),
        }
        if matches!(order, Order::Plan(_)) && plan::state(&seen.present) != seen.plan.state {
            if is_done(&seen.plan, &seen.present) {
                return Ok(None);
            }
            self.report.status = Status::Moved;
            self.report.error = Some(
                Failure::new("moved", "who is on Manager has changed since the plan was made")
                    .hint("make a new plan"),
            );
            return Ok(None);
        }
        Ok(Some(seen))
    }

    async fn carry_out(&mut self, seen: &Seen) -> Result<(), Ended> {
        let Seen { cluster, plan, present } = seen;
        let mut finished = true;
        if plan.syncs() {
            let users = plan.add.users.iter().chain(&plan.resync.users).cloned();
            let groups = plan.add.groups.iter().chain(&plan.resync.groups).cloned();
            let selection = match plan.all {
                true => Selection::Everything,
                false => Names::builder().users(users).groups(groups).build()?.into(),
            };
            let (sent, listener) = self.watch();
            let request = cluster.sync(selection).knowing(present.clone()).on_progress(listener);
            let outcome = self.unless_stopped(request.wait(), &sent).await?;
            finished = self.synced(outcome);
        }
        if finished && !plan.remove.is_empty() {
            if self.run.stop.is_requested() {
                return Err(Ended::Stopped);
            }
            let (users, groups) = (plan.remove.users.clone(), plan.remove.groups.clone());
            let names = Names::builder().users(users).groups(groups).build()?;
            let (sent, listener) = self.watch();
            let request = cluster.cancel(names).on_progress(listener);
            // What was synchronized may have changed who is there.
            let request = if plan.syncs() { request } else { request.knowing(present.clone()) };
            let outcome = self.unless_stopped(request.wait(), &sent).await?;
            finished = self.removed(outcome);
        }
        self.report.status = match () {
            () if !finished => Status::Unfinished,
            () if self.report.missing.is_empty() && self.report.left.is_empty() => Status::Applied,
            () => Status::Partly,
        };
        if finished {
            self.report.in_line_with_iam = self.lane.with(self.lane.in_line(cluster)).await.ok().flatten();
        }
        Ok(())
    }

    /// A write and its wait, unless it has not left when a stop is asked for.
    async fn unless_stopped<T>(
        &mut self,
        write: impl Future<Output = Result<T, Error>>,
        sent: &AtomicBool,
    ) -> Result<T, Ended> {
        let stop = async {
            self.run.stop.requested().await;
            if sent.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        let result = tokio::select! {
            result = self.lane.with(write) => result,
            () = stop => return Err(Ended::Stopped),
        };
        self.run.tell(&Event::Ended(&self.report.cluster));
        if let Err(error) = &result
            && error.is_after_acceptance()
        {
            self.report.writes += 1;
            self.report.request_ids.extend(error.request_id().map(str::to_owned));
        }
        Ok(result?)
    }

    /// What follows a write: whether it has left, and whoever listens.
    fn watch(&self) -> (Arc<AtomicBool>, impl Fn(&Progress) + Send + Sync + 'static) {
        let sent = Arc::new(AtomicBool::new(false));
        let (told, ticket) = (sent.clone(), self.ticket.clone());
        let (listener, cluster) = (self.run.listener.clone(), self.report.cluster.clone());
        let listener = move |progress: &Progress| {
            if *progress == Progress::Sending && !told.swap(true, Ordering::Relaxed) {
                ticket.give_back();
                if let Some(listener) = &listener {
                    listener(&Event::Writing(&cluster));
                }
            }
            if let Some(listener) = &listener {
                listener(&Event::Progress(&cluster, progress));
            }
        };
        (sent, listener)
    }

    fn accepted(&mut self, accepted: &[mrs_iam_sync::Accepted]) {
        self.report.writes += u32::try_from(accepted.len()).unwrap_or(u32::MAX);
        self.report.request_ids.extend(accepted.iter().filter_map(|accepted| accepted.request_id.clone()));
    }

    /// Notes what came of a synchronization; whether it has finished.
    fn synced(&mut self, outcome: SyncOutcome) -> bool {
        self.accepted(&outcome.accepted);
        self.report.added = outcome.arrived;
        self.report.resynced = outcome.already_present;
        self.report.brought_along = outcome.brought_along.groups;
        // Somebody in IAM without a permission for MRS may never arrive.
        if !self.report.all {
            self.report.missing = outcome.missing.unwrap_or_default();
        }
        outcome.completion != Completion::DeadlinePassed
    }

    /// Notes what came of a removal; whether it has finished.
    fn removed(&mut self, outcome: CancelOutcome) -> bool {
        self.accepted(&outcome.accepted);
        self.report.removed = outcome.removed;
        self.report.left = outcome.remaining.unwrap_or_default();
        outcome.completion != Completion::DeadlinePassed
    }

    /// Waits until no synchronization runs; false when time is up.
    async fn until_idle(&self, deadline: Duration) -> Result<bool, Ended> {
        self.ticket.give_back();
        self.run.tell(&Event::Busy(&self.report.cluster));
        let client = self.lane.client().await?;
        let cluster = client.cluster(self.report.cluster.cluster_id.as_deref().unwrap_or_default())?;
        let time = &self.run.time;
        let idle = async {
            loop {
                time.sleep(BUSY_REST).await;
                match self.lane.with(cluster.is_synchronizing()).await {
                    Ok(true) => {}
                    Ok(false) => return Ok(true),
                    // Nobody can tell: trying shows it.
                    Err(error) if error.is_unknown_operation() => return Ok(true),
                    Err(error) if error.is_transient() => {}
                    Err(error) => return Err(Ended::from(error)),
                }
            }
        };
        tokio::select! {
            result = idle => result,
            () = time.sleep(deadline.saturating_sub(time.monotonic())) => Ok(false),
            () = self.run.stop.requested() => Err(Ended::Stopped),
        }
    }
}

/// Whether a plan has been carried out already, by a run that was broken off for example. Names that were to be
/// synchronized again leave no trace, and are synchronized once more.
fn is_done(plan: &ClusterPlan, present: &Synchronized) -> bool {
    let there = |list: &Option<Vec<String>>| list.iter().flatten().cloned().collect::<BTreeSet<_>>();
    let (users, groups) = (there(&present.users), there(&present.groups));
    plan.resync.is_empty()
        && !plan.all
        && plan.add.users.iter().all(|name| users.contains(name))
        && plan.add.groups.iter().all(|name| groups.contains(name))
        && !plan.remove.users.iter().any(|name| users.contains(name))
        && !plan.remove.groups.iter().any(|name| groups.contains(name))
}
