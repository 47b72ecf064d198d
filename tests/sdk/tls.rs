//! Signed calls over TLS.

use mrs_iam_sync::{Client, ErrorKind, Names};
use mrs_iam_sync_emulator::Emulator;
use workspace_tests::{CLUSTER_ID, PROJECT_ID};

use crate::support::sample_credentials;

async fn emulator() -> (Emulator, tempfile::NamedTempFile) {
    let emulator = Emulator::builder().tls(true).sync_duration(std::time::Duration::ZERO).start().await;
    let emulator = emulator.expect("an emulator");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), emulator.certificate_pem().expect("a certificate")).expect("written");
    (emulator, file)
}

fn builder(emulator: &Emulator) -> mrs_iam_sync::ClientBuilder {
    Client::builder()
        .endpoint(emulator.base_url())
        .with_iam_endpoint(emulator.base_url())
        .project_id(PROJECT_ID)
        .credentials(sample_credentials())
}

#[tokio::test]
async fn each_operation_works_over_tls() {
    let (emulator, ca) = emulator().await;
    assert!(emulator.base_url().starts_with("https://"));
    let client = builder(&emulator).with_ca_file(ca.path()).build().expect("a client");
    let cluster = client.cluster(CLUSTER_ID).expect("a cluster");
    let names = || Names::builder().user("user1").build().expect("names");
    cluster.sync(names()).send().await.expect("UpdateSyncIamUser");
    assert_eq!(cluster.synchronized().await.expect("ShowSyncIamUser").users, Some(vec!["user1".to_owned()]));
    assert!(!cluster.is_synchronizing().await.expect("ListSyncStatus"));
    assert!(cluster.is_synchronous().await.expect("ListSyncRequirements"));
    cluster.cancel(names()).send().await.expect("CancelSyncIamUser");
    assert_eq!(client.clusters().await.expect("ListClusters").len(), 1);
    client.iam().expect("IAM").projects(None).await.expect("KeystoneListProjects");
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_refused_at_once() {
    let (emulator, _) = emulator().await;
    let client = builder(&emulator).build().expect("a client");
    let error = client.cluster(CLUSTER_ID).expect("a cluster").synchronized().await.expect_err("untrusted");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connection, 1), "{error:?}");
    assert!(error.to_string().contains("that can be trusted"), "{error}");
    assert!(error.hint().expect("a hint").contains("CA file"), "{error:?}");
    assert!(emulator.requests().is_empty(), "nothing was sent");
}

#[test]
fn a_ca_file_is_checked_before_anything_is_sent() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let build = |path: &std::path::Path| {
        let builder = Client::builder().region("cn-north-4").project_id(PROJECT_ID);
        builder.credentials(sample_credentials()).with_ca_file(path).build().expect_err("no CA file")
    };
    for (text, fault) in [
        ("", "holds no certificate"),
        ("no PEM", "holds no certificate"),
        ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "is not usable"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "TLS cannot be set up"),
    ] {
        std::fs::write(file.path(), text).expect("written");
        let error = build(file.path());
        assert!(error.to_string().contains(fault), "{text:?}: {error}");
    }
    let error = build(std::path::Path::new("/nowhere/at.all"));
    assert!(error.to_string().contains("/nowhere/at.all cannot be read"), "{error}");
}
