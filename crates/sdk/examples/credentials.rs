//! Three ways to credentials: given by the program, found where others look for them, and a provider of one's own.
//!
//! `cargo run -p mrs-iam-sync --example credentials -- f7f45c04-4303-411c-9b71-d2cb730dd162`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod common;

use std::path::PathBuf;
use std::time::Duration;

use mrs_iam_sync::{Client, Context, Credentials, CredentialsChain, Error, ProvideCredentials, Providing};

/// A key that the program has from somewhere.
pub fn explicit(access_key: &str, secret_key: String) -> mrs_iam_sync::Result<Credentials> {
    Credentials::access_key(access_key, secret_key)
}

/// Environment and profile file. This is what a client does unless told otherwise, but for the agency of an ECS
/// instance, which is not asked here.
pub fn chain() -> CredentialsChain {
    CredentialsChain::new().without_agency()
}

/// A token that another program keeps fresh in a file.
#[derive(Debug)]
pub struct TokenFile(pub PathBuf);

impl ProvideCredentials for TokenFile {
    fn provide<'a>(&'a self, context: &'a Context) -> Providing<'a> {
        Box::pin(async move {
            let token = std::fs::read_to_string(&self.0).map_err(|error| {
                let message = format!("the token file {} cannot be read", self.0.display());
                Error::no_credentials(message, Some(error.into()))
            })?;
            // Says when to ask again.
            Ok(Credentials::token(token.trim())?.with_expiry(context.now() + Duration::from_secs(3600)))
        })
    }
}

/// Tells what requests are authenticated with, and makes one.
pub async fn run(client: Client, cluster_id: &str) -> mrs_iam_sync::Result<Credentials> {
    let credentials = client.credentials().await?;
    println!("{}: {}", credentials.describe(), credentials.source());
    println!("on Manager: {:?}", client.cluster(cluster_id)?.synchronized().await?.users);
    Ok(credentials)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    let ([cluster_id], _) =
        common::arguments("CLUSTER_ID (with a token in the file TOKEN_FILE, if that is set)")?;
    let builder = match std::env::var_os("TOKEN_FILE") {
        Some(path) => common::builder().credentials(TokenFile(path.into())),
        None => common::builder().credentials(chain()),
    };
    run(builder.connect().await?, &cluster_id).await?;
    Ok(())
}
