//! Ids and names, checked by the document's rules before anything is sent.

use std::collections::HashMap;

use mrs_iam_sync_client::iam_sync_user::types;
use mrs_iam_sync_contract::{Operation, iam_sync_user::DOCUMENT};

pub(crate) use types::{ClusterId, ProjectId};
use types::{GroupName, UserName};

use crate::error::{Error, ErrorKind};
use crate::outcome::NameLists;

/// Checks a value by the rule of its component and says what is wrong with it.
fn check<T: std::str::FromStr>(component: &str, what: &str, value: &str) -> Result<T, Error> {
    value.parse().map_err(|_| {
        let rule = DOCUMENT.rule(component).map_or("see the API's documentation", |rule| rule.words);
        Error::new(
            ErrorKind::InvalidInput,
            format!("{what} {}: {}", quote(value), complaint::<T>(component, value)),
        )
        .with_hint(format!("{what}: {rule}"))
    })
}

/// What is wrong, as far as the rule's parts tell.
fn complaint<T: std::str::FromStr>(component: &str, value: &str) -> String {
    let length = value.chars().count();
    let most = DOCUMENT.rule(component).and_then(|rule| rule.max_length);
    // A character is allowed when it is a value by itself: no rule of the document rests on neighbours.
    let alone = |character: char| character.to_string().parse::<T>().is_ok();
    match (most, value.chars().position(|character| !alone(character))) {
        _ if length == 0 => "is empty".to_owned(),
        (Some(most), _) if length > most => format!("has {length} characters, at most {most} are allowed"),
        (_, Some(at)) => {
            let character = value.chars().nth(at).unwrap_or_default();
            format!("has {character:?} at position {}, which is not allowed", at + 1)
        }
        (_, None) => "is not allowed".to_owned(),
    }
}

/// Quotes a value for a message: escaped, and not longer than a line.
pub(crate) fn quote(value: &str) -> String {
    let mut short: String = value.chars().take(80).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    format!("{short:?}")
}

pub(crate) fn cluster_id(value: &str) -> Result<ClusterId, Error> {
    check("ClusterId", "cluster id", value)
}

pub(crate) fn project_id(value: &str) -> Result<ProjectId, Error> {
    check("ProjectId", "project id", value)
}

/// Checks a cluster id by the document's rule. Nothing is sent: whether there is such a cluster is another matter.
///
/// ```
/// assert!(mrs_iam_sync::check_cluster_id("f7f45c04-4303-411c-9b71-d2cb730dd162").is_ok());
/// assert!(mrs_iam_sync::check_cluster_id("a/b").is_err());
/// ```
///
/// # Errors
/// [`ErrorKind::InvalidInput`] with the rule, when the id breaks it.
pub fn check_cluster_id(value: &str) -> Result<(), Error> {
    cluster_id(value).map(drop)
}

/// Checks a project id by the document's rule. Nothing is sent: whether there is such a project is another matter.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] with the rule, when the id breaks it.
pub fn check_project_id(value: &str) -> Result<(), Error> {
    project_id(value).map(drop)
}

/// Users and user groups that are named: at least one, none twice, each by the document's rules.
///
/// ```
/// use mrs_iam_sync::Names;
///
/// let names = Names::builder().user("user1").users(["user2", "user1"]).group("groups1").build()?;
/// assert_eq!(names.user_names().collect::<Vec<_>>(), ["user1", "user2"]);
/// assert_eq!(names.merged(), ["user1"]);
/// assert!(Names::builder().build().is_err());
/// # Ok::<(), mrs_iam_sync::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Names {
    users: Vec<UserName>,
    groups: Vec<GroupName>,
    merged: Vec<String>,
}

impl Names {
    /// Starts without any name.
    pub fn builder() -> NamesBuilder {
        NamesBuilder::default()
    }

    /// The users' names, in the order given.
    pub fn user_names(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.users.iter().map(|name| name.as_str())
    }

