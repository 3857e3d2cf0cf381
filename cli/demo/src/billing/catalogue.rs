//! Resources, prompts and completions.

use rmcp::ErrorData;
use rmcp::model::{
    CompletionInfo, GetPromptResult, JsonObject, Prompt, PromptArgument, PromptMessage, ReadResourceResult,
    Reference, Resource, ResourceContents, ResourceTemplate, Role,
};
use serde_json::{Value, json};

use super::model::{Customer, Invoice};
use super::store::{CustomerFilter, InvoiceFilter, Store, StoreError};

/// The text that support has to follow.
const REFUND_POLICY: &str = "Refund policy\n\n\
    1. Refunds go to the card or account that paid.\n\
    2. Up to 100 euros: support decides.\n\
    3. Above 100 euros: finance approves first.\n\
    4. Above 1000 euros, or more than one refund a week to one customer: two people of finance approve.\n\
    5. Every refund names its reason.\n";

const POLICY_URI: &str = "billing://policy/refunds";
const CUSTOMER_PREFIX: &str = "billing://customers/";
const INVOICE_PREFIX: &str = "billing://invoices/";

/// How many invoices the resource list shows; all can be read.
const INVOICES_SHOWN: u32 = 3;

fn database(error: StoreError) -> ErrorData {
    ErrorData::internal_error(format!("the billing database failed: {error}"), None)
}

/// The resources that are listed.
pub(super) fn resources(store: &Store) -> Result<Vec<Resource>, ErrorData> {
    let filter = InvoiceFilter { after: "", customer_id: None, status: None, limit: INVOICES_SHOWN };
    let policy = Resource::new(POLICY_URI, "refund_policy")
        .with_title("Refund policy")
        .with_description("Who may refund how much.")
        .with_mime_type("text/plain");
    let invoices = store.invoices(&filter).map_err(database)?.into_iter().map(|invoice| {
        Resource::new(format!("{INVOICE_PREFIX}{}", invoice.invoice_id), invoice.invoice_id)
            .with_title(format!("Invoice {}", invoice.number))
            .with_mime_type("text/plain")
    });
    Ok(std::iter::once(policy).chain(invoices).collect())
}

/// The resources that are read by pattern.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new(format!("{CUSTOMER_PREFIX}{{id}}"), "customer")
            .with_title("Customer")
            .with_description("Everything about one customer, as JSON.")
            .with_mime_type("application/json"),
        ResourceTemplate::new(format!("{INVOICE_PREFIX}{{id}}"), "invoice")
            .with_title("Invoice")
            .with_description("One invoice as it is printed.")
            .with_mime_type("text/plain"),
    ]
}

/// Reads one resource.
///
/// # Errors
/// Resource not found, or the database failed.
pub(super) fn read(store: &Store, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let not_found = || ErrorData::resource_not_found("resource not found", Some(json!({ "uri": uri })));
    let contents = if uri == POLICY_URI {
        ResourceContents::text(REFUND_POLICY, uri)
    } else if let Some(id) = uri.strip_prefix(CUSTOMER_PREFIX) {
        let customer = store.customer(id).map_err(database)?.ok_or_else(not_found)?;
        let text = serde_json::to_string_pretty(&customer).map_err(|_unwritable| not_found())?;
        ResourceContents::text(text, uri).with_mime_type("application/json")
    } else if let Some(id) = uri.strip_prefix(INVOICE_PREFIX) {
        let invoice = store.invoice(id).map_err(database)?.ok_or_else(not_found)?;
        let customer = store.customer(&invoice.customer_id).map_err(database)?.ok_or_else(not_found)?;
        ResourceContents::text(print_invoice(&invoice, &customer), uri)
    } else {
        return Err(not_found());
    };
    Ok(ReadResourceResult::new(vec![contents]))
}

fn print_invoice(invoice: &Invoice, customer: &Customer) -> String {
    format!(
        "Invoice {number}\nIssued {issued}, due {due}\n\nTo: {name} <{email}>\nDebit account: {iban}\n\n\
         {description}: {amount:.2} {currency}\nStatus: {status}\n",
        number = invoice.number,
        issued = invoice.issued_on,
        due = invoice.due_on,
        name = customer.name,
        email = customer.email,
        iban = customer.iban,
        description = invoice.description,
        amount = invoice.amount,
        currency = invoice.currency,
        status = invoice.status,
    )
}

