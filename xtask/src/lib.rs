//! The workspace's own commands.

pub mod bench;
pub mod codegen;
pub mod conformance;
pub mod docs;
pub mod document;
pub mod lint;
mod process;
pub mod schema;
pub mod soak;
pub mod test;
