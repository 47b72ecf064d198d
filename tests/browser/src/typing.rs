//! What is typed and pasted into the explorer's form, and what links put there.

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
