//! What exists: IAM users and groups, projects, clusters, and what is on each cluster's Manager.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use crate::sync::{Cluster, Effect};

/// Project of the sample world, the one of the documented examples.
pub const SAMPLE_PROJECT_ID: &str = "ff8080828997cb24018a1b2db3440b80";
/// Cluster of the sample world, the one of the documented examples.
pub const SAMPLE_CLUSTER_ID: &str = "f7f45c04-4303-411c-9b71-d2cb730dd162";

/// Everything that an emulator knows of: one account with its IAM, its projects and its clusters.
///
/// Names are compared exactly. IAM's users and groups are kept in the order of their names.
///
/// ```
/// use mrs_iam_sync_emulator::World;
///
/// let mut world = World::new().with_cluster("p1", "c1").with_group("admins").with_user("alice", &["admins"]);
/// world.add_user("bob");
/// assert_eq!(world.users().collect::<Vec<_>>(), ["alice", "bob"]);
/// assert_eq!(world.cluster("c1").unwrap().user_names(), [""; 0]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct World {
    /// Users with the groups they are in.
    users: BTreeMap<String, BTreeSet<String>>,
    groups: BTreeSet<String>,
    projects: BTreeSet<String>,
    clusters: BTreeMap<String, Cluster>,
}

impl World {
    /// A world without anything in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The sample world: one project with one cluster, users `user1` and `user2` both in group `group1`, a group
    /// `groups1` without members, nobody synchronized. The documented examples work in it.
    #[must_use]
    pub fn sample() -> Self {
        Self::new()
            .with_cluster(SAMPLE_PROJECT_ID, SAMPLE_CLUSTER_ID)
            .with_group("groups1")
            .with_user("user1", &["group1"])
            .with_user("user2", &["group1"])
    }

    /// [`add_cluster`](Self::add_cluster) for building.
    #[must_use]
    pub fn with_cluster(mut self, project_id: impl Into<String>, cluster_id: impl Into<String>) -> Self {
        self.add_cluster(project_id, cluster_id);
        self
    }

    /// [`add_group`](Self::add_group) for building.
    #[must_use]
    pub fn with_group(mut self, name: impl Into<String>) -> Self {
        self.add_group(name);
        self
    }

    /// Adds a user that is in these groups; groups that do not exist are made.
    #[must_use]
    pub fn with_user(mut self, name: impl Into<String>, groups: &[&str]) -> Self {
        let name = name.into();
        self.add_user(name.as_str());
        for group in groups {
            self.add_group(*group);
            self.add_member(&name, group);
        }
        self
    }

    /// Adds a project without clusters.
    pub fn add_project(&mut self, project_id: impl Into<String>) {
        self.projects.insert(project_id.into());
    }

    /// Adds a cluster on which nobody is synchronized, and its project. A cluster of that id is replaced.
    pub fn add_cluster(&mut self, project_id: impl Into<String>, cluster_id: impl Into<String>) {
        let (project_id, cluster_id) = (project_id.into(), cluster_id.into());
        self.projects.insert(project_id.clone());
        self.clusters.insert(cluster_id.clone(), Cluster::new(project_id, cluster_id));
    }

    /// Adds an IAM user that is in no group. Returns `false` when there is one of that name, which stays as it is.
    pub fn add_user(&mut self, name: impl Into<String>) -> bool {
        let name = name.into();
        !self.users.contains_key(&name) && self.users.insert(name, BTreeSet::new()).is_none()
    }

    /// Removes an IAM user and its memberships. It stays on Manager. Returns whether there was one.
    pub fn remove_user(&mut self, name: &str) -> bool {
        self.users.remove(name).is_some()
    }

    /// Adds an IAM user group without members. Returns `false` when there is one of that name.
    pub fn add_group(&mut self, name: impl Into<String>) -> bool {
        self.groups.insert(name.into())
    }

    /// Removes an IAM user group and its memberships. It stays on Manager. Returns whether there was one.
    pub fn remove_group(&mut self, name: &str) -> bool {
        self.users.values_mut().for_each(|groups| {
            groups.remove(name);
        });
        self.groups.remove(name)
    }

    /// Puts an IAM user into a group. Returns `false` when one of the two does not exist, or it was in it before.
    pub fn add_member(&mut self, user: &str, group: &str) -> bool {
        let exists = self.groups.contains(group);
        self.users.get_mut(user).is_some_and(|groups| exists && groups.insert(group.to_owned()))
    }

    /// Takes an IAM user out of a group. Returns whether it was in it.
    pub fn remove_member(&mut self, user: &str, group: &str) -> bool {
        self.users.get_mut(user).is_some_and(|groups| groups.remove(group))
    }

