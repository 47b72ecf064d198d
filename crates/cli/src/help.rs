//! Longer texts of `--help`: exit codes, variables, examples.

use std::fmt::Write as _;

use crate::exit::Exit;

/// What it is.
#[cfg(feature = "emulator")]
pub(crate) const ABOUT: &str = "\
Synchronize IAM users and groups to the Manager of a Huawei Cloud MRS cluster

Unofficial: built from the published documentation, and not made or supported by Huawei.

Every command that talks to the service takes --emulated: it then works on a sample world inside \
this program, without an account, credentials or network.";

/// What it is.
#[cfg(not(feature = "emulator"))]
pub(crate) const ABOUT: &str = "\
Synchronize IAM users and groups to the Manager of a Huawei Cloud MRS cluster

Unofficial: built from the published documentation, and not made or supported by Huawei.";

/// Variables that are not the form of a flag.
pub(crate) const VARIABLES: &[(&str, &str)] = &[
    ("HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK", "access key (AK) and secret key (SK)"),
    ("HUAWEICLOUD_SDK_SECURITY_TOKEN", "security token of a temporary access key"),
    ("HW_ACCESS_KEY, HW_SECRET_KEY, HW_SECURITY_TOKEN", "the same, as for Terraform; looked at second"),
    ("MRS_IAM_SYNC_TOKEN", "an IAM token, instead of a key"),
    (
        "HW_USER_NAME, HW_USER_PASSWORD, HW_DOMAIN_NAME",
        "an IAM user, its password and account: a token is fetched",
    ),
    ("HUAWEICLOUD_SDK_CREDENTIALS_FILE", "profile file, instead of ~/.huaweicloud/credentials"),
    ("HW_SHARED_CONFIG_FILE, HW_PROFILE", "KooCLI's file and profile, for --profile koocli"),
    ("MRS_IAM_SYNC_METADATA", "metadata service of an ECS instance: a URL on this machine, or off"),
    ("HTTPS_PROXY, NO_PROXY", "proxy for https, and hosts without; never for this machine itself"),
];

const FORMS: &str = "\
Each global option has a variable MRS_IAM_SYNC_<NAME>, shown with it. An option wins over its
variable, and a variable that is empty counts as not set.
";

/// Under `-h`.
pub(crate) fn short() -> String {
    format!("{}\n--help says more: environment variables, examples.", exit_codes())
}

/// Under `--help`.
pub(crate) fn long() -> String {
    let mut text = exit_codes();
    text.push_str("\nEnvironment variables:\n");
    for (names, meaning) in VARIABLES {
        let _ = writeln!(text, "  {names}\n          {meaning}");
    }
    let _ = write!(text, "\n{FORMS}\nExamples:\n{TRY_IT}{EXAMPLES}");
    text
}

fn exit_codes() -> String {
    let mut text = "Exit codes:\n".to_owned();
    for exit in Exit::ALL {
        let _ = writeln!(text, "  {:>3}  {}", exit.code(), exit.meaning());
    }
    text
}

#[cfg(feature = "emulator")]
const TRY_IT: &str = "  Try it, without an account:
    mrs-iam-sync sync --emulated --cluster f7f45c04-4303-411c-9b71-d2cb730dd162 \\
        --group groups1 --user user1 --user user2 --wait
";

#[cfg(not(feature = "emulator"))]
const TRY_IT: &str = "";

const EXAMPLES: &str = "  For real:
    export HUAWEICLOUD_SDK_AK=... HUAWEICLOUD_SDK_SK=...
    export MRS_IAM_SYNC_REGION=cn-north-4
    mrs-iam-sync auth status
    mrs-iam-sync clusters
    mrs-iam-sync sync --cluster NAME --user alice --wait
";

pub(crate) const SYNC: &str = "\
Examples:
  Two users and a group, and what came of it:
    mrs-iam-sync sync --cluster ID --user user1 --user user2 --group groups1 --wait
  Users from a file, groups from another program:
    list-groups | mrs-iam-sync sync --cluster ID --users-from users.txt --groups-from - --wait
  Everything in IAM:
    mrs-iam-sync sync --cluster ID --all --wait
  See the request without sending it:
    mrs-iam-sync sync --cluster ID --user user1 --dry-run

Roles of users take up to 5 minutes to reach the nodes. A user can log in after the cluster's
administrator has initialised its Manager password.
";

pub(crate) const CANCEL: &str = "\
Examples:
  Remove a user, and see which groups are left:
    mrs-iam-sync cancel --cluster ID --user user1 --wait
  In a script:
    mrs-iam-sync cancel --cluster ID --users-from gone.txt --yes --wait -o json
  See the request without sending it:
    mrs-iam-sync cancel --cluster ID --user user1 --dry-run
";

pub(crate) const LIST: &str = "\
Examples:
    mrs-iam-sync list --cluster ID
    mrs-iam-sync list --cluster ID -o json
";

pub(crate) const STATUS: &str = "\
Examples:
    mrs-iam-sync status --cluster ID
    mrs-iam-sync status --cluster ID -o json
";

pub(crate) const CLUSTERS: &str = "\
Examples:
    mrs-iam-sync clusters --region cn-north-4
    mrs-iam-sync clusters -o json
