//! The condition that is left of a policy when something is unknown.
//!
//! Cedar leaves `context.input.x > 1 && false` as it is, since the left side may err. So the connectives are looked
//! through here, and of what they connect two things are read: comparisons of one argument with constants, and labels.
//! Of everything else it is assumed that it can come out either way, so nothing is ruled out that could happen.
//!
//! The condition is read in Cedar's JSON format for policies, the only one in which Cedar gives out a residual.

use cedar_policy::Policy;
use serde_json::Value;

/// A condition over arguments and labels that are not known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Formula {
    /// Both; the right one is looked at only where the left one is true.
    And(Box<Self>, Box<Self>),
    /// A fact about one argument.
    Argument(String, Fact),
    /// It is known.
    Constant(bool),
    /// It errs.
    Error,
    /// One or the other, as the first says.
    If(Box<Self>, Box<Self>, Box<Self>),
    /// Whether a class was found in the request.
    Label(String),
    /// Not.
    Not(Box<Self>),
    /// Nothing is known about it.
    Open,
}

/// What is asked of an argument. All but [`Fact::Exists`] err where it is not there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fact {
    /// Whether it is there.
    Exists,
    /// Whether it is `true`; errs if it is no flag.
    IsTrue,
    /// Whether it is smaller than a whole number, or the same; errs if it is no whole number.
    Less(i64, Bound),
    /// Whether it is smaller than a decimal, or the same; errs if it is no decimal.
    LessDecimal(Decimal, Bound),
    /// Whether it is one of some constants. Never errs by its type.
    OneOf(Vec<Constant>),
}

/// Whether the bound itself counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    Excluded,
    Included,
}

/// A value that a policy names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Constant {
    Bool(bool),
    Decimal(Decimal),
    Text(String),
    Whole(i64),
}

/// A decimal of Cedar, in units of 1/10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Decimal(pub(crate) i64);

impl Formula {
    const TRUE: Self = Self::Constant(true);
    const FALSE: Self = Self::Constant(false);

    /// The conditions of a residual policy, taken together.
    pub(crate) fn of_policy(residual: &Policy) -> Self {
        let policy = residual.to_json().unwrap_or(Value::Null);
        let Some(conditions) = policy.get("conditions").and_then(Value::as_array) else {
            return Self::Open;
        };
        let each = conditions.iter().map(|condition| {
            let body = condition.get("body").map_or(Self::Open, Self::of);
            match condition.get("kind").and_then(Value::as_str) {
                Some("when") => body,
                Some("unless") => body.negated(),
                Some(_) | None => Self::Open,
            }
        });
        each.reduce(Self::and).unwrap_or(Self::TRUE)
    }

    fn of(expression: &Value) -> Self {
        // An expression is an object with one member, named by its operator.
        let Some((operator, operands)) = member(expression) else { return Self::Open };
        let operand = |name: &str| operands.get(name).map_or(Self::Open, Self::of);
        match operator {
            "Value" => operands.as_bool().map_or(Self::Open, Self::Constant),
            "!" => operand("arg").negated(),
            "&&" => operand("left").and(operand("right")),
            "||" => operand("left").negated().and(operand("right").negated()).negated(),
            "if-then-else" => {
                let branches = [operand("if"), operand("then"), operand("else")].map(Box::new);
                let [test, then, otherwise] = branches;
                Self::If(test, then, otherwise)
            }
            _ if always_errs(expression) => Self::Error,
            _ => Self::about_argument(expression).or_else(|| label(expression)).unwrap_or(Self::Open),
        }
    }

