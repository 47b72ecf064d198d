//! The explorer, used by a person who has mouse and eyes, and by one who has neither.

use fantoccini::key::Key;
use mrs_iam_sync_emulator::{SAMPLE_CLUSTER_ID, SAMPLE_PASSWORD, SAMPLE_PROJECT_ID, SAMPLE_SECRET_KEY};
use serde_json::{Value, json};
use url::Url;

use crate::findings;
use crate::page::{Look, Outcome, Page};

pub(crate) const SYNC: &str = "UpdateSyncIamUser";
pub(crate) const CANCEL: &str = "CancelSyncIamUser";

/// Opens the address that was printed, and waits until the page can be used and has chosen what there is one of.
pub(crate) async fn open(page: &Page, entrance: &Url) -> Outcome {
    page.go(entrance).await?;
    ready(page).await?;
    let chosen = "return document.querySelector('[data-test=cluster_id-select]').value === arguments[0]";
    page.until("the only cluster is chosen", chosen, &[json!(SAMPLE_CLUSTER_ID)]).await.map(drop)
}

pub(crate) async fn ready(page: &Page) -> Outcome {
    page.until("the page can be used", "return document.body.dataset.ready === 'true'", &[]).await.map(drop)
}

pub(crate) async fn operation(page: &Page, id: &str) -> Outcome {
    page.click(&format!("operation-{id}")).await?;
    page.reads("form-heading", id).await
}

/// Sends a write as far as the question.
pub(crate) async fn asked(page: &Page) -> Outcome<String> {
    page.click("send").await?;
    page.text("confirm-text").await
}

/// Names user1, and sends.
pub(crate) async fn sync_user1(page: &Page) -> Outcome {
    operation(page, SYNC).await?;
    page.enter("user_names", "user1,").await?;
    asked(page).await?;
    page.click("confirm-yes").await?;
    page.reads("status", "202").await
}

/// Waits for the end of what is followed; who is in the table, as `how name`.
pub(crate) async fn outcome(page: &Page) -> Outcome<Vec<String>> {
    let script = "
        const card = document.querySelector('[data-test=follow]');
        return !card.hidden && !['running', undefined].includes(card.dataset.state) && card.dataset.state";
    let state = page.until("the synchronization has an end", script, &[]).await?;
    expect("its end", state.as_str().unwrap_or_default(), "finished")?;
    let rows = "return [...document.querySelectorAll('[data-test=outcome-row]')].map((row) => `${row.dataset.how} ${row.cells[2].textContent}`)";
    let rows = page.script(rows, &[]).await?;
    Ok(rows.as_array().into_iter().flatten().filter_map(|row| row.as_str().map(str::to_owned)).collect())
}

pub(crate) async fn sees_user1_arrive(page: &Page) -> Outcome {
    has("the banner", &page.text("banner").await?, "EMULATED")?;
    sync_user1(page).await?;
    let rows = outcome(page).await?;
    expect("who arrived", &rows.join(", "), "arrived user1, along group1")?;
    has("the summary", &page.text("outcome-summary").await?, "1 arrived, 1 brought along")?;
    // By the operation that lists them, too.
    operation(page, "ShowSyncIamUser").await?;
    page.click("send").await?;
    page.reads("body", "user1").await?;
    page.reads("history", "ShowSyncIamUser").await?;
    // And it can be taken back.
    operation(page, CANCEL).await?;
    has("the question", &asked(page).await?, "This removes 1 user from the Manager of cluster")?;
    page.click("confirm-yes").await?;
    page.reads("outcome", "gone").await
}

