#![doc = include_str!("../README.md")]

mod error_body;
#[rustfmt::skip]
mod generated;
mod hooks;

pub use error_body::ErrorBody;
pub use generated::iam_sync_user;
pub use hooks::{
    Answer, Authenticate, AuthenticateError, BODY_LIMIT, Http, Inner, address, connect, exchange,
};
pub use progenitor_client::{Error, ResponseValue};
