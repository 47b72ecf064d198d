//! Following a write until the service has finished, and telling what became of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::cluster::Cluster;
use crate::error::{Error, ErrorKind};
use crate::names::Names;
use crate::outcome::{Accepted, Completion, NameLists, Seen, Synchronized, missing, remaining};

/// Wait between the first two looks.
const FIRST_POLL: Duration = Duration::from_secs(1);

/// Longest wait between two looks.
const LONGEST_POLL: Duration = Duration::from_secs(15);

/// How much longer each wait is than the one before.
const POLL_GROWTH: f64 = 1.5;

/// How a wait goes on.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// What is on Manager is being read, before anything is sent.
    Reading,
    /// Of names that take several requests, the next one's turn has come.
    Part {
        /// Which one, from 1.
        part: usize,
        /// How many there are.
        of: usize,
        /// Names of the requests before.
        done: usize,
    },
    /// The request is being sent: from here on it may be carried out.
    Sending,
    /// The service has accepted the request.
    Accepted(Accepted),
    /// A look at the service: whether a synchronization runs; `None` when it cannot tell.
    Running(Option<bool>),
    /// The service has finished, but these names are not (or, for a removal, still) on Manager. They are looked for
    /// again.
    Outstanding(NameLists),
    /// A look failed; there will be another.
    LookFailed(String),
}

type Listener = Arc<dyn Fn(&Progress) + Send + Sync>;

/// Follows a write, and tells whoever listens.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    listener: Option<Listener>,
    stops: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

/// What a wait is for.
#[derive(Clone, Copy)]
pub(crate) enum Goal<'a> {
    /// The service has finished; nothing is known about names.
    Idle,
    /// These names are on Manager.
    Present(&'a Names),
    /// These names are not on Manager.
    Absent(&'a Names),
}

impl Goal<'_> {
    /// The names that are not yet as they should be; `None` where that cannot be known.
    fn outstanding(self, now: &Synchronized) -> Option<NameLists> {
        match self {
            Self::Idle => Some(NameLists::default()),
            Self::Present(names) => missing(names, now),
            Self::Absent(names) => remaining(names, now),
        }
    }
}

/// The end of a wait.
pub(crate) struct End {
    after: Synchronized,
    completion: Completion,
    at: Duration,
}

impl End {
    pub(crate) fn is_finished(&self) -> bool {
        self.completion == Completion::Finished
    }

    pub(crate) fn seen<'a>(&'a self, before: &'a Synchronized, started: Duration) -> Seen<'a> {
        let took = self.at.saturating_sub(started);
        Seen { before, after: &self.after, completion: self.completion, took }
    }
}

/// One look at whether a synchronization runs.
enum Look {
    Running,
    Idle,
    /// The service does not have the operation.
    Unsupported,
    /// It failed in a way that may pass.
    Failed,
}

impl Watch {
    pub(crate) fn listen(&mut self, told: impl Fn(&Progress) + Send + Sync + 'static) {
        self.listener = Some(Arc::new(told));
    }

    pub(crate) fn stop_when(&mut self, asked: impl Fn() -> bool + Send + Sync + 'static) {
        self.stops = Some(Arc::new(asked));
    }

    pub(crate) fn tell(&self, progress: &Progress) {
        if let Some(listener) = &self.listener {
            listener(progress);
        }
    }

