//! Public clients and where they may be sent back to.
//!
//! Every client that registers is a program on this machine, so its redirect goes to a loopback address. The port is free
//! to differ (RFC 8252 §7.3); the rest must be what was registered. The gateway's page is a web client: it is known from
//! the start, and its redirect is one text.

use std::collections::BTreeMap;

use http::Uri;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Secret;

/// The client that needs no registration and may be sent back to any loopback URL.
pub const DEMO_CLIENT: &str = "portcullis-demo";

/// The client that the gateway's page of a request signs in with, once the provider is told where that page is.
pub const PAGE_CLIENT: &str = "portcullis-page";

/// How many clients may register; it bounds memory, not use.
const CLIENT_LIMIT: usize = 1_000;

/// How many redirect URIs one client may register, and how long each may be.
const REDIRECT_LIMIT: usize = 10;
const REDIRECT_LENGTH: usize = 2_000;

/// A redirect URI on this machine: `http`, a loopback host, no fragment and no user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Loopback {
    host: String,
    target: String,
}

/// Where an answer goes: a redirect URI that its client may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Redirect(String);

impl Redirect {
    /// The URI as it was written.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Loopback {
    /// Reads a redirect URI; `None` when it is not on this machine.
    pub(super) fn parse(text: &str) -> Option<Self> {
        // The parser would drop a fragment without a word (RFC 6749 §3.1.2 forbids one).
        if text.len() > REDIRECT_LENGTH || text.contains('#') || text.contains(char::is_whitespace) {
            return None;
        }
        let uri = text.parse::<Uri>().ok()?;
        let authority = uri.authority()?;
        let host = authority.host().to_ascii_lowercase();
        let is_local = ["127.0.0.1", "[::1]", "localhost"].contains(&host.as_str());
        let plain = uri.scheme_str() == Some("http") && !authority.as_str().contains('@');
        let target = uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        (is_local && plain).then_some(Self { host, target })
    }

    /// The same but for the port.
    fn covers(&self, other: &Self) -> bool {
        self.host == other.host && self.target == other.target
    }
}

/// A client that may ask users to sign in.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) id: String,
    /// As it calls itself; shown to users, so never trusted as markup.
    pub(super) name: String,
    redirects: Redirects,
}

/// Where users of a client may be sent back to.
#[derive(Clone, Debug)]
enum Redirects {
    /// Any loopback URI, for [`DEMO_CLIENT`].
    AnyLoopback,
    /// This text, for [`PAGE_CLIENT`].
    Exactly(String),
    /// Any of these, whatever the port.
    Registered(Vec<Loopback>),
}

impl Client {
    /// The redirect URI, if users may be sent back there.
    pub(super) fn redirect(&self, text: &str) -> Option<Redirect> {
        let loopback = || Loopback::parse(text);
        let is_fine = match &self.redirects {
            Redirects::AnyLoopback => loopback().is_some(),
            // OAuth 2.1 §2.3.1: compared as text.
            Redirects::Exactly(known) => known == text,
            Redirects::Registered(known) => {
                loopback().is_some_and(|asked| known.iter().any(|one| one.covers(&asked)))
            }
        };
        is_fine.then(|| Redirect(text.to_owned()))
    }
}

/// The registered clients.
#[derive(Debug, Default)]
pub(super) struct Clients {
    registered: BTreeMap<String, Client>,
    /// Where [`PAGE_CLIENT`] sends people back to.
    page: Option<String>,
}

/// What a client says about itself (RFC 7591 §2). Other members are ignored, as §2 wants.
#[derive(Debug, Deserialize)]
pub(super) struct Registration {
    redirect_uris: Vec<String>,
    client_name: Option<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
}

/// Why a client is not registered (RFC 7591 §3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RegistrationError {
    #[error("redirect_uris must hold 1 to 10 http URLs on 127.0.0.1, [::1] or localhost")]
    Redirect,
    #[error("only public clients with the code flow can register")]
    Metadata,
    #[error("too many clients")]
    Full,
}

impl RegistrationError {
    /// The error code of RFC 7591.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Redirect => "invalid_redirect_uri",
            Self::Metadata | Self::Full => "invalid_client_metadata",
        }
    }
}

impl Clients {
    /// A client by its id.
    pub(super) fn find(&self, id: &str) -> Option<Client> {
        if id == DEMO_CLIENT {
            return Some(Client {
                id: id.to_owned(),
                name: "Portcullis demonstration".to_owned(),
                redirects: Redirects::AnyLoopback,
            });
        }
        if let (PAGE_CLIENT, Some(page)) = (id, &self.page) {
            return Some(Client {
                id: id.to_owned(),
                name: "The approval page of Portcullis".to_owned(),
                redirects: Redirects::Exactly(page.clone()),
            });
        }
        self.registered.get(id).cloned()
    }

    /// Says where [`PAGE_CLIENT`] sends people back to, and nowhere else.
    pub(super) fn set_page(&mut self, redirect: String) {
        self.page = Some(redirect);
    }

