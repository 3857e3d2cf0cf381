//! Where requests for approval are looked at: the page and the API of the console.

use http::Request;
use portcullis_demo::oidc::Persona;
use portcullis_tests::client::{self, Answer, full};
use portcullis_tests::{Gateway, Options, run};

const ID: &str = "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5-1";

async fn get(gateway: &Gateway, path: &str, token: Option<&str>) -> Answer {
    let mut request = Request::builder().uri(path).header("host", gateway.address.to_string());
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    client::send(gateway.address, request.body(full(Vec::new())).unwrap()).await
}

#[test]
fn the_page_and_the_list_of_requests_are_served_beside_the_data_path() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        let page = get(&gateway, &format!("/approve/{ID}"), None).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.text.contains(&format!("portcullis approvals show {ID}")), "{page:?}");
        assert_eq!(get(&gateway, "/approve/approve.js", None).await.status, 200);
        assert_eq!(get(&gateway, "/approve/x", None).await.status, 404);

        let audience = format!("http://{}/api", gateway.address);
        let vendor = gateway.provider.token(Persona::Vendor, &audience).expose().to_owned();
        assert_eq!(get(&gateway, "/api/approvals", None).await.status, 401);
        let denied = get(&gateway, "/api/approvals", Some(&vendor)).await;
        assert!(denied.status == 403 && denied.text.contains("\"denied\""), "{denied:?}");
    });
}
