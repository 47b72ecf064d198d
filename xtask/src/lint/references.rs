//! Rules about `$ref`s, components and security schemes.

use std::collections::BTreeSet;

use super::Findings;
use super::keywords::Kind;
use super::model::{Model, members, text};
use crate::document::join;

pub(super) fn not_local(model: &Model<'_>, findings: &mut Findings<'_>) {
    for (pointer, target, _) in references(model) {
        if !target.starts_with("#/") {
            findings.add(&pointer, format!("{target} is not in this document; copy it to the components"));
        }
    }
}

pub(super) fn dangling(model: &Model<'_>, findings: &mut Findings<'_>) {
    for (pointer, target, kind) in references(model) {
        // The rule above tells of the others.
        let Some(place) = target.strip_prefix('#').filter(|place| place.starts_with('/')) else {
            continue;
        };
        let section = format!("/components/{}/", kind.section().unwrap_or_default());
        let name = place.strip_prefix(&section);
        match model.document.value.pointer(place) {
            None => findings.add(&pointer, format!("there is no {target}; write it or correct the name")),
            Some(_) if name.is_none_or(|name| name.contains('/')) => {
                findings.add(&pointer, format!("{target} is no {kind:?}; point to one below #{section}"));
            }
            Some(value) if model.document.resolve(value).is_none() => {
                findings.add(&pointer, format!("{target} is a $ref that ends nowhere"));
            }
            Some(_) => {}
        }
    }
    for (pointer, name) in security(model) {
        let schemes = model.document.value.pointer("/components/securitySchemes");
        if schemes.and_then(|schemes| schemes.get(&name)).is_none() {
            findings.add(&pointer, format!("there is no security scheme {name} in the components"));
        }
    }
}

/// A component that only another unused one refers to is unused as well.
pub(super) fn unused(model: &Model<'_>, findings: &mut Findings<'_>) {
    let references = references(model);
    let mut used = security(model)
        .into_iter()
        .map(|(_, name)| join("/components/securitySchemes", &name))
        .collect::<BTreeSet<_>>();
    let mut open = vec![None];
    while let Some(holder) = open.pop() {
        for (pointer, target, _) in &references {
            if component_of(pointer) == holder
                && let Some(target) = target.strip_prefix('#').and_then(component_of)
                && used.insert(target.clone())
            {
                open.push(Some(target));
            }
        }
    }
    for (_, section) in members(model.document.value.get("components"), "/components") {
        for (name, component) in members(Some(section.value), &section.pointer) {
            if !used.contains(&component.pointer) {
                findings.add(&component.pointer, format!("no operation uses {name}; remove it or use it"));
            }
        }
    }
}

/// All references: where, to what, and the kind of object that is wanted.
fn references(model: &Model<'_>) -> Vec<(String, String, Kind)> {
    let mut all = Vec::new();
    for place in model.places.iter().filter(|place| place.is_reference) {
        let pointer = join(&place.pointer, "$ref");
        let target =
            place.value.get("$ref").map(|target| target.as_str().map_or(target.to_string(), str::to_owned));
        all.extend(target.map(|target| (pointer, target, place.kind)));
    }
    for place in model.of(Kind::Discriminator) {
        for (_, target) in members(place.value.get("mapping"), &join(&place.pointer, "mapping")) {
            // A value without a slash is the name of a component.
            let target_text = text(Some(target.value)).filter(|target| target.contains('/'));
            all.extend(target_text.map(|text| (target.pointer, text.to_owned(), Kind::Schema)));
        }
    }
    all
}

/// The security schemes that requirements name.
fn security(model: &Model<'_>) -> Vec<(String, String)> {
    let requirements = model.of(Kind::SecurityRequirement);
    requirements
        .flat_map(|place| place.value.keys().map(|name| (join(&place.pointer, name), name.clone())))
        .collect()
}

/// The pointer of the component that a place is in, if it is in one.
fn component_of(pointer: &str) -> Option<String> {
    let mut tokens = pointer.strip_prefix("/components/")?.split('/');
    Some(format!("/components/{}/{}", tokens.next()?, tokens.next()?))
}
