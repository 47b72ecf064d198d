//! What came of a write.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use mrs_iam_sync_client::iam_sync_user::types::ShowSyncIamUserResponse;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::names::{Names, Selection};

/// The service has accepted a write; it goes on in the background.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Accepted {
    /// The service's word for it, as it came; `synchronizing` is the only documented one.
    pub state: String,
    /// The request id to quote when asking support.
    pub request_id: Option<String>,
    /// Requests that it took, this one included.
    pub attempts: u32,
    /// Time from the first of them to this answer, in seconds.
    pub seconds: f64,
}

/// The users and user groups on a cluster's Manager.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Synchronized {
    /// Users, in the service's order; null (`None`) when the answer did not say.
    pub users: Option<Vec<String>>,
    /// User groups, in the service's order; null (`None`) when the answer did not say.
    pub groups: Option<Vec<String>>,
}

impl Synchronized {
    pub(crate) fn of(answer: ShowSyncIamUserResponse) -> Self {
        Self { users: answer.user_names, groups: answer.group_names }
    }
}

/// Names of users and of user groups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NameLists {
    /// Users.
    pub users: Vec<String>,
    /// User groups.
    pub groups: Vec<String>,
}

impl NameLists {
    /// These users and groups.
    pub const fn new(users: Vec<String>, groups: Vec<String>) -> Self {
        Self { users, groups }
    }

    /// Whether both lists are empty.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty()
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.users.len() + self.groups.len()
    }
}

/// A name that was asked for, beside one on Manager that differs from it in case only: Manager does not tell them
/// apart, IAM does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct CaseDifference {
    /// The name that was asked for.
    pub named: String,
    /// The name on Manager.
    pub found: String,
}

/// How far a write was followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Completion {
    /// Nothing had to be sent.
    NothingToDo,
    /// No synchronization runs any more.
    Finished,
    /// The wait ended before the service had finished, or before it could be told.
    DeadlinePassed,
}

/// What came of a synchronization that was waited for.
///
/// The service reports nothing for a single name: the lists come from comparing what was on Manager before and
/// after.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct SyncOutcome {
    /// How the service answered each request; empty when nothing had to be sent.
    pub accepted: Vec<Accepted>,
    /// How far it was followed.
    pub completion: Completion,
    /// Whether each name could be compared before and after: an answer may lack a list. For a full synchronization,
    /// whether who there is in IAM could be compared with who is on Manager now.
    pub verified: bool,
    /// Named, not on Manager before, there now. For a full synchronization: all that came.
    pub arrived: NameLists,
    /// Named and on Manager before already. Their presence does not prove that their roles were refreshed.
    pub already_present: NameLists,
    /// Not named, not on Manager before, there now: the groups of users that were named.
    pub brought_along: NameLists,
    /// Named and there now, where it is not known whether they were there before.
    pub present: NameLists,
    /// Named and not on Manager; null (`None`) where that cannot be known. For a full synchronization: in IAM and not
    /// on Manager, which a user or group without permissions for MRS may be for good.
    pub missing: Option<NameLists>,
    /// Missing names that differ from one on Manager in case only.
    pub differs_in_case: Vec<CaseDifference>,
    /// Time from the request to the end of the wait, in seconds.
    pub seconds: f64,
}

/// What came of a removal that was waited for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct CancelOutcome {
    /// How the service answered each request.
    pub accepted: Vec<Accepted>,
    /// How far it was followed.
    pub completion: Completion,
    /// Whether each name could be compared before and after: an answer may lack a list.
    pub verified: bool,
    /// Named, on Manager before, gone now.
    pub removed: NameLists,
    /// Named, and not on Manager before either.
    pub already_absent: NameLists,
    /// Named and not there now, where it is not known whether they were there before.
    pub absent: NameLists,
    /// Named and still on Manager; null (`None`) where that cannot be known.
    pub remaining: Option<NameLists>,
    /// Groups that are still on Manager without having been named: removing users leaves the groups that came
    /// along with them.
    pub groups_left: Vec<String>,
    /// Time from the request to the end of the wait, in seconds.
    pub seconds: f64,
}