    /// Whether a stop is asked for: nothing more is sent then, and nobody is waited for once the service has finished.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stops.as_ref().is_some_and(|asked| asked())
    }

    /// Follows a write that was accepted just now, until its goal is reached or the wait's deadline passes.
    pub(crate) async fn follow(&self, cluster: &Cluster, goal: Goal<'_>) -> Result<End, Error> {
        let mut pace = Pace::start(cluster);
        let mut seen_running = false;
        let mut idle = false;
        while !idle {
            if !pace.rest().await {
                break;
            }
            match self.look(cluster, &mut pace).await? {
                Look::Running => seen_running = true,
                Look::Idle => idle = seen_running || pace.elapsed() >= pace.settle_time(),
                Look::Failed => {}
                Look::Unsupported => return self.blind(cluster, goal, &mut pace).await,
            }
        }
        self.arrivals(cluster, goal, &mut pace, idle).await
    }

    async fn look(&self, cluster: &Cluster, pace: &mut Pace<'_>) -> Result<Look, Error> {
        match cluster.look_at_status(pace.patience()).await {
            Ok(running) => {
                self.tell(&Progress::Running(Some(running)));
                Ok(if running { Look::Running } else { Look::Idle })
            }
            Err(error) if error.is_unknown_operation() => {
                self.tell(&Progress::Running(None));
                Ok(Look::Unsupported)
            }
            Err(error) => self.tolerate(error, pace).map(|_| Look::Failed),
        }
    }

    /// Reads until no name is outstanding, or a stop is asked for. When the service has not finished, reads once.
    async fn arrivals(
        &self,
        cluster: &Cluster,
        goal: Goal<'_>,
        pace: &mut Pace<'_>,
        idle: bool,
    ) -> Result<End, Error> {
        let completion = if idle { Completion::Finished } else { Completion::DeadlinePassed };
        let mut last = None;
        loop {
            let failure = match self.read(cluster, pace).await? {
                Ok(now) => {
                    let outstanding = goal.outstanding(&now).unwrap_or_default();
                    last = Some(now);
                    if outstanding.is_empty() {
                        break;
                    }
                    self.tell(&Progress::Outstanding(outstanding));
                    None
                }
                Err(failure) => Some(failure),
            };
            if idle && !self.is_stopped() && pace.rest().await {
                continue;
            }
            // The service has finished and nobody can tell with what result.
            if idle
                && last.is_none()
                && let Some(failure) = failure
            {
                return Err(failure);
            }
            break;
        }
        Ok(pace.end(last, completion))
    }

    /// For services that cannot tell whether a synchronization runs: the names are all there is to go by, and
    /// without names a list that has stopped changing.
    async fn blind(&self, cluster: &Cluster, goal: Goal<'_>, pace: &mut Pace<'_>) -> Result<End, Error> {
        let mut last: Option<(Synchronized, Duration)> = None;
        loop {
            if let Ok(now) = self.read(cluster, pace).await? {
                let since = match last {
                    Some((before, since)) if before == now => since,
                    _ => pace.elapsed(),
                };
                let settled = pace.elapsed().saturating_sub(since) >= pace.settle_time();
                let outstanding = goal.outstanding(&now);
                last = Some((now, since));
                match outstanding {
                    // The list may pause before it grows: only its rest tells.
                    Some(outstanding) if outstanding.is_empty() && settled => {
                        return Ok(pace.end(last.map(|(now, _)| now), Completion::Finished));
                    }
                    Some(outstanding) if !outstanding.is_empty() => {
                        self.tell(&Progress::Outstanding(outstanding));
                        if settled && self.is_stopped() {
                            return Ok(pace.end(last.map(|(now, _)| now), Completion::Finished));
                        }
                    }
                    // A list that is absent tells no more for waiting.
                    None if settled => return Ok(pace.end(last.map(|(now, _)| now), Completion::Finished)),
                    _ => {}
                }
            }
            if !pace.rest().await {
                return Ok(pace.end(last.map(|(now, _)| now), Completion::DeadlinePassed));
            }
        }
    }

    /// What is on Manager, or a failure that may pass.
    async fn read(
        &self,
        cluster: &Cluster,
        pace: &mut Pace<'_>,
    ) -> Result<Result<Synchronized, Error>, Error> {
        match cluster.look_at_names(pace.patience()).await {
            Ok(now) => Ok(Ok(now)),
            Err(error) => self.tolerate(error, pace).map(Err),
        }
    }

    /// A wait outlives failures that may pass: what was accepted goes on without us.
    fn tolerate(&self, error: Error, pace: &mut Pace<'_>) -> Result<Error, Error> {
        // A page of a proxy that restarts is no reason to give up either.
        if !error.is_transient() && error.kind() != ErrorKind::UnexpectedAnswer {
            return Err(error);
        }
        pace.at_least(error.retry_after().unwrap_or_default());
        self.tell(&Progress::LookFailed(error.to_string()));
        Ok(error)
    }
}

/// The rests between looks: growing, spread by chance so that many waits do not look in step, ended by a deadline.
struct Pace<'a> {
    cluster: &'a Cluster,
    started: Duration,
    next: Duration,
    /// What the service asked to wait before the next look.
    asked: Duration,
}

impl<'a> Pace<'a> {
    fn start(cluster: &'a Cluster) -> Self {
        Self {
            cluster,
            started: cluster.client.shared.engine.time.monotonic(),
            next: FIRST_POLL,
            asked: Duration::ZERO,
        }
    }

    fn elapsed(&self) -> Duration {
        self.cluster.client.shared.engine.time.monotonic().saturating_sub(self.started)
    }

    fn settle_time(&self) -> Duration {
        self.cluster.client.shared.settle_time
    }

    /// How long a look may take: the deadline of an operation, and no more than what is left of the wait. The last
    /// look gets a second all the same.
    fn patience(&self) -> Duration {
        let shared = &self.cluster.client.shared;
        shared.engine.timeout.min(shared.wait_timeout.saturating_sub(self.elapsed()).max(FIRST_POLL))
    }

    /// Makes the next rest at least so long.
    fn at_least(&mut self, asked: Duration) {
        self.asked = asked;
    }

    /// Rests; false when the deadline has passed. The last rest is cut to end with it, so that there is a last look.
    async fn rest(&mut self) -> bool {
        let shared = &self.cluster.client.shared;
        let left = shared.wait_timeout.saturating_sub(self.elapsed());
        if left.is_zero() {
            return false;
        }
        // From three quarters to the whole of the pace.
        let rest = self.next.mul_f64(0.75 + shared.engine.time.chance() / 4.0);
        let rest = rest.max(std::mem::take(&mut self.asked));
        shared.engine.time.sleep(rest.min(left)).await;
        self.next = self.next.mul_f64(POLL_GROWTH).min(LONGEST_POLL);
        true
    }

    fn end(&self, last: Option<Synchronized>, completion: Completion) -> End {
        let at = self.cluster.client.shared.engine.time.monotonic();
        // Nothing could be read: both lists are unknown, which the outcome says.
        End { after: last.unwrap_or_default(), completion, at }
    }
}
