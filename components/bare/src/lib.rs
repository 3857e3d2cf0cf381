//! A pass-through: the least that a component in the data path can do. The benchmark measures the gateway
//! against it, so that what the platform costs is not counted as what the gateway costs.
//!
//! It copies nothing but the headers that MCP needs, hands both bodies through and checks nothing. Never
//! put it in front of anything that matters.

use spin_sdk::http::{Error, HeaderMap, IntoRequest as _, Request, Uri};
use spin_sdk::http_service;
use spin_sdk::wasip3::http::{client, types};

const PASSED: [&str; 6] =
    ["accept", "authorization", "content-type", "mcp-protocol-version", "mcp-method", "mcp-name"];

#[http_service]
async fn pass(request: Request) -> Result<types::Response, Error> {
    let upstream =
        spin_sdk::variables::get("upstream").await.map_err(|error| Error::other(error.to_string()))?;
    let (mut parts, body) = request.into_parts();
    parts.uri = upstream.parse::<Uri>().map_err(|error| Error::other(error.to_string()))?;
    parts.headers = passed(&parts.headers);
    let outgoing = Request::from_parts(parts, body).into_request()?;
    Ok(client::send(outgoing).await?)
}

fn passed(headers: &HeaderMap) -> HeaderMap {
    let names = headers.iter().filter(|(name, _)| PASSED.contains(&name.as_str()));
    names.map(|(name, value)| (name.clone(), value.clone())).collect()
}
