//! Warnings, and what `-v` and `-vv` tell.

use std::fmt::{Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::output::Output;

/// Writes our own crates' events to stderr. Those of the HTTP layers below could show headers, so they are left out.
pub(crate) fn start(output: Output) {
    let level = match output.verbose {
        0 if output.quiet => return,
        0 => LevelFilter::WARN,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // Every crate of this workspace begins with one of these.
    let ours = Targets::new().with_target("mrs_iam_sync", level).with_target("sdk_hmac_sha256", level);
    // Nothing else in this program sets one.
    let registry = tracing_subscriber::registry().with(ours);
    let _ = match level {
        LevelFilter::WARN => registry.with(Warnings(output)).try_init(),
        _ => {
            let lines = tracing_subscriber::fmt::layer()
                .with_writer(std::io::stderr)
                .with_ansi(false)
                .with_timer(tracing_subscriber::fmt::time::uptime());
            registry.with(lines).try_init()
        }
    };
}

/// Says warnings as this program says everything else.
struct Warnings(Output);

impl<S: Subscriber> Layer<S> for Warnings {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut words = Words::default();
        event.record(&mut words);
        self.0.say(&format!("warning: {}{}", words.message, words.rest));
    }
}

#[derive(Default)]
struct Words {
    message: String,
    rest: String,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // A String takes whatever is written.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.rest, ", {name}: {value:?}"),
        };
    }
}
