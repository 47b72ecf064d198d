//! What was to no avail, so that it is not done again at once.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::plan::{ClusterKey, ClusterPlan};
use crate::report::{ClusterReport, Status};

/// Rest before the second repetition; each is twice as long as the one before. The first comes without.
const FIRST_REST: Duration = Duration::from_secs(60 * 60);

/// The longest.
const LONGEST_REST: Duration = Duration::from_secs(4 * 60 * 60);

/// What runs of one program ([`Run::with_memory`](crate::Run::with_memory)) did to no avail.
///
/// A cluster may stay out of line with IAM after its synchronization, for somebody's roles who is not listed, and
/// somebody may never arrive. Nothing tells that from what a synchronization would mend, so that each run sends the same
/// again. With a memory that is done once more, and then rests for an hour, for two, and then for four, as long as nothing
/// else is seen to change; new roles of somebody who is listed on a cluster that stays out of line are not seen, and wait
/// with it. Clones are one memory. It is lost with the program.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<HashMap<ClusterKey, Vain>>>);

struct Vain {
    /// The names that were sent; once it was looked at after the write, those that are to be sent again.
    names: BTreeSet<String>,
    /// Who was on Manager at that look ([`ClusterPlan::state`]); `None` before.
    state: Option<String>,
    rest: Duration,
    /// When it is done again.
    at: Duration,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

impl Memory {
    /// Whether what is to be done was done before, with nothing else seen since, and is to rest.
    pub(crate) fn rests(&self, plan: &ClusterPlan, now: Duration) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(vain) = known.get_mut(&plan.cluster) else { return false };
        let names = names(plan);
        let is_same = match &vain.state {
            Some(state) => *state == plan.state && vain.names == names,
            // Who was not sent has come to be missing since.
            None => names.is_subset(&vain.names),
        };
        if !is_same {
            known.remove(&plan.cluster);
            return false;
        }
        (vain.names, vain.state) = (names, Some(plan.state.clone()));
        now < vain.at
    }

    /// Notes what a run has come to; `sent` are the names of its synchronization, if there was one.
    pub(crate) fn note(&self, report: &ClusterReport, sent: Option<BTreeSet<String>>, now: Duration) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_well = report.in_line_with_iam != Some(false) && report.missing.is_empty() && !report.rests;
        match (report.status, sent) {
            // Who never arrives of all in IAM, only the next look tells.
            (Status::Applied | Status::Partly, Some(names)) if !is_well || report.all => {
                let rest = match known.get(&report.cluster) {
                    None => Duration::ZERO,
                    Some(vain) => (vain.rest * 2).clamp(FIRST_REST, LONGEST_REST),
                };
                known.insert(report.cluster.clone(), Vain { names, state: None, rest, at: now + rest });
            }
            _ if is_well => {
                known.remove(&report.cluster);
            }
            _ => {}
        }
    }
}

/// The names that a plan synchronizes.
pub(crate) fn names(plan: &ClusterPlan) -> BTreeSet<String> {
    let of = |kind: &str, lists: [&[String]; 2]| {
        lists.concat().into_iter().map(|name| format!("{kind} {name}")).collect::<Vec<_>>()
    };
    let users = of("user", [&plan.add.users, &plan.resync.users]);
    users.into_iter().chain(of("group", [&plan.add.groups, &plan.resync.groups])).collect()
}