pub(crate) async fn explains_a_wrong_id(page: &Page) -> Outcome {
    operation(page, "ListSyncStatus").await?;
    page.script(
        "const select = document.querySelector('[data-test=cluster_id-select]');
         select.selectedIndex = select.options.length - 1;
         select.dispatchEvent(new Event('change'));",
        &[],
    )
    .await?;
    // What cannot be an id is refused here.
    page.script("document.querySelector('[data-test=cluster_id]').value = ''", &[]).await?;
    page.enter("cluster_id", "no/id").await?;
    page.click("send").await?;
    has("the complaint", &page.text("cluster_id-error").await?, "This is no cluster id")?;
    // What may be one is refused there.
    page.script("document.querySelector('[data-test=cluster_id]').value = ''", &[]).await?;
    page.enter("cluster_id", "elsewhere").await?;
    page.click("send").await?;
    page.reads("status", "400").await?;
    expect("the error code", &page.text("error-code").await?, "12000003")?;
    has("the meaning", &page.text("meaning").await?, "The cluster does not exist.")?;
    has("the remedy", &page.text("remedy").await?, "What to do: ")?;
    has("the remedy", &page.text("remedy").await?, "region")?;
    page.picture("wrong-id").await
}

pub(crate) async fn explains_a_running_synchronization(page: &Page) -> Outcome {
    operation(page, SYNC).await?;
    page.click("follow-on").await?;
    page.enter("user_names", "user1,").await?;
    asked(page).await?;
    page.click("confirm-yes").await?;
    page.reads("status", "202").await?;
    again_at_once(page).await?;
    has("the meaning", &page.text("meaning").await?, "already running")?;
    has("the remedy", &page.text("remedy").await?, "What to do: ")?;
    page.picture("running-synchronization").await
}

/// Sends the same write while the first one runs, which is not long: in one go, rather than by a command for each click.
/// On a slow machine the first may have ended; then the second runs.
async fn again_at_once(page: &Page) -> Outcome {
    const TIMES: usize = 3;
    let sent = "return [...document.querySelectorAll('[data-test=history-entry]')].filter((it) => it.textContent.includes('UpdateSyncIamUser')).length";
    for _ in 0..TIMES {
        let before = page.script(sent, &[]).await?;
        let again = "
            document.querySelector('[data-test=send]').click();
            document.querySelector('[data-test=confirm-yes]').click();";
        page.script(again, &[]).await?;
        page.until("it is answered", &format!("{sent} > arguments[0]"), &[before]).await?;
        if page.shows("error-code").await? {
            break;
        }
    }
    page.reads("error-code", "12000154").await
}

pub(crate) async fn copies_samples_of_each_language(page: &Page) -> Outcome {
    operation(page, SYNC).await?;
    page.enter("user_names", "user1,").await?;
    let languages = [
        ("curl", "iam-sync-user"),
        ("cli", "mrs-iam-sync sync"),
        ("rust", "mrs_iam_sync"),
        ("python", "huaweicloudsdkmrs"),
        ("go", "huaweicloud-sdk-go-v3"),
        ("java", "com.huaweicloud.sdk.mrs"),
        ("node", "huaweicloud-sdk-core"),
        ("koocli", "hcloud"),
    ];
    let tabs = "return document.querySelectorAll('[data-test^=language-]').length";
    expect(
        "the number of languages",
        &page.script(tabs, &[]).await?.to_string(),
        &languages.len().to_string(),
    )?;
    for (language, words) in languages {
        page.click(&format!("language-{language}")).await?;
        page.reads("sample", words).await?;
        page.reads("sample", "user1").await?;
        page.click("sample-copy").await?;
        page.reads("sample-copy", "Copied").await?;
        let copied = clipboard(page).await?;
        if copied != page.content("sample").await? {
            return Err(format!("{language}: what is copied is not the sample: {copied:?}"));
        }
        page.until(
            "the button can copy again",
            "return document.querySelector('[data-test=sample-copy]').textContent === 'Copy'",
            &[],
        )
        .await?;
    }
    page.click("sample-download").await?;
    page.until(
        "the folder is there",
        "return document.querySelector('[data-test=sample-download]').ariaDisabled !== 'true'",
        &[],
    )
    .await
    .map(drop)
}

/// What the clipboard has. A page may read it only when a person lets it.
pub(crate) async fn clipboard(page: &Page) -> Outcome<String> {
    let wanted = json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    page.tools("Browser.grantPermissions", wanted).await?;
    let text = page.script("return navigator.clipboard.readText()", &[]).await?;
    text.as_str().map(str::to_owned).ok_or_else(|| "the clipboard has no text".to_owned())
}

