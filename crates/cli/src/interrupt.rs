//! SIGINT and SIGTERM while a command runs, and what they leave behind in the service.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use mrs_iam_sync::Accepted;

use crate::error::{CliError, Result};
use crate::exit::Exit;

/// How far a command has come, for the message when it is interrupted.
#[derive(Debug, Clone, Default)]
pub(crate) enum Stage {
    /// It has changed nothing so far.
    #[default]
    Harmless,
    /// A write may be on its way.
    Writing,
    /// The service has accepted a write.
    Accepted,
}

/// A command's [`Stage`], shared with what watches it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progressing(Arc<Mutex<(Stage, Vec<Accepted>)>>);

impl Progressing {
    pub(crate) fn set(&self, stage: Stage) {
        self.state().0 = stage;
    }

    /// Notes how the service accepted a write.
    pub(crate) fn accept(&self, accepted: Accepted) {
        let mut state = self.state();
        state.0 = Stage::Accepted;
        state.1.push(accepted);
    }

    /// How the service accepted the requests so far.
    pub(crate) fn accepted(&self) -> Vec<Accepted> {
        self.state().1.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, (Stage, Vec<Accepted>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a command until it ends or a signal comes.
pub(crate) async fn guard<T>(stage: &Progressing, work: impl Future<Output = Result<T>>) -> Result<T> {
    let signal = signals().map_err(|error| CliError::io("signals cannot be watched", &error))?;
    tokio::select! {
        result = work => result,
        exit = signal => Err(interrupted(exit, &stage.state())),
    }
}

fn interrupted(exit: Exit, (stage, accepted): &(Stage, Vec<Accepted>)) -> CliError {
    let error = |message: &str| CliError::new(exit, "interrupted", message);
    match stage {
        Stage::Harmless => error("interrupted; nothing was changed"),
        Stage::Writing => error("interrupted; whether the service has accepted the request is not known")
            .with_hint("look with `mrs-iam-sync status` and `mrs-iam-sync list` before sending it again"),
        Stage::Accepted => error("interrupted; the service had accepted the request, which goes on there")
            .with_hint("follow it with `mrs-iam-sync status` and `mrs-iam-sync list`")
            .after_acceptance(accepted.last().and_then(|accepted| accepted.request_id.clone())),
    }
}

/// The next SIGINT or SIGTERM. They are watched from this call on, not from the first poll.
#[cfg(unix)]
pub(crate) fn signals() -> std::io::Result<impl Future<Output = Exit>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => Exit::Interrupted,
            _ = terminate.recv() => Exit::Terminated,
        }
    })
}

/// The next Ctrl-C.
#[cfg(not(unix))]
pub(crate) fn signals() -> std::io::Result<impl Future<Output = Exit>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
        Exit::Interrupted
    })
}
