//! The wish to stop, from a signal for example.

use tokio::sync::watch;

/// Asks a run to stop: what has been sent is followed to its end, nothing more is sent. Clones ask the same run.
#[derive(Debug, Clone)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stop {
    /// One that is not asked for yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for it.
    pub fn request(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was asked for.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when it is asked for.
    pub async fn requested(&self) {
        // The sender is alive as long as `self`.
        let _ = self.0.subscribe().wait_for(|asked| *asked).await;
    }
}
