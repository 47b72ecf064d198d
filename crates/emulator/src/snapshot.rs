//! A world as JSON, to be kept by a test and put back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::world::{Clusters, Iam, World};

const FORMAT: u64 = 1;

#[derive(Serialize)]
struct Taken<'a> {
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

/// Of passwords it has digests, and neither keys nor tokens.
pub(crate) fn take(world: &World) -> Value {
    let (iam, clusters) = world.parts();
    // All keys are text, and nothing in it fails to be written.
    serde_json::to_value(Taken { format: FORMAT, iam, clusters }).unwrap_or_default()
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

    use super::*;
    use crate::sync::Progress;
    use crate::world::{SAMPLE_CLUSTER_ID, SAMPLE_PASSWORD, SAMPLE_PROJECT_ID};

    #[test]
    fn what_is_taken_can_be_put_back_and_shows_no_password() {
        let mut world =
            World::sample().with_policy("own", &["mrs:*"], &["x"]).with_user_policy("user2", "own");
        let (epoch, everything) = (SystemTime::UNIX_EPOCH, world.arrival_of_everything());
        let cluster = world.settled_cluster(SAMPLE_PROJECT_ID, SAMPLE_CLUSTER_ID, epoch).unwrap();
        cluster.start(everything.clone(), epoch, Progress::Polls(0));
        cluster.settle(epoch);
        cluster.start(everything, epoch, Progress::Takes(std::time::Duration::from_secs(2)));
        let taken = take(&world);
        assert!(!taken.to_string().contains(SAMPLE_PASSWORD));
        let again = read(taken.to_string().as_bytes()).unwrap();
        assert_eq!(take(&again), taken);
        assert!(again.is_password("user1", &SAMPLE_PASSWORD.into()) && again.may_sync("user2"));
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let taken = take(&World::sample());
        for (pointer, value, expected) in [
            ("/format", Value::from(2), "format 2; this version reads 1 only"),
            ("/iam/users/user1", serde_json::json!(["none"]), "user `user1` is in group `none`"),
            ("/iam/group_policies/group1", serde_json::json!(["none"]), "policy `none` is held"),
            ("/iam/projects", serde_json::json!({}), "cluster `f7f45c04"),
            ("/clusters", Value::Null, "invalid type: null"),
        ] {
            let mut given = taken.clone();
            *given.pointer_mut(pointer).unwrap() = value;
            let error = read(given.to_string().as_bytes()).unwrap_err();
            assert!(error.starts_with(expected), "{pointer}: {error}");
        }
        assert!(read(b"{").is_err());
    }
}
