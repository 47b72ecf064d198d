//! What would have to be done on a cluster, and why.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use mrs_iam_sync::{NameLists, Synchronized};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::file::Resync;
use crate::fleet::{Target, Wish};

/// Removals on one cluster that need no leave of their own: this many...
const FREE_REMOVALS: usize = 10;

/// ... and no more than this share of who is on it, one in so many.
const FREE_SHARE: usize = 5;

/// Manager's own user.
pub(crate) const ADMIN: &str = "admin";

/// Of a name that is to be absent.
const UNTOLD: &str = "the service did not say who is on Manager";

/// What a plan may do besides what the file says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PlanOptions {
    /// Remove who is not listed from clusters that are marked `exclusive`.
    pub prune: bool,
    /// Synchronize all names again, whatever `resync` says.
    pub resync: bool,
    /// Removals on one cluster that are allowed; ten, and at most a fifth of who is there, unless given.
    pub max_removals: Option<usize>,
}

impl PlanOptions {
    /// Nothing but what the file says.
    pub const fn new() -> Self {
        Self { prune: false, resync: false, max_removals: None }
    }

    /// Removes who is not listed from clusters that are marked `exclusive`.
    #[must_use]
    pub const fn prune(mut self, prune: bool) -> Self {
        self.prune = prune;
        self
    }

    /// Synchronizes all names again.
    #[must_use]
    pub const fn resync(mut self, resync: bool) -> Self {
        self.resync = resync;
        self
    }

    /// Allows so many removals on one cluster.
    #[must_use]
    pub const fn max_removals(mut self, most: Option<usize>) -> Self {
        self.max_removals = most;
        self
    }
}

/// A cluster, and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ClusterKey {
    /// Its id; null (`None`) when it was not found.
    pub cluster_id: Option<String>,
    /// Its name, or the tags, where the file has it by them.
    pub cluster: Option<String>,
    /// Where it is.
    pub target: Arc<Target>,
}

impl ClusterKey {
    /// What people call it: its name and id, as far as they are known.
    pub fn title(&self) -> String {
        match (&self.cluster, &self.cluster_id) {
            (Some(name), Some(id)) => format!("{name} ({id})"),
            (Some(text), None) | (None, Some(text)) => text.clone(),
            (None, None) => "a cluster".to_owned(),
        }
    }
}

/// What a plan comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// There is something to do.
    Change,
    /// Everyone is there, and the service says that the cluster is in line with IAM.
    InLine,
    /// Everyone is there, but the service says that the cluster is not in line with IAM, and the file says not to
    /// synchronize for that.
    Stale,
    /// Nobody is known to be missing; whether roles are up to date, or who belongs or is on the cluster, cannot be told.
    Unknown,
    /// There would be more removals than are allowed: nothing is done on this cluster.
    Refused,
}

/// A name that stays although the file or `--prune` would remove it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct HeldBack {
    /// `user` or `group`.
    pub kind: String,
    /// The name.
    pub name: String,
    /// Why it stays.
    pub why: String,
}

/// What is to be done on one cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ClusterPlan {
    /// The cluster.
    #[serde(flatten)]
    pub cluster: ClusterKey,
    /// What the plan comes to.
    pub verdict: Verdict,
    /// Whether all users and groups of IAM are synchronized; the lists then tell what is known of them.
    pub all: bool,
    /// Not on Manager: to be synchronized.
    pub add: NameLists,
    /// On Manager: to be synchronized again.
    pub resync: NameLists,
    /// On Manager: to be removed.
    pub remove: NameLists,
    /// On Manager, and left as they are.
    pub unchanged: NameLists,
    /// Groups that are not listed and came along with users who are: no difference.
    pub brought_along: Vec<String>,
    /// On Manager without being listed, and left there.
    pub unlisted: NameLists,
    /// Names that would be removed, and why they are not.
    pub held_back: Vec<HeldBack>,
    /// Why it is not known who belongs on the cluster, where a source of names came back empty or cannot be read: nobody
    /// is removed then.
    pub doubt: Option<String>,
    /// What the service reports (`ListSyncRequirements`); null (`None`) when it does not have the operation.
    pub in_line_with_iam: Option<bool>,
    /// Removals that would have to be allowed, where more are needed than are.
    pub needs_max_removals: Option<usize>,
    /// SHA-256 of who is on Manager: tells whether that has changed since.
    pub state: String,
}

impl ClusterPlan {
    /// Whether there is something to do.
    pub fn changes(&self) -> bool {
        self.verdict == Verdict::Change
    }

    /// Whether a synchronization is part of it.
    pub fn syncs(&self) -> bool {
        self.changes() && (self.all || !self.add.is_empty() || !self.resync.is_empty())
    }
}

/// Identifies who is on Manager, in whatever order.
pub(crate) fn state(present: &Synchronized) -> String {
    let mut hash = Sha256::new();
    for list in [&present.users, &present.groups] {
        let mut names: Vec<&str> = list.iter().flatten().map(String::as_str).collect();
        names.sort_unstable();
        for name in names {
            hash.update(name.as_bytes());
            hash.update([0]);
        }
        hash.update([1]);
    }
    hex::encode(hash.finalize())
}

