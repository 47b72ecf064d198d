//! Seeds: a world and its keys, as YAML.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use mrs_iam_sync_contract::{Document, iam, iam_sync_user};
use schemars::JsonSchema;
use sdk_hmac_sha256::Credentials;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::{MergeKeyPolicy, Spanned};

use crate::auth::{AccessKey, Caller};
use crate::schemas::broken_rule;
use crate::sync::{ClusterState, Progress};
use crate::world::World;

/// What an emulator begins with: a world, and the access keys of its users.
///
/// It is read from YAML, strictly: unknown fields, names that exist twice and names of what does not exist are
/// refused. [`Seed::json_schema`] describes it.
///
/// ```
/// use mrs_iam_sync_emulator::Seed;
///
/// let seed = Seed::from_yaml("
/// projects: [{ id: p1, name: cn-north-4 }]
/// groups: [{ name: admins, policies: [MRS FullAccess] }]
/// users: [{ name: alice, groups: [admins], access_keys: [{ access_key: AK, secret_key: SK }] }]
/// clusters: [{ id: c1, project: p1, synchronized: { users: [alice] } }]
/// ")?;
/// assert_eq!(seed.world().cluster("c1").unwrap().group_names(), ["admins"]);
///
/// let error = Seed::from_yaml("users:\n- name: alice\n  groups: [admin]").unwrap_err();
/// assert_eq!(error.to_string(), "line 3: users[0].groups[0]: there is no group `admin`");
/// # Ok::<(), mrs_iam_sync_emulator::SeedError>(())
/// ```
#[derive(Clone)]
pub struct Seed {
    world: World,
    keys: Vec<AccessKey>,
}

impl Seed {
    /// Reads a seed.
    ///
    /// # Errors
    ///
    /// [`SeedError`] with the line and the place in the document.
    pub fn from_yaml(text: &str) -> Result<Self, SeedError> {
        let options = serde_saphyr::options! {
            // Names are text, as in YAML 1.2: a user may be called `no` or `007`.
            strict_booleans: true,
            leading_zero_numbers_as_strings: true,
            merge_keys: MergeKeyPolicy::Error,
            with_snippet: false,
        };
        if text.trim().is_empty() {
            return Self::of(&SeedFile::default());
        }
        let mut place = String::new();
        let read = serde_saphyr::with_deserializer_from_str_with_options(text, options, |yaml| {
            serde_path_to_error::deserialize::<_, SeedFile>(yaml).map_err(|error| {
                place = error.path().to_string();
                error.into_inner()
            })
        });
        read.map_err(|error| SeedError::of_yaml(&error, &place)).and_then(|file| Self::of(&file))
    }

    /// Its world.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The key to use it by, the first permanent one or else the first: access key (AK), secret key (SK) and, of a
    /// temporary one, security token. `None` without any.
    #[must_use]
    pub fn first_key(&self) -> Option<(&str, &str, Option<&str>)> {
        let permanent = self.keys.iter().find(|key| key.security_token.is_none());
        permanent.or(self.keys.first()).map(|key| {
            let token = key.security_token.as_ref().map(ExposeSecret::expose_secret);
            (key.access_key.as_str(), key.secret_key.expose_secret(), token)
        })
    }

    /// The JSON Schema (2020-12) of seeds.
    #[must_use]
    pub fn json_schema() -> Value {
        schemars::generate::SchemaSettings::draft2020_12()
            .into_generator()
            .into_root_schema_for::<SeedFile>()
            .to_value()
    }

    pub(crate) fn into_parts(self) -> (World, Vec<AccessKey>) {
        (self.world, self.keys)
    }

    fn of(file: &SeedFile) -> Result<Self, SeedError> {
        let mut building = Building { world: World::new(), keys: Vec::new() };
        building.all(file)?;
        Ok(Self { world: building.world, keys: building.keys })
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Seed").field("world", &self.world).field("keys", &self.keys.len()).finish()
    }
}

