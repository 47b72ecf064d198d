//! The page of differences.

#[test]
fn the_page_is_what_the_emulator_says() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/DIFFERENCES.md");
    let committed = std::fs::read_to_string(page).unwrap_or_default();
    assert!(
        committed == mrs_iam_sync_emulator::differences(),
        "DIFFERENCES.md is not up to date; in the workspace's root run\n    \
         cargo run -p mrs-iam-sync-cli -- emulator --differences > crates/emulator/DIFFERENCES.md"
    );
}
