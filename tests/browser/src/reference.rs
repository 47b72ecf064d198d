//! The published reference, opened as the files that it is.

use std::path::Path;

use serde_json::{Value, json};

use crate::findings::{self, Accepted};
use crate::page::{Look, Outcome, Page, file};

/// The page of Scalar's script.
pub(crate) const RICH: &str = "index.html";
/// The page without scripts.
pub(crate) const PLAIN: &str = "reference.html";

/// Opens a page and waits until it shows an operation.
pub(crate) async fn open(page: &Page, docs: &Path, name: &str) -> Outcome {
    let (url, _) = file(&docs.join(name))?;
    page.go(&url).await?;
    let shown = "return [...document.querySelectorAll('h2, h3')].some((it) => it.textContent.includes(arguments[0]) && it.checkVisibility())";
    page.until("the first operation is shown", shown, &[json!("ynchroniz")]).await.map(drop)
}

/// Goes down the page, as parts of it are made only when they are looked at, and back.
async fn read_through(page: &Page) -> Outcome {
    let script = "
        const rest = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
        return (async () => {
            for (let at = 0; at < document.documentElement.scrollHeight; at += innerHeight) {
                scrollTo(0, at);
                await rest(60);
            }
            scrollTo(0, 0);
            await rest(200);
        })();";
    page.script(script, &[]).await.map(drop)
}

/// Looks at a page in a window of this size and these colours; accepted findings by number.
pub(crate) async fn fits_and_can_be_read(
    page: &Page,
    docs: &Path,
    name: &str,
    look: Look,
    accepted: &[Accepted],
) -> Outcome<Vec<usize>> {
    page.look(look).await?;
    open(page, docs, name).await?;
    read_through(page).await?;
    let picture = name.strip_suffix(".html").unwrap_or(name);
    let picture = format!("{picture}-{}", look.name());
    page.glance(&format!("{picture}-1-top")).await?;
    for (heading, words) in [("2-operation", "Synchronize IAM users"), ("3-codes", "Error codes")] {
        let script = "
            const shown = [...document.querySelectorAll('h1, h2, h3, h3 + p')].filter((it) => it.checkVisibility());
            const found = shown.find((it) => it.textContent.includes(arguments[0]));
            found?.scrollIntoView();
            return found !== undefined;";
        if page.script(script, &[json!(words)]).await? != true {
            return Err(format!("nothing is headed {words:?}"));
        }
        page.glance(&format!("{picture}-{heading}")).await?;
    }
    let mut complaints = Vec::new();
    complaints.extend(page.fits(look).await.err());
    let language = page.script("return document.documentElement.lang", &[]).await?;
    if language != "en" {
        complaints.push(format!("the page's language is {language}"));
    }
    let buttons = "return [...document.querySelectorAll('button')].filter((it) => /^(test|send)/i.test(it.textContent.trim())).length";
    if page.script(buttons, &[]).await? != 0 {
        complaints.push("there is a button that sends".to_owned());
    }
    let violations: Vec<Value> = page.axe().await?;
    let (bad, used) = findings::unaccepted(name, &violations, accepted);
    complaints.extend(bad);
    if complaints.is_empty() { Ok(used) } else { Err(complaints.join("\n")) }
}