/// What is wrong with a seed. No secret of it is shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {}{message}", if place.is_empty() { String::new() } else { format!("{place}: ") })]
#[non_exhaustive]
pub struct SeedError {
    /// The line, counted from 1.
    pub line: u64,
    /// Where in the document, `users[0].groups[1]` for example; empty for the document itself.
    pub place: String,
    /// What is wrong.
    pub message: String,
}

impl SeedError {
    fn at(text: &Text, place: String, message: impl Into<String>) -> Self {
        Self { line: text.referenced.line(), place, message: message.into() }
    }

    fn of_yaml(error: &serde_saphyr::Error, place: &str) -> Self {
        let line = error.location().map_or(1, |location| location.line());
        let mut message = error.to_string();
        // The line stands in front already, and the advice is for programs that call the reader.
        for tail in [" at line ", ", set DuplicateKeyPolicy", "; use from_str_multiple"] {
            message.truncate(message.find(tail).unwrap_or(message.len()));
        }
        // What the reader quotes could be one.
        let secret = ["password", "secret_key", "security_token"].iter().any(|field| place.ends_with(field));
        if secret {
            "text is expected".clone_into(&mut message);
        }
        let place = if place == "." { "" } else { place };
        Self { line, place: place.to_owned(), message }
    }
}

type Text = Spanned<String>;

