//! One module for each command.

pub(crate) mod api;
pub(crate) mod apply;
pub(crate) mod auth;
pub(crate) mod cancel;
pub(crate) mod clusters;
pub(crate) mod completion;
#[cfg(feature = "emulator")]
pub(crate) mod emulator;
#[cfg(feature = "explorer")]
pub(crate) mod explorer;
pub(crate) mod fleet;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod metrics;
pub(crate) mod plan;
pub(crate) mod projects;
pub(crate) mod reference;
pub(crate) mod schema;
pub(crate) mod selection;
pub(crate) mod status;
pub(crate) mod sync;
pub(crate) mod write;
