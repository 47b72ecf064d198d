//! The page's files, which are part of the program.

/// A file that the page consists of.
pub(crate) struct File {
    /// Its name below `/assets/`.
    pub(crate) name: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) text: &'static str,
}

pub(crate) const INDEX: &str = include_str!("../page/index.html");

const fn script(name: &'static str, text: &'static str) -> File {
    File { name, content_type: "text/javascript; charset=utf-8", text }
}

pub(crate) const FILES: &[File] = &[
    File {
        name: "explorer.css",
        content_type: "text/css; charset=utf-8",
        text: include_str!("../page/explorer.css"),
    },
    File { name: "icon.svg", content_type: "image/svg+xml", text: include_str!("../page/icon.svg") },
    script("api.js", include_str!("../page/api.js")),
    script("chips.js", include_str!("../page/chips.js")),
    script("docs.js", include_str!("../page/docs.js")),
    script("dom.js", include_str!("../page/dom.js")),
    script("follow.js", include_str!("../page/follow.js")),
    script("form.js", include_str!("../page/form.js")),
    script("link.js", include_str!("../page/link.js")),
    script("main.js", include_str!("../page/main.js")),
    script("picker.js", include_str!("../page/picker.js")),
    script("result.js", include_str!("../page/result.js")),
    script("samples.js", include_str!("../page/samples.js")),
    script("signature.js", include_str!("../page/signature.js")),
    script("tabs.js", include_str!("../page/tabs.js")),
    script("theme.js", include_str!("../page/theme.js")),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// What the content security policy would refuse, and what could set markup from a text.
    #[test]
    fn the_page_has_nothing_inline_and_nothing_from_elsewhere() {
        for bad in [" style=", "<style", " onclick=", "<script>", "http://", "https://", "javascript:"] {
            assert!(!INDEX.contains(bad), "{bad}");
        }
        for file in FILES.iter().filter(|file| file.name.ends_with(".js")) {
            for bad in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "new Function",
                "setAttribute(\"style\"",
                "import(",
                "https://",
                "localStorage",
            ] {
                let allowed = file.name == "theme.js" && bad == "localStorage";
                assert!(allowed || !file.text.contains(bad), "{}: {bad}", file.name);
            }
        }
    }

    #[test]
    fn every_import_is_served() {
        for file in FILES {
            for line in file.text.lines().filter(|line| line.starts_with("import ")) {
                let from = line.rsplit('"').nth(1).unwrap_or_default();
                let name = from.strip_prefix("./").unwrap_or_default();
                assert!(FILES.iter().any(|file| file.name == name), "{}: {line}", file.name);
            }
        }
        for part in INDEX.split("/assets/").skip(1) {
            let name = part.split('"').next().unwrap_or_default();
            assert!(FILES.iter().any(|file| file.name == name), "{name}");
        }
    }
}