    /// The groups' names, in the order given.
    pub fn group_names(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.groups.iter().map(|name| name.as_str())
    }

    /// Names that were given more than once; they are sent once.
    pub fn merged(&self) -> &[String] {
        &self.merged
    }

    /// The names for which `keep_user` and `keep_group` say so; `None` when none is left.
    pub(crate) fn filter(
        &self,
        keep_user: impl Fn(&str) -> bool,
        keep_group: impl Fn(&str) -> bool,
    ) -> Option<Self> {
        let users: Vec<_> = self.users.iter().filter(|name| keep_user(name)).cloned().collect();
        let groups: Vec<_> = self.groups.iter().filter(|name| keep_group(name)).cloned().collect();
        let merged = self.merged.clone();
        (!users.is_empty() || !groups.is_empty()).then_some(Self { users, groups, merged })
    }

    /// The lists for a request; one that is empty is not sent at all.
    pub(crate) fn lists(&self) -> (Option<Vec<UserName>>, Option<Vec<GroupName>>) {
        let users = (!self.users.is_empty()).then(|| self.users.clone());
        let groups = (!self.groups.is_empty()).then(|| self.groups.clone());
        (users, groups)
    }

    /// What each request takes, by the limits that the document gives for `operation`; one part as a rule.
    pub(crate) fn parts(&self, operation: &Operation) -> Vec<Self> {
        let most = |field| {
            let list = operation.request.and_then(|body| body.list(field));
            list.and_then(|list| list.max_items).unwrap_or(usize::MAX)
        };
        let mut users = self.users.chunks(most("user_names"));
        let mut groups = self.groups.chunks(most("group_names"));
        let mut parts = Vec::new();
        loop {
            let (users, groups) = (users.next(), groups.next());
            if users.is_none() && groups.is_none() {
                return parts;
            }
            parts.push(Self {
                users: users.unwrap_or_default().to_vec(),
                groups: groups.unwrap_or_default().to_vec(),
                merged: Vec::new(),
            });
        }
    }

    /// The names as plain lists.
    pub(crate) fn to_lists(&self) -> NameLists {
        let text = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect();
        NameLists { users: text(&mut self.user_names()), groups: text(&mut self.group_names()) }
    }
}

/// Collects names for [`Names`].
#[derive(Debug, Clone, Default)]
pub struct NamesBuilder {
    users: Vec<String>,
    groups: Vec<String>,
}

impl NamesBuilder {
    /// Adds a user.
    #[must_use]
    pub fn user(self, name: impl Into<String>) -> Self {
        self.users([name])
    }

    /// Adds users.
    #[must_use]
    pub fn users<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.users.extend(names.into_iter().map(Into::into));
        self
    }

    /// Adds a user group.
    #[must_use]
    pub fn group(self, name: impl Into<String>) -> Self {
        self.groups([name])
    }

    /// Adds user groups.
    #[must_use]
    pub fn groups<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.groups.extend(names.into_iter().map(Into::into));
        self
    }

    /// Checks each name and merges exact duplicates.
    ///
    /// There may be any number of names: more than one request takes are sent in several.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when there is no name at all, or a name breaks its rule.
    pub fn build(self) -> Result<Names, Error> {
        let mut merged = Vec::new();
        let users = unique(self.users, &mut merged);
        let groups = unique(self.groups, &mut merged);
        if users.is_empty() && groups.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "no user and no group is named")
                .with_hint("name at least one user or group; only a synchronization can take everything"));
        }
        let users =
            users.iter().map(|name| check("UserName", "user name", name)).collect::<Result<_, _>>()?;
        let groups =
            groups.iter().map(|name| check("GroupName", "group name", name)).collect::<Result<_, _>>()?;
        Ok(Names { users, groups, merged })
    }
}

/// Up to this many names, looking at each is quicker than a table.
const FEW: usize = 16;