";

pub(crate) const PROJECTS: &str = "\
Examples:
    mrs-iam-sync projects --region cn-north-4
    mrs-iam-sync projects --region cn-north-4 --name cn-north-4 -o json
";

pub(crate) const API: &str = "\
Examples:
  Read:
    mrs-iam-sync api GET '/v2/{project_id}/clusters/ID/iam-sync-user'
  Write:
    mrs-iam-sync api POST '/v2/{project_id}/clusters/ID/iam-sync-user' \\
        --body '{\"is_all_sync\":false,\"user_names\":[\"user1\"]}'
";

pub(crate) const AUTH_STATUS: &str = "\
Examples:
    mrs-iam-sync auth status
    mrs-iam-sync auth status --region cn-north-4 -o json
";

#[cfg(feature = "emulator")]
pub(crate) const EMULATOR: &str = "\
Examples:
  In one terminal:
    mrs-iam-sync emulator --listen 127.0.0.1:8080 --env
  In another, after the printed `export` lines:
    mrs-iam-sync list --cluster f7f45c04-4303-411c-9b71-d2cb730dd162
  In a script:
    mrs-iam-sync emulator --env > emulator.txt &
    until grep -q ENDPOINT emulator.txt; do sleep 0.1; done
    eval \"$(tail -n +2 emulator.txt)\"
  With HTTPS:
    mrs-iam-sync emulator --tls --tls-cert-out emulator.pem --env
    curl --cacert emulator.pem https://127.0.0.1:PORT/_emulator/health
  With a world of your own, kept across restarts:
    mrs-iam-sync schema seed > seed.schema.json
    mrs-iam-sync emulator --seed seed.yaml --state emulator-state

The sample world: project ff8080828997cb24018a1b2db3440b80, cluster
f7f45c04-4303-411c-9b71-d2cb730dd162, users user1 and user2 in group1, a group groups1 without
members, and nobody synchronized.
";

#[cfg(feature = "explorer")]
pub(crate) fn explorer() -> String {
    let playground = match cfg!(feature = "emulator") {
        true => "  A playground, where nothing real is touched:\n    mrs-iam-sync explorer --emulated\n",
        false => "",
    };
    format!("Examples:\n{playground}{EXPLORER}")
}

#[cfg(feature = "explorer")]
const EXPLORER: &str = "  With your credentials, and the region to begin with:
    mrs-iam-sync explorer --region cn-north-4
  Always at the same port:
    mrs-iam-sync explorer --listen 127.0.0.1:8700
  From another machine, through SSH with the same port at both ends:
    ssh -L 8700:127.0.0.1:8700 HOST mrs-iam-sync explorer --listen 127.0.0.1:8700
";

pub(crate) const SCHEMA: &str = "\
Examples:
    mrs-iam-sync schema
    mrs-iam-sync schema sync > sync.schema.json
";

pub(crate) const COMPLETION: &str = "\
Examples:
  bash:
    mrs-iam-sync completion bash > ~/.local/share/bash-completion/completions/mrs-iam-sync
  zsh, in a directory of $fpath:
    mrs-iam-sync completion zsh > ~/.zfunc/_mrs-iam-sync
  fish:
    mrs-iam-sync completion fish > ~/.config/fish/completions/mrs-iam-sync.fish
";

pub(crate) const MAN: &str = "\
Examples:
  Read it:
    mrs-iam-sync man | man -l -
  Install one for every command:
    mrs-iam-sync man --directory ~/.local/share/man/man1
";

pub(crate) const PLAN: &str = "\
Signs:
  ~ changes   + is synchronized   - is removed   = is in line with IAM   ? may be stale   ! stays, or failed

What the file says wins over variables and profile files; a flag that says something else is an error. Without `caller` \
in the file --prune removes no user, as anyone may be the caller.

Examples:
  What would have to be done:
    mrs-iam-sync plan -f fleet.yaml
  The same, kept and carried out later:
    mrs-iam-sync plan -f fleet.yaml --out plan.json && mrs-iam-sync apply --plan plan.json
  In CI, failing when somebody has changed something by hand:
    mrs-iam-sync plan -f fleet.yaml --detailed-exitcode
  Everyone of an IAM group, on two clusters:
    mrs-iam-sync plan --from-iam data-team --cluster NAME1 --cluster NAME2
";

pub(crate) const APPLY: &str = "\
What is removed: names under `absent`, and with --prune whoever is not listed, on clusters marked `exclusive` only. \
Never the user admin, the caller (an unknown one keeps --prune from every user), or a group that a user who stays is \
in; and nothing at all when a source of names came back empty.

A name that never arrives, a misspelt one for example, is waited for until --wait-timeout, and makes the exit code 3. \
With --every what was to no avail twice rests for an hour, then for two, then for four.

With -o json each cluster is a line as soon as it is done, and the last line counts them.

Examples:
  Asks first:
    mrs-iam-sync apply -f fleet.yaml
  As a service, every 15 minutes:
    mrs-iam-sync apply -f fleet.yaml --yes --every 15m --metrics 127.0.0.1:9464
  A quarter of the accounts:
    mrs-iam-sync apply -f fleet.yaml --yes --shard 0/4
";
