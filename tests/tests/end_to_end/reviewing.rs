//! Where requests for approval are looked at: the page and the API of the console.

use portcullis_demo::oidc::Persona;
use portcullis_tests::client::{self, Answer};
use portcullis_tests::{Gateway, Options, run};

const ID: &str = "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5-1";

async fn get(gateway: &Gateway, path: &str) -> Answer {
    client::console(gateway.address, None, path, None).await
}

#[test]
fn the_page_and_the_list_of_requests_are_served_beside_the_data_path() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        let page = get(&gateway, &format!("/approve/{ID}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.text.contains(&format!("portcullis approvals show {ID}")), "{page:?}");
        assert_eq!(get(&gateway, "/approve/approve.js").await.status, 200);
        assert_eq!(get(&gateway, "/approve/x").await.status, 404);

        assert_eq!(get(&gateway, "/api/approvals").await.status, 401);
        let denied = gateway.api(Persona::Vendor, "/api/approvals", None).await;
        assert!(denied.status == 403 && denied.text.contains("\"denied\""), "{denied:?}");
    });
}
