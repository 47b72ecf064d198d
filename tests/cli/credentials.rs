//! Credentials that are missing, wrong or off in time; and that no secret is ever shown.

use std::sync::Arc;
use std::time::Duration;

use mrs_iam_sync_emulator::{Emulator, SAMPLE_ACCESS_KEY, SAMPLE_PROJECT_ID, SAMPLE_SECRET_KEY};

use crate::support::{CLUSTER, Cli, Run, Service, Shifted, cli};

#[test]
fn none_or_half() {
    let service = Service::prompt();
    let list = || service.on_cluster(["list"]);
    check!(list().without("HUAWEICLOUD_SDK_AK").without("HUAWEICLOUD_SDK_SK").run(), @"
    exit: 4
    ----- stderr -----
    error: no credentials found in the environment or in a profile file
    hint: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or MRS_IAM_SYNC_TOKEN, or write a section [basic] with ak and sk into ~/.huaweicloud/credentials
    ");
    check!(list().without("HUAWEICLOUD_SDK_SK").run(), @"
    exit: 4
    ----- stderr -----
    error: HUAWEICLOUD_SDK_AK is set, but HUAWEICLOUD_SDK_SK is not
    hint: a key pair is an access key and its secret key: set both, or neither
    ");
    check!(list().without("HUAWEICLOUD_SDK_SK").args(["-o", "json"]).run(), @r#"
    exit: 4
    ----- stderr -----
    {"error":{"kind":"credentials","status":null,"error_code":null,"error_msg":"HUAWEICLOUD_SDK_AK is set, but HUAWEICLOUD_SDK_SK is not","request_id":null,"hint":"a key pair is an access key and its secret key: set both, or neither"}}
    "#);
    check!(list().env("MRS_IAM_SYNC_TOKEN", "token").run(), @"
    exit: 4
    ----- stderr -----
    error: MRS_IAM_SYNC_TOKEN is set beside HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK
    hint: unset one of them: requests either carry a token or are signed
    ");
    assert!(service.calls().is_empty());
}

#[test]
fn a_wrong_secret() {
    let service = Service::prompt();
    let run = service.on_cluster(["list"]).env("HUAWEICLOUD_SDK_SK", "wrong").run();
    check!(run, @"
    exit: 4
    ----- stderr -----
    error: http://127.0.0.1:PORT answered 401, APIGW.0301: Incorrect IAM authentication information: verify aksk signature fail, canonicalRequest:GET|/v2/ff8080828997cb24018a1b2db3440b80/clusters/f7f45c04-4303-411c-9b71-d2cb730dd162/iam-sync-user/||host:127.0.0.1:PORT|x-project-id:ff8080828997cb24018a1b2db3440b80|x-sdk-date:[DATE]||host;x-project-id;x-sdk-date|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 (request id [ID])
    hint: Check AK, SK and security token, and this machine's clock. Do not simply try again: 5 failures in a row lock the key for 5 minutes. (the clock is [TIME] here and [TIME] there)
    ");
    // One request, not several: five failures lock a key.
    assert_eq!(service.calls(), ["ShowSyncIamUser 401"]);
    let run = service.on_cluster(["status", "-o", "json"]).env("HUAWEICLOUD_SDK_SK", "wrong").run();
    assert_eq!(run.code, 4, "{run}");
    assert_eq!(run.error()["error"]["error_code"], "APIGW.0301", "{run}");
    assert_eq!(run.error()["error"]["status"], 401, "{run}");
    assert_eq!(service.calls().len(), 2);
}

#[test]
fn a_clock_that_is_off() {
    for ahead in [true, false] {
        let clock = Shifted { by: Duration::from_secs(20 * 60 + 2), ahead };
        let service = Service::with(Emulator::builder().clock(Arc::new(clock)));
        let run = service.on_cluster(["list"]).run();
        assert_eq!(run.code, 4, "{run}");
        let hint = run.stderr.lines().find(|line| line.starts_with("hint: ")).unwrap();
        let words = if ahead { "20 minutes behind" } else { "20 minutes ahead of" };
        assert!(hint.contains(words), "{hint}");
        // Both times.
        assert_eq!(hint.matches("Z here").count() + hint.matches("Z there").count(), 2, "{hint}");
    }
}

const SECURITY_TOKEN: &str = "security-token-that-nobody-may-see";
const TOKEN: &str = "iam-token-that-nobody-may-see";

fn shows_no_secret(run: &Run) {
    for secret in [SAMPLE_SECRET_KEY, SECURITY_TOKEN, TOKEN] {
        assert!(!run.stdout.contains(secret) && !run.stderr.contains(secret), "{run}");
    }
}

#[test]
fn no_output_shows_a_secret() {
    let builder = || Emulator::builder().sync_duration(Duration::ZERO);
    let temporary =
        Service::with(builder().temporary_key(SAMPLE_ACCESS_KEY, SAMPLE_SECRET_KEY, SECURITY_TOKEN));
    let token = Service::with(builder().token(TOKEN));
    // One that refuses both, and quotes what was signed.
    let refusing = Service::with(builder().access_key(SAMPLE_ACCESS_KEY, "another"));
    let path = format!("/v2/{SAMPLE_PROJECT_ID}/clusters/{CLUSTER}/iam-sync");
    let commands: [&[&str]; 7] = [
        &["sync", "--cluster", CLUSTER, "--user", "user1", "-vv"],
        &["sync", "--cluster", CLUSTER, "--user", "user1", "--dry-run"],
        &["cancel", "--cluster", CLUSTER, "--user", "user1", "--dry-run", "-o", "json", "-vv"],
        &["list", "--cluster", CLUSTER, "-o", "json", "-vv"],
        &["status", "--cluster", CLUSTER, "-v"],
        &["api", "GET", &path, "-vv"],
        &["auth", "status", "-vv"],
    ];
    let with_key = |cli: Cli| cli.env("HUAWEICLOUD_SDK_SECURITY_TOKEN", SECURITY_TOKEN);
    let with_token = |cli: Cli| {
        cli.without("HUAWEICLOUD_SDK_AK").without("HUAWEICLOUD_SDK_SK").env("MRS_IAM_SYNC_TOKEN", TOKEN)
    };
    for command in commands {
        let commanded = |service: &Service| service.cli(command.iter().copied());
        for run in [with_key(commanded(&temporary)).run(), with_token(commanded(&token)).run()] {
            assert_eq!(run.code, 0, "{run}");
            shows_no_secret(&run);
        }
        for run in [with_key(commanded(&refusing)).run(), with_token(commanded(&refusing)).run()] {
            shows_no_secret(&run);
        }
        refusing.emulator.reset();
    }
    let run =
        temporary.on_cluster(["list", "-v"]).env("HUAWEICLOUD_SDK_SECURITY_TOKEN", SECURITY_TOKEN).run();
    assert!(
        run.stderr.contains("DEBUG") && !run.stderr.contains("hyper") && !run.stderr.contains("reqwest"),
        "{run}"
    );
}

#[test]
fn with_nothing_set_credentials_come_first() {
    check!(cli(["list", "--cluster", CLUSTER]).run(), @"
    exit: 4
    ----- stderr -----
    error: no credentials found in the environment or in a profile file
    hint: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or MRS_IAM_SYNC_TOKEN, or write a section [basic] with ak and sk into ~/.huaweicloud/credentials
    ");
}
