//! What exists: IAM users and groups, projects, clusters, and what is on each cluster's Manager.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::sync::{Cluster, ClusterState, Effect};

/// Project of the sample world, the one of the documented examples.
pub const SAMPLE_PROJECT_ID: &str = "ff8080828997cb24018a1b2db3440b80";
/// Name of [`SAMPLE_PROJECT_ID`]. Projects are named by their region.
pub const SAMPLE_PROJECT_NAME: &str = "cn-north-4";
/// Cluster of the sample world, the one of the documented examples.
pub const SAMPLE_CLUSTER_ID: &str = "f7f45c04-4303-411c-9b71-d2cb730dd162";
/// Name of [`SAMPLE_CLUSTER_ID`].
pub const SAMPLE_CLUSTER_NAME: &str = "mrs-sample";
/// Name of the account that a world is, unless it is given another.
pub const SAMPLE_DOMAIN_NAME: &str = "sample-domain";
/// Password of the sample world's users. It opens nothing but emulators.
pub const SAMPLE_PASSWORD: &str = "emulated-password-opens-nothing-real-0";

/// Everything that an emulator knows of: one account with its IAM, its projects and its clusters.
///
/// Names are compared exactly. IAM's users and groups are kept in the order of their names; their ids follow from
/// the names. `Debug` shows no password.
///
/// ```
/// use mrs_iam_sync_emulator::World;
///
/// let mut world = World::new().with_cluster("p1", "c1").with_group("admins").with_user("alice", &["admins"]);
/// world.add_user("bob");
/// assert_eq!(world.users().collect::<Vec<_>>(), ["alice", "bob"]);
/// assert_eq!(world.cluster("c1").unwrap().user_names(), [""; 0]);
/// ```
#[derive(Debug, Clone)]
pub struct World {
    domain_name: String,
    /// Users with the groups they are in.
    users: BTreeMap<String, BTreeSet<String>>,
    /// Of the users that have one.
    passwords: BTreeMap<String, SecretString>,
    groups: BTreeSet<String>,
    /// Ids with names.
    projects: BTreeMap<String, String>,
    clusters: BTreeMap<String, Cluster>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            domain_name: SAMPLE_DOMAIN_NAME.to_owned(),
            users: BTreeMap::new(),
            passwords: BTreeMap::new(),
            groups: BTreeSet::new(),
            projects: BTreeMap::new(),
            clusters: BTreeMap::new(),
        }
    }
}

impl World {
    /// A world without anything in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The sample world: one project with one cluster, users `user1` and `user2` both in group `group1`, a group
    /// `groups1` without members, nobody synchronized. The documented examples work in it. Both users have the
    /// password [`SAMPLE_PASSWORD`].
    #[must_use]
    pub fn sample() -> Self {
        Self::new()
            .with_project(SAMPLE_PROJECT_ID, SAMPLE_PROJECT_NAME)
            .with_named_cluster(SAMPLE_PROJECT_ID, SAMPLE_CLUSTER_ID, SAMPLE_CLUSTER_NAME)
            .with_group("groups1")
            .with_user("user1", &["group1"])
            .with_user("user2", &["group1"])
            .with_password("user1", SAMPLE_PASSWORD)
            .with_password("user2", SAMPLE_PASSWORD)
    }

    /// Names the account, [`SAMPLE_DOMAIN_NAME`] by default.
    #[must_use]
    pub fn with_domain(mut self, name: impl Into<String>) -> Self {
        self.domain_name = name.into();
        self
    }

    /// [`add_project`](Self::add_project) for building.
    #[must_use]
    pub fn with_project(mut self, project_id: impl Into<String>, name: impl Into<String>) -> Self {
        self.add_project(project_id, name);
        self
    }

    /// [`add_cluster`](Self::add_cluster) for building.
    #[must_use]
    pub fn with_cluster(mut self, project_id: impl Into<String>, cluster_id: impl Into<String>) -> Self {
        self.add_cluster(project_id, cluster_id);
        self
    }

    /// [`add_named_cluster`](Self::add_named_cluster) for building.
    #[must_use]
    pub fn with_named_cluster(
        mut self,
        project_id: impl Into<String>,
        cluster_id: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        self.add_named_cluster(project_id, cluster_id, name);
        self
    }