    /// A comparison of one argument with constants, if it is one that is read.
    fn about_argument(expression: &Value) -> Option<Self> {
        let (operator, operands) = member(expression)?;
        let side = |name: &str| operands.get(name);
        let about = |argument: Option<&Value>, fact| Some(Self::Argument(argument_name(argument?)?, fact));
        match operator {
            "." => about(Some(expression), Fact::IsTrue),
            "has" => {
                let attribute = operands.get("attr")?.as_str()?;
                is_input(side("left")?).then(|| Self::Argument(attribute.to_owned(), Fact::Exists))
            }
            "==" | "!=" => {
                let (left, right) = (side("left")?, side("right")?);
                let equal = |argument, constant| about(Some(argument), Fact::OneOf(vec![constant?]));
                let found = equal(left, constant(right)).or_else(|| equal(right, constant(left)))?;
                Some(if operator == "==" { found } else { found.negated() })
            }
            "contains" => about(side("right"), Fact::OneOf(constants(side("left")?)?)),
            "<" | "<=" | ">" | ">=" => Self::whole(operator, side("left")?, side("right")?),
            "lessThan" | "lessThanOrEqual" | "greaterThan" | "greaterThanOrEqual" => {
                let [left, right] = operands.as_array()?.as_slice() else { return None };
                Self::decimal(operator, left, right)
            }
            _ => None,
        }
    }

    fn whole(operator: &str, left: &Value, right: &Value) -> Option<Self> {
        let (operator, argument, bound) = match (argument_name(left), argument_name(right)) {
            (Some(argument), None) => (operator, argument, right),
            (None, Some(argument)) => (mirrored(operator)?, argument, left),
            (Some(_), Some(_)) | (None, None) => return None,
        };
        let Constant::Whole(bound) = constant(bound)? else { return None };
        Some(match operator {
            "<" => Self::Argument(argument, Fact::Less(bound, Bound::Excluded)),
            "<=" => Self::Argument(argument, Fact::Less(bound, Bound::Included)),
            ">" => Self::Argument(argument, Fact::Less(bound, Bound::Included)).negated(),
            _ => Self::Argument(argument, Fact::Less(bound, Bound::Excluded)).negated(),
        })
    }

    fn decimal(operator: &str, left: &Value, right: &Value) -> Option<Self> {
        let (operator, argument, bound) = match (argument_name(left), argument_name(right)) {
            (Some(argument), None) => (operator, argument, right),
            (None, Some(argument)) => (mirrored(operator)?, argument, left),
            (Some(_), Some(_)) | (None, None) => return None,
        };
        let Constant::Decimal(bound) = constant(bound)? else { return None };
        Some(match operator {
            "lessThan" => Self::Argument(argument, Fact::LessDecimal(bound, Bound::Excluded)),
            "lessThanOrEqual" => Self::Argument(argument, Fact::LessDecimal(bound, Bound::Included)),
            "greaterThan" => Self::Argument(argument, Fact::LessDecimal(bound, Bound::Included)).negated(),
            _ => Self::Argument(argument, Fact::LessDecimal(bound, Bound::Excluded)).negated(),
        })
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::FALSE, _) => Self::FALSE,
            (Self::TRUE, other) => other,
            (this, other) => Self::And(Box::new(this), Box::new(other)),
        }
    }

    fn negated(self) -> Self {
        match self {
            Self::Constant(value) => Self::Constant(!value),
            Self::Not(inner) => *inner,
            Self::Error => Self::Error,
            Self::Open => Self::Open,
            other @ (Self::And(..) | Self::Argument(..) | Self::If(..) | Self::Label(_)) => {
                Self::Not(Box::new(other))
            }
        }
    }
}

/// The operator that says the same with its sides exchanged.
fn mirrored(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        "lessThan" => "greaterThan",
        "lessThanOrEqual" => "greaterThanOrEqual",
        "greaterThan" => "lessThan",
        "greaterThanOrEqual" => "lessThanOrEqual",
        _ => return None,
    })
}

fn label(expression: &Value) -> Option<Formula> {
    let (operator, operands) = member(expression)?;
    let is_labels = operator == "contains" && is_unknown(operands.get("left")?, "labels");
    let Constant::Text(class) = constant(operands.get("right")?)? else { return None };
    is_labels.then_some(Formula::Label(class))
}

/// The `x` of `context.input.x`.
fn argument_name(expression: &Value) -> Option<String> {
    let (operator, operands) = member(expression)?;
    let name = operands.get("attr")?.as_str()?;
    (operator == "." && is_input(operands.get("left")?)).then(|| name.to_owned())
}