/// A world for the emulator: one account with its IAM, its projects and clusters, and who is on their Managers.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "seed")]
struct SeedFile {
    /// Name of the account; `sample-domain` unless given.
    #[schemars(with = "Option<String>")]
    domain: Option<Text>,
    /// Projects.
    projects: Vec<Project>,
    /// Custom policies. MRS's policies and IAM's roles exist anyway.
    policies: Vec<Policy>,
    /// User groups of IAM.
    groups: Vec<Group>,
    /// Users of IAM.
    users: Vec<User>,
    /// Access keys of the account itself, which may do everything. Without any key here and at users the sample key is
    /// accepted.
    access_keys: Vec<Key>,
    /// Clusters.
    clusters: Vec<ClusterFile>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Project {
    /// Id: 1 to 64 letters and digits.
    #[schemars(with = "String", length(min = 1, max = 64), regex(pattern = "^[A-Za-z0-9]{1,64}$"))]
    id: Text,
    /// Name, that of a region for its default project; the id unless given.
    name: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Policy {
    /// Name, none that exists.
    #[schemars(with = "String", length(min = 1))]
    name: Text,
    /// Actions that it allows; a `*` stands for one part of an action, or at its end for all that follows.
    #[serde(default)]
    allow: Vec<String>,
    /// Actions that it denies, whatever allows them.
    #[serde(default)]
    deny: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Group {
    /// Name: 1 to 128 characters.
    #[schemars(with = "String", length(min = 1, max = 128))]
    name: Text,
    /// Policies and roles that it gives to its members.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    policies: Vec<Text>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct User {
    /// Name: 1 to 64 characters.
    #[schemars(with = "String", length(min = 1, max = 64))]
    name: Text,
    /// Password, by which it gets tokens; without one it gets none.
    #[schemars(with = "Option<String>")]
    password: Option<SecretString>,
    /// Groups that it is in.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    groups: Vec<Text>,
    /// Policies and roles of its own.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    policies: Vec<Text>,
    /// Access keys.
    #[serde(default)]
    access_keys: Vec<Key>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Key {
    /// Access key (AK).
    #[schemars(with = "String", length(min = 1))]
    access_key: Text,
    /// Secret key (SK).
    #[schemars(with = "String", length(min = 1))]
    secret_key: SecretString,
    /// Security token, of a temporary key.
    #[schemars(with = "Option<String>")]
    security_token: Option<SecretString>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Cluster")]
struct ClusterFile {
    /// Id: 1 to 64 letters, digits, underscores and hyphens.
    #[schemars(with = "String", length(min = 1, max = 64), regex(pattern = "^[A-Za-z0-9_-]{1,64}$"))]
    id: Text,
    /// Name; the id unless given.
    name: Option<String>,
    /// Id of its project.
    #[schemars(with = "String")]
    project: Text,
    /// State that it is listed with.
    #[serde(default)]
    state: ClusterState,
    /// Tags: keys with values.
    #[serde(default)]
    tags: BTreeMap<String, String>,
    /// Who is on its Manager.
    #[serde(default)]
    synchronized: Synchronized,
}

/// Who is on a cluster's Manager, as after one synchronization: the groups of users come along.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Synchronized {
    /// All users and groups, instead of names.
    everything: bool,
    /// Users.
    #[schemars(with = "Vec<String>")]
    users: Vec<Text>,
    /// Groups.
    #[schemars(with = "Vec<String>")]
    groups: Vec<Text>,
}

struct Building {
    world: World,
    keys: Vec<AccessKey>,
}

impl Building {
    /// In the order in which one refers to another.
    fn all(&mut self, file: &SeedFile) -> Result<(), SeedError> {
        if let Some(domain) = &file.domain {
            self.world = std::mem::take(&mut self.world).with_domain(domain.value.as_str());
        }
        each(&file.projects, "projects", |project, place| self.project(project, place))?;
        each(&file.policies, "policies", |policy, place| {
            let (allow, deny) = (texts(&policy.allow), texts(&policy.deny));
            let added = self.world.add_policy(policy.name.value.as_str(), &allow, &deny);
            new(added, &policy.name, format!("{place}.name"), "policy")
        })?;
        each(&file.groups, "groups", |group, place| self.group(group, place))?;
        each(&file.access_keys, "access_keys", |key, place| self.key(key, place, &Caller::Account))?;
        each(&file.users, "users", |user, place| self.user(user, place))?;
        each(&file.clusters, "clusters", |cluster, place| self.cluster(cluster, place))
    }

    fn project(&mut self, project: &Project, place: &str) -> Result<(), SeedError> {
        let id = &project.id;
        rule(iam_sync_user::DOCUMENT, "ProjectId", id, format!("{place}.id"))?;
        new(!self.world.has_project(&id.value), id, format!("{place}.id"), "project")?;
        self.world.add_project(id.value.as_str(), project.name.as_deref().unwrap_or(&id.value));
        Ok(())
    }

    fn group(&mut self, group: &Group, place: &str) -> Result<(), SeedError> {
        let name = &group.name;
        rule(iam::DOCUMENT, "GroupName", name, format!("{place}.name"))?;
        new(self.world.add_group(name.value.as_str()), name, format!("{place}.name"), "group")?;
        each(&group.policies, &format!("{place}.policies"), |policy, place| {
            known(self.world.has_policy(&policy.value), policy, place, "policy")?;
            self.world.grant_group(&name.value, &policy.value);
            Ok(())
        })
    }

    fn user(&mut self, user: &User, place: &str) -> Result<(), SeedError> {
        let name = &user.name;
        rule(iam::DOCUMENT, "UserName", name, format!("{place}.name"))?;
        new(self.world.add_user(name.value.as_str()), name, format!("{place}.name"), "user")?;
        if let Some(password) = &user.password {
            self.world.set_password(&name.value, password.expose_secret());
        }
        each(&user.groups, &format!("{place}.groups"), |group, place| {
            known(self.world.has_group(&group.value), group, place, "group")?;
            self.world.add_member(&name.value, &group.value);
            Ok(())
        })?;
        each(&user.policies, &format!("{place}.policies"), |policy, place| {
            known(self.world.has_policy(&policy.value), policy, place, "policy")?;
            self.world.grant_user(&name.value, &policy.value);
            Ok(())
        })?;
        let caller = Caller::User(name.value.clone());
        each(&user.access_keys, &format!("{place}.access_keys"), |key, place| self.key(key, place, &caller))
    }

    fn key(&mut self, key: &Key, place: &str, caller: &Caller) -> Result<(), SeedError> {
        let access_key = &key.access_key;
        let used = self.keys.iter().any(|known| known.access_key == access_key.value);
        new(!used, access_key, format!("{place}.access_key"), "access key")?;
        let checked = Credentials::new(&access_key.value, key.secret_key.expose_secret()).and_then(|made| {
            key.security_token
                .as_ref()
                .map_or(Ok(()), |token| made.with_security_token(token.expose_secret()).map(|_| ()))
        });
        checked.map_err(|error| SeedError::at(access_key, place.to_owned(), error.to_string()))?;
        self.keys.push(AccessKey {
            access_key: access_key.value.clone(),
            secret_key: key.secret_key.clone(),
            security_token: key.security_token.clone(),
            caller: caller.clone(),
        });
        Ok(())
    }

    fn cluster(&mut self, cluster: &ClusterFile, place: &str) -> Result<(), SeedError> {
        let (id, project) = (&cluster.id, &cluster.project);
        rule(iam_sync_user::DOCUMENT, "ClusterId", id, format!("{place}.id"))?;
        new(self.world.cluster(&id.value).is_none(), id, format!("{place}.id"), "cluster")?;
        known(self.world.has_project(&project.value), project, &format!("{place}.project"), "project")?;
        let name = cluster.name.as_deref().unwrap_or(&id.value);
        self.world.add_named_cluster(project.value.as_str(), id.value.as_str(), name);
        self.world.set_cluster_state(&id.value, cluster.state);
        for (key, value) in &cluster.tags {
            self.world.set_cluster_tag(&id.value, key.as_str(), value.as_str());
        }
        let Synchronized { everything, users, groups } = &cluster.synchronized;
        each(users, &format!("{place}.synchronized.users"), |user, place| {
            known(self.world.has_user(&user.value), user, place, "user")
        })?;
        each(groups, &format!("{place}.synchronized.groups"), |group, place| {
            known(self.world.has_group(&group.value), group, place, "group")
        })?;
        if let (true, Some(name)) = (*everything, users.iter().chain(groups).next()) {
            let message = "everything is synchronized already, beside which no name can stand";
            return Err(SeedError::at(name, format!("{place}.synchronized"), message));
        }
        let owned = |names: &[Text]| names.iter().map(|name| name.value.clone()).collect::<Vec<_>>();
        let effect = match everything {
            true => self.world.arrival_of_everything(),
            false if users.is_empty() && groups.is_empty() => return Ok(()),
            false => self.world.arrival(&owned(users), &owned(groups)),
        };
        let epoch = SystemTime::UNIX_EPOCH;
        if let Some(cluster) = self.world.settled_cluster_mut(&project.value, &id.value, epoch) {
            cluster.start(effect, epoch, Progress::Polls(0));
            cluster.settle(epoch);
        }
        Ok(())
    }
}

fn each<T>(
    list: &[T],
    place: &str,
    mut add: impl FnMut(&T, &str) -> Result<(), SeedError>,
) -> Result<(), SeedError> {
    list.iter().enumerate().try_for_each(|(number, item)| add(item, &format!("{place}[{number}]")))
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().collect::<BTreeSet<_>>().into_iter().map(String::as_str).collect()
}

fn new(is_new: bool, text: &Text, place: String, what: &str) -> Result<(), SeedError> {
    let twice = || SeedError::at(text, place, format!("there is a {what} `{}` already", text.value));
    is_new.then_some(()).ok_or_else(twice)
}

fn known(is_known: bool, text: &Text, place: &str, what: &str) -> Result<(), SeedError> {
    let unknown = || SeedError::at(text, place.to_owned(), format!("there is no {what} `{}`", text.value));
    is_known.then_some(()).ok_or_else(unknown)
}

/// Whether a text obeys the rule of a component.
fn rule(document: &'static Document, component: &str, text: &Text, place: String) -> Result<(), SeedError> {
    match broken_rule(document, component, &text.value) {
        None => Ok(()),
        Some(words) => Err(SeedError::at(text, place, words)),
    }
}
