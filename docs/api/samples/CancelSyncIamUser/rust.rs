//! Remove users and user groups from Manager (CancelSyncIamUser).
//! The access key comes from HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK.

use std::process::ExitCode;

use mrs_iam_sync::{Client, Error, Names};

async fn run() -> Result<(), Error> {
    let mut builder = Client::builder()
        .region("cn-north-4")
        .project_id("ff8080828997cb24018a1b2db3440b80");
    if let Ok(endpoint) = std::env::var("MRS_IAM_SYNC_ENDPOINT") {
        builder = builder.endpoint(endpoint); // instead of the region's, an emulator's for example
    }
    let client = builder.connect().await?;
    let cluster = client.cluster("f7f45c04-4303-411c-9b71-d2cb730dd162")?;

    let names = Names::builder()
        .users(["user1", "user2"])
        .groups(["groups1"])
        .build()?;
    // Returns when the request is accepted (202). `wait` instead of `send` returns when it has finished, and tells
    // what came of it; `cluster.is_synchronizing()` tells whether it still runs.
    for accepted in cluster.cancel(names).send().await? {
        println!("{}", accepted.state);
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Err(error) = run().await else {
        return ExitCode::SUCCESS;
    };
    eprintln!("{error}");
    eprintln!(
        "status {:?}, error code {:?}, request {:?}",
        error.status(),
        error.error_code(),
        error.request_id()
    );
    if let Some(hint) = error.hint() {
        eprintln!("hint: {hint}");
    }
    ExitCode::FAILURE
}