/// Whether it errs whatever the unknowns are. Cedar puts values and unknowns in the place of all variables, but for what
/// errs: that it leaves as it was written, since it may not be reached. So with nothing unknown in it, or with a
/// variable in a part that is evaluated whenever the whole is, it errs. A variable in a part that is only evaluated for
/// some values of an unknown says nothing of the others.
fn always_errs(expression: &Value) -> bool {
    let is_never = |_: &str| false;
    let is_variable = |operator: &str, operand: &Value| operator == "Var" && operand.is_string();
    let is_unknown = |operator: &str, _: &Value| operator == "unknown";
    contains(expression, &is_variable, &is_conditional) || !contains(expression, &is_unknown, &is_never)
}

/// Whether an operator does not always evaluate all of its operands.
fn is_conditional(operator: &str) -> bool {
    matches!(operator, "&&" | "||" | "if-then-else")
}

/// Whether an expression or a part of it is as asked for, by its operator and the operands of that. What is below
/// operators that are passed over is not looked at.
fn contains(
    expression: &Value,
    asked: &impl Fn(&str, &Value) -> bool,
    is_passed_over: &impl Fn(&str) -> bool,
) -> bool {
    match member(expression) {
        Some(("Value", _)) => false,
        Some((operator, operands)) if asked(operator, operands) => true,
        Some((operator, _)) if is_passed_over(operator) => false,
        Some(_) | None => match expression {
            Value::Array(items) => items.iter().any(|item| contains(item, asked, is_passed_over)),
            Value::Object(members) => members.values().any(|value| contains(value, asked, is_passed_over)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        },
    }
}

fn is_input(expression: &Value) -> bool {
    is_unknown(expression, "input")
}

fn is_unknown(expression: &Value, name: &str) -> bool {
    let operands = member(expression).filter(|(operator, _)| *operator == "unknown");
    let only = operands.and_then(|(_, operands)| operands.as_array()?.first());
    only.is_some_and(|only| constant(only) == Some(Constant::Text(name.to_owned())))
}

fn constants(expression: &Value) -> Option<Vec<Constant>> {
    let (operator, items) = member(expression)?;
    match operator {
        "Set" => items.as_array()?.iter().map(constant).collect(),
        "Value" => items.as_array()?.iter().map(plain).collect(),
        _ => None,
    }
}

fn constant(expression: &Value) -> Option<Constant> {
    match member(expression)? {
        ("Value", value) => plain(value),
        ("decimal", arguments) => match constant(arguments.as_array()?.first()?)? {
            Constant::Text(text) => decimal(&text).map(Constant::Decimal),
            Constant::Bool(_) | Constant::Decimal(_) | Constant::Whole(_) => None,
        },
        _ => None,
    }
}

/// A value as Cedar writes it in JSON.
fn plain(value: &Value) -> Option<Constant> {
    match value {
        Value::Bool(value) => Some(Constant::Bool(*value)),
        Value::Number(number) => number.as_i64().map(Constant::Whole),
        Value::String(text) => Some(Constant::Text(text.clone())),
        Value::Object(object) => {
            let call = object.get("__extn")?;
            let is_decimal = call.get("fn")?.as_str()? == "decimal";
            is_decimal.then(|| decimal(call.get("arg")?.as_str()?)).flatten().map(Constant::Decimal)
        }
        Value::Null | Value::Array(_) => None,
    }
}

/// A decimal as policies write it: digits, a point, one to four digits.
fn decimal(text: &str) -> Option<Decimal> {
    let (whole, fraction) = text.split_once('.')?;
    let missing = DIGITS_AFTER_POINT.checked_sub(fraction.len())?;
    format!("{whole}{fraction}{}", "0".repeat(missing)).parse().ok().map(Decimal)
}

fn member(expression: &Value) -> Option<(&str, &Value)> {
    expression.as_object()?.iter().next().map(|(name, value)| (name.as_str(), value))
}

/// Cedar counts decimals in units of 10⁻⁴.
const DIGITS_AFTER_POINT: usize = 4;

#[cfg(test)]
mod tests;
