//! The command line as clap reads it. Names are a contract.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

#[cfg(feature = "emulator")]
use clap::ValueEnum;
use clap::{ArgAction, Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::commands::schema::Document;
use crate::help;
use crate::output::Format;

/// Synchronize IAM users and groups to the Manager of a Huawei Cloud MRS cluster
#[derive(Debug, Parser)]
#[command(
    name = "mrs-iam-sync",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    long_about = help::ABOUT,
    after_help = help::short(),
    after_long_help = help::long(),
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Endpoint of MRS, instead of a region's: https, or http to this machine itself
    /// [env: MRS_IAM_SYNC_ENDPOINT]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) endpoint: Option<String>,

    /// Region of the cluster, cn-north-4 for example
    /// [env: MRS_IAM_SYNC_REGION, HW_REGION_NAME]
    #[arg(long, global = true, value_name = "REGION")]
    pub(crate) region: Option<String>,

    /// Endpoint of IAM, instead of a region's
    /// [env: MRS_IAM_SYNC_IAM_ENDPOINT, HUAWEICLOUD_SDK_IAM_ENDPOINT]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) iam_endpoint: Option<String>,

    /// Id of the project that the cluster belongs to; looked up by the region's name unless given
    /// [env: MRS_IAM_SYNC_PROJECT_ID, HUAWEICLOUD_SDK_PROJECT_ID]
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) project_id: Option<String>,

    /// Credentials of this section of ~/.huaweicloud/credentials and no others; koocli or koocli:NAME is a
    /// profile of KooCLI
    /// [env: MRS_IAM_SYNC_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// Form of results and errors, table unless given
    /// [env: MRS_IAM_SYNC_OUTPUT]
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,

    /// Say nothing but results and errors
    /// [env: MRS_IAM_SYNC_QUIET]
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,

    /// Say on stderr what is going on; -vv says more
    /// [env: MRS_IAM_SYNC_VERBOSE=1 or 2]
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,

    /// Longest time for one operation with all its attempts, 60s unless given
    /// [env: MRS_IAM_SYNC_TIMEOUT]
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,

    /// Longest time to wait with --wait once a request was accepted, 15m unless given
    /// [env: MRS_IAM_SYNC_WAIT_TIMEOUT]
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration)]
    pub(crate) wait_timeout: Option<Duration>,

    /// Most attempts of one operation, 3 unless given; 1 never tries again
    /// [env: MRS_IAM_SYNC_MAX_ATTEMPTS]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) max_attempts: Option<u32>,

    /// Do not keep below the rate limits that the service documents
    /// [env: MRS_IAM_SYNC_NO_RATE_LIMIT]
    #[arg(long, global = true)]
    pub(crate) no_rate_limit: bool,

    /// Certificates (PEM) to trust besides this machine's own
    /// [env: MRS_IAM_SYNC_CA_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Synchronize users and groups to a cluster's Manager
    ///
    /// Sends UpdateSyncIamUser. The groups of a user come along; the users of a group do not. The service goes on in
    /// the background after it has accepted the request: --wait waits for it and finds out what arrived.
    #[command(after_long_help = help::SYNC)]
    Sync(Sync),
    /// Remove users and groups from a cluster's Manager
    ///
    /// Sends CancelSyncIamUser. Only what is named is removed; groups that came along with a user stay, and are told
    /// after --wait. IAM is not changed. Asks before it sends when it runs on a terminal; anywhere else it goes on
    /// without asking.
    #[command(after_long_help = help::CANCEL)]
    Cancel(Cancel),
    /// List the users and groups on a cluster's Manager
    ///
    /// Sends ShowSyncIamUser.
    #[command(after_long_help = help::LIST)]
    List(Target),
    /// Show whether a synchronization is running, and whether the cluster is in line with IAM
    ///
    /// Sends ListSyncStatus and ListSyncRequirements and shows both answers as reported. Older services do not offer
    /// these operations.
    #[command(after_long_help = help::STATUS)]
    Status(Target),
    /// Show what would have to be done so that clusters are as a file says
    ///
    /// Reads who is on each cluster's Manager, many clusters at a time within the quota, and compares it with the file.
    /// Changes nothing. Names alone do not tell the truth: after a change of permissions everyone is there and roles
    /// are stale, so that what the service reports (ListSyncRequirements) counts too.
    #[command(after_long_help = help::PLAN)]
    Plan(Plan),
    /// Make clusters as a file says
    ///
    /// Looks at each cluster, sends what is missing, waits, and finds out what arrived; many clusters at a time, one
    /// synchronization on each. State is read from the service and kept nowhere: broken off at any moment and run
    /// again, it goes on where it was. SIGINT (Ctrl-C) or SIGTERM lets it finish what has been sent; a second one stops
    /// at once.
    #[command(after_long_help = help::APPLY)]
    Apply(Apply),
    /// List the clusters of the project, with their ids
    ///
    /// Sends ListClusters of API version 1.1 and follows its pages.
    #[command(after_long_help = help::CLUSTERS)]
    Clusters(Service),
    /// List the projects of the account, with their ids
    ///
    /// Sends KeystoneListProjects to IAM. Each region has a project of its own name.
    #[command(after_long_help = help::PROJECTS)]
    Projects(Projects),
    /// Sign and send any request to the endpoint
    ///
    /// For what this program has no command for. The answer's body is printed as it came (on a terminal JSON is laid
    /// out). An answer of 400 or above, a redirect, and JSON that is none are errors. Nothing is checked first, and
    /// writes are sent without asking.
    #[command(after_long_help = help::API)]
    Api(Api),
    /// Show which credentials would be used
    #[command(subcommand)]
    Auth(Auth),
    /// Serve the API on this machine, with a sample world in memory
    ///
    /// For trying things out and for tests. The first line on stdout is the base URL, alone. It checks signatures as
    /// the signing guide says, runs until SIGINT (Ctrl-C) or SIGTERM, and then forgets everything but what --state
    /// keeps.
    #[cfg(feature = "emulator")]
    #[command(after_long_help = help::EMULATOR)]
    Emulator(Emulator),
    /// Serve a page on this machine that shows, signs and sends the five operations
    ///
    /// An API Explorer: forms, code samples in eight languages, each stage of a signature, and what the service
    /// answers. The first line on stdout is its address, for your browser, with a token that changes with each start;
    /// whoever has the address can send requests in your name. Requests are signed in this program: no secret key or
    /// token gets into the browser. Only this machine can reach it. Runs until SIGINT (Ctrl-C) or SIGTERM.
    #[cfg(feature = "explorer")]
    #[command(after_long_help = help::explorer())]
    Explorer(Explorer),
    /// Print the JSON Schema of a JSON output
    ///
    /// Without a name, prints the names. Needs no credentials and sends nothing.
    #[command(after_long_help = help::SCHEMA)]
    Schema(Schema),
    /// Print commands, options, exit codes and variables as JSON
    ///
    /// For what writes documentation: `cargo xtask docs` of this program's sources.
    #[command(hide = true)]
    Reference,
    /// Print a script that completes this command line in a shell
    ///
    /// Needs no credentials and sends nothing.
    #[command(after_long_help = help::COMPLETION)]
    Completion(Completion),
    /// Print the manual page
    ///
    /// Needs no credentials and sends nothing.
    #[command(after_long_help = help::MAN)]
    Man(Man),
}

