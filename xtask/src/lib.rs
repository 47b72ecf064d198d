//! The workspace's own commands.

pub mod bench;
pub mod browser;
pub mod codegen;
pub mod conformance;
pub mod diff;
pub mod docs;
pub mod document;
pub mod lint;
mod process;
pub mod release;
pub mod schema;
pub mod soak;
pub mod test;
