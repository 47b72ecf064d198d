//! `emulator`.

use std::path::Path;

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
    let mut builder =
        Emulator::builder().listen(flags.listen).sync_duration(flags.sync_duration).tls(flags.tls);
    if let Some((ak, sk)) = &key {
        builder = builder.access_key(ak, sk);
    }
    let emulator = builder.start().await.map_err(not_started)?;
    let (ak, sk) = key.unwrap_or_else(|| (SAMPLE_ACCESS_KEY.to_owned(), SAMPLE_SECRET_KEY.to_owned()));
    // In place before the URL is out.
    let ca_file = match (&flags.tls_cert_out, emulator.certificate_pem()) {
        (Some(file), Some(pem)) => Some(written(file, pem)?),
        _ => None,
    };
    let url = emulator.base_url();
    let mut text = format!("{url}\n");
    if flags.env {
        let ca_file = ca_file.as_deref().map(|file| ("MRS_IAM_SYNC_CA_FILE", file));
        let variables = [
            ("HUAWEICLOUD_SDK_AK", ak.as_str()),
            ("HUAWEICLOUD_SDK_SK", sk.as_str()),
            ("HUAWEICLOUD_SDK_PROJECT_ID", SAMPLE_PROJECT_ID),
            ("MRS_IAM_SYNC_ENDPOINT", url.as_str()),
            ("MRS_IAM_SYNC_IAM_ENDPOINT", url.as_str()),
        ]
        .into_iter()
        .chain(ca_file);
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

/// Writes the certificate. Answers the file's full name, as whoever reads it may be in another directory.
fn written(file: &Path, pem: &str) -> Result<String> {
    let failed = |error: &std::io::Error| {
        CliError::io(format!("cannot write the certificate to {}", file.display()), error)
    };
    let full = std::path::absolute(file).map_err(|error| failed(&error))?;
    std::fs::write(&full, pem).map_err(|error| failed(&error))?;
    match full.into_os_string().into_string() {
        Ok(name) => Ok(name),
        Err(_) => Err(CliError::usage("--tls-cert-out: the name of the file is not UTF-8")),
    }
}

/// A word that no shell reads anything into.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_written_under_a_name_that_holds_everywhere() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("emulator.pem");
        let name = written(&file, "certificate").unwrap();
        assert!(Path::new(&name).is_absolute());
        assert_eq!(std::fs::read_to_string(name).unwrap(), "certificate");
        assert!(written(&folder.path().join("none/emulator.pem"), "certificate").is_err());
    }

    #[test]
    fn a_shell_reads_nothing_into_it() {
        assert_eq!(quoted("a'b $c"), r"'a'\''b $c'");
    }
}
