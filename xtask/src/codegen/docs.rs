//! Doc comments as a person would have set them.

use syn::visit_mut::VisitMut;
use syn::{Attribute, Expr, ExprLit, File, Lit, Meta};

/// Turns each doc attribute into `///` lines with a space after the slashes. The generator sets a text of several
/// lines as one `/** */` block that starts in the first column.
pub(super) fn tidy(file: &mut File) {
    Tidy.visit_file_mut(file);
}

struct Tidy;

impl VisitMut for Tidy {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        *attributes = attributes.drain(..).flat_map(lines).collect();
    }
}

fn lines(attribute: Attribute) -> Vec<Attribute> {
    let Some(text) = doc_text(&attribute) else { return vec![attribute] };
    let style = attribute.style;
    text.trim_end()
        .lines()
        .map(|line| {
            let line = match line.trim_end() {
                "" => String::new(),
                line if line.starts_with(' ') => line.to_owned(),
                line => format!(" {line}"),
            };
            let mut attribute: Attribute = syn::parse_quote!(#[doc = #line]);
            attribute.style = style;
            attribute
        })
        .collect()
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}