/// Keeps the first of each name; the others are noted, once each.
fn unique(names: Vec<String>, merged: &mut Vec<String>) -> Vec<String> {
    if names.len() <= FEW {
        let mut kept = Vec::with_capacity(names.len());
        let noted = merged.len();
        for name in names {
            match kept.contains(&name) {
                false => kept.push(name),
                true if merged[noted..].contains(&name) => {}
                true => merged.push(name),
            }
        }
        return kept;
    }
    let mut seen = HashMap::new();
    let mut kept = Vec::with_capacity(names.len());
    for name in names {
        let count = seen.entry(name.clone()).or_insert(0_usize);
        *count += 1;
        match count {
            1 => kept.push(name),
            2 => merged.push(name),
            _ => {}
        }
    }
    kept
}

/// What a synchronization takes: everything, or what is named.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Selection {
    /// All IAM users and groups (`is_all_sync`).
    Everything,
    /// These users and groups.
    Named(Names),
}

impl From<Names> for Selection {
    fn from(names: Names) -> Self {
        Self::Named(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_cluster_id_is_refused_with_its_fault() {
        let long = "x".repeat(65);
        let cases = [
            ("", "is empty"),
            ("a/b", "has '/' at position 2"),
            ("..", "has '.' at position 1"),
            ("a b", "has ' ' at position 2"),
            ("ä", "has 'ä' at position 1"),
            ("abc\n", "has '\\n' at position 4"),
            (long.as_str(), "has 65 characters, at most 64 are allowed"),
        ];
        for (value, fault) in cases {
            let error = cluster_id(value).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains(fault), "{value:?}: {error}");
            assert!(error.hint().is_some_and(|hint| hint.contains("1 to 64 characters")), "{value:?}");
        }
    }

    #[test]
    fn few_names_and_many_are_merged_alike() {
        for others in [0, FEW] {
            let others = (0..others).map(|number| format!("other{number}"));
            let users = ["a", "b", "a", "a", "b"].into_iter().map(str::to_owned).chain(others);
            let names = Names::builder().users(users).groups(["a", "a", "c"]).build().unwrap();
            assert_eq!(names.user_names().take(2).collect::<Vec<_>>(), ["a", "b"]);
            assert_eq!(names.group_names().collect::<Vec<_>>(), ["a", "c"]);
            assert_eq!(names.merged(), ["a", "b", "a"]);
        }
    }

    #[test]
    fn a_name_has_1_to_64_characters() {
        let ok = "用".repeat(64);
        assert!(Names::builder().user(&ok).build().is_ok());
        for name in ["", &"用".repeat(65)] {
            assert!(Names::builder().user(name).build().is_err(), "{name:?}");
            assert!(Names::builder().group(name).build().is_err(), "{name:?}");
        }
    }

    #[test]
    fn more_names_than_a_request_takes_make_parts() {
        let operation = &mrs_iam_sync_contract::iam_sync_user::UPDATE_SYNC_IAM_USER;
        let names = |users: usize, groups: usize| {
            let name = |kind: char| move |number| format!("{kind}{number}");
            let names = Names::builder().users((0..users).map(name('u'))).groups((0..groups).map(name('g')));
            names.build().unwrap()
        };
        let sizes = |users, groups| -> Vec<(usize, usize)> {
            let parts = names(users, groups).parts(operation);
            parts.iter().map(|part| (part.users.len(), part.groups.len())).collect()
        };
        assert_eq!(sizes(1000, 1000), [(1000, 1000)]);
        assert_eq!(sizes(1001, 0), [(1000, 0), (1, 0)]);
        assert_eq!(sizes(1, 2500), [(1, 1000), (0, 1000), (0, 500)]);
        let parts = names(2100, 3).parts(operation);
        let together: Vec<&str> = parts.iter().flat_map(|part| part.user_names()).collect();
        assert_eq!(together, names(2100, 3).user_names().collect::<Vec<_>>(), "each once, in order");
    }
}
