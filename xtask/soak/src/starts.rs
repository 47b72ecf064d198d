//! How long an emulator takes from its start to its first answer.

use std::time::Duration;

use crate::clock::Watch;
use crate::process::Setup;

/// How often it is started.
const STARTS: usize = 50;
/// What the median may be: those that the machine itself holds up say nothing.
const HOLD: Duration = Duration::from_millis(50);

/// Starts it again and again, each time until it answers `GET /_emulator/health`. Figures and failures.
pub(crate) fn run(setup: &Setup) -> Result<(String, Vec<String>), String> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let watch = Watch::start();
        let emulator = setup.start("starts")?;
        emulator.healthy(Duration::from_secs(5))?;
        times.push(watch.elapsed());
    }
    times.sort_unstable();
    let median = times.get(STARTS / 2).copied().unwrap_or_default();
    let nine_tenths = times.get(STARTS * 9 / 10).copied().unwrap_or_default();
    let most = times.last().copied().unwrap_or_default();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let figures = format!(
        "median {:.1} ms (at most {} ms), nine of ten within {:.1} ms, all within {:.1} ms, of {STARTS}",
        ms(median),
        HOLD.as_millis(),
        ms(nine_tenths),
        ms(most)
    );
    let failures = if median > HOLD { vec!["slower than the hold".to_owned()] } else { Vec::new() };
    Ok((figures, failures))
}
