//! What exists: IAM users and groups, projects, clusters, and what is on each cluster's Manager.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use mrs_iam_sync_contract::{iam as iam_api, iam_sync_user as api};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::policy::{self, CustomPolicy};
use crate::schemas::broken_rule;
use crate::sync::{Cluster, ClusterState, Set};

mod arrival;
mod building;

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
/// the names. `Debug` shows no password, and only digests of them are kept.
///
/// Users hold policies, by themselves and by their groups; see [`system_policies`](crate::system_policies). What they
/// may do, and their roles on Manager, follows from them.
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
    iam: Iam,
    /// Shared with copies of the world until one of them changes a cluster.
    clusters: Clusters,
}

/// Clusters by their ids.
pub(crate) type Clusters = BTreeMap<String, Arc<Cluster>>;

/// All of a world but its clusters.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Iam {
    domain_name: String,
    /// Users with the groups they are in.
    users: BTreeMap<String, Set>,
    /// Of the users that have one, its digest.
    passwords: BTreeMap<String, Digested>,
    groups: BTreeSet<String>,
    /// Ids with names.
    projects: BTreeMap<String, String>,
    custom_policies: BTreeMap<String, CustomPolicy>,
    /// Policies by the user that holds them.
    user_policies: BTreeMap<String, BTreeSet<String>>,
    /// Policies by the group that holds them.
    group_policies: BTreeMap<String, BTreeSet<String>>,
}

impl Default for Iam {
    fn default() -> Self {
        Self {
            domain_name: SAMPLE_DOMAIN_NAME.to_owned(),
            users: BTreeMap::new(),
            passwords: BTreeMap::new(),
            groups: BTreeSet::new(),
            projects: BTreeMap::new(),
            custom_policies: BTreeMap::new(),
            user_policies: BTreeMap::new(),
            group_policies: BTreeMap::new(),
        }
    }
}

/// A password as it is kept, in hexadecimal digits: salted with its user's name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Digested(String);

impl Digested {
    fn of(user: &str, password: &SecretString) -> Self {
        let digest = Sha256::new()
            .chain_update(format!("password:{}:{user}:", user.len()))
            .chain_update(password.expose_secret())
            .finalize();
        Self(hex::encode(digest))
    }
}

impl std::fmt::Debug for Digested {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("***")
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
    /// password [`SAMPLE_PASSWORD`], and by `group1` the policy `MRS FullAccess`.
    #[must_use]
    pub fn sample() -> Self {
        Self::new()
            .with_project(SAMPLE_PROJECT_ID, SAMPLE_PROJECT_NAME)
            .with_named_cluster(SAMPLE_PROJECT_ID, SAMPLE_CLUSTER_ID, SAMPLE_CLUSTER_NAME)
            .with_group("groups1")
            .with_user("user1", &["group1"])
            .with_user("user2", &["group1"])
            .with_group_policy("group1", "MRS FullAccess")
            .with_password("user1", SAMPLE_PASSWORD)
            .with_password("user2", SAMPLE_PASSWORD)
    }

    /// Adds a project without clusters. One of that id is renamed, and keeps its clusters.
    pub fn add_project(&mut self, project_id: impl Into<String>, name: impl Into<String>) {
        self.iam.projects.insert(project_id.into(), name.into());
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
        self.iam.projects.entry(project_id.clone()).or_insert_with(|| project_id.clone());
        let cluster = Cluster::new(project_id, cluster_id.clone(), name.into());
        self.clusters.insert(cluster_id, Arc::new(cluster));
    }

    /// Changes the state that a cluster is listed with. Returns whether there is one of that id.
    pub fn set_cluster_state(&mut self, cluster_id: &str, state: ClusterState) -> bool {
        let cluster = self.clusters.get_mut(cluster_id);
        cluster.map(|cluster| Arc::make_mut(cluster).set_state(state)).is_some()
    }

    /// Gives a cluster a tag, or the tag of that key another value. Returns whether there is a cluster of that id.
    pub fn set_cluster_tag(
        &mut self,
        cluster_id: &str,
        key: impl Into<String>,
        value: impl Into<String>,
    ) -> bool {
        let cluster = self.clusters.get_mut(cluster_id);
        cluster.map(|cluster| Arc::make_mut(cluster).set_tag(key.into(), value.into())).is_some()
    }

    /// Adds an IAM user that is in no group. Returns `false` when there is one of that name, which stays as it is.
    pub fn add_user(&mut self, name: impl Into<String>) -> bool {
        let name = name.into();
        !self.iam.users.contains_key(&name) && self.iam.users.insert(name, Set::default()).is_none()
    }

