//! Expressions and lists of words, in the form that automata are made from.
//!
//! Texts are read as a person reads them: what looks like ASCII is ASCII. So `\d`, `\w`, `\s` and `\b` mean ASCII too,
//! which also keeps automata small.

use std::cmp::Reverse;

use portcullis_detect::folded;
use regex_syntax::ast::{self, Ast, ClassPerlKind, ClassSet, ClassSetItem};
use regex_syntax::hir::translate::TranslatorBuilder;
use regex_syntax::hir::{Hir, HirKind, Look};

use crate::read::shown;

/// What is looked for.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(pub(crate) Hir);

/// Reads an expression.
pub(crate) fn of_regex(text: &str) -> Result<Pattern, String> {
    if text.len() > LONGEST {
        return Err(format!(
            "it is longer than {LONGEST} bytes; split it into several detectors of the same class"
        ));
    }
    if let Some(ch) = text.chars().find(|ch| *folded(ch.encode_utf8(&mut [0; 4])) != *ch.to_string()) {
        let read = match &*folded(&ch.to_string()) {
            "" => "is not seen by readers, and so not by detectors".to_owned(),
            plain => format!("reads as `{plain}`, so write that"),
        };
        return Err(format!("`{}` {read}", shown(&ch.to_string())));
    }
    let pattern = parse(text)?;
    match pattern.0.properties().minimum_len() {
        Some(1..) => Ok(pattern),
        Some(0) => Err("it matches where nothing is: let it have at least one character".to_owned()),
        None => Err("it can never match".to_owned()),
    }
}

/// Any of some words, the longest that is there.
pub(crate) fn of_words(mut words: Vec<String>, is_exact: bool) -> Result<Pattern, String> {
    words.sort_by_key(|word| (Reverse(word.len()), word.clone()));
    words.dedup();
    let escaped: Vec<String> = words.iter().map(|word| regex_syntax::escape(word)).collect();
    let flag = if is_exact { "-i" } else { "i" };
    // A longer word that only begins here must not hide a shorter one that is here. What is before it, the search looks at.
    parse(&format!(r"(?{flag}:{})\b{{end-half}}", escaped.join("|")))
}

fn parse(text: &str) -> Result<Pattern, String> {
    let parsed = ast::parse::ParserBuilder::new().nest_limit(DEPTH).build().parse(text);
    let mut ast = parsed.map_err(|error| placed(&error.kind(), error.span()))?;
    to_ascii(&mut ast);
    let translated = TranslatorBuilder::new().utf8(true).build().translate(text, &ast);
    let hir = translated.map_err(|error| placed(&error.kind(), error.span()))?;
    Ok(Pattern(plain(hir)))
}

fn placed(error: &dyn std::fmt::Display, span: &ast::Span) -> String {
    format!("{} (at character {})", error.to_string().replace('\n', " "), span.start.column)
}

/// Lets classes such as `\d` mean ASCII.
fn to_ascii(ast: &mut Ast) {
    match ast {
        Ast::ClassPerl(class) => {
            *ast = Ast::class_bracketed(bracketed(&class.kind, class.negated, class.span))
        }
        Ast::ClassBracketed(class) => set_to_ascii(&mut class.kind),
        Ast::Repetition(repetition) => to_ascii(&mut repetition.ast),
        Ast::Group(group) => to_ascii(&mut group.ast),
        Ast::Alternation(alternation) => alternation.asts.iter_mut().for_each(to_ascii),
        Ast::Concat(concat) => concat.asts.iter_mut().for_each(to_ascii),
        Ast::Empty(_)
        | Ast::Flags(_)
        | Ast::Literal(_)
        | Ast::Dot(_)
        | Ast::Assertion(_)
        | Ast::ClassUnicode(_) => {}
    }
}

fn set_to_ascii(set: &mut ClassSet) {
    match set {
        ClassSet::Item(item) => item_to_ascii(item),
        ClassSet::BinaryOp(operation) => {
            set_to_ascii(&mut operation.lhs);
            set_to_ascii(&mut operation.rhs);
        }
    }
}

fn item_to_ascii(item: &mut ClassSetItem) {
    match item {
        ClassSetItem::Perl(class) => {
            let bracketed = bracketed(&class.kind, class.negated, class.span);
            *item = ClassSetItem::Bracketed(Box::new(bracketed));
        }
        ClassSetItem::Bracketed(class) => set_to_ascii(&mut class.kind),
        ClassSetItem::Union(union) => union.items.iter_mut().for_each(item_to_ascii),
        ClassSetItem::Empty(_)
        | ClassSetItem::Literal(_)
        | ClassSetItem::Range(_)
        | ClassSetItem::Ascii(_)
        | ClassSetItem::Unicode(_) => {}
    }
}

/// `[[:digit:]]` for `\d`.
fn bracketed(kind: &ClassPerlKind, negated: bool, span: ast::Span) -> ast::ClassBracketed {
    let kind = match kind {
        ClassPerlKind::Digit => ast::ClassAsciiKind::Digit,
        ClassPerlKind::Space => ast::ClassAsciiKind::Space,
        ClassPerlKind::Word => ast::ClassAsciiKind::Word,
    };
    let class = ast::ClassAscii { span, kind, negated: false };
    ast::ClassBracketed { span, negated, kind: ClassSet::Item(ClassSetItem::Ascii(class)) }
}

/// Lets the edges of words be those of ASCII, and leaves out groups.
fn plain(hir: Hir) -> Hir {
    match hir.into_kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Look(look) => Hir::look(ascii(look)),
        HirKind::Repetition(mut repetition) => {
            repetition.sub = Box::new(plain(*repetition.sub));
            Hir::repetition(repetition)
        }
        HirKind::Capture(capture) => plain(*capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(plain).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(plain).collect()),
    }
}

const fn ascii(look: Look) -> Look {
    match look {
        Look::WordUnicode => Look::WordAscii,
        Look::WordUnicodeNegate => Look::WordAsciiNegate,
        Look::WordStartUnicode => Look::WordStartAscii,
        Look::WordEndUnicode => Look::WordEndAscii,
        Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
        Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
        Look::Start
        | Look::End
        | Look::StartLF
        | Look::EndLF
        | Look::StartCRLF
        | Look::EndCRLF
        | Look::WordAscii
        | Look::WordAsciiNegate
        | Look::WordStartAscii
        | Look::WordEndAscii
        | Look::WordStartHalfAscii
        | Look::WordEndHalfAscii => look,
    }
}

/// The longest expression, in bytes.
const LONGEST: usize = 4096;
/// How deep groups may nest.
const DEPTH: u32 = 50;
