//! What the billing service talks about. Money is a decimal number of euros outside, whole cents inside.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A customer with everything the service knows.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Customer {
    /// Identifier such as `cus_0001`.
    pub(super) customer_id: String,
    /// Full name.
    pub(super) name: String,
    /// E-mail address.
    pub(super) email: String,
    /// Telephone number in international form.
    pub(super) phone: String,
    /// Bank account (IBAN).
    pub(super) iban: String,
    /// Payment card number.
    pub(super) card: String,
    /// ISO 3166-1 alpha-2 country code.
    pub(super) country: String,
    /// The customer's own API key.
    pub(super) api_key: String,
    /// ISO 8601 date of registration.
    pub(super) created_on: String,
}

/// A customer in a list: enough to choose one.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct CustomerSummary {
    /// Identifier such as `cus_0001`.
    pub(super) customer_id: String,
    /// Full name.
    pub(super) name: String,
    /// E-mail address.
    pub(super) email: String,
    /// ISO 3166-1 alpha-2 country code.
    pub(super) country: String,
}

/// An invoice.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Invoice {
    /// Identifier such as `inv_0001`.
    pub(super) invoice_id: String,
    /// The customer who owes it.
    pub(super) customer_id: String,
    /// The printed invoice number.
    pub(super) number: String,
    /// ISO 8601 date of issue.
    pub(super) issued_on: String,
    /// ISO 8601 date when it is due.
    pub(super) due_on: String,
    /// `open`, `overdue`, `paid`, `partially_refunded` or `refunded`.
    pub(super) status: String,
    /// ISO 4217 currency.
    pub(super) currency: String,
    /// Total, in the currency's main unit.
    pub(super) amount: f64,
    /// What has been refunded so far.
    pub(super) refunded: f64,
    /// What it is for.
    pub(super) description: String,
}

/// A payment.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Payment {
    /// Identifier such as `pay_0001`.
    pub(super) payment_id: String,
    /// `card` or `sepa`.
    pub(super) method: String,
    /// Amount, in the invoice's currency.
    pub(super) amount: f64,
    /// ISO 8601 date.
    pub(super) paid_on: String,
    /// The payer's reference, with card or account.
    pub(super) reference: String,
}

/// A support note.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Note {
    /// Identifier such as `note_0001`.
    pub(super) note_id: String,
    /// Who wrote it.
    pub(super) author: String,
    /// ISO 8601 date.
    pub(super) written_on: String,
    /// Free text.
    pub(super) body: String,
}

// No comments on the variants: they would turn the published `enum` into a list of schemas.
/// The state of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum InvoiceStatus {
    Open,
    Overdue,
    Paid,
    PartiallyRefunded,
    Refunded,
}

impl InvoiceStatus {
    /// The word in the database.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Overdue => "overdue",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
        }
    }
}

/// The largest amount that is accepted, in euros; it keeps cents exact in a 64-bit float.
pub(super) const LARGEST_AMOUNT: f64 = 1_000_000.0;

/// Cents as a decimal number.
pub(super) fn cents_to_amount(cents: i64) -> f64 {
    // Every amount here is below 2^53 cents, where the conversion is exact.
    #[expect(clippy::cast_precision_loss, reason = "amounts are far below 2^53 cents")]
    let whole = cents as f64;
    whole / 100.0
}

/// A positive amount of whole cents up to [`LARGEST_AMOUNT`]; `None` for anything else.
pub(super) fn amount_to_cents(amount: f64) -> Option<i64> {
    let in_range = amount > 0.0 && amount <= LARGEST_AMOUNT;
    let cents = (amount * 100.0).round();
    let whole = (amount * 100.0 - cents).abs() < 1e-6;
    #[expect(clippy::cast_possible_truncation, reason = "checked against LARGEST_AMOUNT just above")]
    (in_range && whole).then_some(cents as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_positive_whole_cents_are_amounts() {
        for (amount, want) in [
            (0.01, Some(1)),
            (19.99, Some(1_999)),
            (1_000_000.0, Some(100_000_000)),
            (0.0, None),
            (-5.0, None),
            (0.005, None),
            (1_000_000.01, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(amount_to_cents(amount), want, "amount: {amount}");
        }
    }

    proptest! {
        #[test]
        fn cents_survive_the_round_trip(cents in 1_i64..=100_000_000) {
            prop_assert_eq!(amount_to_cents(cents_to_amount(cents)), Some(cents));
        }
    }
}
