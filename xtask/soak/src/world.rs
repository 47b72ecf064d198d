//! The world that all parts are run in.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

pub(crate) const PROJECT: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const ACCESS_KEY: &str = "SOAKACCESSKEY0000000";
pub(crate) const SECRET_KEY: &str = "soak-secret-key-opens-nothing-real-0";
/// A key that may be locked, for wrong signatures.
pub(crate) const WRONG_ACCESS_KEY: &str = "SOAKACCESSKEY0000001";
pub(crate) const WRONG_SECRET_KEY: &str = "soak-secret-key-opens-nothing-real-1";
pub(crate) const DOMAIN: &str = "soak-domain";
pub(crate) const PASSWORD: &str = "soak-password-opens-nothing-real-0";
pub(crate) const CLUSTERS: usize = 32;
pub(crate) const USERS: usize = 100;
const GROUPS: usize = 10;

pub(crate) fn cluster(number: usize) -> String {
    format!("soak-cluster-{}", number % CLUSTERS)
}

pub(crate) fn user(number: usize) -> String {
    format!("user{:02}", number % USERS)
}

/// The group of a user.
pub(crate) fn group_of(number: usize) -> String {
    format!("group{}", number % USERS % GROUPS)
}

/// Writes the world as a seed.
pub(crate) fn write_seed(folder: &Path) -> Result<PathBuf, String> {
    let file = folder.join("seed.yaml");
    std::fs::write(&file, seed()).map_err(|error| format!("the seed cannot be written: {error}"))?;
    Ok(file)
}

fn seed() -> String {
    let mut text = format!(
        "domain: {DOMAIN}\nprojects: [{{ id: {PROJECT}, name: cn-north-4 }}]\naccess_keys:\n\
         - {{ access_key: {ACCESS_KEY}, secret_key: {SECRET_KEY} }}\n\
         - {{ access_key: {WRONG_ACCESS_KEY}, secret_key: {WRONG_SECRET_KEY} }}\n\
         policies: [{{ name: own, allow: [\"mrs:*:*\"], deny: [\"mrs:cluster:delete\"] }}]\ngroups:\n"
    );
    // Writing to a String does not fail.
    for number in 0..GROUPS {
        let _ = writeln!(text, "- {{ name: {}, policies: [MRS FullAccess] }}", group_of(number));
    }
    text.push_str("users:\n");
    for number in 0..USERS {
        let (user, group) = (user(number), group_of(number));
        let _ = writeln!(text, "- {{ name: {user}, password: {PASSWORD}, groups: [{group}] }}");
    }
    text.push_str("clusters:\n");
    for number in 0..CLUSTERS {
        let _ = writeln!(text, "- {{ id: {}, project: {PROJECT} }}", cluster(number));
    }
    text
}
