//! A page in a browser of its own, as a person has it before them.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::watch::{Allowed, LISTENER, Seen};

/// For something to appear. Machines that build meanwhile are slow.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(40);

/// What a check finds wrong, a line each.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// A size of the window, and which colours are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) dark: bool,
}

impl Look {
    pub(crate) const WIDE: Self = Self { width: 1280, height: 900, dark: false };
    pub(crate) const NARROW: Self = Self { width: 390, height: 844, dark: false };
    pub(crate) const ALL: [Self; 4] =
        [Self::WIDE, Self { dark: true, ..Self::WIDE }, Self::NARROW, Self { dark: true, ..Self::NARROW }];

    pub(crate) fn name(self) -> String {
        format!("{}-{}", self.width, if self.dark { "dark" } else { "light" })
    }
}

/// What chromedriver knows beyond the standard.
#[derive(Debug)]
struct Extra {
    endpoint: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extra {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.endpoint))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

/// A browser with one page.
#[derive(Debug)]
pub(crate) struct Page {
    client: Client,
    /// Its profile, which ends with it.
    _profile: TempDir,
    pictures: PathBuf,
    axe: Option<String>,
    seen: Mutex<Seen>,
}

fn failed(error: &CmdError) -> String {
    format!("the browser: {error}")
}

