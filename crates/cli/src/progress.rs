//! What moves on a terminal while a command waits.

use std::time::Duration;

use indicatif::ProgressBar;
use mrs_iam_sync::Progress;

use crate::interrupt::{Progressing, Stage};
use crate::output::Output;
use crate::text;

/// Follows a wait: keeps the stage, and turns a spinner where there is somebody to see it.
pub(crate) fn listener(
    output: Output,
    stage: &Progressing,
) -> (Spinner, impl Fn(&Progress) + Send + Sync + 'static) {
    let spinner = Spinner(output.shows_progress().then(|| {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }));
    let (bar, stage) = (spinner.0.clone(), stage.clone());
    let listener = move |progress: &Progress| {
        tracing::trace!(?progress, "wait");
        match progress {
            Progress::Accepted(accepted) => stage.accept(accepted.clone()),
            Progress::Sending => stage.set(Stage::Writing),
            _ => {}
        }
        if let Some(bar) = &bar
            && let Some(message) = message(progress)
        {
            bar.set_message(text::line(&message));
        }
    };
    (spinner, listener)
}

fn message(progress: &Progress) -> Option<String> {
    Some(match progress {
        Progress::Reading => "reading what is on Manager".to_owned(),
        Progress::Part { part, of, done } => {
            format!("part {part} of {of}, {} done", text::count(*done, "name"))
        }
        Progress::Sending => "sending the request".to_owned(),
        Progress::Accepted(_) => "accepted, waiting for the service".to_owned(),
        Progress::Running(Some(true)) => "the service is synchronizing".to_owned(),
        Progress::Running(Some(false)) => "no synchronization is running, looking at Manager".to_owned(),
        Progress::Running(None) => {
            "looking at Manager (the service cannot tell whether it has finished)".to_owned()
        }
        Progress::Outstanding(names) => {
            format!("the service has finished, waiting for {}", text::count(names.len(), "name"))
        }
        Progress::LookFailed(why) => format!("looking again: {why}"),
        _ => return None,
    })
}

/// Disappears when it is dropped.
pub(crate) struct Spinner(Option<ProgressBar>);

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