/// Who is in a group, by IAM.
#[derive(Debug, Clone)]
pub(crate) enum Members {
    Known(Arc<BTreeSet<String>>),
    /// IAM has no such group, so that nobody is in it.
    Gone,
    /// IAM did not say.
    Unreadable(String),
}

/// What is known when a plan is made.
pub(crate) struct Known<'a> {
    pub(crate) wish: &'a Wish,
    /// Who belongs on the cluster; for `all`, everyone in IAM, as far as IAM can be read.
    pub(crate) users: &'a BTreeSet<Arc<str>>,
    pub(crate) groups: &'a BTreeSet<Arc<str>>,
    /// Whether these two are all there is: not when IAM could not be read for `all`.
    pub(crate) complete: bool,
    /// Why nothing may be removed, if so.
    pub(crate) doubt: Option<&'a str>,
    pub(crate) present: &'a Synchronized,
    pub(crate) in_line: Option<bool>,
    /// Of each group that [`groups_in_question`] names.
    pub(crate) members: &'a BTreeMap<String, Members>,
    /// Whom the credentials belong to, as the file and the login say.
    pub(crate) callers: &'a [&'a str],
    pub(crate) options: PlanOptions,
}

/// The groups on Manager of which it matters who is in them: those that might be removed, and on an exclusive cluster
/// those that might have come along.
pub(crate) fn groups_in_question(
    wish: &Wish,
    groups: &BTreeSet<Arc<str>>,
    present: &Synchronized,
) -> Vec<String> {
    let on_manager = present.groups.iter().flatten();
    on_manager
        .filter(|name| {
            wish.absent.groups.contains(name) || (wish.exclusive && !groups.contains(name.as_str()))
        })
        .cloned()
        .collect()
}

/// Compares.
pub(crate) fn plan(cluster: ClusterKey, known: &Known<'_>) -> ClusterPlan {
    let on_manager =
        |list: &Option<Vec<String>>| list.iter().flatten().cloned().collect::<BTreeSet<String>>();
    let (users, groups) = (on_manager(&known.present.users), on_manager(&known.present.groups));
    let mut plan = ClusterPlan {
        cluster,
        verdict: Verdict::InLine,
        all: false,
        add: NameLists::new(absent_from(&users, known.users), absent_from(&groups, known.groups)),
        resync: NameLists::default(),
        remove: NameLists::default(),
        unchanged: NameLists::new(present_in(&users, known.users), present_in(&groups, known.groups)),
        brought_along: Vec::new(),
        unlisted: NameLists::default(),
        held_back: Vec::new(),
        doubt: known.doubt.map(str::to_owned),
        in_line_with_iam: known.in_line,
        needs_max_removals: None,
        state: state(known.present),
    };
    let others = |there: &BTreeSet<String>, named: &BTreeSet<Arc<str>>| {
        there.iter().filter(|name| !named.contains(name.as_str())).cloned().collect::<Vec<_>>()
    };
    plan.unlisted = NameLists::new(others(&users, known.users), others(&groups, known.groups));
    if known.wish.all && !known.complete {
        // Everyone is meant and nobody knows who that is.
        plan.unchanged = std::mem::take(&mut plan.unlisted);
    }
    removals(&mut plan, known, &users);
    synchronization(&mut plan, known, users.is_empty() && groups.is_empty());
    let removals = plan.remove.len();
    let there = users.len() + groups.len();
    let free = FREE_REMOVALS.min(there / FREE_SHARE);
    if removals > known.options.max_removals.unwrap_or(free) {
        plan.needs_max_removals = Some(removals);
    }
    plan.verdict = match () {
        () if plan.needs_max_removals.is_some() => Verdict::Refused,
        () if plan.all || !plan.add.is_empty() || !plan.resync.is_empty() || removals > 0 => Verdict::Change,
        () => match known.in_line {
            _ if plan.doubt.is_some() => Verdict::Unknown,
            Some(true) if plan.held_back.iter().any(|held| held.why == UNTOLD) => Verdict::Unknown,
            Some(true) => Verdict::InLine,
            Some(false) => Verdict::Stale,
            None => Verdict::Unknown,
        },
    };
    plan
}

fn absent_from(there: &BTreeSet<String>, names: &BTreeSet<Arc<str>>) -> Vec<String> {
    names.iter().filter(|name| !there.contains(&***name)).map(|name| name.to_string()).collect()
}

fn present_in(there: &BTreeSet<String>, names: &BTreeSet<Arc<str>>) -> Vec<String> {
    names.iter().filter(|name| there.contains(&***name)).map(|name| name.to_string()).collect()
}

