//! The demo: a billing server, an identity provider, and what to try with them.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::Context as _;
use portcullis_demo::Secret;
use portcullis_demo::billing::{Billing, BillingConfig};
use portcullis_demo::oidc::{Provider, ProviderConfig};
use portcullis_demo::state::{DemoState, StateFile};
use portcullis_settings::PolicyKey;

use crate::policy::SecretKey;
use crate::terminal::{Style, line};

const CONNECTION: &str = "billing";

/// The running services and the secrets between them and the gateway.
pub(super) struct Demo {
    gateway_url: String,
    billing: Billing,
    provider: Provider,
    credential: Secret,
    secret_key: Secret,
    /// What policies are signed with.
    policy_key: PolicyKey,
}

impl Demo {
    /// Starts both services on free loopback ports, for a gateway at this URL.
    ///
    /// The key for policies and the secret of the gateway are kept in the folder: what was pushed and recorded in earlier
    /// runs is in the store there.
    pub(super) async fn start(gateway_url: &str, folder: &Path) -> anyhow::Result<Self> {
        let policy_key = policy_key(folder)?;
        let credential = Secret::random();
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let provider = Provider::start(ProviderConfig { listen, ..ProviderConfig::default() }).await?;
        provider.serve_page(&format!("{gateway_url}/approve/signed-in"));
        Ok(Self {
            gateway_url: gateway_url.to_owned(),
            billing: Billing::start(BillingConfig::new(credential.clone())).await?,
            provider,
            credential,
            secret_key: secret_key(folder)?,
            policy_key,
        })
    }

    /// What the manifest's variables are in the demo.
    pub(super) fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.upstream();
        variables.extend(
            [
                ("public_url", self.gateway_url.as_str()),
                ("secret_key", self.secret_key.expose()),
                ("oidc_issuer", self.provider.issuer()),
                ("oidc_origin", self.provider.issuer()),
                ("policy_key", &self.policy_key.to_string()),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        variables
    }

    /// Those of them that are about the internal server.
    fn upstream(&self) -> BTreeMap<String, String> {
        [
            ("billing_origin", format!("http://{}", self.billing.addr)),
            ("billing_token", self.credential.expose().to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// Tells other commands where the demo runs, until the returned guard is dropped.
    pub(super) fn announce(&self, folder: &Path) -> anyhow::Result<StateFile> {
        let state = DemoState {
            gateway_url: self.gateway_url.clone(),
            issuer: self.provider.issuer().to_owned(),
            development_token_url: self.provider.development_token_url(),
            development_secret: self.provider.development_secret().clone(),
            connections: BTreeMap::from([(CONNECTION.to_owned(), self.endpoint())]),
            upstream: self.upstream(),
            pid: std::process::id(),
        };
        Ok(state.write(folder)?)
    }

    pub(super) async fn stop(self) {
        self.provider.stop().await;
        self.billing.stop().await;
    }

    fn endpoint(&self) -> String {
        format!("{}/mcp/{CONNECTION}", self.gateway_url)
    }

    /// Says what runs and what to try.
    pub(super) fn explain(&self) {
        let style = Style::of_output();
        let portcullis = command();
        let endpoint = self.endpoint();
        line(&style.bold("Portcullis demo: the gateway runs in front of an internal billing server."));
        line("");
        line(&format!("  endpoint   {}", style.accent(&endpoint)));
        line(&format!("  a token    {}", style.accent(&format!("{portcullis} token --as vendor"))));
        line(&format!(
            "             {}",
            style.faint("personas: vendor, support, finance, writer, ci; tokens last 15 minutes")
        ));
        line(&format!("  a client   {}", style.faint("signs in at the demo's identity provider by itself:")));
        line(&format!(
            "             {}",
            style.accent(&format!(r#"{{"mcpServers":{{"billing":{{"type":"http","url":"{endpoint}"}}}}}}"#))
        ));
        line("");
        line(&style.bold("Try, in another terminal in this folder:"));
        for (what, arguments) in TRY {
            line(&format!("  {}", style.faint(what)));
            line(&format!("  {}", style.accent(&format!("{portcullis} call {arguments}"))));
        }
        line(&format!(
            "  {}",
            style.faint("change a file in policies/, and have it in force within a second")
        ));
        line(&format!("  {}", style.accent(&format!("{portcullis} policy push --as writer"))));
        line("");
        line(&style.faint("Stop with Ctrl-C."));
    }

    /// Says how to run the gateway on Spin beside the services.
    pub(super) fn explain_spin(&self, listen: SocketAddr) {
        let style = Style::of_output();
        line(&style.bold("The demo's services run. In another terminal, run the gateway on Spin:"));
        line("");
        line(&format!("  spin up --listen {listen} \\"));
        let variables: Vec<String> =
            self.variables().iter().map(|(name, value)| format!("    --variable {name}='{value}'")).collect();
        line(&variables.join(" \\\n"));
        line("");
        line(&style.faint("Stop with Ctrl-C."));
    }
}

/// The name of the demo's key for policies, in the settings.
pub(crate) const KEY_ID: &str = "demo";
/// Where it is, in the folder of the demo.
pub(crate) const KEY_FILE: &str = "policy.key";

/// The public key for policies; the secret one is made if it is not there yet.
fn policy_key(folder: &Path) -> anyhow::Result<PolicyKey> {
    let path = folder.join(KEY_FILE);
    if path.exists() {
        return Ok(SecretKey::read(&path)?.public());
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let key = SecretKey::random()?;
    key.write(&path)?;
    Ok(key.public())
}

/// The secret key of the demo's gateway, in the folder of its store.
pub(crate) const SECRET_FILE: &str = "secret.key";

/// The secret key; made if it is not there yet.
fn secret_key(folder: &Path) -> anyhow::Result<Secret> {
    let path = folder.join(SECRET_FILE);
    if let Ok(known) = fs::read_to_string(&path) {
        return Ok(Secret::new(known.trim().to_owned()));
    }
    let secret = Secret::random();
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&path).and_then(|mut file| file.write_all(secret.expose().as_bytes()));
    written.with_context(|| format!("cannot write {}", path.display()))?;
    Ok(secret)
}

/// What shows in a minute what the gateway is for.
const TRY: [(&str, &str); 3] = [
    (
        "a contractor reads a customer: card, IBAN and e-mail are masked",
        "--as vendor billing get_customer customer_id=cus_0001",
    ),
    (
        "the same contractor wants to pay money out: denied",
        "--as vendor billing refund invoice_id=inv_0001 amount=5 reason=goodwill",
    ),
    (
        "finance may, and the refund happens",
        "--as finance billing refund invoice_id=inv_0001 amount=5 reason=goodwill",
    ),
];

/// How to call this program again: its path from here, if it is below this folder.
fn command() -> String {
    let Ok(program) = env::current_exe() else { return "portcullis".to_owned() };
    let below =
        env::current_dir().ok().and_then(|folder| program.strip_prefix(folder).ok().map(Path::to_path_buf));
    below.unwrap_or(program).display().to_string()
}