/// One of the two lists, before and after, with the names asked for. A list that an answer does not have is not
/// known to be empty.
struct Change<'a> {
    named: Vec<&'a str>,
    before: Option<HashSet<&'a str>>,
    after: Option<HashSet<&'a str>>,
    order: &'a [String],
}

impl<'a> Change<'a> {
    fn new(named: Vec<&'a str>, before: Option<&'a Vec<String>>, after: Option<&'a Vec<String>>) -> Self {
        let set = |list: Option<&'a Vec<String>>| list.map(|list| list.iter().map(String::as_str).collect());
        let order = after.map(Vec::as_slice).unwrap_or_default();
        Self { named, before: set(before), after: set(after), order }
    }

    fn is_there(&self, name: &str) -> bool {
        self.after.as_ref().is_some_and(|after| after.contains(name))
    }

    fn is_gone(&self, name: &str) -> bool {
        self.after.as_ref().is_some_and(|after| !after.contains(name))
    }

    fn was_there(&self, name: &str) -> bool {
        self.before.as_ref().is_some_and(|before| before.contains(name))
    }

    fn was_absent(&self, name: &str) -> bool {
        self.before.as_ref().is_some_and(|before| !before.contains(name))
    }

    fn named(&self, keep: impl Fn(&str) -> bool) -> Vec<String> {
        self.named.iter().filter(|name| keep(name)).map(|name| (*name).to_owned()).collect()
    }

    /// There now without having been named.
    fn others(&self, keep: impl Fn(&str) -> bool) -> Vec<String> {
        let named: HashSet<&str> = self.named.iter().copied().collect();
        self.order.iter().filter(|name| !named.contains(name.as_str()) && keep(name)).cloned().collect()
    }

    /// Whether what is asked can be told from what is there now: nothing is asked, or the list came.
    fn is_known_now(&self) -> bool {
        self.named.is_empty() || self.after.is_some()
    }

    /// Whether what is asked can be compared with what was there before.
    fn is_known_before(&self) -> bool {
        self.named.is_empty() || self.before.is_some()
    }
}

/// Both lists, users first.
struct Changes<'a>([Change<'a>; 2]);

impl<'a> Changes<'a> {
    fn new(names: Option<&'a Names>, before: &'a Synchronized, after: &'a Synchronized) -> Self {
        let users = names.map(|names| names.user_names().collect()).unwrap_or_default();
        let groups = names.map(|names| names.group_names().collect()).unwrap_or_default();
        Self([
            Change::new(users, before.users.as_ref(), after.users.as_ref()),
            Change::new(groups, before.groups.as_ref(), after.groups.as_ref()),
        ])
    }

    fn lists(&self, pick: impl Fn(&Change<'a>) -> Vec<String>) -> NameLists {
        let [users, groups] = &self.0;
        NameLists { users: pick(users), groups: pick(groups) }
    }

    /// The names for which `keep` holds; `None` where a list that is needed is absent now.
    fn named_now(&self, keep: impl Fn(&Change<'a>, &str) -> bool) -> Option<NameLists> {
        let known = self.0.iter().all(Change::is_known_now);
        known.then(|| self.lists(|list| list.named(|name| keep(list, name))))
    }

    fn are_known_before(&self) -> bool {
        self.0.iter().all(Change::is_known_before)
    }
}

/// The names that are not on Manager; `None` where a list of the answer is absent.
pub(crate) fn missing(names: &Names, now: &Synchronized) -> Option<NameLists> {
    Changes::new(Some(names), now, now).named_now(Change::is_gone)
}

/// Of these names, those that are not on Manager; `None` where a list of the answer is absent.
fn absent(names: &NameLists, now: &Synchronized) -> Option<NameLists> {
    let gone = |names: &[String], now: &Option<Vec<String>>| {
        let there: HashSet<&str> = now.as_ref()?.iter().map(String::as_str).collect();
        Some(names.iter().filter(|name| !there.contains(name.as_str())).cloned().collect())
    };
    Some(NameLists { users: gone(&names.users, &now.users)?, groups: gone(&names.groups, &now.groups)? })
}

/// The names that are still on Manager; `None` where a list of the answer is absent.
pub(crate) fn remaining(names: &Names, now: &Synchronized) -> Option<NameLists> {
    Changes::new(Some(names), now, now).named_now(Change::is_there)
}

/// What was seen of a write.
pub(crate) struct Seen<'a> {
    pub(crate) before: &'a Synchronized,
    pub(crate) after: &'a Synchronized,
    pub(crate) completion: Completion,
    pub(crate) took: Duration,
}

impl Seen<'_> {
    fn seconds(&self) -> f64 {
        crate::attempt::seconds(self.took)
    }
}

