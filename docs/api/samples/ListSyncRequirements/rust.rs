//! Tell whether the cluster is in line with IAM (ListSyncRequirements).
//! The access key comes from HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK.

use std::process::ExitCode;

use mrs_iam_sync::{Client, Error};

async fn run() -> Result<(), Error> {
    let mut builder = Client::builder()
        .region("cn-north-4")
        .project_id("ff8080828997cb24018a1b2db3440b80");
    if let Ok(endpoint) = std::env::var("MRS_IAM_SYNC_ENDPOINT") {
        builder = builder.endpoint(endpoint); // instead of the region's, an emulator's for example
    }
    let client = builder.connect().await?;
    let cluster = client.cluster("f7f45c04-4303-411c-9b71-d2cb730dd162")?;

    println!("{}", cluster.is_synchronous().await?);
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
