//! What pages weigh, and how long until they show the first operation.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use url::Url;

use crate::page::{Outcome, Page};
use crate::watch::Allowed;

/// Loads of which the median is told.
const LOADS: usize = 7;

/// A page as it is weighed.
#[derive(Debug)]
pub(crate) struct Weighed<'a> {
    pub(crate) name: &'static str,
    pub(crate) address: &'a Url,
    pub(crate) allowed: Allowed,
    /// What stands on the first operation, or on the way to it.
    pub(crate) operation: &'static str,
    /// Bytes that it may have, not compressed.
    pub(crate) limit: u64,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Weight {
    pub(crate) requests: usize,
    pub(crate) bytes: u64,
    /// Of files, as a server would send them.
    pub(crate) compressed: Option<u64>,
    /// Until the first operation was shown: median, and the slowest.
    pub(crate) shown: (Duration, Duration),
}

/// Loads a page several times, without a cache.
pub(crate) async fn weigh(page: &Page, weighed: &Weighed<'_>) -> Outcome<Weight> {
    page.tools("Network.setCacheDisabled", json!({ "cacheDisabled": true })).await?;
    let timer = format!(
        "const look = () => {{
            const shown = [...document.querySelectorAll('a, button, h2, h3')].some((it) =>
                it.textContent.includes({}) && it.checkVisibility() && it.getBoundingClientRect().height > 0);
            requestAnimationFrame(shown ? () => (window.__shown = performance.now()) : look);
        }};
        requestAnimationFrame(look);",
        json!(weighed.operation)
    );
    let added = page.tools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": timer })).await?;
    page.take_seen().await?;
    let mut weight = None;
    let mut times = Vec::new();
    for _ in 0..LOADS {
        page.go(weighed.address).await?;
        let shown = page.until("the first operation is shown", "return window.__shown ?? null", &[]).await?;
        times.push(shown.as_f64().unwrap_or_default() / 1000.0);
        // What comes after it belongs to the page, too.
        let quiet = "
            const before = performance.getEntriesByType('resource').length;
            return new Promise((done) => setTimeout(done, 500)).then(() => performance.getEntriesByType('resource').length === before);";
        page.until("the page is at rest", quiet, &[]).await?;
        let seen = page.take_seen().await?;
        let complaints = seen.complaints(&weighed.allowed);
        if !complaints.is_empty() {
            return Err(complaints.join("\n"));
        }
        let files = seen.requests.iter().filter_map(|url| Url::parse(url).ok()?.to_file_path().ok());
        let sizes = files.map(|file| sizes(&file)).collect::<Outcome<Vec<_>>>()?;
        let (raw, compressed) =
            sizes.iter().fold((0, 0), |(raw, packed), size| (raw + size.0, packed + size.1));
        let files = !sizes.is_empty();
        let requests = seen.requests.iter().filter(|url| !url.starts_with("data:")).count();
        let bytes = if files { raw } else { seen.bytes };
        weight = Some((requests, bytes, files.then_some(compressed)));
    }
    let identifier = json!({ "identifier": added["identifier"] });
    page.tools("Page.removeScriptToEvaluateOnNewDocument", identifier).await?;
    times.sort_by(f64::total_cmp);
    let (requests, bytes, compressed) = weight.ok_or("nothing was loaded")?;
    let time = |at: usize| Duration::from_secs_f64(times.get(at).copied().unwrap_or_default());
    Ok(Weight { requests, bytes, compressed, shown: (time(LOADS / 2), time(LOADS - 1)) })
}

/// Bytes of a file: as it is, and compressed.
fn sizes(file: &Path) -> Outcome<(u64, u64)> {
    let failed = |error: std::io::Error| format!("{}: {error}", file.display());
    let mut bytes = Vec::new();
    std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(failed)?;
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    let packed = packer.write_all(&bytes).and_then(|()| packer.finish()).map_err(failed)?;
    Ok((bytes.len() as u64, packed.len() as u64))
}
