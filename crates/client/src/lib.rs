#![doc = include_str!("../README.md")]

mod error_body;
#[rustfmt::skip]
mod generated;
mod hooks;
mod password;

pub use error_body::ErrorBody;
pub use generated::{iam, iam_sync_user, mrs_clusters};
pub use hooks::{
    Answer, Authenticate, AuthenticateError, BODY_LIMIT, Http, Inner, address, connect, connect_clusters,
    connect_iam, exchange,
};
pub use password::Password;
pub use progenitor_client::{Error, ResponseValue};
