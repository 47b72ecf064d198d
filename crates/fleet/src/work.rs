//! The work on one cluster: look, write, follow, verify.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mrs_iam_sync::{
    Accepted, CancelOutcome, Cluster, Completion, Error, ErrorKind, NameLists, Names, Progress, Selection,
    SyncOutcome, Synchronized,
};
use tokio::sync::OwnedSemaphorePermit;

use crate::accounts::Lane;
use crate::file::Resync;
use crate::fleet::Wish;
use crate::memory;
use crate::plan::{self, ClusterKey, ClusterPlan, Members, Verdict};
use crate::report::{ClusterReport, Failure, Status};
use crate::run::{Event, Run};

/// Rests between looks whether somebody else's synchronization still runs: the first, each twice as long as the one
/// before, and the longest.
const BUSY_RESTS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// What to do on a cluster.
pub(crate) enum Order {
    Wish(Arc<Wish>),
    Plan(Box<ClusterPlan>),
}

/// A cluster that was looked at.
pub(crate) struct Seen {
    pub(crate) cluster: Cluster,
    pub(crate) plan: ClusterPlan,
    pub(crate) present: Synchronized,
}

/// Why the work on a cluster ended before it was done.
pub(crate) enum Ended {
    Stopped,
    Failed(Box<Error>),
    /// With what no request told.
    Told(Box<Failure>),
}

/// Why a cluster could not be looked at.
pub(crate) enum Unseen {
    Error(Error),
    /// IAM has no such group, of which the file wants the members.
    NoGroup(String),
}

