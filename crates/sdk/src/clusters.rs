//! Clusters of a project, found by their names.

use std::collections::HashSet;
use std::sync::Arc;

use mrs_iam_sync_client::connect_clusters;
use mrs_iam_sync_client::mrs_clusters::types;
use mrs_iam_sync_contract::mrs_clusters::LIST_CLUSTERS;
use schemars::JsonSchema;
use serde::Serialize;

use crate::attempt::Attempt;
use crate::client::Client;
use crate::cluster::Cluster;
use crate::error::{Error, ErrorKind};
use crate::names::{self, quote};

/// Clusters asked for at once. The documentation allows more; a page stays small this way.
const PAGE: usize = 100;

/// A cluster as the list has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ClusterSummary {
    /// Its id.
    pub id: String,
    /// Its name; the service does not promise that it is the only one of that name.
    pub name: String,
    /// Its state in the service's own word, `running` for example; null (`None`) when the answer did not say.
    pub state: Option<String>,
    /// Its MRS version.
    pub version: Option<String>,
}

impl Client {
    /// The existing clusters of the project, all pages of them (`ListClusters`, API version 1.1: version 2 has no
    /// list).
    ///
    /// # Errors
    /// As any call: see [`ErrorKind`]. A list that ends before its own total is an error, too.
    pub async fn clusters(&self) -> Result<Vec<ClusterSummary>, Error> {
        self.clusters_tagged(None).await
    }

    /// As [`Client::clusters`], but only those with all of these tags, each a key and a value.
    ///
    /// # Errors
    /// As [`Client::clusters`]; [`ErrorKind::InvalidInput`] for a tag that cannot be asked for, or for none.
    pub async fn clusters_with_tags(&self, tags: &[(String, String)]) -> Result<Vec<ClusterSummary>, Error> {
        let mut text = Vec::new();
        for (key, value) in tags {
            // The list is written as `key*value,key*value`; how these two would be quoted is not documented.
            if key.is_empty() || [key, value].iter().any(|part| part.contains([',', '*'])) {
                let message = format!("the tag {} = {} cannot be asked for", quote(key), quote(value));
                return Err(Error::new(ErrorKind::InvalidInput, message).with_hint(
                    "a key is not empty, and neither key nor value has a comma or an asterisk in it",
                ));
            }
            text.push(format!("{key}*{value}"));
        }
        if text.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "no tag is given"));
        }
        self.clusters_tagged(Some(text.join(","))).await
    }

    async fn clusters_tagged(&self, tags: Option<String>) -> Result<Vec<ClusterSummary>, Error> {
        let mut clusters = Vec::new();
        let mut seen = HashSet::new();
        for page in 1_usize.. {
            let (total, found) = self.clusters_page(page, tags.as_deref()).await?;
            let came = found.len();
            // A cluster that was made meanwhile moves the others on to the next page.
            clusters.extend(found.into_iter().filter(|cluster| seen.insert(cluster.id.clone())));
            if came == 0 || page * PAGE >= total {
                if clusters.len() < total {
                    let message = format!("the list of clusters ended after {} of {total}", clusters.len());
                    return Err(Error::new(ErrorKind::UnexpectedAnswer, message)
                        .with_hint("clusters may be coming and going just now: try again"));
                }
                break;
            }
        }
        Ok(clusters)
    }

    async fn clusters_page(
        &self,
        page: usize,
        tags: Option<&str>,
    ) -> Result<(usize, Vec<ClusterSummary>), Error> {
        let read = |attempt: Arc<Attempt>| async move {
            let service = attempt.service();
            let client = connect_clusters(service.endpoint.as_str(), &service.http, attempt.clone());
            let mut call = client
                .list_clusters()
                .project_id(self.project_id().to_owned())
                .page_size(PAGE.to_string())
                .current_page(page.to_string())
                .cluster_state(types::ClusterState::Existing);
            if let Some(tags) = tags {
                call = call.tags(tags.to_owned());
            }
            let list = attempt.finish(call.send().await)?.into_inner();
            let total = usize::try_from(list.cluster_total)
                .map_err(|_| attempt.unexpected_now("a negative clusterTotal"))?;
            Ok((total, list.clusters.into_iter().map(summary).collect()))
        };
        Ok(self.call((&LIST_CLUSTERS).into(), "").run(read).await?.value)
    }

    /// The one existing cluster of this name.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is none, with the nearest names; [`ErrorKind::InvalidInput`] with the
    /// candidates when there are several; and as any call.
    pub async fn cluster_named(&self, name: &str) -> Result<Cluster, Error> {
        let clusters = self.clusters().await?;
        let named: Vec<&ClusterSummary> = clusters.iter().filter(|cluster| cluster.name == name).collect();
        match named.as_slice() {
            [cluster] => self.cluster(&cluster.id),
            [] => {
                let message = format!("no cluster of the project is named {name:?}");
                let hint = match nearest(name, &clusters).as_slice() {
                    [] => format!("{}; a name is exact, and a cluster's id works too", existing(&clusters)),
                    near => format!("did you mean {}? A name is exact", near.join(", ")),
                };
                Err(Error::new(ErrorKind::NotFound, message).with_hint(hint))
            }
            several => {
                let ids: Vec<String> = several
                    .iter()
                    .map(|cluster| match &cluster.state {
                        Some(state) => format!("{} ({state})", cluster.id),
                        None => cluster.id.clone(),
                    })
                    .collect();
                let message = format!("{} clusters are named {name:?}: {}", several.len(), ids.join(", "));
                Err(Error::new(ErrorKind::InvalidInput, message).with_hint("give the id of one of them"))
            }
        }
    }

    /// A cluster by id or name: `id:…` and `name:…` say which; of anything else, what has the form of a UUID is an id
    /// and never looked up, and the rest is a name.
    ///
    /// # Errors
    /// As [`Client::cluster`] and [`Client::cluster_named`].
    pub async fn find_cluster(&self, given: &str) -> Result<Cluster, Error> {
        match ClusterRef::parse(given)? {
            ClusterRef::Id(id) => self.cluster(&id),
            ClusterRef::Name(name) => self.cluster_named(&name).await,
        }
    }
}

