//! `-v` and `-vv`.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Writes our own crates' events to stderr. Those of the HTTP layers below could show headers, so they are left out.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // Every crate of this workspace begins with one of these.
    let ours = Targets::new().with_target("mrs_iam_sync", level).with_target("sdk_hmac_sha256", level);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_timer(tracing_subscriber::fmt::time::uptime());
    // Nothing else in this program sets one.
    let _ = tracing_subscriber::registry().with(ours).with(lines).try_init();
}
