//! An upstream that fails is left alone for a while.

use portcullis_pipeline::FetchError;

use crate::office::{call, pass, told};
use crate::support::{
    Client, POLICIES, SETTINGS, intents, legacy_result, refusals, response, sent, unreachable, upstream,
    whole,
};
use crate::world::{End, Upstream, World};

fn world() -> World {
    let breaker =
        "breaker = { failures = 2, pause_seconds = 5, longest_pause_seconds = 60 }\n[connections.photos]";
    World::of(&SETTINGS.replace("[connections.photos]", breaker), POLICIES)
}

fn works(world: &World) {
    upstream(world, |sent| whole(&sent.result(&legacy_result("hello"))));
}

const FAILED: &str = "the server behind the gateway failed";

#[test]
fn it_opens_after_failures_in_a_row_and_closes_when_a_try_succeeds() {
    let world = world();
    let ada = Client::new(&world);
    upstream(&world, |_| unreachable());
    for _ in 0..2 {
        assert_eq!(told(&call(&ada)), FAILED);
    }
    let recorded = intents(&world).len();
    sent(&world);
    let done = call(&ada);
    assert_eq!(
        (done.status, told(&done).as_str()),
        (200, "the server behind the gateway keeps failing; try again in 5 s")
    );
    assert!(sent(&world).is_empty(), "it is left alone");
    assert_eq!(intents(&world).len(), recorded, "and nothing is on record as leaving");
    assert_eq!(refusals(&world).pop().unwrap().kind, "upstream_paused");
    // Another server has nothing to do with it.
    assert_eq!(told(&call(&ada.clone().on("photos"))), FAILED);
    // A try that fails doubles the pause; one that succeeds ends it.
    pass(&world, 5_000);
    assert_eq!(told(&call(&ada)), FAILED);
    assert_eq!(told(&call(&ada)), "the server behind the gateway keeps failing; try again in 10 s");
    pass(&world, 10_000);
    works(&world);
    for _ in 0..3 {
        assert_eq!(told(&call(&ada)), "hello");
    }
}

#[test]
fn only_what_says_that_the_server_cannot_serve_is_a_failure() {
    let html = |status: u16| response(status, "text/html", vec![b"<p>".to_vec()], End::Whole);
    for (answer, opens) in [
        (unreachable(), true),
        (Upstream::Fails(FetchError::TimedOut), true),
        (html(502), true),
        (html(503), true),
        (html(504), true),
        // It answers, whatever it says; and what the platform forbids, it never got.
        (html(500), false),
        (html(403), false),
        (response(200, "application/json", vec![b"nonsense".to_vec()], End::Whole), false),
        (Upstream::Fails(FetchError::NotAllowed("elsewhere".into())), false),
    ] {
        let world = world();
        upstream(&world, move |_| answer.clone());
        for _ in 0..4 {
            call(&Client::new(&world));
        }
        assert_eq!(
            sent(&world).len() == 2,
            opens,
            "{:?}",
            refusals(&world).last().map(|refusal| &refusal.kind)
        );
    }
}

#[test]
fn failures_must_be_in_a_row() {
    let world = world();
    let ada = Client::new(&world);
    for _ in 0..3 {
        upstream(&world, |_| unreachable());
        assert_eq!(told(&call(&ada)), FAILED);
        works(&world);
        assert_eq!(told(&call(&ada)), "hello");
    }
}
