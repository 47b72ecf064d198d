#![doc = include_str!("../README.md")]

mod error;
mod escape;
mod folder;
mod language;
mod operation;
mod render;
mod values;

pub use error::SampleError;
pub use folder::{File, folder};
pub use language::Language;
pub use operation::operation_ids;
pub use render::render;
pub use values::Values;