impl Page {
    pub(crate) async fn open(
        driver: &str,
        chromium: &Path,
        pictures: &Path,
        axe: Option<&str>,
    ) -> Outcome<Self> {
        let profile = tempfile::tempdir().map_err(|error| format!("no temporary directory: {error}"))?;
        let mut arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--lang=en",
            // Nothing leaves this machine, whatever a page tries.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let wanted = json!({
            "goog:chromeOptions": { "binary": chromium, "args": arguments },
            "goog:loggingPrefs": { "performance": "ALL", "browser": "ALL" },
        });
        let Value::Object(wanted) = wanted else { return Err("no capabilities".to_owned()) };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted)
            .connect(driver)
            .await
            .map_err(|error| format!("the browser does not start: {error}"))?;
        let page = Self {
            client,
            _profile: profile,
            pictures: pictures.to_owned(),
            axe: axe.map(str::to_owned),
            seen: Mutex::default(),
        };
        page.tools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": LISTENER })).await?;
        page.look(Look::WIDE).await?;
        // A browser begins with a page of its own, which is nobody's business here.
        page.blank().await?;
        page.take_seen().await?;
        Ok(page)
    }

    /// Ends the browser; what there was to see, by then.
    pub(crate) async fn close(self) -> Outcome<Seen> {
        let seen = self.collect().await;
        self.client.close().await.map_err(|error| failed(&error))?;
        seen?;
        Ok(self.seen.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// What was seen since this was asked last.
    pub(crate) async fn take_seen(&self) -> Outcome<Seen> {
        self.collect().await?;
        Ok(std::mem::take(&mut *self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner)))
    }

    async fn collect(&self) -> Outcome {
        let violations = self.script("return window.__violations?.splice(0) ?? []", &[]).await?;
        let network = self.extra("se/log", json!({ "type": "performance" })).await?;
        let console = self.extra("se/log", json!({ "type": "browser" })).await?;
        let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let list = |value: Value| value.as_array().cloned().unwrap_or_default();
        seen.violations.extend(list(violations).iter().filter_map(|it| it.as_str().map(str::to_owned)));
        seen.network(&list(network));
        seen.said(&list(console));
        Ok(())
    }

    /// Goes to an address. What the page before it did is not lost.
    pub(crate) async fn go(&self, address: &Url) -> Outcome {
        self.collect().await?;
        self.client.goto(address.as_str()).await.map_err(|error| failed(&error))
    }

    /// Goes to a page that has nothing, a policy neither.
    pub(crate) async fn blank(&self) -> Outcome {
        self.collect().await?;
        self.client.goto("about:blank").await.map_err(|error| failed(&error))
    }

    pub(crate) async fn reload(&self) -> Outcome {
        self.collect().await?;
        self.client.refresh().await.map_err(|error| failed(&error))
    }

    /// The developer tools' protocol.
    pub(crate) async fn tools(&self, command: &str, parameters: Value) -> Outcome<Value> {
        self.extra("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    async fn extra(&self, endpoint: &'static str, body: Value) -> Outcome<Value> {
        self.client.issue_cmd(Extra { endpoint, body }).await.map_err(|error| failed(&error))
    }

    /// Runs a script in the page, whose policy does not reach it. It may return a promise.
    pub(crate) async fn script(&self, script: &str, arguments: &[Value]) -> Outcome<Value> {
        self.client.execute(script, arguments.to_vec()).await.map_err(|error| failed(&error))
    }

    /// Waits until a script returns something that is not false, null or empty.
    pub(crate) async fn until(&self, what: &str, script: &str, arguments: &[Value]) -> Outcome<Value> {
        let look = async {
            loop {
                let value = self.script(script, arguments).await?;
                if !matches!(&value, Value::Null | Value::Bool(false)) && value != "" {
                    return Ok(value);
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        match tokio::time::timeout(PATIENCE, look).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("not within {} s: {what}", PATIENCE.as_secs())),
        }
    }

    /// The elements that are a part of the page, by the name that tests know it by.
    pub(crate) async fn all(&self, part: &str) -> Outcome<Vec<Element>> {
        let selector = selector(part);
        self.client.find_all(Locator::Css(&selector)).await.map_err(|error| failed(&error))
    }

    /// The first of them, as soon as it can be seen.
    pub(crate) async fn see(&self, part: &str) -> Outcome<Element> {
        let shown = "return [...document.querySelectorAll(arguments[0])].some((it) => it.checkVisibility())";
        self.until(&format!("{part} is shown"), shown, &[json!(selector(part))]).await?;
        let selector = selector(part);
        self.client.find(Locator::Css(&selector)).await.map_err(|error| failed(&error))
    }

    pub(crate) async fn shows(&self, part: &str) -> Outcome<bool> {
        let shown = "return [...document.querySelectorAll(arguments[0])].some((it) => it.checkVisibility())";
        Ok(self.script(shown, &[json!(selector(part))]).await? == true)
    }

    /// What can be read of a part.
    pub(crate) async fn text(&self, part: &str) -> Outcome<String> {
        self.see(part).await?.text().await.map_err(|error| failed(&error))
    }

    /// All of the text of a part, also where it is scrolled out of view, with each blank.
    pub(crate) async fn content(&self, part: &str) -> Outcome<String> {
        let script = "return document.querySelector(arguments[0])?.textContent";
        let content = self.script(script, &[json!(selector(part))]).await?;
        content.as_str().map(str::to_owned).ok_or_else(|| format!("there is no {part}"))
    }

    /// Waits until the text of a part has these words.
    pub(crate) async fn reads(&self, part: &str, words: &str) -> Outcome {
        let script =
            "return (document.querySelector(arguments[0])?.textContent ?? '').includes(arguments[1])";
        let arguments = [json!(selector(part)), json!(words)];
        let outcome = self.until(&format!("{part} has {words:?}"), script, &arguments).await;
        match outcome {
            Ok(_) => Ok(()),
            Err(why) => {
                let content = self.content(part).await.unwrap_or_else(|error| error);
                Err(format!("{why}; it has {content:?}"))
            }
        }
    }

    pub(crate) async fn click(&self, part: &str) -> Outcome {
        self.see(part).await?.click().await.map_err(|error| format!("{part} cannot be clicked: {error}"))
    }

    pub(crate) async fn enter(&self, part: &str, text: &str) -> Outcome {
        self.see(part).await?.send_keys(text).await.map_err(|error| failed(&error))
    }

    /// Presses keys one after the other, wherever the focus is.
    pub(crate) async fn press(&self, keys: &[char]) -> Outcome {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for &value in keys {
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        self.client.perform_actions(actions).await.map_err(|error| failed(&error))
    }

    /// The part that has the focus, or what else it is.
    pub(crate) async fn focused(&self) -> Outcome<String> {
        let script = "
            const it = document.activeElement;
            return it.dataset.test ?? (it.id || it.tagName.toLowerCase());";
        Ok(self.script(script, &[]).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Presses the Tab key until a part has the focus, which has to be visible all the way.
    pub(crate) async fn tab_to(&self, part: &str) -> Outcome {
        const MOST: usize = 60;
        let mut passed = Vec::new();
        for _ in 0..MOST {
            self.press(&[Key::Tab.into()]).await?;
            let focused = self.focused().await?;
            let visible = "
                const style = getComputedStyle(document.activeElement);
                return document.activeElement === document.body
                    || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2);";
            if self.script(visible, &[]).await? != true {
                return Err(format!("nobody sees that {focused} has the focus"));
            }
            if focused == part {
                return Ok(());
            }
            passed.push(focused);
        }
        Err(format!("the Tab key does not come to {part}, but to {}", passed.join(", ")))
    }

    /// Sets the size of the window and the colours asked for.
    pub(crate) async fn look(&self, look: Look) -> Outcome {
        let Look { width, height, dark } = look;
        // A window cannot be as narrow as a phone; what the page sees can.
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.tools("Emulation.setDeviceMetricsOverride", metrics).await?;
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.tools("Emulation.setEmulatedMedia", features).await.map(drop)
    }

    /// Complains of what is wider than the window.
    pub(crate) async fn fits(&self, look: Look) -> Outcome {
        let script = "
            const width = arguments[0];
            const page = Math.max(document.documentElement.scrollWidth, innerWidth);
            if (page <= width) return '';
            const wide = [...document.querySelectorAll('body *')].filter((it) => it.getBoundingClientRect().right > width + 1);
            const names = wide.slice(0, 3).map((it) => it.dataset.test || it.id || it.className || it.tagName);
            return `the page is ${page} pixels wide, the window ${width}: ${names}`;";
        match self.script(script, &[json!(look.width)]).await?.as_str() {
            Some("") => Ok(()),
            Some(why) => Err(why.to_owned()),
            None => Err("the page's width is not known".to_owned()),
        }
    }

    /// Takes a picture of what is in the window.
    pub(crate) async fn glance(&self, name: &str) -> Outcome {
        let shot = self.client.screenshot().await.map_err(|error| failed(&error))?;
        self.keep(name, &shot)
    }

    fn keep(&self, name: &str, picture: &[u8]) -> Outcome {
        let file = self.pictures.join(format!("{name}.png"));
        std::fs::write(&file, picture)
            .map_err(|error| format!("{} cannot be written: {error}", file.display()))
    }

    /// Takes a picture of the whole page as it is.
    pub(crate) async fn picture(&self, name: &str) -> Outcome {
        const HIGHEST: u64 = 6000;
        let size = self.script("return [innerWidth, document.documentElement.scrollHeight]", &[]).await?;
        let (width, height) =
            (size[0].as_u64().unwrap_or(1280), size[1].as_u64().unwrap_or(900).min(HIGHEST));
        let modal = self.script("return document.querySelector('dialog[open]') !== null", &[]).await? == true;
        if modal {
            // A dialog is in the middle of the window, not of the page.
            return self.glance(name).await;
        }
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        let wanted = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let shot = self.tools("Page.captureScreenshot", wanted).await?;
        let data = shot["data"].as_str().unwrap_or_default();
        let shot = STANDARD.decode(data).map_err(|error| format!("the picture {name}: {error}"))?;
        self.keep(name, &shot)
    }

    pub(crate) fn has_axe(&self) -> bool {
        self.axe.is_some()
    }

    /// Has axe-core look at the page, as far as it is there.
    pub(crate) async fn axe(&self) -> Outcome<Vec<Value>> {
        let Some(axe) = &self.axe else { return Ok(Vec::new()) };
        if self.script("return typeof window.axe", &[]).await? == "undefined" {
            self.script(axe, &[]).await?;
        }
        // `preload` would ask for style sheets once more.
        let script = "return axe.run(document, { preload: false, resultTypes: ['violations'] }).then(({ violations, passes }) => ({
            rules: passes.length,
            violations: violations.map(({ id, impact, help, nodes }) => ({
                id, impact, help,
                nodes: nodes.map((it) => ({ at: it.target.flat().join(' '), why: it.any.concat(it.all, it.none).map((check) => check.message).join('; ') })),
            })),
        }))";
        let found = self.script(script, &[]).await?;
        // A page that no rule looked at passes all of them.
        if found["rules"].as_u64().unwrap_or_default() < 10 {
            return Err(format!("axe-core looked at too little: {found}"));
        }
        Ok(found["violations"].as_array().cloned().unwrap_or_default())
    }
}

fn selector(part: &str) -> String {
    format!("[data-test={part:?}]")
}

/// Where a page of the published reference is, and where it may ask.
pub(crate) fn file(path: &Path) -> Outcome<(Url, Allowed)> {
    let url = Url::from_file_path(path).map_err(|()| format!("{} is no absolute path", path.display()))?;
    let folder = path.parent().unwrap_or(path).to_owned();
    Ok((url, Allowed::Folder(folder)))
}
