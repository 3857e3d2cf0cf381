//! Signing in from the gateway's page of a request.

use super::*;

const PAGE: &str = "http://127.0.0.1:3000/approve/signed-in";
const API: &str = "http://127.0.0.1:3000/api";

fn asking_for_page(changes: &[(&str, &str)]) -> String {
    let page = [("client_id", PAGE_CLIENT), ("redirect_uri", PAGE), ("resource", API), ("scope", "")];
    let kept = page.into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    asking(&kept.chain(changes.iter().copied()).collect::<Vec<_>>())
}

/// The fields that come back to the page, for whoever is picked there.
async fn picked(provider: &Provider, target: &str, persona: &str) -> Form {
    let page = get(provider, target).await;
    assert_eq!(page.status(), StatusCode::OK, "{target}");
    let html = std::str::from_utf8(page.body()).unwrap();
    assert!(
        html.contains("The approval page of Portcullis") && html.contains("Mei Tanaka, finance"),
        "{html}"
    );
    let ticket = html.split("name=\"request\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let pick = encode([("request", ticket), ("persona", persona)]);
    let picked = send(provider, "POST", "/authorize", &[], &pick).await;
    assert_eq!(picked.status(), StatusCode::SEE_OTHER);
    let location = picked.headers()["location"].to_str().unwrap();
    Form::parse(location.strip_prefix(PAGE).unwrap().strip_prefix('?').unwrap()).unwrap()
}

async fn exchange_page(provider: &Provider, code: &str, changes: &[(&str, &str)]) -> Response<Bytes> {
    let page = [("client_id", PAGE_CLIENT), ("redirect_uri", PAGE), ("resource", API)];
    let kept = page.into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    exchange_code(provider, code, &kept.chain(changes.iter().copied()).collect::<Vec<_>>()).await
}

#[tokio::test]
async fn whoever_is_picked_gets_a_token_for_the_api_and_nothing_else() {
    let provider = provider().await;
    provider.serve_page(PAGE);
    let target = asking_for_page(&[("prompt", ""), ("login_hint", "")]);
    let back = picked(&provider, &target, "finance").await;
    assert_eq!((back.value("iss"), back.value("state")), (Some(provider.issuer()), Some("a state & more")));
    let answer = json(&exchange_page(&provider, back.value("code").unwrap(), &[]).await);
    let claims = claims(answer["access_token"].as_str().unwrap());
    assert_eq!(
        (&claims["aud"], &claims["groups"], &claims["client_id"]),
        (&json!(API), &json!(["finance"]), &json!(PAGE_CLIENT))
    );
    assert!(answer.get("id_token").is_none(), "nobody has asked for one");
}

#[tokio::test]
async fn people_are_sent_back_to_the_page_only_and_not_before_it_is_known() {
    let provider = provider().await;
    assert_eq!(get(&provider, &asking_for_page(&[])).await.status(), StatusCode::BAD_REQUEST);
    provider.serve_page(PAGE);
    assert_eq!(get(&provider, &asking_for_page(&[])).await.status(), StatusCode::SEE_OTHER);
    for redirect in [
        "http://127.0.0.1:3001/approve/signed-in",
        "http://127.0.0.1:3000/approve/signed-in?to=x",
        "http://127.0.0.1:3000/approve/other",
        "https://evil.example/approve/signed-in",
        "",
    ] {
        let answer = get(&provider, &asking_for_page(&[("redirect_uri", redirect)])).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{redirect}");
        assert!(!answer.headers().contains_key("location"), "{redirect}");
    }
}

#[tokio::test]
async fn the_page_must_prove_that_it_asked() {
    let provider = provider().await;
    provider.serve_page(PAGE);
    for (change, want) in [
        (("code_verifier", "another-verifier-of-at-least-forty-three-chars"), "invalid_grant"),
        (("client_id", DEMO_CLIENT), "invalid_grant"),
        (("redirect_uri", "http://127.0.0.1:3001/approve/signed-in"), "invalid_grant"),
        (("resource", "http://127.0.0.1:3000/mcp/billing"), "invalid_target"),
    ] {
        let back = get(&provider, &asking_for_page(&[("login_hint", "finance")])).await;
        let location = back.headers()["location"].to_str().unwrap();
        let back = Form::parse(location.strip_prefix(PAGE).unwrap().strip_prefix('?').unwrap()).unwrap();
        let refused = exchange_page(&provider, back.value("code").unwrap(), &[change]).await;
        assert_eq!(json(&refused)["error"], want, "{change:?}");
    }
}
