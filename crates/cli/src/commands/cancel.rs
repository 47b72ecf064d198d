//! `cancel`.

use std::io::{self, IsTerminal as _};

use mrs_iam_sync::{CancelOutcome, Cluster, Completion, Names};

use crate::args::{Cancel, Globals};
use crate::commands::write;
use crate::context::{self, Context};
use crate::error::{CliError, Result};
use crate::interrupt::Progressing;
use crate::output::Output;
use crate::progress;
use crate::results::{Report, WriteResult};
use crate::text;

impl Cancel {
    /// The names. Reads files, sends nothing.
    pub(crate) fn select(&self, output: Output) -> Result<Names> {
        if self.selection.is_empty() {
            return Err(CliError::usage("nothing is selected").with_hint(
                "name users and groups with --user, --group, --users-from or --groups-from; a removal never takes \
                 everything",
            ));
        }
        self.selection.names(output)
    }

    /// Asks, where there is somebody to answer and something real to lose. Whatever can be found wrong without the
    /// service has been by then.
    async fn confirm(&self, context: &Context, cluster: &Cluster, count: &str) -> Result<()> {
        if self.yes || context.emulated || !io::stdin().is_terminal() {
            return Ok(());
        }
        if !io::stderr().is_terminal() {
            return Err(CliError::usage("a question cannot be shown, as stderr is not a terminal")
                .with_hint("--yes goes on without asking"));
        }
        context.output.say(&format!(
            "Remove {count} from the Manager of cluster {} (project {}, {})?",
            cluster.id(),
            context.client.project_id(),
            context.client.endpoint(),
        ));
        write::agreed(context.output).await
    }

    pub(crate) async fn run(
        self,
        globals: &Globals,
        output: Output,
        names: Names,
        stage: &Progressing,
    ) -> Result<()> {
        let (context, cluster) = context::on_cluster(globals, output, &self.target).await?;
        let subject = write::subject(&context, &cluster, "cancel");
        let merged = names.merged().to_vec();
        let names_users = names.user_names().len() > 0;
        let count = write::counted(names.user_names().len(), names.group_names().len());
        let request = cluster.cancel(names);
        let previews = request.clone().preview().await?;
        if self.dry_run {
            return write::show(&context, subject, &previews, merged);
        }
        self.confirm(&context, &cluster, &count).await?;
        if !self.wait {
            let accepted = {
                let (_spinner, listener) = progress::listener(output, stage);
                request.on_progress(listener).send().await
            };
            let accepted = match accepted {
                Ok(accepted) => accepted,
                Err(error) => return Err(write::after(&context, subject, merged, stage, error)),
            };
            let text = write::all_accepted_text(&accepted);
            let report = Report::<CancelOutcome>::Sent { accepted };
            output.result(&WriteResult { subject, merged, report }, || text)?;
            write::say_how_to_follow(&context, &cluster);
            if names_users {
                output.note("Groups that came along with a user stay on Manager unless they are named too.");
            }
            return Ok(());
        }
        let outcome = {
            let (_spinner, listener) = progress::listener(output, stage);
            request.on_progress(listener).wait().await
        };
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => return Err(write::after(&context, subject, merged, stage, error)),
        };
        let result = WriteResult { subject, merged, report: Report::Waited(&outcome) };
        output.result(&result, || table(&outcome))?;
        if !outcome.absent.is_empty() {
            output.note(write::UNKNOWN_BEFORE);
        }
        if !outcome.groups_left.is_empty() {
            output.note(&format!(
                "note: {} not named, still on Manager: the groups that came along with a user stay.",
                text::count(outcome.groups_left.len(), "group"),
            ));
        }
        write::judge(
            outcome.completion,
            &outcome.accepted,
            outcome.remaining.as_ref(),
            "remaining",
            |names| {
                (
                    format!(
                        "the service has finished, but of what was named, {names} can still be found on Manager"
                    ),
                    "send the removal again; the result lists the names".to_owned(),
                )
            },
        )
    }
}

fn table(outcome: &CancelOutcome) -> String {
    let mut rows: Vec<[&str; 3]> = Vec::new();
    rows.extend(write::rows("removed", &outcome.removed));
    rows.extend(write::rows("already absent", &outcome.already_absent));
    rows.extend(write::rows("absent", &outcome.absent));
    if let Some(remaining) = &outcome.remaining {
        let state = match outcome.completion {
            Completion::DeadlinePassed => "not gone yet",
            _ => "still there",
        };
        rows.extend(write::rows(state, remaining));
    }
    rows.extend(outcome.groups_left.iter().map(|name| ["left, not named", "group", name.as_str()]));
    write::outcome_text(rows, &write::end_text(outcome.completion, outcome.seconds))
}
