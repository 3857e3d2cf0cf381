//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use portcullis_demo::oidc::Persona;
use portcullis_pins::Kind;

use crate::access::Access;
use crate::approvals::Approvals;
use crate::maintain::Maintain;
use crate::policy::Policy;
use crate::replay::Replay;
use crate::sessions::Sessions;
use crate::verify::Verify;

/// An identity-aware gateway for the Model Context Protocol.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask to be in a group for a time.
    Access(Access),
    /// Look at what waits for people, and decide on it.
    Approvals(Approvals),
    /// Call a tool through a gateway and print its result.
    Call(Call),
    /// Check the settings and policies in a folder.
    Check(Check),
    /// Run only the services of the demo, for use with `spin up`.
    Demo(Demo),
    /// Say how one question is decided by the policies in a folder, and why.
    Explain(Box<Explain>),
    /// Find sensitive values in texts, and mask them.
    Inspect(Inspect),
    /// Have a running gateway do what has to be done now and then, for a cron job.
    Maintain(Maintain),
    /// Show what an upstream server says of its tools, and approve it.
    Pin(Pin),
    /// Push policies to a running gateway, and make what that needs.
    Policy(Policy),
    /// Print the records in a store on this machine, in clear.
    Records(Records),
    /// Play a recording of a running gateway as a timeline, or judge recorded calls again by other policies.
    Replay(Box<Replay>),
    /// List the recordings of a running gateway, or fetch an export of them.
    Sessions(Box<Sessions>),
    /// Run the policy tests in a folder.
    Test(Test),
    /// Print a development token of the running demo.
    Token(Token),
    /// Run the application of a `spin.toml` on this machine.
    Up(Box<Up>),
    /// Prove an export of records, without the gateway and without its secret.
    Verify(Verify),
}

/// `portcullis up`
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Also run the demo: an internal MCP server and an identity provider on free loopback ports.
    #[arg(long)]
    pub(crate) demo: bool,
    /// The address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    pub(crate) listen: SocketAddr,
    /// The manifest.
    #[arg(long, short = 'f', value_name = "FILE", default_value = "spin.toml")]
    pub(crate) from: PathBuf,
    /// The value of a variable; before SPIN_VARIABLE_<NAME> and the manifest's default.
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) variables: Vec<(String, String)>,
    /// Where data and compiled components are kept; `.portcullis` beside the manifest unless set.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Where compiled components are kept, which are programs that will run; in the folder above unless set.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// The certificate chain to serve TLS with.
    #[arg(long, value_name = "PEM", requires = "tls_key", env = "SPIN_TLS_CERT")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key to serve TLS with.
    #[arg(long, value_name = "PEM", requires = "tls_cert", env = "SPIN_TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Certificates to trust for outbound requests, besides the public roots.
    #[arg(long, value_name = "PEM")]
    pub(crate) extra_roots: Vec<PathBuf>,
    /// Requests that one instance takes in all.
    #[arg(long, value_name = "COUNT", default_value_t = 128)]
    pub(crate) max_instance_reuse_count: usize,
    /// Requests that one instance takes at a time.
    #[arg(long, value_name = "COUNT", default_value_t = 16)]
    pub(crate) max_instance_concurrent_reuse_count: usize,
    /// How long an instance without work is kept, such as `1s` or `500ms`.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub(crate) idle_instance_timeout: Duration,
    /// How long a request may take until the head of its answer is sent; no limit unless set.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) request_timeout: Option<Duration>,
    /// How long requests in flight may go on after SIGINT or SIGTERM.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) grace: Duration,
}

/// `portcullis demo`
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where the gateway will listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    pub(crate) listen: SocketAddr,
    /// The folder that tells other commands where the demo runs.
    #[arg(long, value_name = "FOLDER", default_value = ".portcullis")]
    pub(crate) state_dir: PathBuf,
}

