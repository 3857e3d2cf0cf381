//! What a partly evaluated condition can still become.
//!
//! Cedar leaves `context.input.x > 1 && false` as it is, since the left side may err. For a list that is no
//! matter: the condition is never true. Only the connectives are looked through; of everything else it is
//! assumed that it can come out either way, so nothing is ruled out that could happen.

use cedar_policy::Policy;
use cedar_policy::pst::{BinaryOp, Clause, Expr, Literal, UnaryOp};

/// The values that a condition can have; it may also err.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Possible {
    pub(crate) truth: bool,
    pub(crate) falsity: bool,
}

impl Possible {
    const EITHER: Self = Self { truth: true, falsity: true };

    /// What the conditions of a residual policy can be, taken together.
    pub(crate) fn of_policy(residual: &Policy) -> Self {
        let Ok(policy) = residual.to_pst() else {
            return Self::EITHER;
        };
        let clauses = policy.body().clauses().iter().map(|clause| match clause {
            Clause::When(condition) => Self::of(condition),
            Clause::Unless(condition) => Self::of(condition).negated(),
        });
        clauses.fold(Self { truth: true, falsity: false }, Self::and)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not looked through can be either")]
    fn of(condition: &Expr) -> Self {
        match condition {
            Expr::Literal(Literal::Bool(value)) => Self { truth: *value, falsity: !*value },
            Expr::UnaryOp { op: UnaryOp::Not, expr } => Self::of(expr).negated(),
            Expr::BinaryOp { op: BinaryOp::And, left, right } => Self::of(left).and(Self::of(right)),
            Expr::BinaryOp { op: BinaryOp::Or, left, right } => {
                Self::of(left).negated().and(Self::of(right).negated()).negated()
            }
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                let test = Self::of(cond);
                let then = Self::of(then_expr);
                let otherwise = Self::of(else_expr);
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
