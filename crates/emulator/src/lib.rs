#![doc = include_str!("../README.md")]

mod auth;
mod clock;
mod clusters;
#[cfg(debug_assertions)]
mod conformance;
mod differences;
mod emulator;
mod error;
mod fault;
mod gateway;
mod iam;
mod mask;
mod mrs;
mod own;
mod policy;
mod query;
mod quota;
mod readings;
mod request;
mod router;
mod schemas;
mod seed;
mod server;
mod snapshot;
mod store;
mod sync;
mod time;
mod tls;
mod wire;
mod world;

pub use clock::{Clock, MachineClock, ManualClock};
pub use differences::differences;
pub use emulator::{Emulator, EmulatorBuilder, SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY};
pub use error::StartError;
pub use fault::{Fault, FaultKind};
pub use policy::system_policies;
pub use quota::Quota;
pub use readings::{READINGS, Reading};
pub use request::RecordedRequest;
pub use seed::{Seed, SeedError};
pub use sync::{Cluster, ClusterState};
pub use world::{
    SAMPLE_CLUSTER_ID, SAMPLE_CLUSTER_NAME, SAMPLE_DOMAIN_NAME, SAMPLE_PASSWORD, SAMPLE_PROJECT_ID,
    SAMPLE_PROJECT_NAME, World,
};
