//! From the entries of a file to clusters.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};
use mrs_iam_sync::Error;

use crate::accounts::Accounts;
use crate::error::FileError;
use crate::file::nearest;
use crate::fleet::{Entry, Fleet, Pick, Wish};
use crate::plan::{ClusterKey, ClusterPlan};
use crate::report::Failure;
use crate::run::DEFAULT_CONCURRENCY;

/// A cluster to look at.
#[derive(Debug, Clone)]
pub(crate) enum Job {
    /// One of the file.
    Wanted { cluster: ClusterKey, wish: Arc<Wish> },
    /// One of a plan.
    Planned(Box<ClusterPlan>),
    /// One that could not be found.
    Lost { cluster: ClusterKey, failure: Box<Failure> },
    /// Tags that no cluster has.
    Nothing { cluster: ClusterKey },
}

/// The clusters of each account, in the file's order.
pub(crate) fn by_account(jobs: Vec<Job>, accounts: &Accounts) -> Vec<Vec<Job>> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut of: Vec<Vec<Job>> = Vec::new();
    for job in jobs {
        let place = *places.entry(accounts.name(&job.cluster().target)).or_insert(of.len());
        if place == of.len() {
            of.push(Vec::new());
        }
        of[place].push(job);
    }
    of
}

/// Finds the clusters.
///
/// # Errors
/// When two entries mean the same cluster: nothing is sent to any then.
pub(crate) async fn jobs(fleet: &Fleet, accounts: &Accounts) -> Result<Vec<Job>, FileError> {
    let mut jobs = Vec::with_capacity(fleet.entries.len());
    let mut taken: HashMap<(String, String), usize> = HashMap::new();
    let found = stream::iter(fleet.entries.iter().enumerate())
        .map(async |(number, entry)| (number, entry, found(entry, accounts).await))
        .buffered(DEFAULT_CONCURRENCY);
    let mut found = std::pin::pin!(found);
    while let Some((number, entry, jobs_of_entry)) = found.next().await {
        for job in jobs_of_entry {
            if let Job::Wanted { cluster, .. } = &job
                && let Some(id) = &cluster.cluster_id
                // An id is hexadecimal: the same in capitals.
                && let Some(first) = taken.insert((place(accounts, entry).await, id.to_ascii_lowercase()), number)
            {
                if entry.line == 0 {
                    // On a command line, by its name and its id: the wish is the same.
                    continue;
                }
                return Err(twice(fleet, &fleet.entries[first], entry, cluster));
            }
            jobs.push(job);
        }
    }
    Ok(jobs)
}

/// What makes a target's clusters others than another's, although both may be written differently.
async fn place(accounts: &Accounts, entry: &Entry) -> String {
    match accounts.lane(&entry.target).client().await {
        Ok(client) => format!("{} {}", client.endpoint(), client.project_id()),
        Err(_) => format!("{:?}", entry.target),
    }
}

fn twice(fleet: &Fleet, first: &Entry, second: &Entry, cluster: &ClusterKey) -> FileError {
    let with = if first.wish == second.wish { "" } else { " with different wishes" };
    let message = format!(
        "two entries mean the cluster {}{with}: those on line {} and line {}",
        cluster.title(),
        first.line,
        second.line
    );
    FileError::new(&fleet.file, message).hint("write one entry for it, or choose tags that it has not")
}

async fn found(entry: &Entry, accounts: &Accounts) -> Vec<Job> {
    let key = |id: Option<&str>, name: Option<&str>| ClusterKey {
        cluster_id: id.map(str::to_owned),
        cluster: name.map(str::to_owned),
        target: entry.target.clone(),
    };
    let wanted = |cluster: ClusterKey| Job::Wanted { cluster, wish: entry.wish.clone() };
    let lost = |cluster: ClusterKey, failure: Failure| Job::Lost { cluster, failure: Box::new(failure) };
    let lane = accounts.lane(&entry.target);
    match &entry.pick {
        Pick::Id(id) => vec![wanted(key(Some(id), None))],
        Pick::Name(name) => {
            let clusters = match lane.clusters().await {
                Ok(clusters) => clusters,
                Err(error) => return vec![lost(key(None, Some(name)), Failure::from(&error))],
            };
            let named: Vec<&str> = clusters
                .iter()
                .filter(|cluster| cluster.name == *name)
                .map(|cluster| cluster.id.as_str())
                .collect();
            match named.as_slice() {
                [id] => vec![wanted(key(Some(id), Some(name)))],
                [] => {
                    let names: Vec<&str> = clusters.iter().map(|cluster| cluster.name.as_str()).collect();
                    let hint = match nearest(name, &names) {
                        Some(near) => format!("did you mean {near}? A name is exact"),
                        None => "a name is exact; look with `mrs-iam-sync clusters`".to_owned(),
                    };
                    let message = format!("no cluster of the project is named {name:?}");
                    vec![lost(key(None, Some(name)), Failure::new("not_found", message).hint(hint))]
                }
                several => {
                    let message =
                        format!("{} clusters are named {name:?}: {}", several.len(), several.join(", "));
                    let failure = Failure::new("invalid_input", message).hint("give the id of one of them");
                    vec![lost(key(None, Some(name)), failure)]
                }
            }
        }
        Pick::Tags(tags) => {
            let text: Vec<String> = tags.iter().map(|(tag, value)| format!("{tag}={value}")).collect();
            let text = format!("tags {}", text.join(", "));
            let read = async {
                let client = lane.client().await?;
                lane.with(client.clusters_with_tags(tags)).await
            };
            match read.await {
                Ok(clusters) if clusters.is_empty() => vec![Job::Nothing { cluster: key(None, Some(&text)) }],
                Ok(clusters) => clusters
                    .into_iter()
                    .map(|cluster| wanted(key(Some(&cluster.id), Some(&cluster.name))))
                    .collect(),
                Err(error) => vec![lost(key(None, Some(&text)), Failure::from(&error))],
            }
        }
    }
}

impl Job {
    pub(crate) fn cluster(&self) -> &ClusterKey {
        match self {
            Self::Wanted { cluster, .. } | Self::Lost { cluster, .. } | Self::Nothing { cluster } => cluster,
            Self::Planned(plan) => &plan.cluster,
        }
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            kind: error.kind().as_str().to_owned(),
            message: error.to_string(),
            hint: error.hint().map(str::to_owned),
            status: error.status(),
            error_code: error.error_code().map(str::to_owned),
            request_id: error.request_id().map(str::to_owned),
        }
    }
}
