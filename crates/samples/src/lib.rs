#![doc = include_str!("../README.md")]

#[cfg(feature = "archive")]
mod archive;
mod error;
mod escape;
mod folder;
mod language;
mod operation;
mod render;
mod values;

#[cfg(feature = "archive")]
pub use archive::archive;
pub use error::SampleError;
pub use folder::{File, folder};
pub use language::Language;
pub use operation::operation_ids;
pub use render::render;
pub use values::Values;
