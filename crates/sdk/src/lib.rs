#![doc = include_str!("../README.md")]

mod client;
mod cluster;
mod credentials;
mod endpoint;
mod error;
mod names;
mod outcome;
mod preview;
mod time;
mod transport;
mod wait;

pub use client::{
    Client, ClientBuilder, DEFAULT_SETTLE_TIME, DEFAULT_TIMEOUT, DEFAULT_WAIT_TIMEOUT, RawAnswer,
};
pub use cluster::{CancelRequest, Cluster, SyncRequest};
pub use credentials::{Credentials, Source, TOKEN_VARIABLE};
pub use error::{Error, ErrorKind};
pub use names::{
    ClusterId, GroupName, Names, NamesBuilder, ProjectId, Selection, UserName, cluster_id, project_id,
};
pub use outcome::{
    Accepted, CancelOutcome, CaseDifference, Completion, NameLists, SyncOutcome, Synchronized,
};
pub use preview::RequestPreview;
pub use time::{Sleep, Time};
pub use wait::Progress;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
