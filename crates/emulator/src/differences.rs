//! The page that says how the emulator differs from the real service.

use std::fmt::Write as _;

use mrs_iam_sync_contract::{DOCUMENTS, ErrorCode, iam_sync_user};

use crate::fault;
use crate::own::{OWN, PREFIX};
use crate::policy;
use crate::readings::READINGS;

/// The error codes that requests are answered with without any fault injected, and what for. A refusal with another
/// code fails in debug builds.
pub(crate) const REFUSALS: &[(&str, &str)] = &[
    (
        "12000002",
        "Whatever is wrong with a request's query, content type or body; a cluster id against its rule.",
    ),
    ("12000003", "A cluster that does not exist in that project."),
    ("12000004", "The directory of the state cannot be written to."),
    ("12000107", "A project id against its rule, or of no project of the account."),
    ("12000136", "A write by a user whose policies do not allow it."),
    ("12000154", "A write while a synchronization runs on the cluster."),
    ("APIGW.0101", "A path or method that no operation has."),
    ("APIGW.0201", "A body, URI or header above the documented size; a body that breaks off."),
    (
        "APIGW.0301",
        "No credentials; a wrong, expired or unreadable signature; an unknown or locked access key; an unknown token.",
    ),
    ("APIGW.0307", "A token that has expired, or whose user has changed or gone."),
    ("APIGW.0308", "More requests in a minute than documented."),
];

/// What is documented and not there.
const MISSING: &[(&str, &str)] = &[
    (
        "Other operations",
        "Of IAM and MRS only those above: no other API, no console, no Manager to log in to, no jobs, so no error 0192.",
    ),
    (
        "Derived signatures",
        "V11-HMAC-SHA256 and the algorithms with other digests are refused; SDK-HMAC-SHA256 alone is known.",
    ),
    (
        "Other sources of credentials",
        "Agencies and the metadata service issue no keys, identity providers no tokens: temporary keys are configured.",
    ),
    (
        "Ways to log in",
        "A token is issued for name and password only; not by user id, one-time password, agency or another token. \
         Roles and catalogue in the answer are empty.",
    ),
    (
        "Locked users",
        "Several wrong passwords in a row lock a user; here they do not. Only access keys are locked.",
    ),
    (
        "Disabled users, deleted keys",
        "A token is no good any more when its user was disabled or an access key changed; users are always enabled \
         here, and keys as they were configured.",
    ),
    (
        "Names of IAM users",
        "Letters, digits, spaces, hyphens, underscores and dots, no digit or space in front; here any 1 to 64 \
         characters, as what clients make of awkward names is worth a test.",
    ),
    ("Host", "Mandatory with a signature; here a request of HTTP/1.0 may lack it."),
    (
        "Several accounts",
        "There is one account. Quotas are counted for it, and every credential reaches every project.",
    ),
    (
        "Permissions to read",
        "Documented for lists of clusters (mrs:cluster:list) and of IAM (an administrator's); everybody may read.",
    ),
    (
        "States of clusters and nodes",
        "Shown, without consequences: neither 12000080 (some nodes do not run) nor 12000023 is answered.",
    ),
    (
        "Passwords on Manager",
        "A synchronized account has to be given a password there before it can log in; Manager is a list of names and \
         roles here.",
    ),
    (
        "Roles added on Manager",
        "After another synchronization a user with system policies has them besides those of IAM, one with a custom \
         policy keeps Manager's; nobody can add roles here, so that IAM's alone are shown.",
    ),
    (
        "Time until permissions hold",
        "Up to 5 minutes after a synchronization for jobs, as nodes cache them; a role is shown as soon as it is there.",
    ),
    (
        "Details of clusters",
        "Of the answers of ListClusters and ShowClusterDetails: id, name, state and projects only.",
    ),
];

/// The page "Differences from the real service", in Markdown.
///
/// What is implemented and what is [read into a silence](READINGS) comes from the tables that the emulator answers by.
pub fn differences() -> String {
    let mut page = String::from(
        "# Differences from the real service\n\n\
         The emulator is made from published documentation alone. It was never compared with the real service, and \
         nothing here is a promise about that one. This page is what `mrs-iam-sync emulator --differences` prints.\n",
    );
    implemented(&mut page);
    missing(&mut page);
    silences(&mut page);
    own(&mut page);
    page
}