/// Flags of every command that talks to the service.
#[derive(Debug, Args)]
pub(crate) struct Service {
    /// Use a sample world inside this program instead of the real service
    #[cfg(feature = "emulator")]
    #[arg(long)]
    pub(crate) emulated: bool,
}

/// The cluster.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// Id or name of the cluster
    ///
    /// What has the form of an id (a UUID) is one and is not looked up; anything else is the exact name of an
    /// existing cluster. id:ID and name:NAME say which it is.
    #[arg(long, value_name = "CLUSTER")]
    pub(crate) cluster: String,
    #[command(flatten)]
    pub(crate) service: Service,
}

/// The users and groups.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// A user; may be given many times
    #[arg(long = "user", value_name = "NAME")]
    pub(crate) users: Vec<String>,

    /// A user group; may be given many times
    #[arg(long = "group", value_name = "NAME")]
    pub(crate) groups: Vec<String>,

    /// A file with users, one name a line; - reads stdin
    ///
    /// UTF-8. Empty lines and lines that begin with # are skipped; every other line is a name as it stands, spaces
    /// included.
    #[arg(long, value_name = "FILE")]
    pub(crate) users_from: Option<PathBuf>,

    /// A file with user groups, one name a line; - reads stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) groups_from: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Sync {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) selection: Selection,

    /// All users and groups of IAM, instead of names
    #[arg(long)]
    pub(crate) all: bool,

    /// Send only names that are not on Manager yet
    ///
    /// Presence does not prove that roles are up to date: after a change of permissions send all names again.
    #[arg(long)]
    pub(crate) if_missing: bool,

    /// Wait until the service has finished, and tell what arrived
    #[arg(long)]
    pub(crate) wait: bool,

    /// Print the signed request instead of sending it, secrets masked
    ///
    /// May read (with --if-missing), never writes.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Cancel {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) selection: Selection,

    /// Wait until the service has finished, and tell what is gone
    #[arg(long)]
    pub(crate) wait: bool,

    /// Print the signed request instead of sending it, secrets masked
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// Which users and groups belong on which clusters.
#[derive(Debug, Args)]
pub(crate) struct Fleet {
    /// The fleet file (YAML); `mrs-iam-sync schema fleet` prints its JSON Schema
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Instead of a file: everyone in this IAM group belongs on the clusters of --cluster; may be given many times
    #[arg(long, value_name = "GROUP", requires = "clusters", conflicts_with = "file")]
    pub(crate) from_iam: Vec<String>,

