//! What `sync` and `cancel` have in common.

use std::io::{self, BufRead};

use mrs_iam_sync::{Accepted, Cluster, Completion, NameLists, RequestPreview};

use crate::context::Context;
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::interrupt::Progressing;
use crate::output::Output;
use crate::results::{DryRunResult, Report, Request, Subject, WriteResult};
use crate::text;

/// Whether somebody agrees to what was said before.
pub(crate) async fn agreed(output: Output) -> Result<()> {
    output.say("Type y and Enter to go on, anything else to stop.");
    // On a thread of its own, so that a signal ends the question like anything else.
    let (answer, answered) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || answer.send(agrees(io::stdin().lock())));
    if answered.await.unwrap_or(false) {
        return Ok(());
    }
    Err(CliError::new(Exit::Failed, "declined", "not confirmed; nothing was sent")
        .with_hint("--yes goes on without asking"))
}

fn agrees(mut answer: impl BufRead) -> bool {
    let mut line = String::new();
    answer.read_line(&mut line).is_ok() && matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// For names whose list the service gave afterwards only.
pub(crate) const UNKNOWN_BEFORE: &str =
    "note: the service did not list these names' kind beforehand, so that it is not known what has changed.";

/// What a result is about.
pub(crate) fn subject(context: &Context, cluster: &Cluster, operation: &'static str) -> Subject {
    Subject {
        operation,
        cluster_id: cluster.id().to_owned(),
        project_id: context.client.project_id().to_owned(),
        emulated: context.emulated,
    }
}

/// Shows a request that was kept back.
pub(crate) fn show(
    context: &Context,
    subject: Subject,
    previews: &[RequestPreview],
    merged: Vec<String>,
) -> Result<()> {
    let result = DryRunResult {
        subject,
        dry_run: true,
        requests: previews.iter().map(Request::from).collect(),
        merged,
    };
    context.output.result(&result, || match previews {
        [] => "All names are on Manager already: no request would be sent.\n".to_owned(),
        previews => previews.iter().map(preview_text).collect::<Vec<_>>().join("\n"),
    })?;
    context.output.note("Nothing was sent.");
    Ok(())
}

fn preview_text(preview: &RequestPreview) -> String {
    let shown = preview.to_string();
    match &preview.body {
        // The body is JSON, in which what steers a terminal has another spelling of the same meaning.
        Some(body) => {
            let head = shown.strip_suffix(body.as_str()).unwrap_or_default();
            format!("{}{}\n", text::lines(head), text::json(body))
        }
        None => text::lines(&shown),
    }
}

/// A wait that failed. What was accepted before is a result all the same.
pub(crate) fn after(
    context: &Context,
    subject: Subject,
    merged: Vec<String>,
    stage: &Progressing,
    error: mrs_iam_sync::Error,
) -> CliError {
    let accepted = stage.accepted();
    if !accepted.is_empty() {
        let text = all_accepted_text(&accepted);
        let report = Report::<()>::Sent { accepted };
        if let Err(unwritten) = context.output.result(&WriteResult { subject, merged, report }, || text) {
            return unwritten;
        }
    }
    error.into()
}

/// The text for people after a write that was not waited for.
pub(crate) fn accepted_text(accepted: &Accepted) -> String {
    match &accepted.request_id {
        Some(id) => format!("Accepted: {} (request id {})\n", text::line(&accepted.state), text::line(id)),
        None => format!("Accepted: {}\n", text::line(&accepted.state)),
    }
}

/// The same for all requests of a write.
pub(crate) fn all_accepted_text(accepted: &[Accepted]) -> String {
    accepted.iter().map(accepted_text).collect()
}

/// How to follow a write that was not waited for.
pub(crate) fn say_how_to_follow(context: &Context, cluster: &Cluster) {
    let id = cluster.id();
    let how = if context.emulated {
        "add --wait to see what comes of it".to_owned()
    } else {
        format!(
            "look with `mrs-iam-sync status --cluster {id}` and `mrs-iam-sync list --cluster {id}`, or add --wait"
        )
    };
    context.output.note(&format!("The service goes on in the background: {how}."));
}

/// Rows of a table for one list of names.
pub(crate) fn rows<'a>(state: &'a str, lists: &'a NameLists) -> impl Iterator<Item = [&'a str; 3]> {
    let users = lists.users.iter().map(move |name| [state, "user", name.as_str()]);
    let groups = lists.groups.iter().map(move |name| [state, "group", name.as_str()]);
    users.chain(groups)
}

/// The table and the line below it.
pub(crate) fn outcome_text(rows: Vec<[&str; 3]>, end: &str) -> String {
    if rows.is_empty() {
        return format!("{end}\n");
    }
    let mut table = vec![["STATE", "KIND", "NAME"]];
    table.extend(rows);
    format!("{}\n{end}\n", text::table(&table))
}

/// The end of a wait, for people.
pub(crate) fn end_text(completion: Completion, seconds: f64) -> String {
    match completion {
        Completion::NothingToDo => "All names are on Manager already: nothing was sent.".to_owned(),
        Completion::Finished => format!("Finished after {seconds:.1} s."),
        _ => format!("Accepted, but not finished after {seconds:.1} s."),
    }
}

/// A wait that did not end well: past its deadline, with names `wrong`, or with nothing to tell from.
pub(crate) fn judge(
    completion: Completion,
    accepted: &[Accepted],
    wrong: Option<&NameLists>,
    kind: &str,
    told: impl FnOnce(&str) -> (String, String),
) -> Result<()> {
    let request_id = accepted.last().and_then(|accepted| accepted.request_id.clone());
    if !matches!(completion, Completion::Finished | Completion::NothingToDo) {
        let message =
            "the service had accepted the request, but the wait deadline passed before it had finished";
        return Err(CliError::new(Exit::Unfinished, "deadline_passed", message)
            .with_hint("it goes on: look with `mrs-iam-sync status`; --wait-timeout gives it more time")
            .after_acceptance(request_id));
    }
    let error = match wrong {
        Some(lists) if lists.is_empty() => return Ok(()),
        Some(lists) => {
            let (message, hint) = told(&listed(lists));
            CliError::new(Exit::Partly, kind, message).with_hint(hint)
        }
        None => CliError::new(
            Exit::Partly,
            "not_verified",
            "the service has finished, but its list of users or groups is absent, so that the result cannot be told",
        )
        .with_hint("look with `mrs-iam-sync list`"),
    };
    Err(match accepted {
        [] => error,
        _ => error.after_acceptance(request_id),
    })
}

/// `2 users and 1 group`.
pub(crate) fn counted(users: usize, groups: usize) -> String {
    let (users_text, groups_text) = (text::count(users, "user"), text::count(groups, "group"));
    match (users, groups) {
        (_, 0) => users_text,
        (0, _) => groups_text,
        _ => format!("{users_text} and {groups_text}"),
    }
}

fn listed(lists: &NameLists) -> String {
    counted(lists.users.len(), lists.groups.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for yes in ["y\n", "YES\r\n", " yes ", "Y"] {
            assert!(agrees(yes.as_bytes()), "{yes:?}");
        }
        for no in ["", "\n", "n\n", "yeah\n", "\u{ff}", "no\ny\n"] {
            assert!(!agrees(no.as_bytes()), "{no:?}");
        }
    }
}