    /// Registers a public client and returns what it is told (RFC 7591 §3.2.1).
    ///
    /// # Errors
    /// [`RegistrationError`]: a redirect that is not on this machine, a confidential client, or too many.
    pub(super) fn register(&mut self, asked: &Registration, now: u64) -> Result<Value, RegistrationError> {
        let count = asked.redirect_uris.len();
        let redirects = asked.redirect_uris.iter().filter_map(|uri| Loopback::parse(uri)).collect::<Vec<_>>();
        if count == 0 || count > REDIRECT_LIMIT || redirects.len() != count {
            return Err(RegistrationError::Redirect);
        }
        let public = asked.token_endpoint_auth_method.as_deref().is_none_or(|method| method == "none");
        let code = asked.response_types.as_deref().is_none_or(|types| types == ["code"]);
        let known = ["authorization_code", "refresh_token"];
        let flows = asked.grant_types.iter().flatten().all(|grant| known.contains(&grant.as_str()));
        if !(public && code && flows) {
            return Err(RegistrationError::Metadata);
        }
        if self.registered.len() >= CLIENT_LIMIT {
            return Err(RegistrationError::Full);
        }
        let id = Secret::random().expose().chars().take(22).collect::<String>();
        let name =
            asked.client_name.as_deref().unwrap_or("unnamed client").chars().take(100).collect::<String>();
        let answer = json!({
            "client_id": id,
            "client_id_issued_at": now,
            "client_name": name,
            "redirect_uris": asked.redirect_uris,
            "token_endpoint_auth_method": "none",
            "grant_types": known,
            "response_types": ["code"],
            "application_type": "native",
        });
        let redirects = Redirects::Registered(redirects);
        self.registered.insert(id.clone(), Client { id, name, redirects });
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_loopback_urls_are_redirects() {
        for (text, want) in [
            ("http://127.0.0.1:8080/callback", true),
            ("http://[::1]:1/cb?x=1", true),
            ("http://LOCALHOST/cb", true),
            ("https://127.0.0.1/cb", false),
            ("http://127.0.0.1.evil.example/cb", false),
            ("http://evil.example/127.0.0.1", false),
            ("http://user@127.0.0.1/cb", false),
            ("http://127.0.0.1@evil.example/cb", false),
            ("http://127.0.0.1/cb#fragment", false),
            ("http://127.0.0.1/c b", false),
            ("http://0.0.0.0/cb", false),
            ("cursor://callback", false),
            ("/callback", false),
            ("javascript:alert(1)", false),
            ("", false),
        ] {
            assert_eq!(Loopback::parse(text).is_some(), want, "redirect: {text}");
        }
    }

    #[test]
    fn a_registered_redirect_matches_but_for_its_port() {
        let mut clients = Clients::default();
        let asked =
            serde_json::from_value(json!({ "redirect_uris": ["http://127.0.0.1:1/cb?a=1"] })).unwrap();
        let answer = clients.register(&asked, 0).unwrap();
        let client = clients.find(answer["client_id"].as_str().unwrap()).unwrap();
        for (uri, want) in [
            ("http://127.0.0.1:1/cb?a=1", true),
            ("http://127.0.0.1:9999/cb?a=1", true),
            ("http://127.0.0.1:1/cb", false),
            ("http://127.0.0.1:1/cb?a=2", false),
            ("http://127.0.0.1:1/other?a=1", false),
            ("http://localhost:1/cb?a=1", false),
        ] {
            assert_eq!(client.redirect(uri).is_some(), want, "redirect: {uri}");
        }
    }

    #[test]
    fn the_page_has_one_redirect_to_the_letter() {
        const PAGE: &str = "http://127.0.0.1:3000/approve/signed-in";
        let mut clients = Clients::default();
        assert!(clients.find(PAGE_CLIENT).is_none(), "nobody knows where it is yet");
        clients.set_page(PAGE.to_owned());
        let client = clients.find(PAGE_CLIENT).unwrap();
        for (uri, want) in [
            (PAGE, true),
            ("http://127.0.0.1:3001/approve/signed-in", false),
            ("http://localhost:3000/approve/signed-in", false),
            ("https://127.0.0.1:3000/approve/signed-in", false),
            ("http://127.0.0.1:3000/approve/signed-in/", false),
            ("http://127.0.0.1:3000/approve/signed-in?next=http://evil.example", false),
            ("http://127.0.0.1:3000/approve/%73igned-in", false),
            ("http://127.0.0.1:3000@evil.example/approve/signed-in", false),
            ("HTTP://127.0.0.1:3000/approve/signed-in", false),
        ] {
            assert_eq!(client.redirect(uri).is_some(), want, "redirect: {uri}");
        }
    }

    #[test]
    fn confidential_and_remote_clients_cannot_register() {
        for (asked, want) in [
            (json!({ "redirect_uris": [] }), RegistrationError::Redirect),
            (json!({ "redirect_uris": ["https://evil.example/cb"] }), RegistrationError::Redirect),
            (
                json!({ "redirect_uris": ["http://127.0.0.1/cb", "https://evil.example/cb"] }),
                RegistrationError::Redirect,
            ),
            (
                json!({ "redirect_uris": ["http://127.0.0.1/"], "token_endpoint_auth_method": "client_secret_post" }),
                RegistrationError::Metadata,
            ),
            (
                json!({ "redirect_uris": ["http://127.0.0.1/"], "grant_types": ["client_credentials"] }),
                RegistrationError::Metadata,
            ),
            (
                json!({ "redirect_uris": ["http://127.0.0.1/"], "response_types": ["token"] }),
                RegistrationError::Metadata,
            ),
        ] {
            let registration = serde_json::from_value(asked.clone()).unwrap();
            assert_eq!(Clients::default().register(&registration, 0), Err(want), "{asked}");
        }
    }
}