impl SyncOutcome {
    /// When every name is on Manager already and only missing ones were to be sent.
    pub(crate) fn nothing_to_do(selection: &Selection, now: &Synchronized) -> Self {
        let seen =
            Seen { before: now, after: now, completion: Completion::NothingToDo, took: Duration::ZERO };
        Self::sort(selection, Vec::new(), &seen, None)
    }

    /// `everyone` is who there is in IAM, for a selection of everything, where that is known.
    pub(crate) fn sort(
        selection: &Selection,
        accepted: Vec<Accepted>,
        seen: &Seen<'_>,
        everyone: Option<&NameLists>,
    ) -> Self {
        let names = match selection {
            Selection::Named(names) => Some(names),
            Selection::Everything => None,
        };
        let changes = Changes::new(names, seen.before, seen.after);
        let came = changes.lists(|list| list.others(|name| list.was_absent(name)));
        let (arrived, already_present, brought_along) = match names {
            Some(_) => (
                changes.lists(|list| list.named(|name| list.is_there(name) && list.was_absent(name))),
                changes.lists(|list| list.named(|name| list.is_there(name) && list.was_there(name))),
                // Only groups come along with somebody; another new user is none of this request's doing.
                NameLists { users: Vec::new(), groups: came.groups },
            ),
            None => {
                (came, changes.lists(|list| list.others(|name| list.was_there(name))), NameLists::default())
            }
        };
        let missing = match names {
            Some(_) => changes.named_now(Change::is_gone),
            None => everyone.and_then(|everyone| absent(everyone, seen.after)),
        };
        Self {
            accepted,
            completion: seen.completion,
            verified: missing.is_some() && (names.is_none() || changes.are_known_before()),
            arrived,
            already_present,
            brought_along,
            present: changes.lists(|list| list.named(|name| list.is_there(name) && list.before.is_none())),
            differs_in_case: missing
                .as_ref()
                .map(|missing| case_differences(missing, seen.after))
                .unwrap_or_default(),
            missing,
            seconds: seen.seconds(),
        }
    }
}

impl CancelOutcome {
    pub(crate) fn sort(names: &Names, accepted: Vec<Accepted>, seen: &Seen<'_>) -> Self {
        let changes = Changes::new(Some(names), seen.before, seen.after);
        let remaining = changes.named_now(Change::is_there);
        let groups_left = match names.user_names().len() {
            0 => Vec::new(),
            _ => changes.0[1].others(|_| true),
        };
        Self {
            accepted,
            completion: seen.completion,
            verified: remaining.is_some() && changes.are_known_before(),
            removed: changes.lists(|list| list.named(|name| list.is_gone(name) && list.was_there(name))),
            already_absent: changes
                .lists(|list| list.named(|name| list.is_gone(name) && list.was_absent(name))),
            absent: changes.lists(|list| list.named(|name| list.is_gone(name) && list.before.is_none())),
            remaining,
            groups_left,
            seconds: seen.seconds(),
        }
    }
}