    /// [`set_cluster_state`](Self::set_cluster_state) for building.
    #[must_use]
    pub fn with_cluster_state(mut self, cluster_id: &str, state: ClusterState) -> Self {
        self.set_cluster_state(cluster_id, state);
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

    /// Gives a user a password; a user that does not exist is made, in no group.
    #[must_use]
    pub fn with_password(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        let user = user.into();
        self.add_user(user.as_str());
        self.set_password(&user, password);
        self
    }

    /// Adds a project without clusters. One of that id is renamed, and keeps its clusters.
    pub fn add_project(&mut self, project_id: impl Into<String>, name: impl Into<String>) {
        self.projects.insert(project_id.into(), name.into());
    }

    /// Adds a cluster that is named by its id; else as [`add_named_cluster`](Self::add_named_cluster).
    pub fn add_cluster(&mut self, project_id: impl Into<String>, cluster_id: impl Into<String>) {
        let cluster_id = cluster_id.into();
        self.add_named_cluster(project_id, cluster_id.clone(), cluster_id);
    }

    /// Adds a running cluster on which nobody is synchronized. A cluster of that id is replaced. A project that does
    /// not exist is made, and named by its id.
    pub fn add_named_cluster(
        &mut self,
        project_id: impl Into<String>,
        cluster_id: impl Into<String>,
        name: impl Into<String>,
    ) {
        let (project_id, cluster_id) = (project_id.into(), cluster_id.into());
        self.projects.entry(project_id.clone()).or_insert_with(|| project_id.clone());
        self.clusters.insert(cluster_id.clone(), Cluster::new(project_id, cluster_id, name.into()));
    }

    /// Changes the state that a cluster is listed with. Returns whether there is one of that id.
    pub fn set_cluster_state(&mut self, cluster_id: &str, state: ClusterState) -> bool {
        self.clusters.get_mut(cluster_id).map(|cluster| cluster.set_state(state)).is_some()
    }

    /// Adds an IAM user that is in no group. Returns `false` when there is one of that name, which stays as it is.
    pub fn add_user(&mut self, name: impl Into<String>) -> bool {
        let name = name.into();
        !self.users.contains_key(&name) && self.users.insert(name, BTreeSet::new()).is_none()
    }

    /// Sets the password of an IAM user, who has none at first and gets no token without. Tokens issued for another
    /// password are good no more. Returns whether there is such a user.
    pub fn set_password(&mut self, user: &str, password: impl Into<String>) -> bool {
        let exists = self.users.contains_key(user);
        if exists {
            self.passwords.insert(user.to_owned(), password.into().into());
        }
        exists
    }

    /// Removes an IAM user, its password and its memberships. It stays on Manager. Returns whether there was one.
    pub fn remove_user(&mut self, name: &str) -> bool {
        self.passwords.remove(name);
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

    /// The id of an IAM user, 32 hexadecimal digits; `None` for a user that does not exist.
    #[must_use]
    pub fn user_id(&self, name: &str) -> Option<String> {
        self.users.contains_key(name).then(|| id_of("user", name))
    }

    /// The id of an IAM user group; as [`user_id`](Self::user_id).
    #[must_use]
    pub fn group_id(&self, name: &str) -> Option<String> {
        self.groups.contains(name).then(|| id_of("group", name))
    }

    /// The name of the account.
    #[must_use]
    pub fn domain_name(&self) -> &str {
        &self.domain_name
    }

    /// The id of the account.
    #[must_use]
    pub fn domain_id(&self) -> String {
        id_of("domain", &self.domain_name)
    }

    /// Ids and names of all projects, in the order of their ids.
    pub fn projects(&self) -> impl Iterator<Item = (&str, &str)> {
        self.projects.iter().map(|(id, name)| (id.as_str(), name.as_str()))
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
        self.projects.contains_key(project_id)
    }

    /// The user of that id.
    pub(crate) fn user_of_id(&self, id: &str) -> Option<&str> {
        self.users().find(|name| id_of("user", name) == id)
    }

    /// The group of that id.
    pub(crate) fn group_of_id(&self, id: &str) -> Option<&str> {
        self.groups().find(|name| id_of("group", name) == id)
    }

    /// Whether this is the password of that user.
    pub(crate) fn is_password(&self, user: &str, password: &SecretString) -> bool {
        let of = |secret: &SecretString| Sha256::digest(secret.expose_secret().as_bytes());
        self.passwords.get(user).is_some_and(|known| of(known).ct_eq(&of(password)).into())
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

/// 32 hexadecimal digits that follow from a name, different ones for each kind of thing.
fn id_of(kind: &str, name: &str) -> String {
    let digest = Sha256::new().chain_update(kind).chain_update(":").chain_update(name).finalize();
    hex::encode(&digest[..16])
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
        assert_eq!(world.projects().collect::<Vec<_>>(), [(SAMPLE_PROJECT_ID, SAMPLE_PROJECT_NAME)]);
        assert_eq!(world.cluster(SAMPLE_CLUSTER_ID).unwrap().name(), SAMPLE_CLUSTER_NAME);
    }

    #[test]
    fn ids_follow_from_names() {
        let world = World::sample().with_user("group1", &[]);
        let user = world.user_id("user1").unwrap();
        assert!(user.len() == 32 && user.bytes().all(|byte| byte.is_ascii_hexdigit()), "{user}");
        assert_eq!((world.user_of_id(&user), world.group_of_id(&user)), (Some("user1"), None));
        assert_eq!(World::new().with_user("user1", &[]).user_id("user1"), Some(user), "in every world");
        assert_ne!(world.user_id("group1"), world.group_id("group1"));
        assert_eq!((world.user_id("nobody"), world.group_id("user1")), (None, None));
        assert_ne!(world.domain_id(), World::new().with_domain("other").domain_id());
    }

    #[test]
    fn projects_and_clusters_are_named() {
        let mut world = World::new().with_cluster("p", "c").with_project("p", "region");
        assert_eq!(world.projects().collect::<Vec<_>>(), [("p", "region")]);
        assert_eq!(world.cluster("c").unwrap().name(), "c");
        world.add_named_cluster("p", "d", "name");
        assert_eq!(world.projects().collect::<Vec<_>>(), [("p", "region")], "it keeps its name");
        assert!(world.set_cluster_state("d", ClusterState::Frozen));
        assert!(!world.set_cluster_state("e", ClusterState::Frozen));
        assert_eq!(world.cluster("d").unwrap().state().as_str(), "frozen");
    }

    #[test]
    fn passwords_go_with_their_user_and_show_nowhere() {
        let mut world = World::new().with_password("u", "hush-hush");
        assert!(world.is_password("u", &"hush-hush".into()) && !world.is_password("u", &"hush".into()));
        assert!(!format!("{world:?}").contains("hush"));
        assert!(!world.set_password("nobody", "x") && !world.is_password("nobody", &"x".into()));
        assert!(world.remove_user("u") && world.add_user("u"));
        assert!(!world.is_password("u", &"hush-hush".into()), "another user of that name");
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
