//! Invented customers, invoices, payments and support notes, the same for the same seed.
//!
//! Values that a detector validates are valid: IBANs pass mod-97, cards pass Luhn and start with the networks'
//! test prefixes, mail addresses use the reserved domains, telephone numbers the ranges set aside for fiction
//! where a country has one. Nothing here belongs to anyone.

mod identifiers;
mod notes;
mod words;

use rusqlite::{Connection, params};

use self::identifiers::{Country, card, iban, phone};
use self::words::{FIRST_NAMES, LAST_NAMES, PRODUCTS};

/// How many customers there are.
pub const CUSTOMERS: u32 = 60;
/// How many invoices there are.
pub const INVOICES: u32 = 160;
/// How many support notes there are.
pub const NOTES: u32 = 90;

/// The tables. Money is in cents, dates are ISO 8601 text.
pub(super) const SCHEMA: &str = "
CREATE TABLE customers (customer_id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, phone TEXT NOT NULL,
    iban TEXT NOT NULL, card TEXT NOT NULL, country TEXT NOT NULL, api_key TEXT NOT NULL, created_on TEXT NOT NULL);
CREATE TABLE invoices (invoice_id TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers, number TEXT NOT NULL,
    issued_on TEXT NOT NULL, due_on TEXT NOT NULL, status TEXT NOT NULL, currency TEXT NOT NULL,
    amount_cents INTEGER NOT NULL, refunded_cents INTEGER NOT NULL DEFAULT 0, description TEXT NOT NULL);
CREATE TABLE payments (payment_id TEXT PRIMARY KEY, invoice_id TEXT NOT NULL REFERENCES invoices, method TEXT NOT NULL,
    amount_cents INTEGER NOT NULL, paid_on TEXT NOT NULL, reference TEXT NOT NULL);
CREATE TABLE refunds (refund_id TEXT PRIMARY KEY, invoice_id TEXT NOT NULL REFERENCES invoices,
    amount_cents INTEGER NOT NULL, reason TEXT NOT NULL, idempotency_key TEXT UNIQUE);
CREATE TABLE notes (note_id TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers, author TEXT NOT NULL,
    written_on TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX invoices_by_customer ON invoices (customer_id);
CREATE INDEX payments_by_invoice ON payments (invoice_id);
CREATE INDEX notes_by_customer ON notes (customer_id);
";

/// SplitMix64: small, seedable, and the same on every machine. It is no source of secrets.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when `bound` is 0.
    fn below(&mut self, bound: u32) -> u32 {
        let drawn = self.next().checked_rem(u64::from(bound)).unwrap_or_default();
        u32::try_from(drawn).unwrap_or_default()
    }

    fn pick_from<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let bound = u32::try_from(from.len()).unwrap_or(u32::MAX);
        from.get(self.below(bound) as usize)
    }

    fn pick<T: Copy>(&mut self, from: &[T], otherwise: T) -> T {
        self.pick_from(from).copied().unwrap_or(otherwise)
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).filter_map(|_| char::from_digit(self.below(10), 10)).collect()
    }

    fn letters(&mut self, alphabet: &[char], count: usize) -> String {
        (0..count).map(|_| self.pick(alphabet, 'x')).collect()
    }
}

/// Everything about a customer that notes may quote.
#[derive(Debug)]
struct Person {
    customer_id: String,
    name: String,
    email: String,
    phone: String,
    iban: String,
    card: String,
    api_key: String,
}

/// Fills an empty database.
///
/// # Errors
/// Whatever SQLite says; with this schema and these rows it says nothing.
pub(super) fn fill(connection: &mut Connection, seed: u64) -> rusqlite::Result<()> {
    let mut dice = Dice::new(seed);
    let transaction = connection.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    let people = (1..=CUSTOMERS)
        .map(|n| customer(&transaction, &mut dice, n))
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for n in 1..=INVOICES {
        if let Some(owner) = dice.pick_from(&people) {
            invoice(&transaction, &mut dice, n, owner)?;
        }
    }
    for n in 1..=NOTES {
        if let Some(person) = dice.pick_from(&people) {
            let (author, body) = notes::write(&mut dice, n, person);
            transaction.execute(
                "INSERT INTO notes VALUES (?1, ?2, ?3, ?4, ?5)",
                params![format!("note_{n:04}"), person.customer_id, author, date(&mut dice), body],
            )?;
        }
    }
    transaction.commit()
}

fn customer(connection: &Connection, dice: &mut Dice, n: u32) -> rusqlite::Result<Person> {
    let country = dice.pick(&Country::ALL, Country::Germany);
    let (first, last) = (dice.pick(FIRST_NAMES, "Ada"), dice.pick(LAST_NAMES, "Brandt"));
    let domain = dice.pick(&["example.com", "example.org", "example.net"], "example.com");
    let alphabet = ('a'..='z').chain('A'..='Z').chain('0'..='9').collect::<Vec<_>>();
    let person = Person {
        customer_id: format!("cus_{n:04}"),
        name: format!("{first} {last}"),
        // The number keeps addresses apart: names repeat.
        email: format!("{}.{}{n}@{domain}", first.to_lowercase(), last.to_lowercase()),
        phone: phone(dice, country),
        iban: iban(dice, country),
        card: card(dice),
        api_key: format!("sk_live_{}", dice.letters(&alphabet, 24)),
    };
    connection.execute(
        "INSERT INTO customers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            person.customer_id,
            person.name,
            person.email,
            person.phone,
            person.iban,
            person.card,
            country.code(),
            person.api_key,
            format!("2025-{:02}-{:02}", 1 + dice.below(12), 1 + dice.below(28)),
        ],
    )?;
    Ok(person)
}

fn invoice(connection: &Connection, dice: &mut Dice, n: u32, owner: &Person) -> rusqlite::Result<()> {
    let month = 1 + dice.below(9);
    let day = 1 + dice.below(28);
    let cents = 1_900 + dice.below(480) * 1_250 + dice.below(100);
    // Two in three are paid: refunds need something to refund.
    let status = dice.pick(&["paid", "paid", "paid", "paid", "open", "overdue"], "paid");
    let invoice_id = format!("inv_{n:04}");
    connection.execute(
        "INSERT INTO invoices VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'EUR', ?7, 0, ?8)",
        params![
            invoice_id,
            owner.customer_id,
            format!("2026-{n:05}"),
            format!("2026-{month:02}-{day:02}"),
            format!("2026-{:02}-{day:02}", month + 1),
            status,
            cents,
            dice.pick(PRODUCTS, "Subscription"),
        ],
    )?;
    if status != "paid" {
        return Ok(());
    }
    let (method, reference) = match dice.below(2) {
        0 => ("card", format!("card {}", owner.card)),
        _ => ("sepa", format!("SEPA {} {}", owner.iban, invoice_id)),
    };
    connection.execute(
        "INSERT INTO payments VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            format!("pay_{n:04}"),
            invoice_id,
            method,
            cents,
            format!("2026-{month:02}-{:02}", (day + 3).min(28)),
            reference,
        ],
    )?;
    Ok(())
}

fn date(dice: &mut Dice) -> String {
    format!("2026-{:02}-{:02}", 1 + dice.below(10), 1 + dice.below(28))
}

#[cfg(test)]
mod tests;
