//! A world as JSON, to be kept by a test and put back.

use crate::world::{Clusters, Iam, World};
use serde::{Deserialize, Serialize};

const FORMAT: u64 = 1;

/// Of passwords it has digests, and neither keys nor tokens.
#[derive(Serialize)]
pub(crate) struct Taken<'a> {
    format: u64,
    iam: &'a Iam,
    clusters: &'a Clusters,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    format: u64,
    iam: Iam,
    clusters: Clusters,
}

impl<'a> Taken<'a> {
    pub(crate) fn of(world: &'a World) -> Self {
        let (iam, clusters) = world.parts();
        Self { format: FORMAT, iam, clusters }
    }
}

/// The error says what is wrong.
pub(crate) fn read(body: &[u8]) -> Result<World, String> {
    let given: Given = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if given.format != FORMAT {
        return Err(format!("format {}; this version reads {FORMAT} only", given.format));
    }
    World::from_parts(given.iam, given.clusters)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use serde_json::Value;

    use super::*;
    use crate::sync::Progress;
    use crate::world::{SAMPLE_CLUSTER_ID, SAMPLE_PASSWORD, SAMPLE_PROJECT_ID};

    fn json_of(world: &World) -> Value {
        serde_json::to_value(Taken::of(world)).unwrap()
    }

    #[test]
    fn what_is_taken_can_be_put_back_and_shows_no_password() {
        let mut world =
            World::sample().with_policy("own", &["mrs:*"], &["x"]).with_user_policy("user2", "own");
        let (epoch, everything) = (SystemTime::UNIX_EPOCH, world.arrival_of_everything());
        let cluster = world.settled_cluster_mut(SAMPLE_PROJECT_ID, SAMPLE_CLUSTER_ID, epoch).unwrap();
        cluster.start(everything.clone(), epoch, Progress::Polls(0));
        cluster.settle(epoch);
        cluster.start(everything, epoch, Progress::Takes(std::time::Duration::from_secs(2)));
        let taken = json_of(&world);
        assert!(!taken.to_string().contains(SAMPLE_PASSWORD));
        let again = read(taken.to_string().as_bytes()).unwrap();
        assert_eq!(json_of(&again), taken);
        assert!(again.is_password("user1", &SAMPLE_PASSWORD.into()) && again.may_sync("user2"));
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let taken = json_of(&World::sample());
        let manager = format!("/clusters/{SAMPLE_CLUSTER_ID}/manager");
        for (pointer, value, expected) in [
            ("/format", Value::from(2), "format 2; this version reads 1 only"),
            ("/iam/users/user1", serde_json::json!(["none"]), "user `user1` is in group `none`"),
            ("/iam/group_policies/group1", serde_json::json!(["none"]), "policy `none` is held"),
            ("/iam/projects", serde_json::json!({}), "cluster `f7f45c04"),
            ("/clusters", Value::Null, "invalid type: null"),
            ("/iam/users/", serde_json::json!([]), "UserName \"\": "),
            ("/iam/passwords/nobody", Value::from("00"), "user `nobody` has a password"),
            ("/iam/group_policies/none", serde_json::json!([]), "group `none` has policies"),
            (
                "/iam/custom_policies/MRS FullAccess",
                serde_json::json!({ "allow": [], "deny": ["*"] }),
                "policy `MRS FullAccess` is one of the system's",
            ),
            ("/iam/projects/a b", Value::from("name"), "ProjectId \"a b\": "),
            (&format!("{manager}/arrivals"), Value::from(u64::MAX), "cluster `f7f45c04"),
            (
                &format!("{manager}/users/user1"),
                serde_json::json!({ "arrival": 1, "groups": [], "policies": [] }),
                "cluster `f7f45c04",
            ),
        ] {
            let mut given = taken.clone();
            let (parent, field) = pointer.rsplit_once('/').unwrap();
            given.pointer_mut(parent).unwrap()[field] = value;
            let error = read(given.to_string().as_bytes()).unwrap_err();
            assert!(error.starts_with(expected), "{pointer}: {error}");
        }
        assert!(read(b"{").is_err());
    }
}
