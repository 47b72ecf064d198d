//! The course of things in the explorer: what is followed, what was not sent, where the focus goes, and Back.

use fantoccini::key::Key;
use mrs_iam_sync_emulator::{SAMPLE_CLUSTER_ID, SAMPLE_PROJECT_ID};
use serde_json::{Value, json};
use url::Url;

use crate::explorer::{CANCEL, SYNC, asked, clipboard, expect, has, operation, outcome, ready, sync_user1};
use crate::page::{Outcome, Page};

/// Lets the page's time pass ten times as fast, so that it waits as long as it should and nobody else does.
async fn hurry(page: &Page) -> Outcome {
    let script = "
        const [now, wait] = [performance.now.bind(performance), setTimeout.bind(window)];
        performance.now = () => now() * 10;
        window.setTimeout = (action, milliseconds) => wait(action, milliseconds / 10);";
    page.script(script, &[]).await.map(drop)
}

/// On a service without the status operations, whose synchronizations take three seconds.
pub(crate) async fn looks_for_names_where_nobody_tells(page: &Page) -> Outcome {
    hurry(page).await?;
    sync_user1(page).await?;
    page.reads("follow-state", "cannot tell whether it runs").await?;
    has("what it does", &page.text("follow-state").await?, "1 name is missing")?;
    page.picture("follow-without-status").await?;
    let rows = outcome(page).await?;
    expect("who arrived", &rows.join(", "), "arrived user1, along group1")?;
    has("the end", &page.text("follow-state").await?, "Every name is there, after")?;
    operation(page, CANCEL).await?;
    asked(page).await?;
    page.click("confirm-yes").await?;
    page.reads("follow-state", "1 name is still there").await?;
    let rows = outcome(page).await?;
    expect("who is gone", &rows.join(", "), "gone user1")?;
    // Whoever waits for a name that nobody has may stop, and sees the others.
    operation(page, SYNC).await?;
    page.enter("user_names", "ghost,").await?;
    asked(page).await?;
    page.click("confirm-yes").await?;
    page.reads("follow-state", "2 names are missing").await?;
    page.reads("follow-state", "1 name is missing").await?;
    page.click("follow-stop").await?;
    page.reads("follow-state", "No longer followed").await?;
    page.reads("outcome", "ghost").await?;
    has("the outcome", &page.text("outcome-summary").await?, "1 arrived, 1 missing")?;
    page.picture("follow-stopped").await?;
    // Without names there is only the list, which has to be at rest.
    page.click("everything").await?;
    asked(page).await?;
    page.click("confirm-yes").await?;
    page.reads("follow-state", "list has not changed for 10 s").await?;
    outcome(page).await.map(drop)
}

/// Without credentials nothing is sent; where nobody answers, nobody knows.
pub(crate) async fn tells_what_became_of_it(page: &Page, entrance: &Url, credentials: bool) -> Outcome {
    let (message, fate) = match credentials {
        true => ("cannot connect", "No answer"),
        false => ("no credentials", "Not sent"),
    };
    page.go(entrance).await?;
    ready(page).await?;
    let place = format!("region=cn-north-4&project_id={SAMPLE_PROJECT_ID}&cluster_id={SAMPLE_CLUSTER_ID}");
    page.script("location.hash = arguments[0]", &[json!(format!("#op={CANCEL}&{place}&user=user1"))]).await?;
    page.reads("form-heading", CANCEL).await?;
    page.click("follow-on").await?;
    asked(page).await?;
    page.click("confirm-yes").await?;
    page.reads("refused-message", message).await?;
    expect("what became of it", &page.text("refused-code").await?, fate)?;
    page.reads("history-entry", &fate.to_lowercase()).await?;
    page.picture(&fate.to_lowercase().replace(' ', "-")).await?;
    // Nobody listens to the explorer either.
    page.script("window.fetch = () => Promise.reject(new TypeError('gone'))", &[]).await?;
    asked(page).await?;
    page.click("confirm-yes").await?;
    page.reads("refused-message", "does not answer").await?;
    expect("what became of it", &page.text("refused-code").await?, "No answer")?;
    page.reads("history-entry", "no answer").await?;
    let seen = page.take_seen().await?;
    let meant = |line: &String| line.contains("the server responded with a status of 502");
    let own = crate::watch::Allowed::Origin(entrance.clone());
    match seen.console.iter().all(meant) {
        true => expect("what else was asked for", &seen.elsewhere(&own).join(", "), ""),
        false => Err(format!("the console has {:?}", seen.console)),
    }
}

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

