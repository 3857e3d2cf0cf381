//! The two HTML pages: pick a persona, or read why not. No script, nothing loaded, not to be framed.

use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};

use super::metadata::AUTHORIZE;
use super::personas::Persona;
use crate::http::{Reply, body};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:12vh auto;padding:0 1rem;color:#1a1a1a}\
    h1{font-size:1.3rem}button{display:block;width:100%;margin:.5rem 0;padding:.7rem 1rem;font:inherit;text-align:left;\
    border:1px solid #bbb;border-radius:.4rem;background:#fff;cursor:pointer}button:hover,button:focus{background:#eef3ff;\
    border-color:#36c}small{color:#555}code{overflow-wrap:anywhere}";

/// The page on which a person is picked. Names come from clients, so all of them are escaped.
pub(super) fn pick(client: &str, redirect: &str, request: &str) -> Reply {
    let buttons = Persona::ALL.into_iter().filter(|persona| !persona.is_workload()).map(|persona| {
        format!(
            "<button name=\"persona\" value=\"{}\">{}<br><small>{}</small></button>",
            persona.name(),
            escape(persona.display_name()),
            escape(persona.subject()),
        )
    });
    let content = format!(
        "<h1>Who are you today?</h1><p><b>{}</b> asks you to sign in. You will return to <code>{}</code>.</p>\
         <form method=\"post\" action=\"{AUTHORIZE}\"><input type=\"hidden\" name=\"request\" value=\"{}\">{}</form>\
         <p><small>Development only: there is no password.</small></p>",
        escape(client),
        escape(redirect),
        escape(request),
        buttons.collect::<String>(),
    );
    html(StatusCode::OK, &content)
}

/// The page that says why nothing happens.
pub(super) fn refuse(reason: &str) -> Reply {
    html(StatusCode::BAD_REQUEST, &format!("<h1>Sign-in is not possible</h1><p>{}</p>", escape(reason)))
}

fn html(status: StatusCode, content: &str) -> Reply {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Portcullis demo sign-in</title><style>{STYLE}</style>{content}</html>"
    );
    let mut reply = body::no_store(body::reply(status, "text/html; charset=utf-8", page));
    let headers = reply.headers_mut();
    // No `form-action`: browsers apply it to the redirect after the form, which goes to the client.
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
        ),
    );
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply
}

/// Text as HTML, good for elements and for quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped() {
        assert_eq!(
            escape(r#"<b title="x" class='y'>&</b>"#),
            "&lt;b title=&quot;x&quot; class=&#39;y&#39;&gt;&amp;&lt;/b&gt;"
        );
    }
}
