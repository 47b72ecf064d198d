//! What moves on a terminal while a command waits.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use mrs_iam_sync::Progress;
use mrs_iam_sync_fleet::Event;

use crate::error::Result;
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

/// Bars of many clusters at once: one for all, and one for each whose synchronization runs, as far as there is room.
/// Keeps which ones run, also where nobody sees it. Disappears when it is dropped.
#[derive(Clone)]
pub(crate) struct Bars(Arc<Drawn>);

struct Drawn {
    output: Output,
    screen: Option<(MultiProgress, ProgressBar)>,
    running: Mutex<BTreeMap<String, Option<ProgressBar>>>,
}

/// Bars of single clusters at once.
const MOST_BARS: usize = 12;

impl Bars {
    pub(crate) fn new(output: Output) -> Self {
        let screen = output.shows_progress().then(|| {
            let screen = MultiProgress::new();
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} clusters, {elapsed} {msg}");
            let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            (screen.clone(), screen.add(bar))
        });
        Self(Arc::new(Drawn { output, screen, running: Mutex::default() }))
    }

    /// How many clusters there are.
    pub(crate) fn all(&self, number: usize) {
        if let Some((_, bar)) = &self.0.screen {
            bar.set_length(u64::try_from(number).unwrap_or(u64::MAX));
            bar.enable_steady_tick(Duration::from_secs(1));
        }
    }

    /// One more is done: `show` says what became of it, with the bars out of the way.
    pub(crate) fn one(&self, show: impl FnOnce() -> Result<()>) -> Result<()> {
        match &self.0.screen {
            Some((screen, bar)) => {
                let shown = screen.suspend(show);
                bar.inc(1);
                shown
            }
            None => show(),
        }
    }

    /// Says something with the bars out of the way.
    pub(crate) fn say(&self, text: &str) {
        match &self.0.screen {
            Some((screen, _)) => screen.suspend(|| self.0.output.say(text)),
            None => self.0.output.say(text),
        }
    }

    /// The clusters whose synchronization runs.
    pub(crate) fn running(&self) -> Vec<String> {
        self.0.running().keys().cloned().collect()
    }

    /// Follows a run.
    pub(crate) fn listener(&self) -> impl Fn(&Event<'_>) + Send + Sync + 'static {
        let bars = self.clone();
        move |event| bars.0.follow(event)
    }
}

impl Drawn {
    fn running(&self) -> MutexGuard<'_, BTreeMap<String, Option<ProgressBar>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn follow(&self, event: &Event<'_>) {
        let mut running = self.running();
        match event {
            Event::Writing(cluster) => {
                let title = text::line(&cluster.title());
                let shown = running.values().flatten().count();
                let bar = self.screen.as_ref().filter(|_| shown < MOST_BARS).map(|(screen, _)| {
                    let bar = screen.add(ProgressBar::new_spinner());
                    bar.set_prefix(title.clone());
                    bar.set_style(
                        ProgressStyle::with_template("{spinner} {prefix}: {msg}")
                            .unwrap_or_else(|_| ProgressStyle::default_spinner()),
                    );
                    bar.enable_steady_tick(Duration::from_millis(120));
                    bar
                });
                running.insert(title, bar);
            }
            Event::Progress(cluster, progress) => {
                if let (Some(Some(bar)), Some(message)) =
                    (running.get(&text::line(&cluster.title())), message(progress))
                {
                    bar.set_message(text::line(&message));
                }
            }
            Event::Ended(cluster) => {
                if let Some(Some(bar)) = running.remove(&text::line(&cluster.title())) {
                    bar.finish_and_clear();
                }
            }
            _ => {}
        }
    }
}

impl Drop for Drawn {
    fn drop(&mut self) {
        if let Some((screen, _)) = &self.screen {
            // Nobody is left to tell when stderr is gone.
            let _ = screen.clear();
        }
    }
}
