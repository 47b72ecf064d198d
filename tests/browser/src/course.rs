//! The course of things in the explorer: what is followed, what was not sent, where the focus goes, and Back.

use fantoccini::key::Key;
use serde_json::json;

use crate::explorer::{SYNC, expect, operation, sync_user1};
use crate::page::{Outcome, Page};

pub(crate) async fn keeps_the_focus(page: &Page) -> Outcome {
    let enter: char = Key::Enter.into();
    operation(page, SYNC).await?;
    let focus = "document.querySelector(`[data-test=${arguments[0]}]`).focus()";
    let free = "
        const it = document.querySelector(`[data-test=${arguments[0]}]`);
        return !it.disabled && it.ariaDisabled !== 'true'";
    for button in ["project_id-reload", "cluster_id-reload", "members-load", "sample-download"] {
        page.until(&format!("{button} can be pressed"), free, &[json!(button)]).await?;
        page.script(focus, &[json!(button)]).await?;
        page.press(&[enter]).await?;
        page.until(&format!("{button} has done it"), free, &[json!(button)]).await?;
        expect("what has the focus", &page.focused().await?, button)?;
    }
    page.reads("members-status", "are suggested").await?;
    page.enter("user_names", "user1,user2,").await?;
    page.script(focus, &[json!("user_names-clear")]).await?;
    page.press(&[enter]).await?;
    expect("what has the focus once all names are gone", &page.focused().await?, "user_names")?;
    page.reads("user_names-told", "2 names removed.").await?;
    sync_user1(page).await?;
    page.script(focus, &[json!("follow-stop")]).await?;
    page.press(&[enter]).await?;
    page.reads("follow-state", "No longer followed").await?;
    expect("what has the focus once nothing is followed", &page.focused().await?, "follow-heading")
}
