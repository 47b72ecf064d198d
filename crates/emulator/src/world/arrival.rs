//! What a synchronization brings to Manager, and whether that is still what IAM has.

use std::collections::{BTreeMap, BTreeSet};

use super::World;
use crate::sync::{Arrival, Effect, Set};

impl World {
    /// Whether a cluster is in line with IAM; `None` for a cluster that does not exist.
    ///
    /// Ours: `true` once a synchronization (or removal) has finished and none is running, while everybody on
    /// Manager still exists in IAM, every user is in the same groups and everybody holds the same policies as when
    /// they were synchronized last.
    #[must_use]
    pub fn is_synchronous(&self, cluster_id: &str) -> Option<bool> {
        let cluster = self.clusters.get(cluster_id)?;
        if !cluster.has_finished() || cluster.is_synchronizing() {
            return Some(false);
        }
        let mut effective = Effective::new(self);
        let users = cluster.synchronized_users().all(|(name, groups, policies)| {
            self.iam.users.get(name).is_some_and(|known| known == groups) && effective.of(name) == *policies
        });
        let groups = cluster.synchronized_groups().all(|(name, policies)| {
            self.iam.groups.contains(name)
                && self.iam.group_policies.get(name).map_or(policies.is_empty(), |known| *known == **policies)
        });
        Some(users && groups)
    }

    /// What a synchronization of these names would bring to Manager: of what IAM has, the users with the groups
    /// they are in, then the groups, named ones first. Names that IAM does not have are left out.
    pub(crate) fn arrival(&self, user_names: &[String], group_names: &[String]) -> Effect {
        let mut effective = Effective::new(self);
        let users: Vec<_> = user_names.iter().filter_map(|name| effective.arrival(name)).collect();
        let named = group_names.iter().filter(|name| self.iam.groups.contains(*name));
        let brought = users.iter().flat_map(|user| user.groups.iter());
        let groups = named.chain(brought).map(|name| self.group_arrival(name)).collect();
        Effect::Arrive { users, groups }
    }

    /// What a synchronization of everything would bring to Manager.
    pub(crate) fn arrival_of_everything(&self) -> Effect {
        let mut effective = Effective::new(self);
        let users = self.iam.users.keys().filter_map(|name| effective.arrival(name)).collect();
        let groups = self.iam.groups.iter().map(|name| self.group_arrival(name)).collect();
        Effect::Arrive { users, groups }
    }

    fn group_arrival(&self, name: &str) -> (String, Set) {
        (name.to_owned(), Set::new(self.iam.group_policies.get(name).cloned().unwrap_or_default()))
    }
}

/// The policies of users, one set for all that are in the same groups: there may be many of them.
struct Effective<'a> {
    world: &'a World,
    by_groups: BTreeMap<&'a BTreeSet<String>, Set>,
}

impl<'a> Effective<'a> {
    fn new(world: &'a World) -> Self {
        Self { world, by_groups: BTreeMap::new() }
    }

    fn of(&mut self, user: &str) -> Set {
        let policies = || Set::new(self.world.policies_of(user));
        match self.world.iam.users.get(user) {
            Some(groups) if self.world.iam.user_policies.get(user).is_none_or(BTreeSet::is_empty) => {
                self.by_groups.entry(groups).or_insert_with(policies).clone()
            }
            _ => policies(),
        }
    }

    fn arrival(&mut self, user: &str) -> Option<Arrival> {
        let groups = self.world.iam.users.get(user)?.clone();
        Some(Arrival { name: user.to_owned(), groups, policies: self.of(user) })
    }
}