pub(crate) async fn copies_no_sample_where_there_is_none(page: &Page) -> Outcome {
    operation(page, SYNC).await?;
    page.reads("sample", "iam-sync-user").await?;
    page.click("sample-copy").await?;
    page.reads("sample-copy", "Copied").await?;
    let copied = clipboard(page).await?;
    let wrong = format!("#op={SYNC}&region=cn-north-4&project_id={SAMPLE_PROJECT_ID}&cluster_id=no/id");
    page.script("location.hash = arguments[0]", &[json!(wrong)]).await?;
    page.reads("sample-refused", "no cluster id").await?;
    page.reads("live", "").await?;
    page.until(
        "the button can copy again",
        "return document.querySelector('[data-test=sample-copy]').textContent === 'Copy'",
        &[],
    )
    .await?;
    for button in ["sample-copy", "sample-download"] {
        let off = "return document.querySelector(`[data-test=${arguments[0]}]`).ariaDisabled";
        expect(button, &page.script(off, &[json!(button)]).await?.to_string(), "\"true\"")?;
    }
    page.script("document.querySelector('[data-test=sample-copy]').click()", &[]).await?;
    expect("the clipboard", &clipboard(page).await?, &copied)?;
    expect("the button", &page.content("sample-copy").await?, "Copy")
}

pub(crate) async fn goes_back_and_forth(page: &Page) -> Outcome {
    operation(page, "ListSyncStatus").await?;
    operation(page, SYNC).await?;
    page.enter("user_names", "user1,").await?;
    operation(page, CANCEL).await?;
    page.enter("user_names", "user2,").await?;
    let users = "return [...document.querySelectorAll('[data-test=user_names-chip] span')].map((it) => it.textContent)";
    let both = json!(["user1", "user2"]);
    page.script("history.back()", &[]).await?;
    page.reads("form-heading", SYNC).await?;
    expect("the names after going back", &page.script(users, &[]).await?.to_string(), &both.to_string())?;
    page.until(
        "the address has them",
        "return location.hash.includes('user2') && location.hash.includes('op=UpdateSyncIamUser')",
        &[],
    )
    .await?;
    page.script("history.forward()", &[]).await?;
    page.reads("form-heading", CANCEL).await?;
    expect("the names after going forth", &page.script(users, &[]).await?.to_string(), &both.to_string())?;
    // Choosing what is chosen is no step.
    operation(page, CANCEL).await?;
    // A link is one, and has values of its own.
    let length = "return history.length";
    let before: Value = page.script(length, &[]).await?;
    page.script("location.hash = '#op=ListSyncStatus&region=cn-east-3'", &[]).await?;
    page.reads("form-heading", "ListSyncStatus").await?;
    expect(
        "the steps",
        &page.script(length, &[]).await?.to_string(),
        &(before.as_u64().unwrap_or_default() + 1).to_string(),
    )?;
    expect("the names of the link", &page.script(users, &[]).await?.to_string(), "[]")?;
    page.script("history.back()", &[]).await?;
    page.reads("form-heading", CANCEL).await?;
    page.reads("user_names-chips", "user2").await?;
    let region = "return document.querySelector('[data-test=region]').value";
    expect("the region of before", &page.script(region, &[]).await?.to_string(), "\"cn-north-4\"")?;
    page.script("history.back()", &[]).await?;
    page.reads("form-heading", SYNC).await?;
    page.script("history.back()", &[]).await?;
    page.reads("form-heading", "ListSyncStatus").await
}
