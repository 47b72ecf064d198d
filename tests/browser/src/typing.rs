//! What is typed and pasted into the explorer's form, and what links put there.

use mrs_iam_sync_emulator::{SAMPLE_CLUSTER_ID, SAMPLE_PROJECT_ID};
use serde_json::json;

use crate::explorer::{SYNC, expect, has, operation};
use crate::page::{Outcome, Page};

/// Ends what is typed into a field of names.
const ENTER: char = '\u{e007}';

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
