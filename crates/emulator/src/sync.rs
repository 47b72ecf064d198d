//! One cluster: its name and state, its Manager, and the one synchronization that may be running on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names that many share: on each of a hundred clusters the same ones for each user.
pub(crate) type Set = Arc<BTreeSet<String>>;

/// A cluster with the users and groups that are on its Manager.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    project_id: String,
    id: String,
    name: String,
    state: ClusterState,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
    manager: Manager,
    running: Option<Running>,
    has_finished: bool,
}

/// The state that a cluster is listed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ClusterState {
    /// Being made.
    Starting,
    /// At work.
    #[default]
    Running,
    /// Deleted.
    Terminated,
    /// It could not be made.
    Failed,
    /// Something is wrong with it.
    Abnormal,
    /// Being deleted.
    Terminating,
    /// Frozen, for want of payment for example.
    Frozen,
    /// Nodes are being added.
    ScalingOut,
    /// Nodes are being removed.
    ScalingIn,
}

impl ClusterState {
    /// As the service spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Terminated => "terminated",
            Self::Failed => "failed",
            Self::Abnormal => "abnormal",
            Self::Terminating => "terminating",
            Self::Frozen => "frozen",
            Self::ScalingOut => "scaling-out",
            Self::ScalingIn => "scaling-in",
        }
    }
}

/// Who is on Manager. Each name remembers when it arrived, as that is the order in which they are listed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manager {
    arrivals: u64,
    users: BTreeMap<String, User>,
    groups: BTreeMap<String, Group>,
}

/// A user on Manager, with what it was synchronized with last.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    arrival: u64,
    groups: Set,
    policies: Set,
}

/// A group on Manager; as [`User`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    arrival: u64,
    policies: Set,
}

/// A user on its way to Manager.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arrival {
    pub(crate) name: String,
    /// The groups that it is in.
    pub(crate) groups: Set,
    /// The policies that it holds, by its groups too.
    pub(crate) policies: Set,
}

/// What a synchronization does to Manager when it ends. It is fixed when the request is accepted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Effect {
    Arrive { users: Vec<Arrival>, groups: Vec<(String, Set)> },
    Leave { users: Vec<String>, groups: Vec<String> },
}

impl Effect {
    /// Whether anybody would arrive.
    pub(crate) fn can_lose(&self) -> bool {
        matches!(self, Self::Arrive { users, groups } if !users.is_empty() || !groups.is_empty())
    }

    /// Loses the last user, or the last group where there is no user.
    pub(crate) fn lose_one(&mut self) {
        if let Self::Arrive { users, groups } = self
            && users.pop().is_none()
        {
            groups.pop();
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Running {
    ends: End,
    effect: Effect,
}

impl Running {
    fn is_over(&self, now: SystemTime) -> bool {
        match self.ends {
            End::At(ends) => ends.is_some_and(|ends| ends <= now),
            End::AfterPolls(left) => left == 0,
        }
    }
}

/// When a synchronization ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum End {
    /// `None`: beyond what a [`SystemTime`] can say, so never.
    At(Option<SystemTime>),
    /// After so many more looks at it.
    AfterPolls(u32),
}

/// What a synchronization goes on by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Time.
    Takes(Duration),
    /// The number of looks at it.
    Polls(u32),
}

impl Cluster {
    pub(crate) fn new(project_id: String, id: String, name: String) -> Self {
        Self {
            project_id,
            id,
            name,
            state: ClusterState::default(),
            tags: BTreeMap::new(),
            manager: Manager::default(),
            running: None,
            has_finished: false,
        }
    }

    /// The cluster's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The cluster's name; its id unless it was given one.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The state that it is listed with, [`ClusterState::Running`] unless changed. Nothing else depends on it.
    #[must_use]
    pub fn state(&self) -> ClusterState {
        self.state
    }

    pub(crate) fn set_state(&mut self, state: ClusterState) {
        self.state = state;
    }

    /// Its tags: keys with values.
    #[must_use]
    pub fn tags(&self) -> &BTreeMap<String, String> {
        &self.tags
    }

    pub(crate) fn set_tag(&mut self, key: String, value: String) {
        self.tags.insert(key, value);
    }

    /// The id of the project that it belongs to.
    #[must_use]
    pub fn project_id(&self) -> &str {
        &self.project_id
    }

    /// The users on Manager, in the order of their arrival.
    #[must_use]
    pub fn user_names(&self) -> Vec<&str> {
        in_order(self.manager.users.iter().map(|(name, user)| (user.arrival, name)))
    }

    /// The groups on Manager, in the order of their arrival: of one synchronization, the named ones first.
    #[must_use]
    pub fn group_names(&self) -> Vec<&str> {
        in_order(self.manager.groups.iter().map(|(name, group)| (group.arrival, name)))
    }

    /// Whether a synchronization was running when this was looked at.
    #[must_use]
    pub fn is_synchronizing(&self) -> bool {
        self.running.is_some()
    }

    /// Whether a synchronization has ever finished.
    pub(crate) fn has_finished(&self) -> bool {
        self.has_finished
    }

    /// Users with the groups and policies that they were synchronized with.
    pub(crate) fn synchronized_users(&self) -> impl Iterator<Item = (&str, &Set, &Set)> {
        self.manager.users.iter().map(|(name, user)| (name.as_str(), &user.groups, &user.policies))
    }

    /// Groups with the policies that they were synchronized with.
    pub(crate) fn synchronized_groups(&self) -> impl Iterator<Item = (&str, &Set)> {
        self.manager.groups.iter().map(|(name, group)| (name.as_str(), &group.policies))
    }

