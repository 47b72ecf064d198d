//! What was to no avail, so that it is not done again at once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::plan::{ClusterKey, ClusterPlan};
use crate::report::{ClusterReport, Status};

/// Rest before the second repetition; each is twice as long as the one before. The first comes without.
const FIRST_REST: Duration = Duration::from_secs(60 * 60);

/// The longest.
const LONGEST_REST: Duration = Duration::from_secs(24 * 60 * 60);

/// What runs of one program ([`Run::with_memory`](crate::Run::with_memory)) did to no avail.
///
/// A cluster may stay out of line with IAM after its synchronization, for somebody's roles who is not listed, and
/// somebody may never arrive. Nothing tells that from what a synchronization would mend, so that each run sends the same
/// again. With a memory that is done once more, and then rests for an hour, for two, and up to a day, as long as nothing
/// else is seen to change. Clones are one memory. It is lost with the program.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<HashMap<ClusterKey, Vain>>>);

struct Vain {
    /// What was to be done, and on what state, when it was looked at after the write; `None` before.
    seen: Option<String>,
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
        let seen = fingerprint(plan);
        if vain.seen.get_or_insert_with(|| seen.clone()) != &seen {
            known.remove(&plan.cluster);
            return false;
        }
        now < vain.at
    }

    /// Notes what a run has come to.
    pub(crate) fn note(&self, report: &ClusterReport, now: Duration) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match report.status {
            Status::Applied | Status::Partly if report.writes > 0 => {
                let rest = match known.get(&report.cluster) {
                    None => Duration::ZERO,
                    Some(vain) => (vain.rest * 2).clamp(FIRST_REST, LONGEST_REST),
                };
                known.insert(report.cluster.clone(), Vain { seen: None, rest, at: now + rest });
            }
            Status::Unchanged if !report.rests => {
                known.remove(&report.cluster);
            }
            _ => {}
        }
    }
}

fn fingerprint(plan: &ClusterPlan) -> String {
    let mut hash = Sha256::new();
    for list in [&plan.add.users, &plan.add.groups, &plan.resync.users, &plan.resync.groups] {
        for name in list {
            hash.update(name.as_bytes());
            hash.update([0]);
        }
        hash.update([1]);
    }
    hash.update(&plan.state);
    hex::encode(hash.finalize())
}