fn case_differences(missing: &NameLists, now: &Synchronized) -> Vec<CaseDifference> {
    let mut differences = Vec::new();
    for (missing, now) in [(&missing.users, &now.users), (&missing.groups, &now.groups)] {
        if missing.is_empty() {
            continue;
        }
        let mut folded: HashMap<String, Vec<&String>> = HashMap::new();
        for found in now.iter().flatten() {
            folded.entry(found.to_lowercase()).or_default().push(found);
        }
        for named in missing {
            let found = folded.get(&named.to_lowercase()).into_iter().flatten();
            differences
                .extend(found.map(|found| CaseDifference { named: named.clone(), found: (*found).clone() }));
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_manager(users: &[&str], groups: &[&str]) -> Synchronized {
        let list = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        Synchronized { users: list(users), groups: list(groups) }
    }

    fn sync(names: Names, before: &Synchronized, after: &Synchronized) -> SyncOutcome {
        let seen = Seen { before, after, completion: Completion::Finished, took: Duration::from_secs(2) };
        SyncOutcome::sort(&names.into(), Vec::new(), &seen, None)
    }

    #[test]
    fn each_name_is_in_just_one_list() {
        let names = Names::builder().users(["new", "old", "lost", "Bob"]).group("g1").build().unwrap();
        let before = on_manager(&["old", "other"], &[]);
        let after = on_manager(&["old", "other", "new", "bob"], &["g1", "g2"]);
        let outcome = sync(names, &before, &after);
        assert_eq!(outcome.arrived, NameLists { users: vec!["new".into()], groups: vec!["g1".into()] });
        assert_eq!(outcome.already_present.users, ["old"]);
        assert_eq!(outcome.brought_along, NameLists { users: vec![], groups: vec!["g2".into()] });
        assert_eq!(outcome.missing.unwrap().users, ["lost", "Bob"]);
        assert_eq!(outcome.differs_in_case, [CaseDifference { named: "Bob".into(), found: "bob".into() }]);
        assert!(outcome.verified);
    }

    fn cancel(names: &Names, before: &Synchronized, after: &Synchronized) -> CancelOutcome {
        let seen = Seen { before, after, completion: Completion::Finished, took: Duration::ZERO };
        CancelOutcome::sort(names, Vec::new(), &seen)
    }

    #[test]
    fn an_absent_list_is_not_an_empty_one() {
        let names = Names::builder().user("u").build().unwrap();
        let unknown = Synchronized { users: None, groups: Some(vec![]) };
        let (there, gone) = (on_manager(&["u"], &[]), on_manager(&[], &[]));

        let outcome = sync(names.clone(), &there, &unknown);
        assert!(outcome.missing.is_none() && !outcome.verified, "{outcome:?}");
        let outcome = sync(names.clone(), &unknown, &there);
        assert!(outcome.arrived.is_empty() && outcome.already_present.is_empty(), "{outcome:?}");
        assert_eq!((outcome.present.users, outcome.verified), (vec!["u".to_owned()], false));
        assert_eq!(outcome.missing, Some(NameLists::default()));

        let outcome = cancel(&names, &there, &unknown);
        assert!(outcome.removed.is_empty() && outcome.already_absent.is_empty(), "{outcome:?}");
        assert!(outcome.remaining.is_none() && !outcome.verified);
        let outcome = cancel(&names, &unknown, &gone);
        assert!(outcome.removed.is_empty() && outcome.already_absent.is_empty(), "{outcome:?}");
        assert_eq!((outcome.absent.users, outcome.verified), (vec!["u".to_owned()], false));
    }

    #[test]
    fn what_an_unknown_list_held_did_not_come_along() {
        let names = Names::builder().user("u").build().unwrap();
        let before = Synchronized { users: Some(vec![]), groups: None };
        let outcome = sync(names, &before, &on_manager(&["u"], &["old", "older"]));
        assert!(outcome.brought_along.is_empty() && outcome.verified, "{outcome:?}");
    }

    #[test]
    fn a_removal_tells_what_stays() {
        let names = Names::builder().users(["user1", "gone", "stuck"]).build().unwrap();
        let (before, after) =
            (on_manager(&["user1", "stuck"], &["group1"]), on_manager(&["stuck"], &["group1"]));
        let outcome = cancel(&names, &before, &after);
        assert_eq!(outcome.removed.users, ["user1"]);
        assert_eq!(outcome.already_absent.users, ["gone"]);
        assert_eq!(outcome.remaining.unwrap().users, ["stuck"]);
        assert_eq!(outcome.groups_left, ["group1"]);
    }
}