    /// With --from-iam: id or name of a cluster; may be given many times
    #[arg(long = "cluster", value_name = "CLUSTER", requires = "from_iam")]
    pub(crate) clusters: Vec<String>,

    /// Only this share of the accounts (told apart by their profiles), K from 0 to N-1, as a Kubernetes Indexed Job counts; with
    /// --quota-share this share of the clusters
    #[arg(long, value_name = "K/N", value_parser = Shard::parse)]
    pub(crate) shard: Option<Shard>,

    /// Keep to this share of each account's quota, where several programs use it: 1/2 for each of two
    #[arg(long, value_name = "1/N", value_parser = share, conflicts_with = "no_rate_limit")]
    pub(crate) quota_share: Option<u32>,

    /// Clusters of an account that are read, or on their way to the service, at once
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) concurrency: u16,

    #[command(flatten)]
    pub(crate) service: Service,
}

/// What a plan may do besides what the file says.
#[derive(Debug, Args)]
pub(crate) struct FleetOptions {
    /// Remove who is not listed, from clusters that the file marks `exclusive`
    #[arg(long)]
    pub(crate) prune: bool,

    /// Synchronize all names again, whatever `resync` says
    #[arg(long)]
    pub(crate) resync: bool,

    /// Removals that are allowed on one cluster; unless given 10, and no more than a fifth of who is there: none at all
    /// where fewer than five are
    #[arg(long, value_name = "N")]
    pub(crate) max_removals: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) fleet: Fleet,
    #[command(flatten)]
    pub(crate) options: FleetOptions,

    /// Write the plan (JSON) to a file, for `apply --plan`
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Exit with 0 when there is nothing to do as far as can be told, 2 when there is, 1 for everything else
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Apply {
    #[command(flatten)]
    pub(crate) fleet: Fleet,
    #[command(flatten)]
    pub(crate) options: FleetOptions,

    /// Carry out a plan that was kept with `plan --out`, without asking; a cluster that has changed since is left alone
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "from_iam", "prune", "resync", "max_removals", "every"])]
    pub(crate) plan: Option<PathBuf>,

    /// Do not ask; needed where there is no terminal
    #[arg(short, long)]
    pub(crate) yes: bool,

    /// Do it again and again, so long after each beginning; 15m for example. The file is read once, at the start
    #[arg(long, value_name = "DURATION", value_parser = pace, requires = "yes")]
    pub(crate) every: Option<Duration>,

    /// With --every: serve metrics (Prometheus text) at /metrics on this address of this machine
    #[arg(long, value_name = "ADDRESS", requires = "every")]
    pub(crate) metrics: Option<std::net::SocketAddr>,
}