    /// Sets the password of an IAM user, who has none at first and gets no token without. Tokens issued for another
    /// password are good no more. Returns whether there is such a user.
    pub fn set_password(&mut self, user: &str, password: impl Into<String>) -> bool {
        let exists = self.iam.users.contains_key(user);
        if exists {
            let digested = Digested::of(user, &SecretString::from(password.into()));
            self.iam.passwords.insert(user.to_owned(), digested);
        }
        exists
    }

    /// Removes an IAM user, its password, its memberships and its policies. It stays on Manager. Returns whether there was one.
    pub fn remove_user(&mut self, name: &str) -> bool {
        self.iam.passwords.remove(name);
        self.iam.user_policies.remove(name);
        self.iam.users.remove(name).is_some()
    }

    /// Adds an IAM user group without members. Returns `false` when there is one of that name.
    pub fn add_group(&mut self, name: impl Into<String>) -> bool {
        self.iam.groups.insert(name.into())
    }

    /// Removes an IAM user group, its memberships and its policies. It stays on Manager. Returns whether there was
    /// one.
    pub fn remove_group(&mut self, name: &str) -> bool {
        self.iam.users.values_mut().filter(|groups| groups.contains(name)).for_each(|groups| {
            Arc::make_mut(groups).remove(name);
        });
        self.iam.group_policies.remove(name);
        self.iam.groups.remove(name)
    }

    /// Puts an IAM user into a group. Returns `false` when one of the two does not exist, or it was in it before.
    pub fn add_member(&mut self, user: &str, group: &str) -> bool {
        let exists = self.iam.groups.contains(group);
        let groups = self.iam.users.get_mut(user);
        groups.is_some_and(|groups| exists && Arc::make_mut(groups).insert(group.to_owned()))
    }

    /// Takes an IAM user out of a group. Returns whether it was in it.
    pub fn remove_member(&mut self, user: &str, group: &str) -> bool {
        self.iam.users.get_mut(user).is_some_and(|groups| Arc::make_mut(groups).remove(group))
    }

    /// Adds a custom policy. In an action a `*` stands for one part, or at the end for all that follows; what is
    /// denied is denied whatever allows it. Returns `false` when there is a policy of that name, a system one
    /// included.
    pub fn add_policy(&mut self, name: impl Into<String>, allow: &[&str], deny: &[&str]) -> bool {
        let name = name.into();
        let set = |actions: &[&str]| actions.iter().map(|action| (*action).to_owned()).collect();
        let is_new = !self.has_policy(&name);
        if is_new {
            self.iam.custom_policies.insert(name, CustomPolicy { allow: set(allow), deny: set(deny) });
        }
        is_new
    }

    /// Gives an IAM user a policy or role. Returns `false` when one of the two does not exist, or it had it before.
    pub fn grant_user(&mut self, user: &str, policy: &str) -> bool {
        let exist = self.iam.users.contains_key(user) && self.has_policy(policy);
        exist && self.iam.user_policies.entry(user.to_owned()).or_default().insert(policy.to_owned())
    }

    /// Gives an IAM user group a policy or role, and thereby its members; as [`grant_user`](Self::grant_user).
    pub fn grant_group(&mut self, group: &str, policy: &str) -> bool {
        let exist = self.iam.groups.contains(group) && self.has_policy(policy);
        exist && self.iam.group_policies.entry(group.to_owned()).or_default().insert(policy.to_owned())
    }

    /// Takes a policy or role from an IAM user, not from its groups. Returns whether it had it.
    pub fn revoke_user(&mut self, user: &str, policy: &str) -> bool {
        self.iam.user_policies.get_mut(user).is_some_and(|policies| policies.remove(policy))
    }

    /// Takes a policy or role from an IAM user group. Returns whether it had it.
    pub fn revoke_group(&mut self, group: &str, policy: &str) -> bool {
        self.iam.group_policies.get_mut(group).is_some_and(|policies| policies.remove(policy))
    }

