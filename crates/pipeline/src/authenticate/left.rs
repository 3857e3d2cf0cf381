//! Documents of issuers that instances leave for each other in the store.
//!
//! They are sealed, so that whoever else can write there cannot give us keys, nor say where codes go.

use portcullis_identity::UnixSeconds;
use portcullis_identity::seal::Purpose;
use portcullis_settings::IssuerSettings;

use crate::gateway::Gateway;
use crate::ports::{Ports, fresh};

/// A kind of document.
pub(crate) struct Left {
    /// Its part of a key of the store.
    pub(crate) key: &'static str,
    /// What the operator calls it.
    pub(crate) name: &'static str,
    pub(crate) purpose: Purpose,
}

/// What is sealed: whose document, from when, and the document.
type Stored = (String, u64, String);

impl Left {
    fn key(&self, gateway: &Gateway, issuer: &IssuerSettings) -> String {
        format!("pc1:{}:{}:{}", gateway.app().as_str(), self.key, issuer.name)
    }

    /// What another instance has left, and from when it is.
    pub(crate) async fn read<P: Ports>(
        &self,
        gateway: &Gateway,
        ports: &P,
        issuer: &IssuerSettings,
    ) -> Option<(UnixSeconds, String)> {
        let value = ports.get(&self.key(gateway, issuer)).await.ok()??;
        let plain = gateway.sealer().open(self.purpose, std::str::from_utf8(&value).ok()?).ok()?;
        let (url, at, document): Stored = serde_json::from_slice(&plain).ok()?;
        // The settings may have given the name to another issuer meanwhile.
        (url == issuer.url.as_str()).then_some((UnixSeconds(at), document))
    }

    /// Leaves a document for other instances. That it fails only costs them a fetch.
    pub(crate) async fn write<P: Ports>(
        &self,
        gateway: &Gateway,
        ports: &P,
        (issuer, now): (&IssuerSettings, UnixSeconds),
        document: &[u8],
    ) {
        let text = String::from_utf8_lossy(document).into_owned();
        let fields: Stored = (issuer.url.as_str().to_owned(), now.0, text);
        let Ok(plain) = serde_json::to_vec(&fields) else { return };
        let Ok(sealed) = gateway.sealer().seal(self.purpose, &plain, fresh(ports)) else { return };
        if let Err(error) = ports.set(&self.key(gateway, issuer), sealed.as_bytes()).await {
            ports.log(&format!("{} of issuer `{}` cannot be stored: {error}", self.name, issuer.name));
        }
    }
}