pub(crate) async fn shows_the_signature_and_no_secret(page: &Page, entrance: &Url) -> Outcome {
    operation(page, SYNC).await?;
    page.enter("user_names", "user1,").await?;
    page.reads("stage-request", "\"user1\"").await?;
    has("the canonical request", &page.content("stage-canonical").await?, "POST\n/v2/")?;
    has("the string to sign", &page.content("stage-string").await?, "SDK-HMAC-SHA256\n")?;
    let authorization = page.content("stage-authorization").await?;
    has("the header", &authorization, "authorization: SDK-HMAC-SHA256 Access=")?;
    has("the header", &authorization, "Signature=***")?;
    keeps_secrets(page, entrance).await?;
    asked(page).await?;
    page.click("confirm-yes").await?;
    outcome(page).await?;
    page.script("document.querySelectorAll('details').forEach((it) => it.open = true)", &[]).await?;
    page.picture("signature").await?;
    keeps_secrets(page, entrance).await
}

/// Looks for secrets wherever a script could find one.
async fn keeps_secrets(page: &Page, entrance: &Url) -> Outcome {
    let token = entrance.query_pairs().find(|(name, _)| name == "token").map(|(_, token)| token.into_owned());
    let token = token.filter(|token| token.len() >= 32).ok_or("the address has no token")?;
    let cookies = page.tools("Network.getCookies", json!({ "urls": [entrance.as_str()] })).await?;
    let [cookie] = cookies["cookies"].as_array().map(Vec::as_slice).unwrap_or_default() else {
        return Err(format!("not one cookie, but {cookies}"));
    };
    expect("whether scripts cannot read the cookie", &cookie["httpOnly"].to_string(), "true")?;
    expect("who gets the cookie", &cookie["sameSite"].to_string(), "\"Strict\"")?;
    let session =
        cookie["value"].as_str().filter(|value| value.len() >= 32).ok_or("the cookie has no value")?;
    let everything = "
        const values = [...document.querySelectorAll('input, select')].map((it) => it.value);
        const stored = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.cookie];
        const loaded = performance.getEntries().map((it) => it.name).slice(1);
        return [document.documentElement.outerHTML, location.href, document.referrer, history.state, ...values, ...stored, ...loaded].join('\\n');";
    let everything = page.script(everything, &[]).await?;
    let everything = everything.as_str().unwrap_or_default();
    has("the page", everything, "Signature=***")?;
    let secrets = [
        ("secret key", SAMPLE_SECRET_KEY),
        ("password", SAMPLE_PASSWORD),
        ("token of the address", token.as_str()),
        ("cookie", session),
    ];
    match secrets.iter().find(|(_, secret)| everything.contains(secret)) {
        Some((what, _)) => Err(format!("a script of the page can read the {what}")),
        None => Ok(()),
    }
}

pub(crate) async fn asks_before_it_writes(page: &Page) -> Outcome {
    operation(page, SYNC).await?;
    // Nobody is named yet.
    page.click("send").await?;
    has("the complaint", &page.text("names-error").await?, "Name at least one user or group")?;
    let wrong = "return document.activeElement.ariaInvalid === 'true' && document.activeElement.getAttribute('aria-describedby').includes('names-error')";
    expect("whether the field is marked", &page.script(wrong, &[]).await?.to_string(), "true")?;
    page.enter("user_names", "user1, user2\u{e007}").await?;
    expect("whether it is marked once it is right", &page.script(wrong, &[]).await?.to_string(), "false")?;
    page.enter("group_names", "group1,").await?;
    let question = asked(page).await?;
    has(
        "the question",
        &question,
        "This synchronizes 2 users and 1 group to the Manager of cluster “mrs-sample”",
    )?;
    has("the question", &question, "in cn-north-4")?;
    has("the names", &page.text("confirm").await?, "user1, user2")?;
    expect("what has the focus", &page.focused().await?, "confirm-no")?;
    page.click("confirm-no").await?;
    page.reads("live", "Nothing was sent.").await?;
    asked(page).await?;
    page.press(&[Key::Escape.into()]).await?;
    page.until("the dialog is gone", "return !document.querySelector('dialog').open", &[]).await?;
    if page.shows("result").await? || page.shows("history").await? {
        return Err("something was sent that was not confirmed".to_owned());
    }
    page.click("everything").await?;
    has("the question", &asked(page).await?, "This synchronizes ALL users and groups that IAM has")
}

