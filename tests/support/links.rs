//! Whether what is published holds together.

use std::collections::BTreeSet;
use std::path::Path;

/// The values of an attribute, in the order of the page.
pub fn attributes(html: &str, name: &str) -> Vec<String> {
    let before = format!(" {name}=\"");
    let values = html.split(&before).skip(1);
    values.filter_map(|rest| Some(rest.split_once('"')?.0.replace("&amp;", "&"))).collect()
}

/// Each link of a folder's pages and texts leads to a file of it, or to a place in one; panics otherwise. Links to
/// other sites are not followed. Answers which pages and texts there are.
pub fn assert_all_lead_somewhere(folder: &Path) -> BTreeSet<String> {
    let entries = folder.read_dir().expect("a folder").map(|entry| entry.expect("an entry"));
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let pages: BTreeSet<String> =
        names.filter(|name| [".html", ".md", ".txt"].iter().any(|end| name.ends_with(end))).collect();
    for page in &pages {
        let text = std::fs::read_to_string(folder.join(page)).expect("a page");
        match page.ends_with(".html") {
            true => of_page(folder, page, &text),
            false => of_text(folder, page, &text),
        }
    }
    pages
}

fn of_page(folder: &Path, page: &str, html: &str) {
    let identifiers = attributes(html, "id");
    let mut seen = BTreeSet::new();
    for identifier in &identifiers {
        assert!(seen.insert(identifier), "{page}: two elements have the id {identifier}");
    }
    for label in attributes(html, "aria-labelledby") {
        assert!(identifiers.contains(&label), "{page}: {label}");
    }
    let targets = attributes(html, "href").into_iter().chain(attributes(html, "src"));
    for target in targets.filter(|target| !target.starts_with("https://") && target != "data:,") {
        let (file, fragment) = target.split_once('#').unwrap_or((&target, ""));
        let there = match file {
            "" => Some(html.to_owned()),
            file => std::fs::read(folder.join(file))
                .ok()
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        };
        let there = there.unwrap_or_else(|| panic!("{page}: there is no {target}"));
        assert!(
            fragment.is_empty() || attributes(&there, "id").iter().any(|id| id == fragment),
            "{page}: {target}"
        );
    }
}

fn of_text(folder: &Path, page: &str, markdown: &str) {
    for target in markdown.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)) {
        let is_elsewhere = target.starts_with("https://") || target.starts_with('#');
        assert!(is_elsewhere || folder.join(target).is_file(), "{page}: there is no {target}");
    }
}