    /// The names of all IAM users.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.iam.users.keys().map(String::as_str)
    }

    /// The names of all IAM user groups.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.iam.groups.iter().map(String::as_str)
    }

    /// The names of the groups that an IAM user is in; none for a user that does not exist.
    pub fn groups_of(&self, user: &str) -> impl Iterator<Item = &str> {
        self.iam.users.get(user).into_iter().flat_map(|groups| groups.iter()).map(String::as_str)
    }

    /// The names of the policies and roles that an IAM user holds, by itself and by its groups.
    #[must_use]
    pub fn policies_of(&self, user: &str) -> BTreeSet<String> {
        let own = self.iam.user_policies.get(user).into_iter().flatten();
        let of_groups = self.groups_of(user).filter_map(|group| self.iam.group_policies.get(group)).flatten();
        own.chain(of_groups).cloned().collect()
    }

    /// The roles that a user has on a cluster's Manager since it was synchronized last; `None` when it is not there.
    #[must_use]
    pub fn manager_roles(&self, cluster_id: &str, user: &str) -> Option<BTreeSet<&'static str>> {
        Some(self.roles(self.clusters.get(cluster_id)?.user_policies(user)?))
    }

    /// The roles of a group on a cluster's Manager; as [`manager_roles`](Self::manager_roles).
    #[must_use]
    pub fn manager_group_roles(&self, cluster_id: &str, group: &str) -> Option<BTreeSet<&'static str>> {
        Some(self.roles(self.clusters.get(cluster_id)?.group_policies(group)?))
    }

    /// The id of an IAM user, 32 hexadecimal digits; `None` for a user that does not exist.
    #[must_use]
    pub fn user_id(&self, name: &str) -> Option<String> {
        self.iam.users.contains_key(name).then(|| id_of("user", name))
    }

    /// The id of an IAM user group; as [`user_id`](Self::user_id).
    #[must_use]
    pub fn group_id(&self, name: &str) -> Option<String> {
        self.iam.groups.contains(name).then(|| id_of("group", name))
    }

    /// The name of the account.
    #[must_use]
    pub fn domain_name(&self) -> &str {
        &self.iam.domain_name
    }

    /// The id of the account.
    #[must_use]
    pub fn domain_id(&self) -> String {
        id_of("domain", &self.iam.domain_name)
    }

    /// Ids and names of all projects, in the order of their ids.
    pub fn projects(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iam.projects.iter().map(|(id, name)| (id.as_str(), name.as_str()))
    }

    /// All clusters, in the order of their ids.
    pub fn clusters(&self) -> impl Iterator<Item = &Cluster> {
        self.clusters.values().map(Arc::as_ref)
    }

    /// A cluster with what is on its Manager.
    #[must_use]
    pub fn cluster(&self, cluster_id: &str) -> Option<&Cluster> {
        self.clusters.get(cluster_id).map(Arc::as_ref)
    }

    pub(crate) fn has_policy(&self, name: &str) -> bool {
        policy::system_policies().any(|known| known == name) || self.iam.custom_policies.contains_key(name)
    }

    /// The roles on Manager of who holds these policies.
    pub(crate) fn roles(&self, policies: &BTreeSet<String>) -> BTreeSet<&'static str> {
        policy::roles(policies, self.custom(policies))
    }

    fn custom<'a>(&'a self, policies: &'a BTreeSet<String>) -> impl Iterator<Item = &'a CustomPolicy> {
        policies.iter().filter_map(|name| self.iam.custom_policies.get(name))
    }

    /// Whether an IAM user may synchronize.
    pub(crate) fn may_sync(&self, user: &str) -> bool {
        let policies = self.policies_of(user);
        policy::may_sync(&policies, self.custom(&policies))
    }

    /// What a token of this user rests on: another one once its password or its permissions have changed, and none
    /// without the user.
    pub(crate) fn standing(&self, user: &str) -> Option<[u8; 32]> {
        self.iam.users.contains_key(user).then(|| {
            let password = self.iam.passwords.get(user).map_or("", |digested| digested.0.as_str());
            let policies = self.policies_of(user).into_iter().collect::<Vec<_>>();
            Sha256::new().chain_update(password).chain_update(format!("{policies:?}")).finalize().into()
        })
    }

    pub(crate) fn has_user(&self, name: &str) -> bool {
        self.iam.users.contains_key(name)
    }

    pub(crate) fn has_group(&self, name: &str) -> bool {
        self.iam.groups.contains(name)
    }

    /// As it is kept: all but the clusters, and the clusters by their ids.
    pub(crate) fn parts(&self) -> (&Iam, &Clusters) {
        (&self.iam, &self.clusters)
    }

    /// From its parts, as long as they fit together.
    pub(crate) fn from_parts(iam: Iam, clusters: Clusters) -> Result<Self, String> {
        let world = Self { iam, clusters };
        world.check().map(|()| world)
    }

    /// Whether what refers to something refers to what exists, and names and ids obey their rules.
    fn check(&self) -> Result<(), String> {
        let (world, iam) = (self, &self.iam);
        for (user, groups) in &iam.users {
            if let Some(group) = groups.iter().find(|group| !iam.groups.contains(*group)) {
                return Err(format!("user `{user}` is in group `{group}`, which does not exist"));
            }
        }
        let has_user = |name: &&String| iam.users.contains_key(*name);
        if let Some(user) = iam.passwords.keys().chain(iam.user_policies.keys()).find(|name| !has_user(name))
        {
            return Err(format!("user `{user}` has a password or policies, but does not exist"));
        }
        if let Some(group) = iam.group_policies.keys().find(|name| !iam.groups.contains(*name)) {
            return Err(format!("group `{group}` has policies, but does not exist"));
        }
        if let Some(policy) = policy::system_policies().find(|name| iam.custom_policies.contains_key(*name)) {
            return Err(format!("policy `{policy}` is one of the system's"));
        }
        let granted = iam.user_policies.values().chain(iam.group_policies.values()).flatten();
        if let Some(policy) = granted.into_iter().find(|policy| !world.has_policy(policy)) {
            return Err(format!("policy `{policy}` is held, but does not exist"));
        }
        let names = iam.users.keys().map(|name| (iam_api::DOCUMENT, "UserName", name));
        let names = names.chain(iam.groups.iter().map(|name| (iam_api::DOCUMENT, "GroupName", name)));
        let ids = iam.projects.keys().map(|id| (api::DOCUMENT, "ProjectId", id));
        let ids = ids.chain(world.clusters.keys().map(|id| (api::DOCUMENT, "ClusterId", id)));
        for (document, component, text) in names.chain(ids) {
            if let Some(words) = broken_rule(document, component, text) {
                return Err(format!("{component} {text:?}: {words}"));
            }
        }
        for (id, cluster) in &world.clusters {
            if cluster.id() != id || !world.has_project(cluster.project_id()) {
                return Err(format!("cluster `{id}` has another id, or a project that does not exist"));
            }
            cluster.check().map_err(|what| format!("cluster `{id}`: {what}"))?;
        }
        Ok(())
    }

    pub(crate) fn has_project(&self, project_id: &str) -> bool {
        self.iam.projects.contains_key(project_id)
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
        let sent = Digested::of(user, password);
        self.iam.passwords.get(user).is_some_and(|known| known.0.as_bytes().ct_eq(sent.0.as_bytes()).into())
    }

    /// The cluster as it is at this time: what has ended until then shows.
    pub(crate) fn settled_cluster(
        &mut self,
        project_id: &str,
        cluster_id: &str,
        now: SystemTime,
    ) -> Option<&Cluster> {
        let cluster = self.clusters.get_mut(cluster_id)?;
        settle(cluster, now);
        (cluster.project_id() == project_id).then_some(cluster)
    }

    /// The same to be changed, a copy of its own from then on.
    pub(crate) fn settled_cluster_mut(
        &mut self,
        project_id: &str,
        cluster_id: &str,
        now: SystemTime,
    ) -> Option<&mut Cluster> {
        self.settled_cluster(project_id, cluster_id, now)?;
        self.clusters.get_mut(cluster_id).map(Arc::make_mut)
    }

    /// Brings every cluster to this time.
    pub(crate) fn settle(&mut self, now: SystemTime) {
        self.clusters.values_mut().for_each(|cluster| settle(cluster, now));
    }
}