/// `portcullis token`
#[derive(Debug, Args)]
pub(crate) struct Token {
    /// Whose token: vendor, support, finance, writer, auditor or ci.
    #[arg(long = "as", value_name = "PERSONA")]
    pub(crate) persona: Persona,
    /// The connection, or the resource URL, that the token is for.
    #[arg(long, default_value = "billing")]
    pub(crate) audience: String,
    /// The folder of the running demo.
    #[arg(long, value_name = "FOLDER", default_value = ".portcullis")]
    pub(crate) state_dir: PathBuf,
}

/// `portcullis call`
#[derive(Debug, Args)]
pub(crate) struct Call {
    /// Call as a persona of the running demo.
    #[arg(long = "as", value_name = "PERSONA", conflicts_with_all = ["gateway", "token_file"])]
    pub(crate) persona: Option<Persona>,
    /// Another gateway's public URL.
    #[arg(long, value_name = "URL", requires = "token_file")]
    pub(crate) gateway: Option<String>,
    /// A file with the token for it.
    #[arg(long, value_name = "FILE", requires = "gateway")]
    pub(crate) token_file: Option<PathBuf>,
    /// The folder of the running demo.
    #[arg(long, value_name = "FOLDER", default_value = ".portcullis")]
    pub(crate) state_dir: PathBuf,
    /// The connection.
    pub(crate) connection: String,
    /// The tool; without it, the tools are listed.
    pub(crate) tool: Option<String>,
    /// The tool's arguments; a value that is JSON is taken as JSON, any other as text.
    #[arg(value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) arguments: Vec<(String, String)>,
}

/// `portcullis check`
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The folder with `portcullis.toml` and the `.cedar` files.
    #[arg(default_value = "policies")]
    pub(crate) folder: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portcullis pin`
#[derive(Debug, Args)]
pub(crate) struct Pin {
    /// The folder with `portcullis.toml` and the `.cedar` files; the pins are in its folder `pins`.
    #[arg(long, value_name = "FOLDER", default_value = "policies")]
    pub(crate) policies: PathBuf,
    /// The manifest, for the variables of the settings.
    #[arg(long, short = 'f', value_name = "FILE", default_value = "spin.toml")]
    pub(crate) manifest: PathBuf,
    /// The value of a variable; before SPIN_VARIABLE_<NAME>, the running demo and the manifest's default.
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) variables: Vec<(String, String)>,
    /// The folder of the running demo, if one runs.
    #[arg(long, value_name = "FOLDER", default_value = ".portcullis")]
    pub(crate) state_dir: PathBuf,
    /// Certificates to trust, besides the public roots.
    #[arg(long, value_name = "PEM")]
    pub(crate) extra_roots: Vec<PathBuf>,
    /// Only these: prompts, resources, resource-templates or tools; all unless given. May be repeated.
    #[arg(long = "kind", value_name = "KIND", value_parser = kind)]
    pub(crate) kinds: Vec<Kind>,
    /// Write without asking.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Write nothing; end with 1 if something differs from its pin.
    #[arg(long, conflicts_with = "yes")]
    pub(crate) check: bool,
    /// The connection.
    pub(crate) connection: String,
}

/// `portcullis test`
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// The folder with `portcullis.toml` and the `.cedar` files; the tests are in its folder `tests`.
    #[arg(default_value = "policies")]
    pub(crate) folder: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portcullis explain`
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A group that the caller is in, as `issuer:group`; may be repeated.
    #[arg(long = "group", value_name = "GROUP")]
    pub(crate) groups: Vec<String>,
    /// Who calls, to its issuer.
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// Whose caller it is; that of the groups, or the only one, unless set.
    #[arg(long)]
    pub(crate) issuer: Option<String>,
    /// Whether a person calls or a program: user or workload.
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// A claim that policies see as a tag; may be repeated. JSON, or else a text.
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) attributes: Vec<(String, String)>,
    /// The OAuth client that the token was made for.
    #[arg(long)]
    pub(crate) client: Option<String>,
    /// A file with the claims of a token as JSON, instead of all that is above but the issuer.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["groups", "subject", "kind", "attributes", "client"])]
    pub(crate) claims: Option<PathBuf>,
    /// A class that was found in the request; may be repeated. Found in the arguments unless set.
    #[arg(long = "label", value_name = "CLASS")]
    pub(crate) labels: Vec<String>,
    /// What was used before, as day.calls=300 or day.distinct.pii.email=200, or `unknown`; may be repeated. 0 unless set.
    #[arg(long = "usage", value_name = "COUNT=NUMBER")]
    pub(crate) usage: Vec<String>,
    /// When it is asked, such as 2026-03-02T10:30:00Z; now unless set.
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<String>,
    /// Get a prompt instead of calling a tool.
    #[arg(long, value_name = "NAME", group = "other")]
    pub(crate) prompt: Option<String>,
    /// Ask people to be in a group for a time.
    #[arg(long, value_name = "GROUP", group = "other")]
    pub(crate) request_access: Option<String>,
    /// Read a resource.
    #[arg(long, value_name = "URI", group = "other")]
    pub(crate) resource: Option<String>,
    /// Subscribe to a resource.
    #[arg(long, value_name = "URI", group = "other")]
    pub(crate) subscribe: Option<String>,
    /// See a class of data in clear.
    #[arg(long, value_name = "CLASS", group = "other")]
    pub(crate) unmask: Option<String>,
    /// Have the tool get values of a class in the place of tokens.
    #[arg(long, value_name = "CLASS", group = "other")]
    pub(crate) detokenize: Option<String>,
    /// Do something to the connection as a whole, such as approve, configure or elicit.
    #[arg(long, value_name = "NAME", group = "other")]
    pub(crate) action: Option<String>,
    /// The folder with `portcullis.toml` and the `.cedar` files.
    #[arg(long, value_name = "FOLDER", default_value = "policies")]
    pub(crate) policies: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// The connection.
    pub(crate) connection: String,
    /// The tool, and its arguments; a value that is JSON is taken as JSON, any other as text.
    #[arg(value_name = "TOOL] [NAME=VALUE")]
    pub(crate) call: Vec<String>,
}

