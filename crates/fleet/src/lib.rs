#![doc = include_str!("../README.md")]

mod accounts;
mod error;
mod file;
mod fleet;
mod memory;
mod names_file;
mod plan;
mod reading;
mod report;
mod resolve;
mod run;
mod stop;
mod work;

pub use accounts::Connect;
pub use error::FileError;
pub use file::Resync;
pub use fleet::{Fleet, Target};
pub use memory::Memory;
pub use names_file::{FileName, MOST_BYTES, NamesFileError, parse_names};
pub use plan::{ClusterKey, ClusterPlan, HeldBack, PlanOptions, Verdict};
pub use report::{ClusterReport, Failure, Status};
pub use run::{DEFAULT_CONCURRENCY, Event, Jobs, Planned, Run};
pub use stop::Stop;