/// Copies a cluster that is shared only when something has ended.
fn settle(cluster: &mut Arc<Cluster>, now: SystemTime) {
    if cluster.is_over(now) {
        Arc::make_mut(cluster).settle(now);
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
    fn policies_come_by_the_user_and_its_groups_and_go_with_them() {
        let mut world = World::new().with_user("u", &["g", "h"]).with_policy("own", &["mrs:*"], &[]);
        assert!(!world.add_policy("own", &[], &[]) && !world.add_policy("MRS FullAccess", &[], &[]));
        assert!(!world.grant_user("u", "none") && !world.grant_user("nobody", "own"));
        assert!(!world.grant_group("none", "own") && !world.may_sync("u"));
        let before = world.standing("u");
        assert!(
            world.grant_group("h", "MRS ReadOnlyAccess") && !world.grant_group("h", "MRS ReadOnlyAccess")
        );
        assert!(world.grant_user("u", "own") && world.may_sync("u"));
        assert_eq!(world.policies_of("u").into_iter().collect::<Vec<_>>(), ["MRS ReadOnlyAccess", "own"]);
        assert_ne!(world.standing("u"), before);
        assert!(world.revoke_user("u", "own") && !world.revoke_user("u", "own") && !world.may_sync("u"));
        assert!(world.revoke_group("h", "MRS ReadOnlyAccess") && world.standing("u") == before);
        world.grant_group("h", "MRS FullAccess");
        assert!(world.remove_group("h") && world.add_group("h") && world.add_member("u", "h"));
        assert_eq!(world.standing("u"), before, "another group of that name");
        world.grant_user("u", "own");
        assert!(world.remove_user("u") && world.standing("u").is_none() && world.add_user("u"));
        assert!(world.policies_of("u").is_empty());
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
