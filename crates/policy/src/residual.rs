//! What a partly evaluated condition can still become.
//!
//! Cedar leaves `context.input.x > 1 && false` as it is, since the left side may err. For a list that is no
//! matter: the condition is never true. Only the connectives are looked through; of everything else it is
//! assumed that it can come out either way, so nothing is ruled out that could happen.
//!
//! The condition is read in Cedar's JSON format for policies, the only one in which Cedar gives out a residual.

use cedar_policy::Policy;
use serde_json::Value;

/// The values that a condition can have; it may also err.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Possible {
    pub(crate) truth: bool,
    pub(crate) falsity: bool,
}

impl Possible {
    pub(crate) const TRUE: Self = Self { truth: true, falsity: false };
    const FALSE: Self = Self { truth: false, falsity: true };
    const EITHER: Self = Self { truth: true, falsity: true };

    /// What the conditions of a residual policy can be, taken together.
    pub(crate) fn of_policy(residual: &Policy) -> Self {
        let policy = residual.to_json().unwrap_or(Value::Null);
        let Some(conditions) = policy.get("conditions").and_then(Value::as_array) else {
            return Self::EITHER;
        };
        let each = conditions.iter().map(|condition| {
            let body = condition.get("body").map_or(Self::EITHER, Self::of);
            match condition.get("kind").and_then(Value::as_str) {
                Some("when") => body,
                Some("unless") => body.negated(),
                Some(_) | None => Self::EITHER,
            }
        });
        each.fold(Self::TRUE, Self::and)
    }

    fn of(expression: &Value) -> Self {
        // An expression is an object with one member, named by its operator.
        let operator = expression.as_object().and_then(|object| object.iter().next());
        let Some((operator, operands)) = operator else {
            return Self::EITHER;
        };
        let operand = |name: &str| operands.get(name).map_or(Self::EITHER, Self::of);
        match operator.as_str() {
            "Value" => match operands {
                Value::Bool(true) => Self::TRUE,
                Value::Bool(false) => Self::FALSE,
                Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                    Self::EITHER
                }
            },
            "!" => operand("arg").negated(),
            "&&" => operand("left").and(operand("right")),
            "||" => operand("left").negated().and(operand("right").negated()).negated(),
            "if-then-else" => {
                let (test, then, otherwise) = (operand("if"), operand("then"), operand("else"));
                Self {
                    truth: (test.truth && then.truth) || (test.falsity && otherwise.truth),
                    falsity: (test.truth && then.falsity) || (test.falsity && otherwise.falsity),
                }
            }
            _ => Self::EITHER,
        }
    }

    const fn negated(self) -> Self {
        Self { truth: self.falsity, falsity: self.truth }
    }

    /// The right side counts only where the left is true.
    const fn and(self, right: Self) -> Self {
        Self { truth: self.truth && right.truth, falsity: self.falsity || (self.truth && right.falsity) }
    }
}
