//! IAM's policies and roles: what they let their holder do, and which roles they become on Manager.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// The action that synchronizing needs (user guide, "Synchronizing IAM Users to MRS").
pub(crate) const SYNC_ACTION: &str = "mrs:cluster:syncUser";

const ALL_ROLES: &[&str] = &[
    "Manager_administrator",
    "Manager_auditor",
    "Manager_operator",
    "Manager_tenant",
    "Manager_viewer",
    "System_administrator",
    "default",
    "launcher-job",
];
/// Those of custom policies too.
const COMMON_ROLES: &[&str] = &["Manager_viewer", "default", "launcher-job"];

/// System policies and roles with the roles that their holders get on Manager.
const SYSTEM: &[(&str, &[&str])] = &[
    ("MRS ReadOnlyAccess", &["Manager_viewer"]),
    ("MRS CommonOperations", COMMON_ROLES),
    ("MRS FullAccess", ALL_ROLES),
    ("MRS Administrator", ALL_ROLES),
    ("Tenant Administrator", ALL_ROLES),
    // Nothing by themselves.
    ("Server Administrator", &[]),
    ("Tenant Guest", &[]),
];

/// Sets of system policies and roles each of which lets its holder synchronize.
const SYNCING: &[&[&str]] = &[
    &["MRS FullAccess"],
    &["Tenant Administrator"],
    &["Server Administrator", "Tenant Guest", "MRS Administrator"],
];

/// The names of IAM's system policies and roles that the emulator knows, as documented: `MRS ReadOnlyAccess`,
/// `MRS CommonOperations`, `MRS FullAccess`, `MRS Administrator`, `Tenant Administrator`, `Server Administrator` and
/// `Tenant Guest`.
pub fn system_policies() -> impl Iterator<Item = &'static str> {
    SYSTEM.iter().map(|(name, _)| *name)
}

/// Each of them with the roles that its holder gets on Manager; custom policies last.
pub(crate) fn table() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    SYSTEM.iter().copied().chain([("a custom policy that allows an action of MRS", COMMON_ROLES)])
}

/// A custom policy: the actions that it allows and denies. A `*` stands for one part of an action, or at its end for
/// all that follows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomPolicy {
    pub(crate) allow: BTreeSet<String>,
    pub(crate) deny: BTreeSet<String>,
}

/// Whether the holder of these policies may synchronize. A denial wins over everything.
pub(crate) fn may_sync<'a>(names: &BTreeSet<String>, custom: impl Iterator<Item = &'a CustomPolicy>) -> bool {
    let covers = |actions: &BTreeSet<String>| actions.iter().any(|action| is_covered(SYNC_ACTION, action));
    let (mut allowed, mut denied) = (false, false);
    for policy in custom {
        allowed |= covers(&policy.allow);
        denied |= covers(&policy.deny);
    }
    allowed |= SYNCING.iter().any(|set| set.iter().all(|name| names.contains(*name)));
    allowed && !denied
}

/// The roles that the holder of these policies gets on Manager, in the order of their names.
pub(crate) fn roles<'a>(
    names: &BTreeSet<String>,
    mut custom: impl Iterator<Item = &'a CustomPolicy>,
) -> BTreeSet<&'static str> {
    let of_system = SYSTEM.iter().filter(|(name, _)| names.contains(*name)).flat_map(|(_, roles)| *roles);
    let about_mrs = custom.any(|policy| policy.allow.iter().any(|action| is_about_mrs(action)));
    of_system.chain(if about_mrs { COMMON_ROLES } else { &[] }).copied().collect()
}

/// Whether an action, or one that a pattern stands for, is one of MRS.
fn is_about_mrs(action: &str) -> bool {
    ["mrs", "*"].contains(&action.split(':').next().unwrap_or_default())
}

/// Whether an action is one that a pattern stands for.
fn is_covered(action: &str, pattern: &str) -> bool {
    let (mut action, mut pattern) = (action.split(':'), pattern.split(':').peekable());
    loop {
        match (action.next(), pattern.next()) {
            (None, None) => return true,
            (Some(_), Some("*")) if pattern.peek().is_none() => return true,
            (Some(_), Some("*")) => {}
            (Some(part), Some(expected)) if part == expected => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn custom(allow: &[&str], deny: &[&str]) -> CustomPolicy {
        CustomPolicy { allow: set(allow), deny: set(deny) }
    }

    #[test]
    fn the_documented_table() {
        let eight = ALL_ROLES.to_vec();
        for (names, roles_expected, syncs) in [
            (&["MRS ReadOnlyAccess"][..], vec!["Manager_viewer"], false),
            (&["MRS CommonOperations"], COMMON_ROLES.to_vec(), false),
            (&["MRS FullAccess"], eight.clone(), true),
            (&["MRS Administrator"], eight.clone(), false),
            (&["Server Administrator", "Tenant Guest", "MRS Administrator"], eight.clone(), true),
            (&["Tenant Administrator"], eight.clone(), true),
            (&["Server Administrator", "Tenant Guest"], vec![], false),
            (&["Tenant Guest", "MRS Administrator"], eight.clone(), false),
            (&[], vec![], false),
            (&["MRS ReadOnlyAccess", "MRS FullAccess"], eight, true),
        ] {
            let names = set(names);
            let found: Vec<_> = roles(&names, [].iter()).into_iter().collect();
            assert_eq!((found, may_sync(&names, [].iter())), (roles_expected, syncs), "{names:?}");
        }
    }

    #[test]
    fn custom_policies_go_by_their_actions_and_a_denial_wins() {
        let full = set(&["MRS FullAccess"]);
        for (policy, with_nothing, with_full) in [
            (custom(&[SYNC_ACTION], &[]), true, true),
            (custom(&["mrs:cluster:*"], &[]), true, true),
            (custom(&["mrs:*"], &[]), true, true),
            (custom(&["mrs:*:syncUser"], &[]), true, true),
            (custom(&["mrs:cluster:list"], &[]), false, true),
            (custom(&["mrs:cluster:sync"], &[]), false, true),
            (custom(&["mrs:cluster:syncUser:x"], &[]), false, true),
            (custom(&[SYNC_ACTION], &[SYNC_ACTION]), false, false),
            (custom(&["*"], &["mrs:*:*"]), false, false),
        ] {
            let one = std::slice::from_ref(&policy);
            assert_eq!(may_sync(&set(&[]), one.iter()), with_nothing, "{policy:?}");
            assert_eq!(may_sync(&full, one.iter()), with_full, "{policy:?}");
        }
        let roles_of = |policy| roles(&set(&["own"]), [policy].iter()).into_iter().collect::<Vec<_>>();
        assert_eq!(roles_of(custom(&["mrs:cluster:list"], &[])), COMMON_ROLES);
        assert_eq!(roles_of(custom(&["*"], &[])), COMMON_ROLES);
        assert_eq!(roles_of(custom(&["obs:bucket:list", "mrsx:*"], &["mrs:*"])), [""; 0]);
    }
}