    /// The names of all IAM users.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.users.keys().map(String::as_str)
    }

    /// The names of all IAM user groups.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(String::as_str)
    }

    /// The names of the groups that an IAM user is in; none for a user that does not exist.
    pub fn groups_of(&self, user: &str) -> impl Iterator<Item = &str> {
        self.users.get(user).into_iter().flatten().map(String::as_str)
    }

    /// All clusters, in the order of their ids.
    pub fn clusters(&self) -> impl Iterator<Item = &Cluster> {
        self.clusters.values()
    }

    /// A cluster with what is on its Manager.
    #[must_use]
    pub fn cluster(&self, cluster_id: &str) -> Option<&Cluster> {
        self.clusters.get(cluster_id)
    }

    /// Whether a cluster is in line with IAM; `None` for a cluster that does not exist.
    ///
    /// Ours: `true` once a synchronization (or removal) has finished and none is running, while everybody on
    /// Manager still exists in IAM and every user is in the same groups as when it was synchronized last.
    #[must_use]
    pub fn is_synchronous(&self, cluster_id: &str) -> Option<bool> {
        let cluster = self.clusters.get(cluster_id)?;
        let users = cluster.synchronized_users().all(|(name, groups)| self.users.get(name) == Some(groups));
        let groups = cluster.synchronized_groups().all(|name| self.groups.contains(name));
        Some(cluster.has_finished() && !cluster.is_synchronizing() && users && groups)
    }

    pub(crate) fn has_project(&self, project_id: &str) -> bool {
        self.projects.contains(project_id)
    }

    /// The cluster as it is at this time: what has ended until then shows.
    pub(crate) fn settled_cluster(
        &mut self,
        project_id: &str,
        cluster_id: &str,
        now: SystemTime,
    ) -> Option<&mut Cluster> {
        let cluster = self.clusters.get_mut(cluster_id)?;
        cluster.settle(now);
        (cluster.project_id() == project_id).then_some(cluster)
    }

    /// Brings every cluster to this time.
    pub(crate) fn settle(&mut self, now: SystemTime) {
        self.clusters.values_mut().for_each(|cluster| cluster.settle(now));
    }

    /// What a synchronization of these names would bring to Manager: of what IAM has, the users with the groups
    /// they are in, then the groups, named ones first. Names that IAM does not have are left out.
    pub(crate) fn arrival(&self, user_names: &[String], group_names: &[String]) -> Effect {
        let users: Vec<_> = user_names
            .iter()
            .filter_map(|name| Some((name.clone(), self.users.get(name)?.clone())))
            .collect();
        let named = group_names.iter().filter(|name| self.groups.contains(*name));
        let brought = users.iter().flat_map(|(_, groups)| groups);
        let groups = named.chain(brought).cloned().collect();
        Effect::Arrive { users, groups }
    }

    /// What a synchronization of everything would bring to Manager.
    pub(crate) fn arrival_of_everything(&self) -> Effect {
        let users = self.users.iter().map(|(name, groups)| (name.clone(), groups.clone())).collect();
        Effect::Arrive { users, groups: self.groups.iter().cloned().collect() }
    }
}

#[cfg(test)]
mod tests {
    use mrs_iam_sync_contract::iam_sync_user::UPDATE_SYNC_IAM_USER;

    use super::*;

    #[test]
    fn the_sample_is_the_documented_example() {
        let examples: Vec<_> =
            UPDATE_SYNC_IAM_USER.path_parameters.iter().map(|parameter| parameter.example).collect();
        assert_eq!(examples, [Some(SAMPLE_PROJECT_ID), Some(SAMPLE_CLUSTER_ID)]);
        let world = World::sample();
        assert!(world.has_project(SAMPLE_PROJECT_ID) && world.cluster(SAMPLE_CLUSTER_ID).is_some());
        assert_eq!(world.groups().collect::<Vec<_>>(), ["group1", "groups1"]);
        assert_eq!(world.groups_of("user2").collect::<Vec<_>>(), ["group1"]);
    }

    #[test]
    fn memberships_need_both_sides() {
        let mut world = World::new().with_user("u", &["g"]);
        assert!(!world.add_user("u") && !world.add_group("g") && !world.add_member("u", "g"));
        assert!(!world.add_member("u", "none") && !world.add_member("none", "g"));
        assert_eq!(world.groups_of("u").collect::<Vec<_>>(), ["g"], "adding it again left it alone");
        assert!(world.remove_group("g") && !world.remove_group("g"));
        assert_eq!(world.groups_of("u").count(), 0);
        assert!(world.remove_user("u") && !world.remove_user("u") && !world.remove_member("u", "g"));
    }
}
