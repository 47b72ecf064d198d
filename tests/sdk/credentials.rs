//! Where credentials come from, over the network: fetched once, renewed in time, never shown.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use mrs_iam_sync::{
    AgencyCredentials, Client, ClientBuilder, Context, Credentials, CredentialsChain, Error, ErrorKind,
    PasswordLogin, ProvideCredentials, Providing,
};
use mrs_iam_sync_emulator::{Emulator, SAMPLE_DOMAIN_NAME, SAMPLE_PASSWORD, SAMPLE_PROJECT_NAME};
use tokio::task::JoinSet;
use workspace_tests::{CLUSTER_ID, PROJECT_ID};

use crate::support::{Scripted, VirtualTime, answer, json};

fn unsigned(base_url: &str, time: &Arc<VirtualTime>) -> ClientBuilder {
    Client::builder().endpoint(base_url).with_iam_endpoint(base_url).with_time(time.clone())
}

async fn emulator(time: &Arc<VirtualTime>) -> Emulator {
    Emulator::builder().clock(time.clone()).start().await.expect("an emulator")
}

fn count(emulator: &Emulator, path: &str) -> usize {
    emulator.requests().iter().filter(|request| request.path.starts_with(path)).count()
}

#[tokio::test(start_paused = true)]
async fn a_password_gets_a_token_that_is_renewed_before_its_day_is_over() {
    let time = VirtualTime::new();
    let emulator = emulator(&time).await;
    let login = PasswordLogin::new(SAMPLE_DOMAIN_NAME, "user1", SAMPLE_PASSWORD);
    let client = unsigned(&emulator.base_url(), &time)
        .region(SAMPLE_PROJECT_NAME)
        .credentials(login)
        .connect()
        .await
        .expect("a client");
    assert_eq!(client.project_id(), PROJECT_ID, "the token says which project it is for");
    let cluster = client.cluster(CLUSTER_ID).expect("a cluster");
    cluster.synchronized().await.expect("an answer");
    cluster.synchronized().await.expect("an answer");
    assert_eq!(count(&emulator, "/v3/auth/tokens"), 1, "kept");
    tokio::time::sleep(Duration::from_secs(24 * 3600 - 39 * 60)).await;
    cluster.synchronized().await.expect("an answer");
    assert_eq!(count(&emulator, "/v3/auth/tokens"), 2, "renewed 40 minutes before its end");
    let refused = emulator.requests().iter().filter(|request| request.status >= 400).count();
    assert_eq!(refused, 0);
    let shown = format!("{client:?} {:?}", client.credentials().await.expect("a token"));
    assert!(!shown.contains(SAMPLE_PASSWORD) && shown.contains("Login"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_tried_once_and_never_shown() {
    let server = Scripted::new(|_, request| {
        let body = serde_json::json!({"error": {"code": 401, "message": request, "title": "Unauthorized"}});
        json(401, &body.to_string())
    });
    let time = VirtualTime::new();
    let login = PasswordLogin::new("account", "somebody", "pass\"word-that-nobody-sees");
    let builder = unsigned(&server.base_url(), &time).project_id(PROJECT_ID).credentials(login);
    let cluster = builder.build().expect("a client").cluster(CLUSTER_ID).expect("a cluster");
    let error = cluster.synchronized().await.expect_err("a wrong password");
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::Authentication, 1));
    assert!(server.requests()[0].contains("word-that-nobody-sees"), "the server echoes it");
    assert!(!format!("{error} {error:?}").contains("word-that-nobody-sees"), "{error:?}");
}

/// A metadata service: the token it gave, and how often the keys were asked for.
fn metadata(tokenless: bool) -> (Scripted, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    let server = Scripted::new(move |number, request| {
        let line = request.lines().next().unwrap_or_default().to_owned();
        seen.lock().expect("no panic").push(line.clone());
        match (line.starts_with("PUT"), tokenless) {
            (true, true) => answer(405, "", ""),
            (true, false) if request.contains("x-metadata-token-ttl-seconds: 21600") => {
                answer(200, "", "metadata-token")
            }
            (true, false) => answer(400, "", ""),
            (false, false) if !request.contains("x-metadata-token: metadata-token") => answer(401, "", ""),
            _ => {
                let end =
                    ["2026-01-02T05:04:05.000000Z", "2026-01-02T09:04:05.000000Z"][usize::from(number > 2)];
                json(200, &serde_json::json!({"credential": {
                    "access": "AGENCYKEY", "secret": "agency-secret", "securitytoken": "agency-token", "expires_at": end
                }}).to_string())
            }
        }
    });
    (server, asked)
}

#[tokio::test(start_paused = true)]
async fn the_agency_of_the_instance_is_asked_and_asked_again() {
    for tokenless in [false, true] {
        let (service, asked) = metadata(tokenless);
        let time = VirtualTime::new();
        let mrs = Scripted::new(|_, _| json(200, r#"{"user_names":[]}"#));
        let chain = CredentialsChain::new()
            .with_variables(|_| None)
            .with_agency(AgencyCredentials::at(service.base_url()));
        let client = unsigned(&mrs.base_url(), &time).project_id(PROJECT_ID).credentials(chain).build();
        let cluster = client.expect("a client").cluster(CLUSTER_ID).expect("a cluster");
        cluster.synchronized().await.expect("an answer");
        cluster.synchronized().await.expect("an answer");
        assert_eq!(asked.lock().expect("no panic").len(), 2, "token and keys, once");
        assert!(
            mrs.requests()[0].contains("x-security-token: agency-token"),
            "temporary keys carry their token"
        );
        // Valid for two hours: renewed 40 minutes before they end.
        tokio::time::sleep(Duration::from_secs(81 * 60)).await;
        cluster.synchronized().await.expect("an answer");
        assert_eq!(asked.lock().expect("no panic").len(), 4, "renewed");
    }
}

#[tokio::test(start_paused = true)]
async fn nowhere_means_nowhere_and_says_where_it_was_looked_for() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let chain = CredentialsChain::new()
        .with_variables(|_| None)
        .with_agency(AgencyCredentials::at(format!("http://{port}")));
    let builder =
        unsigned("http://127.0.0.1:1", &VirtualTime::new()).project_id(PROJECT_ID).credentials(chain);
    let error = builder.connect().await.expect_err("no credentials");
    assert_eq!(error.kind(), ErrorKind::Credentials);
    insta::assert_snapshot!(error, @"no credentials found in the environment, in a profile file, or from an agency of an ECS instance");
    // Plain http goes to the one address of the service, or stays on this machine.
    let chain = CredentialsChain::new()
        .with_variables(|_| None)
        .with_agency(AgencyCredentials::at("http://10.0.0.1"));
    let builder =
        unsigned("http://127.0.0.1:1", &VirtualTime::new()).project_id(PROJECT_ID).credentials(chain);
    let error = builder.connect().await.expect_err("an address that is refused");
    assert!(
        std::error::Error::source(&error).expect("a cause").to_string().contains("uses http"),
        "{error:?}"
    );
}

/// Variables and a home directory for a chain.
fn chain(home: &tempfile::TempDir, variables: &[(&str, &str)]) -> CredentialsChain {
    let mut set: HashMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    set.insert("HOME".to_owned(), home.path().display().to_string());
    set.insert("USERPROFILE".to_owned(), home.path().display().to_string());
    CredentialsChain::new().with_variables(move |name| set.get(name).cloned()).without_agency()
}

fn write(home: &tempfile::TempDir, path: &str, text: &str) {
    let path = home.path().join(path);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, text).expect("written");
}

async fn found(chain: CredentialsChain) -> Result<Credentials, mrs_iam_sync::Error> {
    let builder =
        unsigned("http://127.0.0.1:1", &VirtualTime::new()).project_id(PROJECT_ID).credentials(chain);
    builder.build().expect("a client").credentials().await
}

#[tokio::test(start_paused = true)]
async fn the_places_are_looked_at_in_their_order() {
    let home = tempfile::tempdir().expect("a folder");
    let profile = "[basic]\nak = PROFILE\nsk = s\nproject_id = p1\niam_endpoint = https://iam.example.com\n[other]\nak = OTHER\nsk = s\n";
    write(&home, ".huaweicloud/credentials", profile);
    let koo = r#"{"current":"k","profiles":[{"name":"k","mode":"AKSK","accessKeyId":"KOO","secretAccessKey":"s","region":"cn-north-4","projectId":"p2"}]}"#;
    write(&home, ".hcloud/config.json", koo);
    let ak = |credentials: Credentials| credentials.access_key_id().unwrap_or_default().to_owned();
    let environment = [("HUAWEICLOUD_SDK_AK", "ENVIRONMENT"), ("HUAWEICLOUD_SDK_SK", "s")];
    assert_eq!(ak(found(chain(&home, &environment)).await.expect("credentials")), "ENVIRONMENT");
    let credentials = found(chain(&home, &[])).await.expect("credentials");
    assert_eq!(
        (credentials.project_id(), credentials.iam_endpoint()),
        (Some("p1"), Some("https://iam.example.com"))
    );
    assert_eq!(ak(credentials), "PROFILE");
    // A profile that is named is the only place.
    assert_eq!(
        ak(found(chain(&home, &environment).with_profile("other")).await.expect("credentials")),
        "OTHER"
    );
    let credentials = found(chain(&home, &environment).with_koocli_profile(None)).await.expect("credentials");
    assert_eq!((credentials.region(), credentials.project_id()), (Some("cn-north-4"), Some("p2")));
    assert_eq!(ak(credentials), "KOO");
    let error = found(chain(&home, &environment).with_profile("none")).await.expect_err("no such section");
    assert!(error.to_string().contains("credentials") && error.hint().is_some(), "{error:?}");
    let error = found(chain(&home, &[("HUAWEICLOUD_SDK_AK", "A")])).await.expect_err("half a key");
    assert_eq!(error.to_string(), "HUAWEICLOUD_SDK_AK is set, but HUAWEICLOUD_SDK_SK is not");
    write(&home, ".huaweicloud/credentials", "[basic]\nak = A\n");
    let error = found(chain(&home, &[])).await.expect_err("half a key");
    assert!(error.to_string().contains("credentials:2"), "the line: {error}");
    let empty = tempfile::tempdir().expect("a folder");
    let error = found(chain(&empty, &[]).with_profile("x")).await.expect_err("no file");
    assert!(error.to_string().ends_with("is not there"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_region_beside_the_credentials_is_enough() {
    let home = tempfile::tempdir().expect("a folder");
    let koo = r#"{"current":"k","profiles":[{"name":"k","mode":"AKSK","accessKeyId":"KOO","secretAccessKey":"s","region":"eu-west-101","projectId":"p2"}]}"#;
    write(&home, ".hcloud/config.json", koo);
    let chain = chain(&home, &[]).with_koocli_profile(None);
    let client = Client::builder().credentials(chain).connect().await.expect("a client");
    assert_eq!((client.endpoint(), client.project_id()), ("https://mrs.eu-west-101.myhuaweicloud.eu", "p2"));
    assert_eq!(client.iam().expect("IAM").endpoint(), "https://iam.eu-west-101.myhuaweicloud.eu");
}

/// Gives a token after a while, and counts how often it was asked.
#[derive(Debug)]
struct Slow {
    asked: Mutex<usize>,
    fails: bool,
}

impl ProvideCredentials for Slow {
    fn provide<'a>(&'a self, context: &'a Context) -> Providing<'a> {
        *self.asked.lock().expect("no panic") += 1;
        let end: SystemTime = context.now() + Duration::from_secs(3600);
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if self.fails {
                return Err(Error::no_credentials("nothing to give", None));
            }
            Ok(Credentials::token("a-token")?.with_expiry(end))
        })
    }
}

/// However many calls wait for them, credentials are fetched once; and so is a failure to.
#[tokio::test(start_paused = true)]
async fn ten_thousand_calls_share_one_fetch() {
    for fails in [false, true] {
        let server = Scripted::new(|_, _| json(200, r#"{"user_names":[]}"#));
        let provider = Arc::new(Slow { asked: Mutex::default(), fails });
        let client = unsigned(&server.base_url(), &VirtualTime::new())
            .project_id(PROJECT_ID)
            .credentials(provider.clone())
            .without_rate_limits()
            .with_max_connections(10_000)
            .build()
            .expect("a client");
        let mut calls = JoinSet::new();
        for _ in 0..10_000 {
            let client = client.clone();
            calls.spawn(async move { client.credentials().await.is_ok() });
        }
        let answered = calls.join_all().await.into_iter().filter(|ok| *ok).count();
        assert_eq!(
            (answered, *provider.asked.lock().expect("no panic")),
            (if fails { 0 } else { 10_000 }, 1)
        );
    }
}

/// A renewal that fails is no matter while what is held still works.
#[tokio::test(start_paused = true)]
async fn credentials_are_used_on_when_they_cannot_be_renewed() {
    #[derive(Debug, Default)]
    struct Once(Mutex<usize>);
    impl ProvideCredentials for Once {
        fn provide<'a>(&'a self, context: &'a Context) -> Providing<'a> {
            let mut asked = self.0.lock().expect("no panic");
            *asked += 1;
            let first = *asked == 1;
            let end = context.now() + Duration::from_secs(3600);
            Box::pin(async move {
                match first {
                    true => Ok(Credentials::token("a-token")?.with_expiry(end)),
                    false => Err(Error::no_credentials("nothing to give", None)),
                }
            })
        }
    }
    let server = Scripted::new(|_, _| json(200, r#"{"user_names":[]}"#));
    let client = unsigned(&server.base_url(), &VirtualTime::new()).project_id(PROJECT_ID);
    let client = client.credentials(Once::default()).build().expect("a client");
    let cluster = client.cluster(CLUSTER_ID).expect("a cluster");
    cluster.synchronized().await.expect("an answer");
    tokio::time::sleep(Duration::from_secs(45 * 60)).await;
    cluster.synchronized().await.expect("the old token still works");
    tokio::time::sleep(Duration::from_secs(16 * 60)).await;
    cluster.synchronized().await.expect_err("now it has expired");
}

/// A login goes to the same host as what it is for: with one lane it must not wait for the call that waits for it.
#[tokio::test(start_paused = true)]
async fn a_login_does_not_wait_for_its_own_call() {
    let time = VirtualTime::new();
    let emulator = emulator(&time).await;
    let client = unsigned(&emulator.base_url(), &time)
        .project_id(PROJECT_ID)
        .with_max_connections(1)
        .credentials(PasswordLogin::new(SAMPLE_DOMAIN_NAME, "user1", SAMPLE_PASSWORD))
        .build()
        .expect("a client");
    assert_eq!(client.iam().expect("IAM").users().await.expect("users").len(), 2);
}

/// Gives a token, and then nothing any more.
#[derive(Debug, Default)]
struct Hangs(Mutex<usize>);

impl ProvideCredentials for Hangs {
    fn provide<'a>(&'a self, context: &'a Context) -> Providing<'a> {
        let mut asked = self.0.lock().expect("no panic");
        *asked += 1;
        let (first, end) = (*asked == 1, context.now() + Duration::from_secs(3600));
        Box::pin(async move {
            if !first {
                tokio::time::sleep(Duration::from_secs(100_000)).await;
            }
            Ok(Credentials::token("a-token")?.with_expiry(end))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_hangs_costs_a_moment_once_in_a_while() {
    let server = Scripted::new(|_, _| json(200, r#"{"user_names":[]}"#));
    let (time, provider) = (VirtualTime::new(), Arc::new(Hangs::default()));
    let client = unsigned(&server.base_url(), &time).project_id(PROJECT_ID).credentials(provider.clone());
    let cluster = client.build().expect("a client").cluster(CLUSTER_ID).expect("a cluster");
    cluster.synchronized().await.expect("an answer");
    tokio::time::sleep(Duration::from_secs(35 * 60)).await;
    let before = time.passed();
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let cluster = cluster.clone();
        calls.spawn(async move { cluster.synchronized().await.map(drop) });
    }
    calls.join_all().await.into_iter().for_each(|answer| answer.expect("what is held still works"));
    assert!(time.passed() - before <= Duration::from_millis(5100), "{:?}", time.passed() - before);
    assert_eq!(*provider.0.lock().expect("no panic"), 2, "asked once more, by one of them");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_credentials_beyond_the_deadline() {
    let time = VirtualTime::new();
    let provider = Arc::new(Hangs(Mutex::new(1)));
    let builder = unsigned("http://127.0.0.1:1", &time).project_id(PROJECT_ID).credentials(provider);
    let error = builder.with_timeout(Duration::from_secs(3)).connect().await.expect_err("no credentials");
    assert_eq!((error.kind(), time.passed().as_secs()), (ErrorKind::Credentials, 3), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_metadata_service_that_stumbles_is_asked_again() {
    let keys = serde_json::json!({"credential": {"access": "AK", "secret": "s", "securitytoken": "t",
        "expires_at": "2026-01-03T00:00:00.000000Z"}});
    let service = Scripted::new(move |number, request| match (number, request.starts_with("PUT")) {
        (0, _) => answer(500, "", ""),
        (1, _) => Vec::new(),
        (_, true) => answer(405, "", ""),
        _ => json(200, &keys.to_string()),
    });
    let chain = |url: String| {
        CredentialsChain::new().with_variables(|_| None).with_agency(AgencyCredentials::at(url))
    };
    let credentials = unsigned("http://127.0.0.1:1", &VirtualTime::new())
        .project_id(PROJECT_ID)
        .credentials(chain(service.base_url()))
        .build()
        .expect("a client")
        .credentials()
        .await
        .expect("the third time");
    assert_eq!(credentials.access_key_id(), Some("AK"));
    let service = Scripted::new(|_, _| answer(500, "", ""));
    let builder = unsigned("http://127.0.0.1:1", &VirtualTime::new()).project_id(PROJECT_ID);
    let error = builder.credentials(chain(service.base_url())).connect().await.expect_err("it stays away");
    assert_eq!((error.kind(), service.requests().len()), (ErrorKind::Unavailable, 3), "not: there are none");
}

/// The endpoint of IAM beside the credentials is meant, whatever the region's public one is.
#[tokio::test(start_paused = true)]
async fn the_profiles_iam_is_asked_although_the_region_has_one() {
    let time = VirtualTime::new();
    let emulator = emulator(&time).await;
    let home = tempfile::tempdir().expect("a folder");
    let (ak, sk) = (mrs_iam_sync_emulator::SAMPLE_ACCESS_KEY, mrs_iam_sync_emulator::SAMPLE_SECRET_KEY);
    let profile = format!("[basic]\nak = {ak}\nsk = {sk}\niam_endpoint = {}\n", emulator.base_url());
    write(&home, ".huaweicloud/credentials", &profile);
    let builder = Client::builder().region("cn-north-4").credentials(chain(&home, &[])).with_time(time);
    let client = builder.connect().await.expect("a client");
    assert_eq!(client.iam().expect("IAM").endpoint(), emulator.base_url());
    assert_eq!(count(&emulator, "/v3/projects"), 1);
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn a_pipe_is_no_file_of_credentials() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join(".huaweicloud");
    std::fs::create_dir(&folder).expect("a folder");
    let made = std::process::Command::new("mkfifo").arg(folder.join("credentials")).status();
    assert!(made.expect("mkfifo").success());
    let error = chain(&home, &[]).find().expect_err("a pipe");
    assert!(error.to_string().ends_with("is not a regular file"), "{error}");
}