/// A part of the accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    pub(crate) part: u32,
    pub(crate) of: u32,
}

impl Shard {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "a shard is K/N with K from 0 to N-1, 0/4 for example".to_owned();
        let (part, of) = text.split_once('/').ok_or_else(wrong)?;
        let shard = Self { part: part.parse().map_err(|_| wrong())?, of: of.parse().map_err(|_| wrong())? };
        if shard.part < shard.of { Ok(shard) } else { Err(wrong()) }
    }
}

/// `1/N`.
fn share(text: &str) -> Result<u32, String> {
    let number = text.strip_prefix("1/").and_then(|number| number.parse().ok());
    number.filter(|number| (1..=60).contains(number)).ok_or("a share is 1/N with N from 1 to 60".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct Projects {
    /// Only projects of this name, a region for example
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) service: Service,
}

#[derive(Debug, Args)]
pub(crate) struct Api {
    /// HTTP method
    #[arg(value_name = "METHOD")]
    pub(crate) method: String,

    /// Path below the endpoint, percent-encoded; {project_id} stands for the project's id
    #[arg(value_name = "PATH")]
    pub(crate) path: String,

    /// JSON body; - reads stdin
    #[arg(long, value_name = "JSON")]
    pub(crate) body: Option<String>,

    #[command(flatten)]
    pub(crate) service: Service,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Auth {
    /// Show credentials, endpoint and project as they would be used; sends nothing and shows no secret
    ///
    /// Exit code 4 when there are no credentials, or half a key.
    #[command(after_long_help = help::AUTH_STATUS)]
    Status,
}

#[cfg(feature = "emulator")]
#[derive(Debug, Args)]
pub(crate) struct Emulator {
    /// Where to listen, on this machine only unless --allow-remote is given; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: std::net::SocketAddr,

    /// Listen on other addresses too, where everyone may change it below /_emulator/ without credentials
    #[arg(long)]
    pub(crate) allow_remote: bool,

    /// Begin with the world and the access keys of a seed (YAML), instead of the sample ones
    #[arg(long, value_name = "FILE")]
    pub(crate) seed: Option<PathBuf>,

    /// Number that request ids follow from
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed_number: u64,

    /// Keep the world and the issued tokens in a directory; what it has wins over the seed's world
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,

    /// Access key (AK) to accept, instead of the sample one
    #[arg(long, value_name = "AK", requires = "sk")]
    pub(crate) ak: Option<String>,

    /// Secret key (SK) of that access key; not one that opens anything real
    #[arg(long, value_name = "SK", requires = "ak")]
    pub(crate) sk: Option<Secret>,

    /// How long a synchronization takes
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = any_duration)]
    pub(crate) sync_duration: Duration,

    /// Let a synchronization take so many looks at it, instead of time
    #[arg(long, value_name = "N", conflicts_with = "sync_duration")]
    pub(crate) sync_polls: Option<u32>,

    /// How long an issued token lasts
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration)]
    pub(crate) token_lifetime: Duration,

    /// How requests are counted against the documented number a minute
    #[arg(long, value_enum, value_name = "KIND", default_value = "sliding")]
    pub(crate) quota: Quota,

    /// Lack the two operations that tell the status, as older services do
    #[arg(long)]
    pub(crate) without_status_operations: bool,

    /// Say in the answer to a refused signature what was computed: canonical request and string to sign
    #[arg(long)]
    pub(crate) explain_auth: bool,

    /// Let POST /_emulator/clock move the time
    #[arg(long)]
    pub(crate) virtual_time: bool,

    /// Speak HTTPS, with a certificate that is made at the start for this machine only
    #[arg(long)]
    pub(crate) tls: bool,

    /// Write that certificate (PEM) to a file, for clients to trust; --env then names the file too
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub(crate) tls_cert_out: Option<PathBuf>,

    /// Print after the URL, as shell commands, the variables that point this program and the official SDKs at it
    #[arg(long)]
    pub(crate) env: bool,

    /// Print how it differs from the real service (Markdown), and serve nothing
    #[arg(long, exclusive = true)]
    pub(crate) differences: bool,
}

