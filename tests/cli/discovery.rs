//! Clusters and projects found, credentials found, certificates trusted.

use std::os::unix::fs::PermissionsExt as _;

use mrs_iam_sync_emulator::{Emulator, Quota, SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY, World};

use crate::support::{CLUSTER, Service, cli};

#[test]
fn clusters_with_their_ids() {
    let service = Service::prompt();
    check!(service.cli(["clusters"]).run(), @"
    exit: 0
    ----- stdout -----
    NAME        ID                                    STATE    VERSION
    mrs-sample  f7f45c04-4303-411c-9b71-d2cb730dd162  running  -
    ");
    check!(service.cli(["clusters", "-o", "json"]).run(), @r#"
    exit: 0
    ----- stdout -----
    {
      "project_id": "ff8080828997cb24018a1b2db3440b80",
      "clusters": [
        {
          "id": "f7f45c04-4303-411c-9b71-d2cb730dd162",
          "name": "mrs-sample",
          "state": "running",
          "version": null
        }
      ]
    }
    "#);
    let empty = Service::with(Emulator::builder().world(World::new().with_project("p", "cn-north-4")));
    check!(empty.cli(["clusters"]).env("HUAWEICLOUD_SDK_PROJECT_ID", "p").run(), @"
    exit: 0
    ----- stdout -----
    The project has no existing cluster.
    ");
}

#[test]
fn projects_with_their_ids() {
    let service = Service::prompt();
    check!(service.cli(["projects"]).run(), @"
    exit: 0
    ----- stdout -----
    NAME        ID                                ENABLED
    cn-north-4  ff8080828997cb24018a1b2db3440b80  yes
    ");
    check!(service.cli(["projects", "--name", "cn-north-4", "-o", "json"]).run(), @r#"
    exit: 0
    ----- stdout -----
    {
      "projects": [
        {
          "id": "ff8080828997cb24018a1b2db3440b80",
          "name": "cn-north-4",
          "enabled": true
        }
      ]
    }
    "#);
    check!(service.cli(["projects", "--name", "mars"]).run(), @"
    exit: 0
    ----- stdout -----
    IAM lists no such project.
    ");
    check!(cli(["projects", "--emulated"]).run(), @"
    exit: 0
    ----- stdout -----
    NAME        ID                                ENABLED
    cn-north-4  ff8080828997cb24018a1b2db3440b80  yes
    ----- stderr -----
    EMULATED: nothing real was changed; state ends with this command (keep one with: mrs-iam-sync emulator)
    ");
    check!(cli(["clusters", "--emulated"]).run(), @"
    exit: 0
    ----- stdout -----
    NAME        ID                                    STATE    VERSION
    mrs-sample  f7f45c04-4303-411c-9b71-d2cb730dd162  running  -
    ----- stderr -----
    EMULATED: nothing real was changed; state ends with this command (keep one with: mrs-iam-sync emulator)
    ");
}

#[test]
fn a_cluster_by_its_name() {
    let service = Service::prompt();
    let run = service.cli(["list", "--cluster", "mrs-sample", "-o", "json"]).run();
    assert_eq!(run.json()["cluster_id"], CLUSTER, "{run}");
    assert_eq!(service.calls(), ["ListClusters 200", "ShowSyncIamUser 200"]);
    check!(service.cli(["list", "--cluster", "mrs-sampel"]).run(), @r#"
    exit: 1
    ----- stderr -----
    error: no cluster of the project is named "mrs-sampel"
    hint: did you mean mrs-sample? A name is exact
    "#);
}

#[test]
fn the_project_of_a_region() {
    let service = Service::prompt();
    let found = service.on_cluster(["list", "-o", "json"]).without("HUAWEICLOUD_SDK_PROJECT_ID");
    let run = found.env("MRS_IAM_SYNC_REGION", "cn-north-4").run();
    assert_eq!(run.json()["project_id"], "ff8080828997cb24018a1b2db3440b80", "{run}");
    let run = service.on_cluster(["list"]).without("HUAWEICLOUD_SDK_PROJECT_ID");
    check!(run.env("MRS_IAM_SYNC_REGION", "cn-south-1").run(), @r#"
    exit: 1
    ----- stderr -----
    error: IAM has no project named "cn-south-1"
    hint: check the region and the account that the credentials belong to, or give the project's id
    "#);
    check!(service.on_cluster(["list"]).without("HUAWEICLOUD_SDK_PROJECT_ID").run(), @"
    exit: 2
    ----- stderr -----
    error: no project id is given, and no region whose project could be looked up
    hint: give --project-id or --region
    ");
    let alone = service.on_cluster(["list", "--region", "cn-north-4"]).without("MRS_IAM_SYNC_IAM_ENDPOINT");
    let alone =
        alone.without("HUAWEICLOUD_SDK_PROJECT_ID").args(["--endpoint", &service.emulator.base_url()]);
    check!(alone.run(), @"
    exit: 2
    ----- stderr -----
    error: no project id is given, and the endpoint of IAM, where it could be looked up, is not known
    hint: give --project-id, or --iam-endpoint beside --endpoint, or --region alone
    ");
}

#[test]
fn a_profile_file_that_others_can_read() {
    let service = Service::prompt();
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".huaweicloud");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("credentials");
    let profile = format!("[basic]\nak = {SAMPLE_ACCESS_KEY}\nsk = {SAMPLE_SECRET_KEY}\n[half]\nak = A\n");
    std::fs::write(&file, profile).unwrap();
    let list = |mode: u32, arguments: &[&str]| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let list = service.on_cluster(["list"]).args(arguments.iter().copied());
        let run = list.without("HUAWEICLOUD_SDK_AK").without("HUAWEICLOUD_SDK_SK");
        let mut run = run.env("HOME", home.path().to_str().unwrap()).run();
        run.stderr = run.stderr.replace(home.path().to_str().unwrap(), "[HOME]");
        run
    };
    check!(list(0o644, &[]), @"
    exit: 0
    ----- stdout -----
    No user is on Manager.
    No group is on Manager.
    ----- stderr -----
    warning: others on this machine can read the file with the secret key; `chmod 600` keeps them out, path: [HOME]/.huaweicloud/credentials
    ");
    check!(list(0o600, &[]), @"
    exit: 0
    ----- stdout -----
    No user is on Manager.
    No group is on Manager.
    ");
    check!(list(0o644, &["-q"]), @"
    exit: 0
    ----- stdout -----
    No user is on Manager.
    No group is on Manager.
    ");
    check!(list(0o600, &["--profile", "half"]), @"
    exit: 4
    ----- stderr -----
    error: [HOME]/.huaweicloud/credentials:5: ak is set, but sk is not
    hint: a key pair is an access key and its secret key: put both into the section
    ");
    check!(list(0o600, &["--profile", "basci"]), @r#"
    exit: 4
    ----- stderr -----
    error: [HOME]/.huaweicloud/credentials: there is no section "basci"
    hint: did you mean "basic"? there is "basic", "half"
    "#);
    check!(list(0o600, &["--profile", "koocli"]), @"
    exit: 4
    ----- stderr -----
    error: [HOME]/.hcloud/config.json is not there
    hint: `hcloud configure init` of KooCLI writes it
    ");
}

#[test]
fn a_certificate_of_ones_own() {
    let service = Service::with(Emulator::builder().tls(true));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, service.emulator.certificate_pem().unwrap()).unwrap();
    let list = || service.on_cluster(["list"]);
    assert_eq!(list().args(["--ca-file", file.to_str().unwrap()]).run().code, 0);
    assert_eq!(list().env("MRS_IAM_SYNC_CA_FILE", file.to_str().unwrap()).run().code, 0);
    check!(list().run(), @"
    exit: 5
    ----- stderr -----
    error: no TLS connection to https://127.0.0.1:PORT that can be trusted
      caused by: error sending request
      caused by: client error (Connect)
      caused by: invalid peer certificate: UnknownIssuer
    hint: if a proxy or a private authority signs the certificates, give the authority's certificate as CA file
    ");
    check!(list().args(["--ca-file", "absent.pem"]).run(), @"
    exit: 2
    ----- stderr -----
    error: the CA file absent.pem cannot be read
      caused by: [OS ERROR]
    hint: a CA file holds one or more certificates in PEM form, -----BEGIN CERTIFICATE----- first
    ");
}

/// A refusal that passes is waited for, and said.
#[test]
fn another_attempt_is_announced() {
    let service = Service::with(Emulator::builder().quota(Quota::Off));
    let kind = mrs_iam_sync_emulator::FaultKind::Status {
        status: 503,
        error_code: "APIGW.0613".to_owned(),
        retry_after: Some(1),
    };
    service.emulator.inject(mrs_iam_sync_emulator::Fault::new(kind).times(1));
    let run = service.on_cluster(["list", "--max-attempts", "2"]).run();
    check!(run, @"
    exit: 0
    ----- stdout -----
    No user is on Manager.
    No group is on Manager.
    ----- stderr -----
    warning: http://127.0.0.1:PORT answered 503, APIGW.0613: IAM is not available to the gateway.: trying again in 1 s
    ");
}
