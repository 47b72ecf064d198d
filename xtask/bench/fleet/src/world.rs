//! Who is to be where: the same people on every cluster, as far as their number goes.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use mrs_iam_sync_emulator::{Cluster, World};

pub(crate) const PROJECT: &str = "0123456789abcdef0123456789abcdef";
const GROUP: &str = "team";
const USERS: usize = 25;

fn user(number: usize) -> String {
    format!("user{number:03}")
}

pub(crate) fn cluster(number: usize) -> String {
    format!("2b460e01-3351-4170-b0a7-{number:012}")
}

/// Who belongs on each cluster.
pub(crate) fn users() -> Vec<String> {
    (0..USERS).map(user).collect()
}

/// A world with all of them, and nobody synchronized.
pub(crate) fn world(clusters: usize) -> World {
    let mut world = World::new();
    world.add_project(PROJECT, "cn-north-4");
    world.add_group(GROUP);
    for number in 0..USERS {
        world.add_user(user(number));
        world.add_member(&user(number), GROUP);
    }
    for number in 0..clusters {
        world.add_cluster(PROJECT, cluster(number));
    }
    world
}

/// A fleet file of some of the clusters.
pub(crate) fn file(first: usize, clusters: usize) -> String {
    let mut text = format!(
        "version: 1\nsets:\n  team:\n    users: [{}]\n    groups: [{GROUP}]\nclusters:\n",
        users().join(", ")
    );
    for number in first..first + clusters {
        // Writing to a String does not fail.
        let _ = writeln!(text, "  - id: {}\n    sets: [team]", cluster(number));
    }
    text
}

/// Whether a cluster is as [`file()`] says.
pub(crate) fn is_right(cluster: &Cluster) -> bool {
    let wanted: BTreeSet<String> = users().into_iter().collect();
    let there: BTreeSet<String> = cluster.user_names().into_iter().map(str::to_owned).collect();
    there == wanted && cluster.group_names() == [GROUP]
}