/// What is synchronized, and what again.
fn synchronization(plan: &mut ClusterPlan, known: &Known<'_>, nobody: bool) {
    let again = known.options.resync
        || match known.wish.resync {
            Resync::Always => true,
            Resync::Never => false,
            Resync::WhenReported => known.in_line == Some(false),
        };
    if known.wish.all {
        // Whoever is missing may have no permission for MRS and never arrive. Nobody can tell, and to ask for them once
        // more does no harm.
        plan.all = again || nobody || !plan.add.is_empty();
        if !plan.all {
            return;
        }
    }
    if again {
        plan.resync = std::mem::take(&mut plan.unchanged);
    }
}

/// A name as Manager compares it: it does not tell letters' cases apart, IAM does.
pub(crate) fn folded(name: &str) -> String {
    name.to_lowercase()
}

fn not_told_apart(other: &str) -> String {
    format!("Manager does not tell it from {other}, which stays")
}

/// Names, by what they are to Manager.
pub(crate) fn as_compared(names: &BTreeSet<Arc<str>>) -> HashMap<String, &str> {
    names.iter().map(|name| (folded(name), &**name)).collect()
}

/// Who is removed, and who would be and is not.
fn removals(plan: &mut ClusterPlan, known: &Known<'_>, on_manager: &BTreeSet<String>) {
    let prunes = known.options.prune && known.wish.exclusive;
    let unlisted = std::mem::take(&mut plan.unlisted);
    let removes = prunes || !known.wish.absent.is_empty();
    let (users, groups) = match removes {
        true => (as_compared(known.users), as_compared(known.groups)),
        false => Default::default(),
    };
    // A list that the answer lacks is not known to be empty.
    for (kind, list, absent) in [
        ("user", &known.present.users, &known.wish.absent.users),
        ("group", &known.present.groups, &known.wish.absent.groups),
    ] {
        let held =
            |name: &String| HeldBack { kind: kind.to_owned(), name: name.clone(), why: UNTOLD.to_owned() };
        plan.held_back.extend(absent.iter().filter(|_| list.is_none()).map(held));
    }
    let hold = |plan: &mut ClusterPlan, kind: &str, name: &str, why: String| {
        plan.held_back.push(HeldBack { kind: kind.to_owned(), name: name.to_owned(), why });
    };
    for name in unlisted.users {
        let asked = known.wish.absent.users.contains(&name);
        let why = match () {
            () if !asked && !prunes => None,
            () if folded(&name) == ADMIN => Some("it is Manager's own user".to_owned()),
            () if known.callers.iter().any(|caller| folded(caller) == folded(&name)) => {
                Some("it is the caller".to_owned())
            }
            () if users.contains_key(&folded(&name)) => {
                users.get(&folded(&name)).map(|other| not_told_apart(other))
            }
            () if known.doubt.is_some() => known.doubt.map(str::to_owned),
            () if asked => {
                plan.remove.users.push(name);
                continue;
            }
            () if !known.complete => Some("who is in IAM cannot be read".to_owned()),
            () if known.callers.is_empty() => {
                Some("it may be the caller, whom the file does not name (`caller`)".to_owned())
            }
            () => {
                plan.remove.users.push(name);
                continue;
            }
        };
        if let Some(why) = why {
            hold(plan, "user", &name, why);
        }
        plan.unlisted.users.push(name);
    }
    let leaving: BTreeSet<&str> = plan.remove.users.iter().map(String::as_str).collect();
    let staying: BTreeSet<String> = on_manager
        .iter()
        .map(String::as_str)
        .chain(known.users.iter().map(|name| &**name))
        .filter(|name| !leaving.contains(name))
        .map(folded)
        .collect();
    // One answer that is lacking throws doubt on the others.
    let unreadable = known.members.values().find_map(|members| match members {
        Members::Unreadable(why) => Some(why),
        Members::Known(_) | Members::Gone => None,
    });
    for name in unlisted.groups {
        let asked = known.wish.absent.groups.contains(&name);
        let members = known.members.get(&name);
        let user = match members {
            Some(Members::Known(members)) => members.iter().find(|user| staying.contains(&folded(user))),
            _ => None,
        };
        let why = match (user, unreadable) {
            // It comes along with that user each time: no difference, unless the file wants it gone.
            (Some(_), _) if !asked => {
                plan.brought_along.push(name);
                continue;
            }
            _ if !asked && !prunes => None,
            _ if groups.contains_key(&folded(&name)) => {
                groups.get(&folded(&name)).map(|other| not_told_apart(other))
            }
            _ if known.doubt.is_some() => known.doubt.map(str::to_owned),
            (Some(user), _) => Some(format!("the user {user} is in it and stays")),
            (None, Some(why)) => Some(format!("who is in groups cannot be read: {why}")),
            (None, None) if members.is_none() => Some("who is in it is not known".to_owned()),
            (None, None) if !asked && !known.complete => Some("who is in IAM cannot be read".to_owned()),
            (None, None) => {
                plan.remove.groups.push(name);
                continue;
            }
        };
        if let Some(why) = why {
            hold(plan, "group", &name, why);
        }
        plan.unlisted.groups.push(name);
    }
}
