//! Changes to the generated code that no setting of the generator makes. Each counts what it changed, and fails
//! when that is not what it expects: a new version of the generator must not slip past.

use std::collections::BTreeSet;

use serde_json::Value;
use syn::visit::Visit;
use syn::{Expr, ExprLit, Field, Fields, File, ImplItem, Item, ItemStruct, Lit, Type, TypePath, Visibility};

use super::{CodegenError, secrets};
use crate::document::Document;

/// Applies every rewrite; the lines say what was done, and how often.
pub(super) fn apply(document: &Document, file: &mut File) -> Result<Vec<String>, CodegenError> {
    hide_constructors(document, file)?;
    let fields = restore_field_order(document, file)?;
    let secrets = replaced_secrets(document, file)?;
    let mut done = vec![
        "`Client::new` removed, `Client::new_with_client` made crate-private: 2 functions".to_owned(),
        format!("fields put back into the document's order: {fields} structs"),
    ];
    if !secrets.is_empty() {
        done.push(format!("replaced by a type that does not show its value: {}", secrets.join(", ")));
    }
    Ok(done)
}

/// Removes `new` and makes `new_with_client` crate-private, so that there is no client without an authenticator,
/// and none that follows redirects.
fn hide_constructors(document: &Document, file: &mut File) -> Result<(), CodegenError> {
    let mut found = 0;
    for item in &mut file.items {
        let Item::Impl(block) = item else { continue };
        if block.trait_.is_some()
            || !matches!(&*block.self_ty, Type::Path(path) if path.path.is_ident("Client"))
        {
            continue;
        }
        block.items.retain_mut(|item| {
            let ImplItem::Fn(function) = item else { return true };
            if function.sig.ident == "new" {
                found += 1;
                return false;
            }
            if function.sig.ident == "new_with_client" {
                found += 1;
                function.vis = syn::parse_quote!(pub(crate));
            }
            true
        });
    }
    expect(document, "hide constructors", 2, found)
}

/// Puts the fields of each struct into the order of the document's properties, which is the order they are sent
/// in: the generator sorts them by name.
fn restore_field_order(document: &Document, file: &mut File) -> Result<usize, CodegenError> {
    let Some(schemas) = document.value.pointer("/components/schemas").and_then(Value::as_object) else {
        return Ok(0);
    };
    let objects: Vec<(&String, Vec<&str>)> = schemas
        .iter()
        .filter_map(|(name, schema)| {
            let properties = schema.get("properties")?.as_object()?;
            Some((name, properties.keys().map(String::as_str).collect()))
        })
        .collect();
    let types = file.items.iter_mut().find_map(|item| match item {
        Item::Mod(module) if module.ident == "types" => module.content.as_mut(),
        _ => None,
    });
    let mut found = 0;
    for item in types.into_iter().flat_map(|(_, items)| items) {
        let Item::Struct(ItemStruct {
            ident, fields: Fields::Named(fields), vis: Visibility::Public(_), ..
        }) = item
        else {
            continue;
        };
        let Some((_, order)) = objects.iter().find(|(name, _)| ident == *name) else { continue };
        let mut sorted: Vec<_> = std::mem::take(&mut fields.named).into_iter().collect();
        sorted.sort_by_key(|field| {
            order.iter().position(|name| sent_as(field).is_some_and(|sent| sent == *name))
        });
        fields.named = sorted.into_iter().collect();
        found += 1;
    }
    expect(document, "restore the order of fields", objects.len(), found)?;
    Ok(found)
}

/// The name of a field on the wire: in Rust one in camel case, or a keyword, has another.
fn sent_as(field: &Field) -> Option<String> {
    let mut renamed = None;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        // What is no name and value (`default`) ends the reading, and is of no interest here.
        let _ = attribute.parse_nested_meta(|meta| {
            let value = meta.value()?.parse::<Expr>()?;
            if let (true, Expr::Lit(ExprLit { lit: Lit::Str(name), .. })) =
                (meta.path.is_ident("rename"), value)
            {
                renamed = Some(name.value());
            }
            Ok(())
        });
    }
    renamed.or_else(|| field.ident.as_ref().map(ToString::to_string))
}

/// The components with `x-secret`, each replaced by a type of its name that is written by hand: one that is left
/// would show its value in `Debug`.
fn replaced_secrets<'a>(document: &'a Document, file: &File) -> Result<Vec<&'a str>, CodegenError> {
    let mut names = secrets(document);
    let mut paths = Paths::default();
    paths.visit_file(file);
    let expected = names.len();
    names.retain(|name| paths.used.contains(&format!("crate::{name}")) && !paths.defined.contains(*name));
    expect(document, "replace secrets", expected, names.len())?;
    Ok(names)
}

/// The types that a file uses by their paths, and those that it defines.
#[derive(Default)]
struct Paths {
    used: BTreeSet<String>,
    defined: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_type_path(&mut self, path: &'ast TypePath) {
        let segments = path.path.segments.iter().map(|segment| segment.ident.to_string());
        self.used.insert(segments.collect::<Vec<_>>().join("::"));
        syn::visit::visit_type_path(self, path);
    }

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        self.defined.insert(item.ident.to_string());
        syn::visit::visit_item_struct(self, item);
    }
}

fn expect(
    document: &Document,
    rewrite: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), CodegenError> {
    if found == expected {
        return Ok(());
    }
    Err(CodegenError::Rewrite { path: document.path.clone(), rewrite, expected, found })
}