impl From<Error> for Unseen {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Unseen> for Failure {
    fn from(unseen: Unseen) -> Self {
        match unseen {
            Unseen::Error(error) => Self::from(&error),
            Unseen::NoGroup(group) => {
                Self::new("not_found", format!("IAM has no group {group:?}, whose members are to be there"))
                    .hint("a name is exact: look at the groups in IAM, or take it out of `from_iam`")
            }
        }
    }
}

impl From<Unseen> for Ended {
    fn from(unseen: Unseen) -> Self {
        match unseen {
            Unseen::Error(error) => Self::from(error),
            unseen @ Unseen::NoGroup(_) => Self::Told(Box::new(unseen.into())),
        }
    }
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// The leave to be between look and write; given back when the write leaves.
#[derive(Clone)]
pub(crate) struct Ticket(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Ticket {
    pub(crate) fn new(permit: Option<OwnedSemaphorePermit>) -> Self {
        Self(Arc::new(Mutex::new(permit)))
    }

    fn give_back(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// The work on one cluster.
pub(crate) struct Work<'a> {
    pub(crate) run: &'a Run,
    pub(crate) lane: &'a Lane,
    pub(crate) ticket: Ticket,
    pub(crate) report: &'a mut ClusterReport,
    /// Whether a write has been done, or was accepted and nobody knows what became of it.
    pub(crate) is_written: bool,
    /// Whether the service has told what became of each name.
    pub(crate) verified: bool,
    /// The names that a synchronization was sent with.
    pub(crate) sent: Option<BTreeSet<String>>,
}

/// What became of a write so far.
#[derive(Default)]
struct Sent {
    /// Whether a request has left.
    left: AtomicBool,
    accepted: Mutex<Vec<Accepted>>,
}

impl Work<'_> {
    /// Looks and does what is to be done; again, as long as somebody else is in the way and nothing was done.
    pub(crate) async fn all(&mut self, order: &Order) -> Result<(), Ended> {
        let deadline = self.run.time.monotonic() + self.run.wait_timeout;
        loop {
            let error = match self.once(order).await {
                Err(Ended::Failed(error)) if !self.is_written => error,
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
        let stop = self.run.stop.clone();
        let seen = tokio::select! {
            biased;
            () = stop.requested() => return Err(Ended::Stopped),
            seen = Box::pin(self.look(order)) => seen?,
        };
        match seen {
            Some(seen) => Box::pin(self.carry_out(&seen)).await,
            None => Ok(()),
        }
    }

    /// The present state and what is to be done; `None` when that is nothing, and the report says why.
    async fn look(&mut self, order: &Order) -> Result<Option<Seen>, Ended> {
        let key = self.report.cluster.clone();
        // What an attempt before has left there.
        (self.report.missing, self.report.left) = Default::default();
        let seen = match order {
            Order::Wish(wish) => self.run.look(self.lane, &key, wish).await?,
            Order::Plan(plan) => match self.as_planned(&key, plan).await? {
                Some(seen) => seen,
                None => return Ok(None),
            },
        };
        self.report.doubt.clone_from(&seen.plan.doubt);
        self.report.held_back.clone_from(&seen.plan.held_back);
        self.report.in_line_with_iam = seen.plan.in_line_with_iam;
        if let Order::Wish(wish) = order
            && self.rests(wish, &seen.plan)
        {
            self.report.rests = true;
            if !seen.plan.all && !seen.plan.add.is_empty() {
                (self.report.status, self.report.missing) = (Status::Partly, seen.plan.add);
            }
            return Ok(None);
        }
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
        Ok(Some(seen))
    }

    /// Whether what is to be done was done before, to no avail, and is to rest. Who is to be removed never rests.
    fn rests(&self, wish: &Wish, plan: &ClusterPlan) -> bool {
        let asked = wish.resync == Resync::Always || self.run.resyncs();
        let repeats = plan.syncs() && plan.remove.is_empty() && !asked;
        let memory = self.run.memory.as_ref().filter(|_| repeats);
        memory.is_some_and(|memory| memory.rests(plan, self.run.time.monotonic()))
    }

    /// A cluster of a plan, if it is as it was when the plan was made; `None` when it is not, or is already as planned,
    /// and the report says so.
    async fn as_planned(&mut self, key: &ClusterKey, plan: &ClusterPlan) -> Result<Option<Seen>, Ended> {
        let never = plan.remove.users.iter().find(|user| self.stays(user));
        let held = |kind: &str, name: &String| {
            plan.held_back.iter().any(|held| held.kind == kind && held.name == *name)
        };
        let both = plan.remove.users.iter().find(|name| held("user", name));
        let both = both.or_else(|| plan.remove.groups.iter().find(|name| held("group", name)));
        let wrong = match (never, both) {
            (Some(user), _) => Some(format!("the plan removes {user}, who is never removed")),
            (None, Some(name)) => Some(format!("the plan removes {name}, and says that it stays")),
            (None, None) => None,
        };
        if let Some(message) = wrong {
            self.report.status = Status::Refused;
            self.report.error = Some(
                Failure::new("invalid_input", message).hint("make a new plan: somebody has changed this one"),
            );
            return Ok(None);
        }
        let (cluster, present, in_line) = self.lane.read(key).await?;
        let mut plan = plan.clone();
        let moved = match () {
            () if plan::state(&present) != plan.state => {
                if plan.changes() && is_done(&plan, &present) {
                    self.report.in_line_with_iam = in_line;
                    return Ok(None);
                }
                Some("who is on Manager has changed since the plan was made".to_owned())
            }
            () if plan.in_line_with_iam == Some(true) && in_line == Some(false) => {
                Some("the service reports by now that the cluster is not in line with IAM".to_owned())
            }
            () => self.keeps_a_group(&plan, &present).await,
        };
        plan.in_line_with_iam = in_line;
        if let Some(message) = moved {
            self.report.in_line_with_iam = in_line;
            self.report.status = Status::Moved;
            self.report.error = Some(Failure::new("moved", message).hint("make a new plan"));
            return Ok(None);
        }
        Ok(Some(Seen { cluster, plan, present }))
    }

    /// Why a group that the plan removes is to stay, by who is in it now.
    async fn keeps_a_group(&self, plan: &ClusterPlan, present: &Synchronized) -> Option<String> {
        if !plan.changes() || plan.remove.groups.is_empty() {
            return None;
        }
        let staying: BTreeSet<String> = present
            .users
            .iter()
            .flatten()
            .filter(|user| !plan.remove.users.contains(user))
            .chain(&plan.add.users)
            .map(|user| plan::folded(user))
            .collect();
        for group in &plan.remove.groups {
            match self.lane.members_of(group).await {
                Members::Known(members) => {
                    if let Some(user) = members.iter().find(|user| staying.contains(&plan::folded(user))) {
                        return Some(format!("the user {user}, who stays, is in the group {group} by now"));
                    }
                }
                Members::Gone => {}
                Members::Unreadable(why) => {
                    return Some(format!("who is in the group {group} cannot be read any more: {why}"));
                }
            }
        }
        None
    }

    /// Whether a user is never removed, whatever a plan says.
    fn stays(&self, user: &str) -> bool {
        let user = plan::folded(user);
        user == plan::ADMIN || self.lane.caller.as_deref().map(plan::folded) == Some(user)
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
            self.sent = Some(memory::names(plan));
            let ((sent, listener), stop) = (self.watch(), self.run.stop.clone());
            let request = cluster.sync(selection).knowing(present.clone()).on_progress(listener);
            let request = request.stop_when(move || stop.is_requested());
            let outcome = self.unless_stopped(request.wait(), &sent).await;
            if let Err(Ended::Failed(error)) = &outcome
                && let Some(parts) = error.parts()
            {
                // Those that were to be synchronized again are there.
                let lacks = |names: &[String], add: &[String]| -> Vec<String> {
                    let add: BTreeSet<&String> = add.iter().collect();
                    names.iter().filter(|name| add.contains(name)).cloned().collect()
                };
                self.report.missing = NameLists::new(
                    lacks(&parts.not_done.users, &plan.add.users),
                    lacks(&parts.not_done.groups, &plan.add.groups),
                );
                self.report.left = plan.remove.clone();
            }
            finished = self.synced(outcome?);
        }
        if finished && !plan.remove.is_empty() {
            if self.run.stop.is_requested() {
                self.report.left = plan.remove.clone();
                return Err(Ended::Stopped);
            }
            let (users, groups) = (plan.remove.users.clone(), plan.remove.groups.clone());
            let names = Names::builder().users(users).groups(groups).build()?;
            let ((sent, listener), stop) = (self.watch(), self.run.stop.clone());
            let request = cluster.cancel(names).on_progress(listener).stop_when(move || stop.is_requested());
            // What was synchronized may have changed who is there.
            let request = if plan.syncs() { request } else { request.knowing(present.clone()) };
            let outcome = match self.unless_stopped(request.wait(), &sent).await {
                Err(ended) => {
                    self.report.left = match &ended {
                        Ended::Stopped => plan.remove.clone(),
                        Ended::Failed(error) => {
                            error.parts().map(|parts| parts.not_done.clone()).unwrap_or_default()
                        }
                        Ended::Told(_) => NameLists::default(),
                    };
                    return Err(ended);
                }
                Ok(outcome) => outcome,
            };
            finished = self.removed(outcome);
        }
        self.report.status = match () {
            () if !finished => Status::Unfinished,
            () if !self.verified => {
                let message = "the service has finished, but its list of users or groups is absent, so that the result cannot be told";
                self.report.error =
                    Some(Failure::new("not_verified", message).hint("look with `mrs-iam-sync list`"));
                Status::Partly
            }
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
        sent: &Sent,
    ) -> Result<T, Ended> {
        let stop = async {
            self.run.stop.requested().await;
            if sent.left.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        let result = tokio::select! {
            // First, so that nothing leaves once it is asked for.
            biased;
            () = stop => return Err(Ended::Stopped),
            result = self.lane.with(write) => result,
        };
        self.run.tell(&Event::Ended(&self.report.cluster));
        let accepted = std::mem::take(&mut *sent.accepted.lock().unwrap_or_else(PoisonError::into_inner));
        self.report.writes += u32::try_from(accepted.len()).unwrap_or(u32::MAX);
        self.report.request_ids.extend(accepted.into_iter().filter_map(|accepted| accepted.request_id));
        self.is_written |= result.as_ref().map_or_else(Error::is_after_acceptance, |_| true);
        Ok(result?)
    }

    /// What follows a write: whether it has left, and whoever listens.
    fn watch(&self) -> (Arc<Sent>, impl Fn(&Progress) + Send + Sync + 'static) {
        let sent = Arc::new(Sent::default());
        let (told, ticket) = (sent.clone(), self.ticket.clone());
        let (listener, cluster) = (self.run.listener.clone(), self.report.cluster.clone());
        let listener = move |progress: &Progress| {
            if let Progress::Accepted(accepted) = progress {
                told.accepted.lock().unwrap_or_else(PoisonError::into_inner).push(accepted.clone());
            }
            if *progress == Progress::Sending && !told.left.swap(true, Ordering::Relaxed) {
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

    /// Notes what came of a synchronization; whether it has finished.
    fn synced(&mut self, outcome: SyncOutcome) -> bool {
        self.report.added = outcome.arrived;
        self.report.resynced = outcome.already_present;
        self.report.brought_along = outcome.brought_along.groups;
        // Somebody in IAM without a permission for MRS may never arrive.
        if !self.report.all {
            self.verified &= outcome.missing.is_some();
            self.report.missing = outcome.missing.unwrap_or_default();
        }
        outcome.completion != Completion::DeadlinePassed
    }

    /// Notes what came of a removal; whether it has finished.
    fn removed(&mut self, outcome: CancelOutcome) -> bool {
        self.report.removed = outcome.removed;
        self.verified &= outcome.remaining.is_some();
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
            let (mut rest, longest) = BUSY_RESTS;
            loop {
                time.sleep(rest).await;
                rest = (rest * 2).min(longest);
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