/// How a cluster is given.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClusterRef {
    /// By its id.
    Id(String),
    /// By its name.
    Name(String),
}

impl ClusterRef {
    /// Reads `id:…`, `name:…`, a UUID or a name; sends nothing.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when an id breaks the documented rule, or a name is empty.
    pub fn parse(given: &str) -> Result<Self, Error> {
        if let Some(id) = given.strip_prefix("id:") {
            return Ok(Self::Id(names::cluster_id(id)?.to_string()));
        }
        let name = given.strip_prefix("name:");
        match name.unwrap_or(given) {
            "" => Err(Error::new(ErrorKind::InvalidInput, "the cluster is given as nothing")
                .with_hint("give a cluster's id or name")),
            id if name.is_none() && is_uuid(id) => Ok(Self::Id(id.to_owned())),
            name => Ok(Self::Name(name.to_owned())),
        }
    }
}

/// `8-4-4-4-12` hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == lengths.len()
        && parts
            .iter()
            .zip(lengths)
            .all(|(part, length)| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn summary(cluster: types::Cluster) -> ClusterSummary {
    ClusterSummary {
        id: cluster.cluster_id,
        name: cluster.cluster_name,
        state: cluster.cluster_state,
        version: cluster.cluster_version,
    }
}

/// What there is instead.
fn existing(clusters: &[ClusterSummary]) -> String {
    let names: Vec<&str> = clusters.iter().take(3).map(|cluster| cluster.name.as_str()).collect();
    match (names.as_slice(), clusters.len() - names.len()) {
        ([], _) => "the project has no existing cluster".to_owned(),
        (names, 0) => format!("the project has {}", names.join(", ")),
        (names, more) => format!("the project has {} and {more} more", names.join(", ")),
    }
}

/// Names that differ little from one that is not there, best first, at most three.
fn nearest<'a>(name: &str, clusters: &'a [ClusterSummary]) -> Vec<&'a str> {
    let wanted = name.to_lowercase();
    let mut near: Vec<(usize, &str)> = clusters
        .iter()
        .map(|cluster| {
            (strsim::damerau_levenshtein(&wanted, &cluster.name.to_lowercase()), cluster.name.as_str())
        })
        .filter(|(distance, other)| *distance <= 3 || other.to_lowercase().contains(&wanted))
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_told_from_a_name() {
        let id = "f7f45c04-4303-411c-9b71-d2cb730dd162";
        let parse = |given: &str| ClusterRef::parse(given).unwrap();
        assert_eq!(parse(id), ClusterRef::Id(id.to_owned()));
        assert_eq!(parse("id:c1"), ClusterRef::Id("c1".to_owned()));
        assert_eq!(parse("c1"), ClusterRef::Name("c1".to_owned()));
        assert_eq!(parse("name:id:x"), ClusterRef::Name("id:x".to_owned()));
        assert_eq!(parse(&format!("name:{id}")), ClusterRef::Name(id.to_owned()));
        for wrong in ["", "name:", "id:", "id:a/b", "id:.."] {
            assert!(ClusterRef::parse(wrong).is_err(), "{wrong}");
        }
    }
}