/// `portcullis records`
#[derive(Debug, Args)]
pub(crate) struct Records {
    /// The file of the key-value store.
    #[arg(long, value_name = "FILE", default_value = ".portcullis/key-value.db")]
    pub(crate) store: PathBuf,
    /// The gateway's secret key, and any before it; that of the demo unless set. In the environment, separated by commas.
    #[arg(
        long = "secret-key",
        value_name = "SECRET",
        env = "SPIN_VARIABLE_SECRET_KEY",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub(crate) secret_keys: Vec<String>,
}

/// `portcullis inspect`
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The files; `-`, or none at all, is standard input.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// What is read and printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// The same as `--format json`.
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    /// Print the masked text: with `--format text` nothing else, otherwise besides what was found.
    #[arg(long)]
    pub(crate) masked: bool,
    /// Also print the labels that policies see in a request with this text, such as sql.destructive.
    #[arg(long)]
    pub(crate) request: bool,
    /// A folder with `portcullis.toml`, whose detectors and masking count; only what is built in unless set.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) policies: Option<PathBuf>,
}

/// What `portcullis inspect` reads and prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Each file is one text; a line for each finding.
    Text,
    /// Each file is one text; one JSON document.
    Json,
    /// Lines of JSON, each with an `id` and a `text`; a line of JSON for each of them.
    Jsonl,
}

pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn kind(text: &str) -> Result<Kind, String> {
    match text {
        "prompts" => Ok(Kind::Prompt),
        "resources" => Ok(Kind::Resource),
        "resource-templates" => Ok(Kind::ResourceTemplate),
        "tools" => Ok(Kind::Tool),
        _ => Err("expected prompts, resources, resource-templates or tools".to_owned()),
    }
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit): (&str, fn(u64) -> Duration) = match text {
        text if text.ends_with("ms") => (text.trim_end_matches("ms"), Duration::from_millis),
        text if text.ends_with('s') => (text.trim_end_matches('s'), Duration::from_secs),
        text if text.ends_with('m') => {
            (text.trim_end_matches('m'), |minutes| Duration::from_secs(minutes.saturating_mul(60)))
        }
        _ => return Err("expected a number with `ms`, `s` or `m`".to_owned()),
    };
    number.parse().map(unit).map_err(|_| format!("`{number}` is not a whole number"))
}
