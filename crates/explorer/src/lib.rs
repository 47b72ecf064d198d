#![doc = include_str!("../README.md")]

mod answer;
mod catalogue;
mod explorer;
mod gate;
mod page;
mod refusal;
mod routes;
mod samples;
mod serve;
mod values;

pub use explorer::{Explorer, ExplorerBuilder, StartError};