pub(crate) async fn opens_links(page: &Page, entrance: &Url) -> Outcome {
    operation(page, SYNC).await?;
    page.enter("user_names", "o'neil “ü” 🙂,").await?;
    page.enter("group_names", "group1,").await?;
    page.click("copy-link").await?;
    page.reads("copy-link", "Copied").await?;
    let link = clipboard(page).await?;
    let link = Url::parse(&link).map_err(|error| format!("the link {link:?}: {error}"))?;
    if link.query().is_some() {
        return Err("the link has the token".to_owned());
    }
    // One that another page has is not followed, but told how to be opened.
    page.blank().await?;
    let click = "const it = document.createElement('a'); it.href = arguments[0]; document.body.append(it); it.click()";
    page.script(click, &[json!(link.as_str())]).await?;
    let refused = "return document.body.textContent.includes('into the address bar of a new tab')";
    page.until("the way to open it is told", refused, &[]).await?;
    only_refused(page, entrance).await?;
    // In another page of the same browser, and with nothing that the first one had.
    page.blank().await?;
    page.go(&link).await?;
    ready(page).await?;
    page.reads("form-heading", SYNC).await?;
    expect("the user of the link", &page.text("user_names-chip").await?.replace("\n×", ""), "o'neil “ü” 🙂")?;
    let fields = "return ['region', 'project_id', 'cluster_id'].map((it) => document.querySelector(`[data-test=${it}]`).value)";
    let wanted = json!(["cn-north-4", SAMPLE_PROJECT_ID, SAMPLE_CLUSTER_ID]);
    expect("the place of the link", &page.script(fields, &[]).await?.to_string(), &wanted.to_string())?;
    if page.shows("history").await? {
        return Err("opening a link has sent something".to_owned());
    }
    // What is typed into the address while the page is there.
    page.script("location.hash = '#op=ListSyncStatus&region=cn-east-3'", &[]).await?;
    page.reads("form-heading", "ListSyncStatus").await?;
    // The address alone opens nothing for whoever has no cookie.
    page.tools("Network.clearBrowserCookies", json!({})).await?;
    let mut bare = entrance.clone();
    bare.set_query(None);
    page.go(&bare).await?;
    let text = page.script("return document.body.textContent", &[]).await?;
    has("the refusal", text.as_str().unwrap_or_default(), "has not been let in")?;
    only_refused(page, entrance).await
}

/// A page that is refused is an error to the console, and the one that is meant; the browser asks for an icon, too.
async fn only_refused(page: &Page, entrance: &Url) -> Outcome {
    let seen = page.take_seen().await?;
    let meant = |line: &String| line.contains("a status of 403") || line.contains("/favicon.ico - ");
    if seen.console.is_empty() || !seen.console.iter().all(meant) {
        return Err(format!("the console has {:?}", seen.console));
    }
    let own = crate::watch::Allowed::Origin(entrance.clone());
    expect("what else was asked for", &seen.elsewhere(&own).join(", "), "")?;
    expect("what the policy refused", &seen.violations.join(", "), "")
}

