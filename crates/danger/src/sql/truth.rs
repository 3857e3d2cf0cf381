//! Conditions that hold for every row.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser has a hundred expressions; what is not named gets the strictest reading"
)]

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value, visit_expressions};

/// What a condition is worth, whatever the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    Always,
    Never,
    Depends,
}

/// Whether a condition holds for every row. One that names no column and is not known to be false counts as true.
pub(super) fn is_always_true(condition: &Expr) -> bool {
    truth(condition) == Truth::Always
}

fn truth(condition: &Expr) -> Truth {
    match condition {
        Expr::Nested(inner) => truth(inner),
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => match truth(expr) {
            Truth::Always => Truth::Never,
            Truth::Never => Truth::Always,
            Truth::Depends => Truth::Depends,
        },
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => match (truth(left), truth(right)) {
            (Truth::Always, Truth::Always) => Truth::Always,
            (Truth::Never, _) | (_, Truth::Never) => Truth::Never,
            (Truth::Depends, _) | (_, Truth::Depends) => Truth::Depends,
        },
        Expr::BinaryOp { left, op: BinaryOperator::Or, right } => match (truth(left), truth(right)) {
            (Truth::Always, _) | (_, Truth::Always) => Truth::Always,
            (Truth::Never, Truth::Never) => Truth::Never,
            (Truth::Depends, _) | (_, Truth::Depends) => Truth::Depends,
        },
        Expr::BinaryOp { left, op, right } => comparison(condition, left, op, right),
        Expr::Value(value) => literal(&value.value),
        Expr::Like { negated: false, pattern, .. } | Expr::ILike { negated: false, pattern, .. } => {
            match text(pattern) {
                Some(pattern) if !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'%') => {
                    Truth::Always
                }
                Some(_) | None => constant(condition),
            }
        }
        _ => constant(condition),
    }
}

fn comparison(condition: &Expr, left: &Expr, op: &BinaryOperator, right: &Expr) -> Truth {
    let is_reflexive = matches!(
        op,
        BinaryOperator::Eq | BinaryOperator::GtEq | BinaryOperator::LtEq | BinaryOperator::Spaceship
    );
    if left == right && is_reflexive {
        return Truth::Always;
    }
    match (op, text(left), text(right)) {
        (BinaryOperator::Eq, Some(left), Some(right)) if left != right => Truth::Never,
        (BinaryOperator::NotEq, Some(left), Some(right)) if left == right => Truth::Never,
        _ => constant(condition),
    }
}

fn literal(value: &Value) -> Truth {
    match value {
        Value::Boolean(false) | Value::Null => Truth::Never,
        Value::Number(number, _) if number.bytes().all(|byte| matches!(byte, b'0' | b'.')) => Truth::Never,
        _ => Truth::Always,
    }
}

/// A literal as text, so that `1 = '1'` is what MySQL thinks it is.
fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Nested(inner) => text(inner),
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) => Some(number.clone()),
            other => other.clone().into_string(),
        },
        _ => None,
    }
}

/// An expression that names no column is the same for every row.
fn constant(expr: &Expr) -> Truth {
    let names_column = visit_expressions(expr, |expr| match expr {
        Expr::Identifier(name) if !is_constant_name(&name.value) => ControlFlow::Break(()),
        Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    if names_column.is_break() { Truth::Depends } else { Truth::Always }
}

/// Dialects without booleans or with variables read these as columns.
fn is_constant_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("true") || name.starts_with('@')
}
