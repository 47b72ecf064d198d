//! Region, endpoint, project: from flags and variables.

use mrs_iam_sync_emulator::{SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY};

use crate::support::{CLUSTER, Cli, Service, cli};

fn with_key<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Cli {
    cli(arguments).env("HUAWEICLOUD_SDK_AK", SAMPLE_ACCESS_KEY).env("HUAWEICLOUD_SDK_SK", SAMPLE_SECRET_KEY)
}

#[test]
fn what_is_missing_is_named_with_its_flag_and_variable() {
    let list = ["list", "--cluster", CLUSTER];
    check!(with_key(list).run(), @"
    exit: 2
    ----- stderr -----
    error: a region (--region or MRS_IAM_SYNC_REGION, cn-north-4 for example) is needed; the project is found by it, or given (--project-id)
    hint: the console shows it in its address and under My Credentials; --emulated does without
    ");
    check!(with_key(list).args(["--project-id", "p1"]).run(), @"
    exit: 2
    ----- stderr -----
    error: a region (--region or MRS_IAM_SYNC_REGION, cn-north-4 for example) is needed
    hint: the console shows it in its address and under My Credentials; --emulated does without
    ");
    check!(with_key(list).args(["-o", "json"]).run(), @r#"
    exit: 2
    ----- stderr -----
    {"error":{"kind":"usage","status":null,"error_code":null,"error_msg":"a region (--region or MRS_IAM_SYNC_REGION, cn-north-4 for example) is needed; the project is found by it, or given (--project-id)","request_id":null,"hint":"the console shows it in its address and under My Credentials; --emulated does without"}}
    "#);
}

#[test]
fn an_unknown_region_suggests_the_nearest() {
    let list = ["list", "--cluster", CLUSTER, "--project-id", "p1", "--region", "cn-nroth-4"];
    check!(with_key(list).run(), @r#"
    exit: 2
    ----- stderr -----
    error: no region "cn-nroth-4" is known
    hint: did you mean cn-north-4, cn-north-1, cn-north-2? For a region that is not listed give the endpoint instead
    "#);
}

#[test]
fn an_endpoint_must_be_safe() {
    let list = ["list", "--cluster", CLUSTER, "--project-id", "p1", "--endpoint"];
    check!(with_key(list).args(["http://mrs.example.com"]).run(), @"
    exit: 2
    ----- stderr -----
    error: the endpoint uses http; credentials go over https only, except to this machine itself
    hint: an endpoint looks like https://mrs.cn-north-4.myhuaweicloud.com
    ");
    check!(with_key(list).args(["https://user:password@mrs.example.com"]).run(), @"
    exit: 2
    ----- stderr -----
    error: the endpoint must not hold a user name or password
    hint: an endpoint looks like https://mrs.cn-north-4.myhuaweicloud.com
    ");
}

#[test]
fn a_bad_project_id() {
    let list = ["list", "--cluster", CLUSTER, "--region", "cn-north-4", "--project-id", "a/b"];
    check!(with_key(list).run(), @r#"
    exit: 2
    ----- stderr -----
    error: project id "a/b": has '/' at position 2, which is not allowed
    hint: project id: 1 to 64 characters, letters (A-Z, a-z) and digits only
    "#);
}

#[test]
fn a_flag_wins_over_its_variable() {
    let service = Service::prompt();
    let url = service.emulator.base_url();
    let project = "ff8080828997cb24018a1b2db3440b80";
    let run = with_key(["list", "--cluster", CLUSTER, "--endpoint", &url, "--project-id", project])
        .env("MRS_IAM_SYNC_ENDPOINT", "http://127.0.0.1:1")
        .env("MRS_IAM_SYNC_PROJECT_ID", "other")
        .run();
    assert_eq!(run.code, 0, "{run}");
    let run = with_key(["list", "--cluster", CLUSTER])
        .env("MRS_IAM_SYNC_ENDPOINT", &url)
        .env("MRS_IAM_SYNC_PROJECT_ID", project)
        .env("HUAWEICLOUD_SDK_PROJECT_ID", "other")
        .env("MRS_IAM_SYNC_OUTPUT", "json")
        .env("MRS_IAM_SYNC_TIMEOUT", "")
        .env("MRS_IAM_SYNC_QUIET", "1")
        .run();
    assert_eq!(run.json()["project_id"], project, "{run}");
}

#[test]
fn variables_are_checked_as_their_flags_are() {
    let service = Service::prompt();
    check!(service.on_cluster(["list"]).env("MRS_IAM_SYNC_OUTPUT", "yaml").run(), @r#"
    exit: 2
    ----- stderr -----
    error: the variable MRS_IAM_SYNC_OUTPUT cannot be "yaml": it is either table or json
    "#);
    check!(service.on_cluster(["list"]).env("MRS_IAM_SYNC_TIMEOUT", "soon").run(), @r#"
    exit: 2
    ----- stderr -----
    error: the variable MRS_IAM_SYNC_TIMEOUT cannot be "soon": a duration looks like 2s, 15m or 1h30m
    "#);
    check!(service.on_cluster(["list"]).env("MRS_IAM_SYNC_VERBOSE", "9").run(), @r#"
    exit: 2
    ----- stderr -----
    error: the variable MRS_IAM_SYNC_VERBOSE cannot be "9": it is 0, 1 or 2
    "#);
    // What is not used does not matter.
    assert_eq!(cli(["schema"]).env("MRS_IAM_SYNC_TIMEOUT", "soon").run().code, 0);
}

#[test]
fn auth_status_says_what_would_be_used() {
    check!(with_key(["auth", "status", "--region", "cn-north-4", "--project-id", "p1"]).run(), @"
    exit: 0
    ----- stdout -----
    credentials    access key
    access key id  EMULATEDACCESSKEY000
    source         environment (HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK)
    endpoint       https://mrs.cn-north-4.myhuaweicloud.com
    IAM endpoint   https://iam.cn-north-4.myhuaweicloud.com
    region         cn-north-4
    project        p1
    ");
    check!(with_key(["auth", "status"]).env("HUAWEICLOUD_SDK_SECURITY_TOKEN", "a-security-token").run(), @"
    exit: 0
    ----- stdout -----
    credentials    temporary access key
    access key id  EMULATEDACCESSKEY000
    source         environment (HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK, HUAWEICLOUD_SDK_SECURITY_TOKEN)
    endpoint       not set (--endpoint, or --region)
    IAM endpoint   -
    region         -
    project        not set (--project-id)
    ");
    let token = cli(["auth", "status", "-o", "json"])
        .env("MRS_IAM_SYNC_TOKEN", "a-token")
        .env("HW_REGION_NAME", "eu-west-101");
    check!(token.run(), @r#"
    exit: 0
    ----- stdout -----
    {
      "credentials": {
        "kind": "token",
        "access_key_id": null,
        "source": "environment (MRS_IAM_SYNC_TOKEN)"
      },
      "endpoint": "https://mrs.eu-west-101.myhuaweicloud.eu",
      "iam_endpoint": "https://iam.eu-west-101.myhuaweicloud.eu",
      "region": "eu-west-101",
      "project_id": null
    }
    "#);
    check!(cli(["auth", "status"]).run(), @"
    exit: 4
    ----- stderr -----
    error: no credentials in the environment and no profile file; on an ECS instance its agency would be asked
    hint: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or MRS_IAM_SYNC_TOKEN, or write a section [basic] with ak and sk into ~/.huaweicloud/credentials
    ");
    check!(cli(["auth", "status"]).env("HW_ACCESS_KEY", "AK").run(), @"
    exit: 4
    ----- stderr -----
    error: HW_ACCESS_KEY is set, but HW_SECRET_KEY is not
    hint: a key pair is an access key and its secret key: set both, or neither
    ");
    check!(with_key(["auth", "status", "--region", "mars"]).run(), @r#"
    exit: 2
    ----- stderr -----
    error: no region "mars" is known
    hint: give the endpoint of MRS in that region instead
    "#);
}