pub(crate) async fn is_dark_at_night(page: &Page) -> Outcome {
    let back = "return getComputedStyle(document.body).backgroundColor";
    let light = page.script(back, &[]).await?;
    page.look(Look { dark: true, ..Look::WIDE }).await?;
    let dark = page.script(back, &[]).await?;
    expect("the background by day", &light.to_string(), "\"rgb(243, 245, 248)\"")?;
    expect("the background at night", &dark.to_string(), "\"rgb(15, 18, 22)\"")?;
    // Whoever wants it light all the same.
    page.click("theme").await?;
    page.reads("theme", "Theme: light").await?;
    expect("the background that is chosen", &page.script(back, &[]).await?.to_string(), &light.to_string())?;
    page.click("theme").await?;
    page.look(Look::WIDE).await?;
    expect("the background that is chosen", &page.script(back, &[]).await?.to_string(), &dark.to_string())?;
    page.reload().await?;
    ready(page).await?;
    expect("the background after a reload", &page.script(back, &[]).await?.to_string(), &dark.to_string())
}

pub(crate) async fn needs_no_mouse(page: &Page) -> Outcome {
    let (tab, enter): (char, char) = (Key::Tab.into(), Key::Enter.into());
    page.press(&[tab]).await?;
    expect("the first that has the focus", &page.focused().await?, "skip")?;
    page.picture("keyboard-skip").await?;
    page.tab_to(&format!("operation-{SYNC}")).await?;
    page.press(&[enter]).await?;
    expect("what has the focus once an operation is chosen", &page.focused().await?, "form-heading")?;
    page.tab_to("user_names").await?;
    page.press(&['u', 's', 'e', 'r', '1', enter]).await?;
    page.reads("user_names-chips", "user1").await?;
    // A chip is removed and put back.
    page.press(&['x', enter, Key::Backspace.into()]).await?;
    page.reads("user_names-told", "x removed.").await?;
    expect("the names", &page.all("user_names-chip").await?.len().to_string(), "1")?;
    page.tab_to("send").await?;
    page.press(&[enter]).await?;
    page.see("confirm-yes").await?;
    expect("what has the focus in the dialog", &page.focused().await?, "confirm-no")?;
    page.tab_to("confirm-yes").await?;
    page.press(&[enter]).await?;
    let rows = outcome(page).await?;
    expect("who arrived", &rows.join(", "), "arrived user1, along group1")?;
    page.reads("live", "1 arrived").await?;
    expect("what has the focus in the end", &page.focused().await?, "send")?;
    // Languages are one stop, with arrows between them.
    page.tab_to("language-curl").await?;
    page.press(&[Key::Right.into()]).await?;
    expect("the next language", &page.focused().await?, "language-cli")?;
    page.reads("sample", "mrs-iam-sync sync").await
}

/// Goes through the page's main states in a window of this size and these colours: each fits, has a picture, and is
/// looked at by axe-core.
pub(crate) async fn fits_and_can_be_read(page: &Page, look: Look) -> Outcome {
    let mut complaints = Vec::new();
    let gone = go_through(page, look, &mut complaints).await;
    complaints.extend(gone.err());
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}

