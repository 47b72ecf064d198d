#![doc = include_str!("../README.md")]

mod answer;
mod attempt;
mod call;
mod client;
mod cluster;
mod clusters;
mod credentials;
mod endpoint;
mod engine;
mod error;
mod iam;
mod limiter;
mod names;
mod observe;
mod outcome;
mod preview;
mod retry;
mod time;
mod tls;
mod wait;
mod wallet;

pub use client::{Client, ClientBuilder, DEFAULT_SETTLE_TIME, DEFAULT_WAIT_TIMEOUT, RawAnswer};
pub use cluster::{CancelRequest, Cluster, SyncRequest};
pub use clusters::{ClusterRef, ClusterSummary};
pub use credentials::{
    AgencyCredentials, Context, Credentials, CredentialsChain, LocalCredentials, PasswordLogin,
    ProvideCredentials, Providing, Source, TOKEN_VARIABLE,
};
pub use engine::{DEFAULT_ATTEMPT_TIMEOUT, DEFAULT_MAX_CONNECTIONS, DEFAULT_TIMEOUT};
pub use error::{Error, ErrorKind, Parts};
pub use iam::{Iam, IamGroup, IamUser, Project};
pub use limiter::RateLimits;
pub use names::{Names, NamesBuilder, Selection, check_cluster_id, check_project_id};
pub use observe::AttemptReport;
pub use outcome::{
    Accepted, CancelOutcome, CaseDifference, Completion, NameLists, SyncOutcome, Synchronized,
};
pub use preview::{RequestPreview, SigningStages};
pub use retry::DEFAULT_MAX_ATTEMPTS;
pub use time::{MachineTime, Sleep, Time};
pub use wait::Progress;

/// Methods, statuses and headers of [`Client::execute_raw`].
pub use http;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