    pub(crate) fn user_policies(&self, name: &str) -> Option<&Set> {
        self.manager.users.get(name).map(|user| &user.policies)
    }

    pub(crate) fn group_policies(&self, name: &str) -> Option<&Set> {
        self.manager.groups.get(name).map(|group| &group.policies)
    }

    /// Whether something has ended until now that has not taken effect yet.
    pub(crate) fn is_over(&self, now: SystemTime) -> bool {
        self.running.as_ref().is_some_and(|running| running.is_over(now))
    }

    /// Whether who is on Manager has arrived by now, each at a place of its own.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Manager { arrivals, users, groups } = &self.manager;
        let places: Vec<_> = users
            .values()
            .map(|user| user.arrival)
            .chain(groups.values().map(|group| group.arrival))
            .collect();
        let unique: BTreeSet<_> = places.iter().collect();
        if unique.len() < places.len() || places.iter().any(|place| place > arrivals) {
            return Err("two arrived at once, or later than the last one".to_owned());
        }
        // As many as can be written in JSON without loss: nobody brings about more.
        if *arrivals >= 1 << 53 { Err("more arrivals than there can have been".to_owned()) } else { Ok(()) }
    }

    /// Lets what has ended until now take effect. A running synchronization ends exactly at its time.
    pub(crate) fn settle(&mut self, now: SystemTime) {
        if let Some(Running { effect, .. }) = self.running.take_if(|running| running.is_over(now)) {
            self.manager.apply(effect);
            self.has_finished = true;
        }
    }

    /// Starts a synchronization; the caller has made sure that none is running.
    pub(crate) fn start(&mut self, effect: Effect, now: SystemTime, progress: Progress) {
        let ends = match progress {
            Progress::Takes(duration) => End::At(now.checked_add(duration)),
            Progress::Polls(count) => End::AfterPolls(count),
        };
        self.running = Some(Running { ends, effect });
    }

    /// Whether a look at it is progress.
    pub(crate) fn goes_on_by_looks(&self) -> bool {
        matches!(&self.running, Some(Running { ends: End::AfterPolls(left), .. }) if *left > 0)
    }

    /// Looks at it once.
    pub(crate) fn poll(&mut self) {
        if let Some(Running { ends: End::AfterPolls(left), .. }) = &mut self.running {
            *left = left.saturating_sub(1);
        }
    }
}

impl Manager {
    fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Arrive { users, groups } => {
                for Arrival { name, groups, policies } in users {
                    let arrival =
                        self.users.get(&name).map_or_else(|| next(&mut self.arrivals), |user| user.arrival);
                    self.users.insert(name, User { arrival, groups, policies });
                }
                for (name, policies) in groups {
                    let arrival = self
                        .groups
                        .get(&name)
                        .map_or_else(|| next(&mut self.arrivals), |group| group.arrival);
                    self.groups.insert(name, Group { arrival, policies });
                }
            }
            Effect::Leave { users, groups } => {
                for name in &users {
                    self.users.remove(name);
                }
                for name in &groups {
                    self.groups.remove(name);
                }
            }
        }
    }
}

fn next(arrivals: &mut u64) -> u64 {
    *arrivals += 1;
    *arrivals
}

fn in_order<'a>(names: impl Iterator<Item = (u64, &'a String)>) -> Vec<&'a str> {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.into_iter().map(|(_, name)| name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn arrive(users: &[&str]) -> Effect {
        let users = users
            .iter()
            .map(|name| Arrival {
                name: (*name).to_owned(),
                groups: Set::default(),
                policies: Set::default(),
            })
            .collect();
        Effect::Arrive { users, groups: Vec::new() }
    }

    #[test]
    fn it_ends_exactly_at_its_time() {
        let start = SystemTime::UNIX_EPOCH;
        let mut cluster = Cluster::new("p".into(), "c".into(), "n".into());
        cluster.start(arrive(&["u"]), start, Progress::Takes(2 * SECOND));
        cluster.settle(start + 2 * SECOND - Duration::from_nanos(1));
        assert!(cluster.is_synchronizing() && cluster.user_names().is_empty());
        cluster.settle(start + 2 * SECOND);
        assert!(!cluster.is_synchronizing());
        assert_eq!(cluster.user_names(), ["u"]);
        cluster.settle(start);
        assert_eq!(cluster.user_names(), ["u"], "a clock that is set back undoes nothing");
    }

    #[test]
    fn a_time_beyond_the_clock_never_comes() {
        let mut cluster = Cluster::new("p".into(), "c".into(), "n".into());
        cluster.start(arrive(&["u"]), SystemTime::UNIX_EPOCH, Progress::Takes(Duration::MAX));
        cluster.settle(SystemTime::UNIX_EPOCH + 1_000_000_000 * SECOND);
        assert!(cluster.is_synchronizing());
    }

    #[test]
    fn names_keep_their_place() {
        let now = SystemTime::UNIX_EPOCH;
        let mut cluster = Cluster::new("p".into(), "c".into(), "n".into());
        for effect in [
            arrive(&["b", "c"]),
            arrive(&["a", "b"]),
            Effect::Leave { users: vec!["c".into(), "none".into()], groups: Vec::new() },
            arrive(&["c"]),
        ] {
            cluster.start(effect, now, Progress::Polls(0));
            cluster.settle(now);
        }
        assert_eq!(cluster.user_names(), ["b", "a", "c"]);
    }
}