async fn go_through(page: &Page, look: Look, complaints: &mut Vec<String>) -> Outcome {
    let mut state = 0;
    let mut seen = async |name: &str| -> Outcome {
        state += 1;
        page.picture(&format!("explorer-{}-{state}-{name}", look.name())).await?;
        if look.width < Look::WIDE.width {
            // As a person has it before them, who does not see the whole of so long a page.
            page.glance(&format!("explorer-{}-{state}-{name}-window", look.name())).await?;
        }
        if let Err(why) = page.fits(look).await {
            complaints.push(format!("{name}: {why}"));
        }
        complaints.extend(findings::bad(&page.axe().await?).into_iter().map(|bad| format!("{name}: {bad}")));
        Ok(())
    };
    operation(page, "ListSyncStatus").await?;
    page.reads("stage-authorization", "Signature=***").await?;
    seen("start").await?;
    operation(page, SYNC).await?;
    page.click("send").await?;
    page.see("names-error").await?;
    seen("incomplete").await?;
    let long = "a-name-of-sixty-four-characters-that-has-no-place-to-break-it-00";
    page.enter("user_names", &format!("user1, {long}\u{e007}")).await?;
    page.reads("stage-request", long).await?;
    seen("filled").await?;
    asked(page).await?;
    seen("question").await?;
    page.click("confirm-yes").await?;
    page.until(
        "the synchronization ends",
        "return document.querySelector('[data-test=follow]').dataset.state === 'incomplete'",
        &[],
    )
    .await?;
    seen("arrived").await?;
    page.script("document.querySelectorAll('details').forEach((it) => it.open = true)", &[]).await?;
    page.click("everything").await?;
    asked(page).await?;
    seen("question-everything").await?;
    page.click("confirm-yes").await?;
    page.until(
        "it runs",
        "return document.querySelector('[data-test=follow]').dataset.state === 'running'",
        &[],
    )
    .await?;
    again_at_once(page).await?;
    seen("error").await?;
    operation(page, CANCEL).await?;
    page.click("language-java").await?;
    page.reads("sample", "com.huaweicloud").await?;
    seen("removal").await?;
    let users: String = (0..200).map(|user| format!("&user=user{user}")).collect();
    let link = format!("#op={CANCEL}&cluster_id=no/id&user={long}0&group=a%07{users}");
    page.script("location.hash = arguments[0]", &[json!(link)]).await?;
    page.reads("sample-refused", "no cluster id").await?;
    page.click("copy-link").await?;
    page.reads("link-told", "Copied without the 202 names").await?;
    seen("wrong-link").await
}

/// Does what must not be done, so that a watch that sees nothing is noticed.
pub(crate) async fn would_be_seen(page: &Page, entrance: &Url) -> Outcome {
    let attempts = "
        const tried = [fetch('http://192.0.2.1/fetched'), fetch('https://telemetry.example/')];
        const image = new Image();
        image.src = 'http://192.0.2.1/image.png';
        const script = document.createElement('script');
        script.textContent = 'window.intruded = true';
        document.head.append(script);
        console.error('an error');
        return Promise.allSettled(tried).then(() => window.intruded === undefined);";
    expect("whether the policy holds", &page.script(attempts, &[]).await?.to_string(), "true")?;
    let seen = page.take_seen().await?;
    let own = crate::watch::Allowed::Origin(entrance.clone());
    let elsewhere = seen.elsewhere(&own).join(", ");
    let violations = seen.violations.join(", ");
    let console = seen.console.join(", ");
    // A policy refuses to connect before anything is asked for; images it refuses after that.
    has("what was asked for elsewhere", &elsewhere, "http://192.0.2.1/image.png")?;
    for directive in ["connect-src refused", "img-src refused", "script-src-elem refused inline"] {
        has("what the policy refused", &violations, directive)?;
    }
    has("the console", &console, "an error")?;
    // A rule of axe-core that is broken is found.
    let broken =
        "document.body.append(document.createElement('button')); document.documentElement.lang = '';";
    page.script(broken, &[]).await?;
    let found: Vec<Value> = page.axe().await?;
    if page.has_axe() {
        let found = findings::bad(&found).join(", ");
        has("what axe-core found", &found, "button-name")?;
        has("what axe-core found", &found, "html-has-lang")?;
    }
    page.script("document.body.style.width = '3000px'", &[]).await?;
    if page.fits(Look::WIDE).await.is_ok() {
        return Err("a page of 3000 pixels fits".to_owned());
    }
    // Where no policy keeps it from asking.
    page.blank().await?;
    page.script("return fetch('http://192.0.2.1/unhindered').catch(() => {})", &[]).await?;
    let seen = page.take_seen().await?;
    has("what was asked for elsewhere", &seen.elsewhere(&own).join(", "), "http://192.0.2.1/unhindered")
}

pub(crate) fn has(what: &str, text: &str, words: &str) -> Outcome {
    if text.contains(words) {
        Ok(())
    } else {
        Err(format!("{what}: {words:?} is expected, but it is {text:?}"))
    }
}

pub(crate) fn expect(what: &str, is: &str, wanted: &str) -> Outcome {
    if is == wanted { Ok(()) } else { Err(format!("{what}: {wanted:?} is expected, but it is {is:?}")) }
}