#[cfg(feature = "explorer")]
#[derive(Debug, Args)]
pub(crate) struct Explorer {
    /// Where to listen, on this machine only; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: std::net::SocketAddr,
    #[command(flatten)]
    pub(crate) service: Service,
}

/// How the emulator counts requests.
#[cfg(feature = "emulator")]
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Quota {
    /// Not at all
    Off,
    /// In any 60 seconds
    Sliding,
    /// In minutes of the clock
    Fixed,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// The output to describe
    #[arg(value_enum, value_name = "NAME")]
    pub(crate) name: Option<Document>,
}

#[derive(Debug, Args)]
pub(crate) struct Completion {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write a page for every command into this directory instead
    #[arg(long, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
}

/// `2s`, `15m`, `1h 30m`; more than nothing.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    match any_duration(text)? {
        Duration::ZERO => Err("it must be longer than nothing".to_owned()),
        duration => Ok(duration),
    }
}

/// How often something is done: not without a rest.
fn pace(text: &str) -> Result<Duration, String> {
    match any_duration(text)? {
        pace if pace < Duration::from_secs(1) => Err("it must be a second at least".to_owned()),
        pace => Ok(pace),
    }
}

fn any_duration(text: &str) -> Result<Duration, String> {
    let duration: jiff::SignedDuration =
        text.parse().map_err(|_| "a duration looks like 2s, 15m or 1h30m".to_owned())?;
    Duration::try_from(duration).map_err(|_| "it must not be negative".to_owned())
}

/// The form of errors, for a command line that clap does not understand.
pub(crate) fn format_of_broken(arguments: &[OsString], environment: Option<&str>) -> Format {
    let mut format = environment.filter(|value| !value.is_empty());
    let mut arguments = arguments.iter().skip(1).map(|argument| argument.to_str().unwrap_or_default());
    while let Some(argument) = arguments.next() {
        let long = argument.strip_prefix("--output=");
        match argument {
            "--" => break,
            "-o" | "--output" => format = arguments.next(),
            _ if long.is_some() => format = long,
            _ => {
                if let Some(attached) = argument.strip_prefix("-o") {
                    format = Some(attached.strip_prefix('=').unwrap_or(attached));
                }
            }
        }
    }
    if format == Some("json") { Format::Json } else { Format::Table }
}

/// A secret on the command line, which `Debug` does not show.
#[cfg(feature = "emulator")]
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

#[cfg(feature = "emulator")]
impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

#[cfg(feature = "emulator")]
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations() {
        assert_eq!(duration("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for wrong in ["", "0s", "-1s", "15", "soon"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        assert_eq!(any_duration("0s"), Ok(Duration::ZERO));
    }

    #[test]
    fn the_form_of_errors_is_found_in_a_broken_command_line() {
        let format = |arguments: &[&str], environment| {
            let arguments: Vec<OsString> = arguments.iter().map(Into::into).collect();
            format_of_broken(&arguments, environment)
        };
        for json in [&["x", "-o", "json"][..], &["x", "-ojson"], &["x", "-o=json"], &["x", "--output=json"]] {
            assert_eq!(format(json, None), Format::Json, "{json:?}");
        }
        assert_eq!(format(&["x"], Some("json")), Format::Json);
        assert_eq!(format(&["x", "-o", "table"], Some("json")), Format::Table);
        assert_eq!(format(&["x", "--", "-o", "json"], None), Format::Table);
        assert_eq!(format(&["x", "-o"], None), Format::Table);
    }

    #[cfg(feature = "emulator")]
    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", Secret::from("the-secret".to_owned()));
        assert!(!shown.contains("the-secret"), "{shown}");
    }
}
