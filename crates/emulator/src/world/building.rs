//! Worlds in one expression.

use super::World;
use crate::sync::ClusterState;

impl World {
    /// Names the account, [`SAMPLE_DOMAIN_NAME`](crate::SAMPLE_DOMAIN_NAME) by default.
    #[must_use]
    pub fn with_domain(mut self, name: impl Into<String>) -> Self {
        self.iam.domain_name = name.into();
        self
    }

    /// [`add_policy`](Self::add_policy) for building.
    #[must_use]
    pub fn with_policy(mut self, name: impl Into<String>, allow: &[&str], deny: &[&str]) -> Self {
        self.add_policy(name, allow, deny);
        self
    }

    /// [`grant_user`](Self::grant_user) for building.
    #[must_use]
    pub fn with_user_policy(mut self, user: &str, policy: &str) -> Self {
        self.grant_user(user, policy);
        self
    }

    /// [`grant_group`](Self::grant_group) for building.
    #[must_use]
    pub fn with_group_policy(mut self, group: &str, policy: &str) -> Self {
        self.grant_group(group, policy);
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

    /// [`set_cluster_tag`](Self::set_cluster_tag) for building.
    #[must_use]
    pub fn with_cluster_tag(mut self, cluster_id: &str, key: &str, value: &str) -> Self {
        self.set_cluster_tag(cluster_id, key, value);
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
}
