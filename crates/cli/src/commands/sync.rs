//! `sync`.

use mrs_iam_sync::{Completion, Names, Selection, SyncOutcome, SyncRequest};

use crate::args::{Globals, Sync};
use crate::commands::write;
use crate::context::{self, Context};
use crate::error::{CliError, Result};
use crate::interrupt::Progressing;
use crate::output::Output;
use crate::progress;
use crate::results::{Report, Subject, WriteResult};

/// What users ask support about next.
const AFTERWARDS: [&str; 2] = [
    "Changes of roles take up to 5 minutes to reach the nodes.",
    "Before a new user can log in to Manager, the cluster's administrator has to initialise the user's password there.",
];

impl Sync {
    /// Everything, or the names. Reads files, sends nothing.
    pub(crate) fn select(&self, output: Output) -> Result<Selection> {
        if self.all && !self.selection.is_empty() {
            return Err(CliError::usage("--all cannot be used together with names")
                .with_hint("--all takes everything in IAM: leave it out, or leave the names out"));
        }
        if self.all && self.if_missing {
            return Err(CliError::usage("--all cannot be used together with --if-missing")
                .with_hint("--if-missing chooses among names that are given"));
        }
        if self.all {
            return Ok(Selection::Everything);
        }
        if self.selection.is_empty() {
            return Err(CliError::usage("nothing is selected").with_hint(
                "name users and groups with --user, --group, --users-from or --groups-from; --all takes everything \
                 in IAM",
            ));
        }
        self.selection.names(output).map(Selection::Named)
    }

    pub(crate) async fn run(
        self,
        globals: &Globals,
        output: Output,
        selection: Selection,
        stage: &Progressing,
    ) -> Result<()> {
        let (context, cluster) = context::on_cluster(globals, output, &self.target).await?;
        let subject = write::subject(&context, &cluster, "sync");
        let merged = match &selection {
            Selection::Named(names) => names.merged().to_vec(),
            _ => Vec::new(),
        };
        let mut request = cluster.sync(selection.clone());
        if self.if_missing {
            request = request.if_missing();
        }
        if self.dry_run {
            return write::show(&context, subject, &request.preview().await?, merged);
        }
        if self.wait {
            let named = match &selection {
                Selection::Named(names) => Some(names),
                _ => None,
            };
            return waited(&context, subject, merged, request, named, stage).await;
        }
        let accepted = {
            let (_spinner, listener) = progress::listener(output, stage);
            request.on_progress(listener).send().await
        };
        let accepted = match accepted {
            Ok(accepted) => accepted,
            Err(error) => return Err(write::after(&context, subject, merged, stage, error)),
        };
        let sent = !accepted.is_empty();
        let text = match sent {
            true => write::all_accepted_text(&accepted),
            false => format!("{}\n", write::end_text(Completion::NothingToDo, 0.0)),
        };
        let report = Report::<SyncOutcome>::Sent { accepted };
        output.result(&WriteResult { subject, merged, report }, || text)?;
        if sent {
            write::say_how_to_follow(&context, &cluster);
            AFTERWARDS.iter().for_each(|line| output.note(line));
        }
        Ok(())
    }
}

async fn waited(
    context: &Context,
    subject: Subject,
    merged: Vec<String>,
    request: SyncRequest,
    named: Option<&Names>,
    stage: &Progressing,
) -> Result<()> {
    let outcome = {
        let (_spinner, listener) = progress::listener(context.output, stage);
        request.on_progress(listener).wait().await
    };
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => return Err(write::after(context, subject, merged, stage, error)),
    };
    let result = WriteResult { subject, merged, report: Report::Waited(&outcome) };
    context.output.result(&result, || table(&outcome))?;
    if named.is_none() && outcome.missing.is_none() {
        context.output.note("note: IAM could not be read, so that nobody can be missed.");
    }
    if !outcome.already_present.is_empty() {
        context
            .output
            .note("note: presence does not prove that the roles of those already present were refreshed.");
    }
    if !outcome.present.is_empty() {
        context.output.note(write::UNKNOWN_BEFORE);
    }
    for pair in &outcome.differs_in_case {
        context.output.note(&format!(
            "note: {:?} is missing, but {:?} is on Manager: IAM tells them apart, Manager does not.",
            pair.named, pair.found
        ));
    }
    let there = [&outcome.arrived, &outcome.already_present, &outcome.present, &outcome.brought_along];
    if outcome.completion == Completion::Finished && !there.iter().all(|names| names.is_empty()) {
        AFTERWARDS.iter().for_each(|line| context.output.note(line));
    }
    let nothing = mrs_iam_sync::NameLists::default();
    let missing = match named {
        Some(_) => outcome.missing.as_ref(),
        // Nothing was named: without a look into IAM nothing can be missing.
        None => Some(outcome.missing.as_ref().unwrap_or(&nothing)),
    };
    write::judge(outcome.completion, &outcome.accepted, missing, "missing", |names| match named {
        Some(_) => (
            format!("the service has finished, but of what was named, {names} cannot be found on Manager"),
            "check that the names exist in IAM, letter by letter; the result lists them".to_owned(),
        ),
        None => (
            format!("the service has finished, but of who is in IAM, {names} cannot be found on Manager"),
            "users and groups without permissions for MRS are not synchronized; the result lists the names"
                .to_owned(),
        ),
    })
}

fn table(outcome: &SyncOutcome) -> String {
    let mut rows: Vec<[&str; 3]> = Vec::new();
    rows.extend(write::rows("arrived", &outcome.arrived));
    rows.extend(write::rows("already present", &outcome.already_present));
    rows.extend(write::rows("present", &outcome.present));
    rows.extend(write::rows("brought along", &outcome.brought_along));
    if let Some(missing) = &outcome.missing {
        let state = match outcome.completion {
            Completion::DeadlinePassed => "not there yet",
            _ => "missing",
        };
        rows.extend(write::rows(state, missing));
    }
    write::outcome_text(rows, &write::end_text(outcome.completion, outcome.seconds))
}
