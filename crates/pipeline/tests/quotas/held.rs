//! A call that people must approve counts when it goes on, and not before.

use portcullis_approval::{Cast, Read, RequestId, Seen, Voter};
use portcullis_identity::{Principal, PrincipalKind};
use portcullis_ledger::UnixMillis;
use portcullis_pipeline::{drive, settle};

use crate::office::{call, check, policies, told, vendor};
use crate::support::{self, legacy_result, sent, upstream, whole};
use crate::world::World;

const HELD: &str = r#"@id("held") @approval("idp:boss") forbid (principal in Group::"idp:vendors", action == Action::"crm/read", resource);"#;

fn approve(world: &World, id: RequestId) {
    let (vault, at) = (world.gateway.approvals(), UnixMillis(world.ports.now.get()));
    let read = || {
        let mut read = Read::new(vault, id);
        pollster::block_on(drive(&*world.ports, &mut read));
        read.finish(at).unwrap().unwrap()
    };
    let case = read().case;
    let boss = Principal::for_test("idp", "bob", PrincipalKind::User, &["boss"]);
    let vote = case.approve(&Voter::of(&boss).unwrap(), Seen { request: case.digest(), at }, None).unwrap();
    let mut cast = Cast::vote(vault, &case, vote);
    pollster::block_on(drive(&*world.ports, &mut cast));
    cast.finish().unwrap();
    pollster::block_on(settle(&*world.ports, read().settle));
}

#[test]
fn a_held_call_counts_once_when_it_goes_on() {
    let world = World::of(support::SETTINGS, &format!("{}{HELD}", policies("day.calls >= 9")));
    upstream(&world, |sent| whole(&sent.result(&legacy_result("hello"))));
    let held = told(&call(&vendor(&world)));
    let (_, rest) = held.split_once("(request ").unwrap_or_else(|| panic!("not held: {held}"));
    let id: RequestId = rest.split(')').next().unwrap().parse().unwrap();
    call(&vendor(&world));
    check(&world, &["day.calls == 0", "day.denials == 0"]);
    approve(&world, id);
    assert_eq!(told(&call(&vendor(&world))), "hello");
    assert_eq!(sent(&world).len(), 1);
    check(&world, &["day.calls == 1", "minute.calls == 1", "day.denials == 0", "day.items == 1"]);
    assert!(told(&call(&vendor(&world))).starts_with("needs approval"), "it was for one call");
    check(&world, &["day.calls == 1", "day.denials == 0"]);
}
