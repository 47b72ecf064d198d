//! `emulator`.

use mrs_iam_sync_emulator::{Emulator, SAMPLE_ACCESS_KEY, SAMPLE_PROJECT_ID, SAMPLE_SECRET_KEY};

use crate::args;
use crate::emulated::not_started;
use crate::error::{CliError, Result};
use crate::interrupt;
use crate::output::Output;

pub(crate) async fn run(flags: args::Emulator, output: Output) -> Result<()> {
    // Watched before the URL is out: whoever reads it may send a signal at once.
    let stop = interrupt::signals().map_err(|error| CliError::io("signals cannot be watched", &error))?;
    let key = flags.ak.zip(flags.sk.map(|secret| secret.0));
    let mut builder = Emulator::builder().listen(flags.listen).sync_duration(flags.sync_duration);
    if let Some((ak, sk)) = &key {
        builder = builder.access_key(ak, sk);
    }
    let emulator = builder.start().await.map_err(not_started)?;
    let (ak, sk) = key.unwrap_or_else(|| (SAMPLE_ACCESS_KEY.to_owned(), SAMPLE_SECRET_KEY.to_owned()));
    let url = emulator.base_url();
    let mut text = format!("{url}\n");
    if flags.env {
        let variables = [
            ("HUAWEICLOUD_SDK_AK", ak.as_str()),
            ("HUAWEICLOUD_SDK_SK", sk.as_str()),
            ("HUAWEICLOUD_SDK_PROJECT_ID", SAMPLE_PROJECT_ID),
            ("MRS_IAM_SYNC_ENDPOINT", url.as_str()),
        ];
        // They would win over what is exported here, or contradict it.
        text.push_str("unset MRS_IAM_SYNC_TOKEN MRS_IAM_SYNC_PROJECT_ID HUAWEICLOUD_SDK_SECURITY_TOKEN\n");
        for (name, value) in variables {
            text.push_str(&format!("export {name}={}\n", quoted(value)));
        }
    }
    output.data(text.as_bytes())?;
    output.say("This is an emulator, not the real service; it keeps nothing when it stops (Ctrl-C).");
    stop.await;
    emulator.shutdown().await;
    Ok(())
}

/// A word that no shell reads anything into.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_nothing_into_it() {
        assert_eq!(quoted("a'b $c"), r"'a'\''b $c'");
    }
}
