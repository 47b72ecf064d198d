//! What is typed and pasted into the explorer's form, and what links put there.

use fantoccini::key::Key;
use mrs_iam_sync_emulator::{SAMPLE_CLUSTER_ID, SAMPLE_PROJECT_ID};
use serde_json::json;

use crate::explorer::{SYNC, clipboard, expect, has, operation};
use crate::page::{Outcome, Page};

/// Ends what is typed into a field of names.
const ENTER: char = '\u{e007}';
const BACKSPACE: &str = "\u{e003}";

/// Pastes a text where the caret or the selection is; how long that took, in milliseconds.
async fn paste(page: &Page, field: &str, text: &str) -> Outcome<f64> {
    let script = "
        const field = document.querySelector(`[data-test=${arguments[0]}]`);
        const data = new DataTransfer();
        data.setData('text', arguments[1]);
        const started = performance.now();
        field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
        return performance.now() - started;";
    let took = page.script(script, &[json!(field), json!(text)]).await?;
    took.as_f64().ok_or_else(|| format!("{field} takes nothing that is pasted"))
}

async fn names(page: &Page, field: &str) -> Outcome<String> {
    let script = "return [...document.querySelectorAll(`[data-test=${arguments[0]}-chip] span`)].map((it) => it.textContent).join('|')";
    Ok(page.script(script, &[json!(field)]).await?.as_str().unwrap_or_default().to_owned())
}

pub(crate) async fn pastes_where_the_caret_is(page: &Page) -> Outcome {
    operation(page, SYNC).await?;
    page.enter("user_names", "abc").await?;
    page.script("document.querySelector('[data-test=user_names]').select()", &[]).await?;
    paste(page, "user_names", "u1\nu2").await?;
    expect("what is pasted over a selection", &names(page, "user_names").await?, "u1|u2")?;
    page.enter("user_names", "xyz").await?;
    page.script("document.querySelector('[data-test=user_names]').setSelectionRange(1, 2)", &[]).await?;
    paste(page, "user_names", "1,2").await?;
    expect("what is pasted between", &names(page, "user_names").await?, "u1|u2|x1|2z")
}

pub(crate) async fn takes_large_tables_at_once(page: &Page) -> Outcome {
    const MOST: f64 = 3000.0;
    operation(page, SYNC).await?;
    let rows: String = (0..40_000).map(|row| format!("user{row}\tgroup{row}\n")).collect();
    let took = paste(page, "user_names", &rows).await?;
    has("what is told", &page.text("user_names-told").await?, "40,000 names left off: names have no tabs")?;
    has("what is told", &page.text("user_names-told").await?, "copy one column")?;
    if took > MOST {
        return Err(format!("the page stood still for {took} ms"));
    }
    let column: String = (0..40_000).map(|row| format!("user{row}\n")).collect();
    let took = paste(page, "user_names", &column).await?;
    has("what is told", &page.text("user_names-told").await?, "1,000 names added. 39,000 names left off")?;
    if took > MOST { Err(format!("the page stood still for {took} ms")) } else { Ok(()) }
}

pub(crate) async fn says_what_is_part_of_a_name(page: &Page) -> Outcome {
    const HINT: &str = "Quotes and semicolons are part of the names.";
    operation(page, SYNC).await?;
    paste(page, "user_names", "\"u1\",\"u2\"").await?;
    expect("the names", &names(page, "user_names").await?, "\"u1\"|\"u2\"")?;
    has("what is told", &page.text("user_names-told").await?, HINT)?;
    page.enter("group_names", &format!("g1; g2{ENTER}")).await?;
    expect("the name", &names(page, "group_names").await?, "g1; g2")?;
    has("what is told", &page.text("group_names-told").await?, HINT)?;
    page.enter("group_names", &format!("g3{ENTER}")).await?;
    expect("what is told of a plain name", &page.content("group_names-told").await?, "")
}

/// How often clusters were asked for since this was asked last.
async fn lookups(page: &Page) -> Outcome<usize> {
    let seen = page.take_seen().await?;
    // The project that is typed is not one.
    if let Some(line) =
        seen.console.iter().find(|line| !line.contains("the server responded with a status of 502"))
    {
        return Err(format!("the console has {line:?}"));
    }
    Ok(seen.requests.iter().filter(|url| url.ends_with("/api/clusters")).count())
}