/// The prompts.
pub(super) fn prompts() -> Vec<Prompt> {
    let customer = || {
        PromptArgument::new("customer_id")
            .with_description("Identifier such as `cus_0001`.")
            .with_required(true)
    };
    let tone = PromptArgument::new("tone").with_description("`friendly` or `firm`.").with_required(false);
    vec![
        Prompt::new(
            "dunning_letter",
            Some("Writes a reminder about unpaid invoices."),
            Some(vec![customer(), tone]),
        )
        .with_title("Dunning letter"),
        Prompt::new(
            "summarise_account",
            Some("Summarises an account for a hand-over."),
            Some(vec![customer()]),
        )
        .with_title("Account summary"),
    ]
}

/// Fills in one prompt.
///
/// # Errors
/// Unknown prompt or customer, a missing argument, or the database failed.
pub(super) fn prompt(
    store: &Store,
    name: &str,
    arguments: &JsonObject,
) -> Result<GetPromptResult, ErrorData> {
    let text = |key: &str| arguments.get(key).and_then(Value::as_str);
    let write = match name {
        "dunning_letter" => dunning_letter,
        "summarise_account" => summarise_account,
        _ => return Err(ErrorData::invalid_params(format!("unknown prompt `{name}`"), None)),
    };
    let customer_id = text("customer_id")
        .ok_or_else(|| ErrorData::invalid_params("the argument `customer_id` is required", None))?;
    let customer = store
        .customer(customer_id)
        .map_err(database)?
        .ok_or_else(|| ErrorData::invalid_params(format!("no customer `{customer_id}`"), None))?;
    let filter = InvoiceFilter { after: "", customer_id: Some(customer_id), status: None, limit: 50 };
    let invoices = store.invoices(&filter).map_err(database)?;
    let message = write(&customer, &invoices, text("tone").unwrap_or("friendly"));
    Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, message)]))
}

fn dunning_letter(customer: &Customer, invoices: &[Invoice], tone: &str) -> String {
    let unpaid = invoices.iter().filter(|invoice| invoice.status == "overdue").map(line).collect::<String>();
    format!(
        "Write a {tone} reminder to {} ({}). Ask for payment from account {}. Overdue invoices:\n{}",
        customer.name,
        customer.email,
        customer.iban,
        if unpaid.is_empty() { "none; say that nothing is owed.\n" } else { &unpaid },
    )
}

fn summarise_account(customer: &Customer, invoices: &[Invoice], _tone: &str) -> String {
    format!(
        "Summarise this account in five sentences for a colleague.\nName: {}\nE-mail: {}\nPhone: {}\nCard on file: {}\n\
         Invoices:\n{}",
        customer.name,
        customer.email,
        customer.phone,
        customer.card,
        invoices.iter().map(line).collect::<String>(),
    )
}

fn line(invoice: &Invoice) -> String {
    format!("- {} {:.2} {} {}\n", invoice.number, invoice.amount, invoice.currency, invoice.status)
}

/// Completes a customer id, an invoice id or a tone.
///
/// # Errors
/// The database failed.
pub(super) fn complete(
    store: &Store,
    reference: &Reference,
    argument: &str,
    typed: &str,
) -> Result<CompletionInfo, ErrorData> {
    let wanted = match (reference.as_resource_uri(), argument) {
        (Some(uri), "id") if uri.starts_with(CUSTOMER_PREFIX) => customer_ids(store)?,
        (Some(uri), "id") if uri.starts_with(INVOICE_PREFIX) => invoice_ids(store)?,
        (None, "customer_id") => customer_ids(store)?,
        (None, "tone") => vec!["firm".to_owned(), "friendly".to_owned()],
        _ => Vec::new(),
    };
    let mut values = wanted.into_iter().filter(|value| value.starts_with(typed)).collect::<Vec<_>>();
    let total = u32::try_from(values.len()).unwrap_or(u32::MAX);
    values.truncate(CompletionInfo::MAX_VALUES);
    let more = values.len() < total as usize;
    CompletionInfo::with_pagination(values, Some(total), more)
        .map_err(|reason| ErrorData::internal_error(reason, None))
}

fn customer_ids(store: &Store) -> Result<Vec<String>, ErrorData> {
    let filter = CustomerFilter { after: "", country: None, search: None, limit: 1_000 };
    let customers = store.customers(&filter).map_err(database)?;
    Ok(customers.into_iter().map(|customer| customer.customer_id).collect())
}

fn invoice_ids(store: &Store) -> Result<Vec<String>, ErrorData> {
    let filter = InvoiceFilter { after: "", customer_id: None, status: None, limit: 1_000 };
    let invoices = store.invoices(&filter).map_err(database)?;
    Ok(invoices.into_iter().map(|invoice| invoice.invoice_id).collect())
}
