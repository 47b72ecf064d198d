//! What is typed and pasted into the explorer's form, and what links put there.

use serde_json::json;

use crate::explorer::{SYNC, expect, operation};
use crate::page::{Outcome, Page};

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