pub(crate) async fn looks_an_id_up_once_it_is_typed(page: &Page) -> Outcome {
    operation(page, SYNC).await?;
    let typing = "
        const select = document.querySelector('[data-test=project_id-select]');
        select.selectedIndex = select.options.length - 1;
        select.dispatchEvent(new Event('change'));";
    page.script(typing, &[]).await?;
    lookups(page).await?;
    let cluster = "return document.querySelector('[data-test=cluster_id]').value";
    // Typed and taken back: the id is the one that it was.
    page.enter("project_id", "1").await?;
    page.enter("project_id", BACKSPACE).await?;
    page.press(&[Key::Tab.into()]).await?;
    expect(
        "the cluster of the same project",
        &page.script(cluster, &[]).await?.to_string(),
        &json!(SAMPLE_CLUSTER_ID).to_string(),
    )?;
    expect("lookups for the same project", &lookups(page).await?.to_string(), "0")?;
    page.script("document.querySelector('[data-test=project_id]').select()", &[]).await?;
    page.enter("project_id", "0123456789").await?;
    expect("lookups while an id is typed", &lookups(page).await?.to_string(), "0")?;
    page.press(&[Key::Tab.into()]).await?;
    page.reads("cluster_id-status", "Not listed").await?;
    expect("lookups once it is typed", &lookups(page).await?.to_string(), "1")?;
    expect("the cluster of another project", &page.script(cluster, &[]).await?.to_string(), "\"\"")?;
    // What can be no id is not asked for.
    page.enter("project_id", "/").await?;
    page.press(&[Key::Tab.into()]).await?;
    page.reads("sample-refused", "no project id").await?;
    expect("lookups for what is no id", &lookups(page).await?.to_string(), "0")
}

pub(crate) async fn tells_what_a_link_leaves_out(page: &Page) -> Outcome {
    const TOLD: &str = "Copied without the 201 names: a link holds 200.";
    operation(page, SYNC).await?;
    has("beside the button", &page.text("link-told").await?, "address bar")?;
    let users: String = (0..201).map(|user| format!("user{user}\n")).collect();
    paste(page, "user_names", &users).await?;
    page.click("copy-link").await?;
    page.reads("copy-link", "Copied").await?;
    page.reads("live", TOLD).await?;
    has("beside the button", &page.text("link-told").await?, TOLD)?;
    page.picture("link-without-names").await?;
    let link = clipboard(page).await?;
    if link.contains("user=") {
        return Err(format!("the link has names: {link}"));
    }
    // One less, and all are there.
    page.press(&[Key::Tab.into()]).await?;
    page.enter("user_names", BACKSPACE).await?;
    page.reads("user_names-count", "200 of").await?;
    page.until(
        "the button can copy again",
        "return document.querySelector('[data-test=copy-link]').textContent === 'Copy link'",
        &[],
    )
    .await?;
    page.click("copy-link").await?;
    page.reads("copy-link", "Copied").await?;
    let users = clipboard(page).await?.matches("user=").count();
    expect("the names of the link", &users.to_string(), "200")
}

pub(crate) async fn checks_names_of_links(page: &Page) -> Outcome {
    let long = "u".repeat(65);
    let link = format!(
        "#op={SYNC}&region=cn-north-4&project_id={SAMPLE_PROJECT_ID}&cluster_id={SAMPLE_CLUSTER_ID}&user=user1&user={long}&group=a%07b&group=group1"
    );
    page.script("location.hash = arguments[0]", &[json!(link)]).await?;
    page.reads("form-heading", SYNC).await?;
    page.reads("names-error", "at most 64 characters").await?;
    page.reads("names-error", "uuuu").await?;
    page.reads("names-error", "control characters").await?;
    page.reads("signature-waits", "complete").await?;
    page.click("send").await?;
    let asked = page.script("return document.querySelector('dialog').open", &[]).await?;
    expect("whether it asks to send that", &asked.to_string(), "false")?;
    expect("what has the focus", &page.focused().await?, "user_names")?;
    let marked = "return ['user_names', 'group_names'].map((it) => document.querySelector(`[data-test=${it}]`).ariaInvalid)";
    expect("which fields are marked", &page.script(marked, &[]).await?.to_string(), r#"["true","true"]"#)?;
    page.picture("wrong-names").await?;
    let remove = "document.querySelectorAll(`[data-test=${arguments[0]}-chip] button`)[arguments[1]].click()";
    page.script(remove, &[json!("user_names"), json!(1)]).await?;
    expect("which fields are marked", &page.script(marked, &[]).await?.to_string(), r#"[null,"true"]"#)?;
    page.script(remove, &[json!("group_names"), json!(0)]).await?;
    expect("what is told of right names", &page.content("names-error").await?, "")?;
    // More than a request takes are not dropped without a word.
    let many: String = (0..1001).map(|user| format!("&user={user}")).collect();
    page.script("location.hash = arguments[0]", &[json!(format!("#op={SYNC}{many}"))]).await?;
    page.reads("user_names-told", "1 name left off").await
}
