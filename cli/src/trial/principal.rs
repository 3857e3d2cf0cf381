//! Who asks: a principal as a person describes it, or as the claims of a token do.

use portcullis_identity::{AttributeValue, Principal, PrincipalKind};
use portcullis_mcp::json::Json;
use portcullis_settings::{ClaimPath, Draft, IssuerName, PrincipalRule};

use crate::trial::problem::suggest;

/// A principal as a person describes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Description {
    /// Unless given, that of the groups, or the only one.
    pub(crate) issuer: Option<String>,
    pub(crate) subject: Option<String>,
    /// Unless given, what the issuer's settings say of all of its callers, or a user.
    pub(crate) kind: Option<PrincipalKind>,
    /// As policies name them: `issuer:group`.
    pub(crate) groups: Vec<String>,
    pub(crate) attributes: Vec<(String, Json<'static>)>,
    pub(crate) client: Option<String>,
}

impl Description {
    /// The principal; the error says what no token of these settings could carry.
    pub(crate) fn principal(self, draft: &Draft) -> Result<Principal, String> {
        let Self { issuer, subject, kind, groups, attributes, client } = self;
        if let Some(bare) = groups.iter().find(|group| !group.contains(':')) {
            let meant: Vec<String> =
                draft.issuers().iter().map(|issuer| format!("`{issuer}:{bare}`")).collect();
            return Err(format!("the group `{bare}` has no issuer; did you mean {}?", meant.join(" or ")));
        }
        let prefix = groups.first().and_then(|group| group.split_once(':')).map(|(prefix, _)| prefix);
        let issuer = issuer_named(draft, issuer.as_deref().or(prefix))?;
        let names = groups.iter().map(|group| of_issuer(group, &issuer)).collect::<Result<Vec<_>, _>>()?;
        let rules = draft.claim_rules(&issuer);
        let kind = kind.unwrap_or(match rules.map(|rules| rules.principal) {
            Some(PrincipalRule::User | PrincipalRule::WorkloadWhen { .. }) => PrincipalKind::User,
            // Callers without a token are programs.
            Some(PrincipalRule::Workload) | None => PrincipalKind::Workload,
        });
        let subject = subject.as_deref().unwrap_or(SOMEBODY);
        let mut principal = Principal::described(&issuer, subject, kind, names)
            .ok_or("a subject and a group have 1 to 512 bytes and no control characters")?;
        let known: Vec<&str> =
            rules.iter().flat_map(|rules| rules.attributes).map(ClaimPath::as_str).collect();
        for (name, value) in attributes {
            if !known.contains(&name.as_str()) {
                let advice = suggest(&name, &known);
                return Err(format!(
                    "`{name}` is not among the `attributes` of `issuers.{issuer}`; {advice}"
                ));
            }
            let value = attribute(&value).ok_or_else(|| {
                format!("`{name}` must be a text, a whole number, true, false or a list of texts")
            })?;
            principal.attributes.insert(name, value);
        }
        principal.client = client;
        Ok(principal)
    }
}

/// The principal of a token with these claims.
pub(crate) fn of_claims(draft: &Draft, issuer: Option<&str>, claims: &[u8]) -> Result<Principal, String> {
    let issuer = issuer_named(draft, issuer)?;
    let rules = draft.claim_rules(&issuer).ok_or_else(|| format!("callers of `{issuer}` have no token"))?;
    Principal::of_claims(claims, rules).map_err(|error| error.to_string())
}

/// `user` or `workload`.
pub(crate) fn kind(text: &str) -> Result<PrincipalKind, String> {
    match text {
        "user" => Ok(PrincipalKind::User),
        "workload" => Ok(PrincipalKind::Workload),
        other => Err(format!("`{other}` is not a kind; {}", suggest(other, &["user", "workload"]))),
    }
}

fn issuer_named(draft: &Draft, name: Option<&str>) -> Result<IssuerName, String> {
    let issuers = draft.issuers();
    match (name, issuers.as_slice()) {
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(format!("say which `issuer`: {}", suggest("", &names(&issuers)))),
        (Some(name), _) => {
            let found = issuers.iter().find(|issuer| issuer.as_str() == name);
            found.cloned().ok_or_else(|| {
                format!("the settings have no issuer `{name}`; {}", suggest(name, &names(&issuers)))
            })
        }
    }
}

fn names(issuers: &[IssuerName]) -> Vec<&str> {
    issuers.iter().map(IssuerName::as_str).collect()
}

/// The name of a group to its issuer, who alone can put somebody into it.
fn of_issuer<'g>(group: &'g str, issuer: &IssuerName) -> Result<&'g str, String> {
    match group.split_once(':') {
        Some((prefix, name)) if prefix == issuer.as_str() => Ok(name),
        Some(_) | None => Err(format!("`{group}` is not a group of the issuer `{issuer}`")),
    }
}

fn attribute(value: &Json<'_>) -> Option<AttributeValue> {
    match value {
        Json::Bool(flag) => Some(AttributeValue::Bool(*flag)),
        Json::Number(number) => number.as_i64().map(AttributeValue::Integer),
        Json::String(text) => Some(AttributeValue::Text(text.clone().into_owned())),
        Json::Array(items) => {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>()?;
            Some(AttributeValue::TextList(texts))
        }
        Json::Null | Json::Object(_) => None,
    }
}

/// Who asks when nobody is named.
const SOMEBODY: &str = "somebody";