fn implemented(page: &mut String) {
    heading(page, "Documented, and implemented");
    table(page, ["Operation", "Request", "Document"]);
    for document in DOCUMENTS {
        for operation in document.operations {
            let request = format!("`{} {}`", operation.method.as_str(), operation.path);
            let name = format!("[{}]({})", operation.id, operation.documentation);
            row(page, &[&name, &request, document.name]);
        }
    }
    text(
        page,
        "Requests are refused by themselves with these codes, at the first status of the published table where it has several:",
    );
    table(page, ["Code", "Status", "For"]);
    for (code, cause) in REFUSALS {
        let status = iam_sync_user::DOCUMENT.error_code(code).and_then(|row| row.http.first());
        let status = match *code {
            "APIGW.0201" => "413, 414, 494; 400 for a body that breaks off".to_owned(),
            _ => status.map(u16::to_string).unwrap_or_default(),
        };
        row(page, &[&format!("`{code}`"), &status, cause]);
    }
    text(page, "IAM answers with Keystone's form of errors, by status alone.");
    text(page, "On Manager users and groups have the roles that are documented for what they hold in IAM:");
    table(page, ["Policy or role in IAM", "Roles on Manager"]);
    for (name, roles) in policy::table() {
        row(page, &[name, &if roles.is_empty() { "none".to_owned() } else { roles.join(", ") }]);
    }
}

fn missing(page: &mut String) {
    heading(page, "Documented, and not implemented");
    table(page, ["What", "Instead"]);
    for (what, instead) in MISSING {
        row(page, &[what, instead]);
    }
    text(
        page,
        "These documented codes never come by themselves. A fault of the kind `status` makes any of them come:",
    );
    table(page, ["Code", "Status", "Meaning"]);
    let by_itself = |code: &ErrorCode| REFUSALS.iter().any(|(known, _)| *known == code.code);
    for code in iam_sync_user::DOCUMENT.error_codes.iter().filter(|code| !by_itself(code)) {
        row(page, &[&format!("`{}`", code.code), &statuses(code), code.meaning]);
    }
}

fn silences(page: &mut String) {
    heading(page, "Not documented: how it is read");
    table(page, ["What", "Documented", "Here"]);
    for reading in READINGS {
        row(page, &[reading.topic, reading.documented, reading.ours]);
    }
}

fn own(page: &mut String) {
    heading(page, "The emulator's own");
    text(page, &format!("Below `{PREFIX}`, without credentials, and not recorded:"));
    table(page, ["Request", "For"]);
    for own in OWN {
        row(page, &[&format!("`{} {PREFIX}{}`", own.method, own.path), own.purpose]);
    }
    text(
        page,
        "A page of another machine that is open in a browser is refused there: a foreign `Origin` is answered with 403.",
    );
    text(
        page,
        "`--state` keeps the world, issued tokens and how far virtual time is ahead; not faults, recorded requests, \
         locked keys and counted requests. Virtual time moves synchronizations, tokens, locks and quotas; the window of \
         signatures and the `Date` header go by the clock as it is, because clients sign by theirs.",
    );
    text(page, "Faults that can be injected, and what else belongs to each in JSON:");
    table(page, ["Kind", "Fields", "What happens"]);
    for kind in fault::KINDS {
        let fields = kind.fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>();
        row(page, &[&format!("`{}`", kind.name), &fields.join(", "), kind.effect]);
    }
}

fn statuses(code: &ErrorCode) -> String {
    code.http.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}

fn heading(page: &mut String, title: &str) {
    // Writing to a text does not fail, here and below.
    let _ = writeln!(page, "\n## {title}");
}

fn text(page: &mut String, text: &str) {
    let _ = writeln!(page, "\n{text}");
}

fn table<const N: usize>(page: &mut String, columns: [&str; N]) {
    let _ = writeln!(page, "\n| {} |\n|{}", columns.join(" | "), " --- |".repeat(N));
}

fn row(page: &mut String, cells: &[&str]) {
    let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}
