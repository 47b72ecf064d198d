//! The few calls of IAM that find what a synchronization takes.

use std::sync::Arc;

use mrs_iam_sync_client::connect_iam;
use mrs_iam_sync_client::iam::{Client as Generated, types};
use mrs_iam_sync_contract::Operation;
use mrs_iam_sync_contract::iam::{
    KEYSTONE_LIST_GROUPS, KEYSTONE_LIST_GROUPS_FOR_USER, KEYSTONE_LIST_PROJECTS, KEYSTONE_LIST_USERS,
    KEYSTONE_LIST_USERS_FOR_GROUP_BY_ADMIN,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::attempt::Attempt;
use crate::call::Call;
use crate::engine::{Engine, Service};
use crate::error::{Error, ErrorKind};
use crate::retry::Failed;
use crate::wallet::Wallet;

/// A project: what the clusters of a region belong to. Each region has one of its own name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Project {
    /// Its id, which requests carry.
    pub id: String,
    /// Its name: the region's id, or that with something behind it for one that somebody made.
    pub name: String,
    /// Whether it is enabled; null (`None`) when the answer did not say.
    pub enabled: Option<bool>,
}

/// An IAM user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct IamUser {
    /// Its id.
    pub id: String,
    /// Its name, which a synchronization takes.
    pub name: String,
    /// Whether it is enabled; null (`None`) when the answer did not say.
    pub enabled: Option<bool>,
}

/// An IAM user group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct IamGroup {
    /// Its id.
    pub id: String,
    /// Its name, which a synchronization takes.
    pub name: String,
}

/// IAM, as far as it helps here. Cheap to clone.
///
/// Users and groups can be listed with the rights of an IAM administrator only; whoever lacks them gets
/// [`ErrorKind::Permission`].
#[derive(Debug, Clone)]
pub struct Iam {
    pub(crate) engine: Engine,
    pub(crate) service: Arc<Service>,
    pub(crate) wallet: Arc<Wallet>,
}

impl Iam {
    /// The base URL that requests go to, without a trailing slash.
    pub fn endpoint(&self) -> &str {
        self.service.endpoint.as_str()
    }

    /// The projects of the account, or those of one name (`KeystoneListProjects`).
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`].
    pub async fn projects(&self, name: Option<&str>) -> Result<Vec<Project>, Error> {
        let read = |attempt: Arc<Attempt>| async move {
            let client = generated(&attempt);
            let mut call = client.keystone_list_projects();
            if let Some(name) = name {
                call = call.name(name.to_owned());
            }
            let list = attempt.finish(call.send().await)?.into_inner();
            whole(&attempt, list.links)?;
            let project = |it: types::Project| Project { id: it.id, name: it.name, enabled: it.enabled };
            Ok(list.projects.into_iter().map(project).collect())
        };
        Ok(self.call(&KEYSTONE_LIST_PROJECTS).run(read).await?.value)
    }

    /// The id of the one project that has this name, a region's id as a rule.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is none, [`ErrorKind::InvalidInput`] with the candidates when there are
    /// several, and as any call.
    pub async fn project_id(&self, name: &str) -> Result<String, Error> {
        let mut projects = self.projects(Some(name)).await?;
        // A service that does not know the filter lists all.
        projects.retain(|project| project.name == name);
        match projects.as_slice() {
            [project] => Ok(project.id.clone()),
            [] => Err(Error::new(ErrorKind::NotFound, format!("IAM has no project named {name:?}")).with_hint(
                "check the region and the account that the credentials belong to, or give the project's id",
            )),
            several => {
                let ids: Vec<&str> = several.iter().map(|project| project.id.as_str()).collect();
                Err(Error::new(
                    ErrorKind::InvalidInput,
                    format!("IAM has {} projects named {name:?}: {}", several.len(), ids.join(", ")),
                )
                .with_hint("give the id of the one that the cluster belongs to"))
            }
        }
    }

    /// All users of the account (`KeystoneListUsers`).
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`].
    pub async fn users(&self) -> Result<Vec<IamUser>, Error> {
        let read = |attempt: Arc<Attempt>| async move {
            let list = attempt.finish(generated(&attempt).keystone_list_users().send().await)?.into_inner();
            whole(&attempt, list.links)?;
            Ok(list.users.into_iter().map(user).collect())
        };
        Ok(self.call(&KEYSTONE_LIST_USERS).run(read).await?.value)
    }

    /// All user groups of the account (`KeystoneListGroups`).
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`].
    pub async fn groups(&self) -> Result<Vec<IamGroup>, Error> {
        let read = |attempt: Arc<Attempt>| async move {
            let list = attempt.finish(generated(&attempt).keystone_list_groups().send().await)?.into_inner();
            whole(&attempt, list.links)?;
            Ok(list.groups.into_iter().map(group).collect())
        };
        Ok(self.call(&KEYSTONE_LIST_GROUPS).run(read).await?.value)
    }

    /// The groups that a user is in, by its id (`KeystoneListGroupsForUser`). Users may ask for their own.
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`].
    pub async fn groups_of(&self, user_id: &str) -> Result<Vec<IamGroup>, Error> {
        let read = |attempt: Arc<Attempt>| async move {
            let client = generated(&attempt);
            let call = client.keystone_list_groups_for_user().user_id(user_id.to_owned());
            let list = attempt.finish(call.send().await)?.into_inner();
            whole(&attempt, list.links)?;
            Ok(list.groups.into_iter().map(group).collect())
        };
        Ok(self.call(&KEYSTONE_LIST_GROUPS_FOR_USER).run(read).await?.value)
    }

    /// The users in a group, by its id (`KeystoneListUsersForGroupByAdmin`).
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`].
    pub async fn members_of(&self, group_id: &str) -> Result<Vec<IamUser>, Error> {
        let read = |attempt: Arc<Attempt>| async move {
            let client = generated(&attempt);
            let call = client.keystone_list_users_for_group_by_admin().group_id(group_id.to_owned());
            let list = attempt.finish(call.send().await)?.into_inner();
            whole(&attempt, list.links)?;
            Ok(list.users.into_iter().map(user).collect())
        };
        Ok(self.call(&KEYSTONE_LIST_USERS_FOR_GROUP_BY_ADMIN).run(read).await?.value)
    }

    fn call(&self, operation: &'static Operation) -> Call<'_> {
        Call { wallet: Some(&self.wallet), ..Call::plain(&self.engine, &self.service, operation) }
    }
}

fn generated(attempt: &Arc<Attempt>) -> Generated {
    let service = attempt.service();
    connect_iam(service.endpoint.as_str(), &service.http, attempt.clone())
}

/// That a list does not go on elsewhere: what is taken for all must be all. How it would go on is not documented.
fn whole(attempt: &Attempt, links: Option<types::Links>) -> Result<(), Failed> {
    match links.and_then(|links| links.next) {
        Some(_) => Err(attempt.unexpected_now("a list that goes on elsewhere (links.next)")),
        None => Ok(()),
    }
}

fn user(user: types::User) -> IamUser {
    IamUser { id: user.id, name: user.name, enabled: user.enabled }
}

fn group(group: types::Group) -> IamGroup {
    IamGroup { id: group.id, name: group.name }
}
