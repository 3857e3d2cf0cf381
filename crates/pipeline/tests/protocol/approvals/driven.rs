//! Protocols that are driven over the store of the gateway.

use std::time::Duration;

use portcullis_approval::{
    Access, Asked, Cast, ContentDigest, Context, Coverage, Create, Creation, Find, Found, PolicyRef, Read,
    Requester, Requirement, Requirements, Seen, StoreTrouble, Subject, Voter,
};
use portcullis_ledger::UnixMillis;
use portcullis_pipeline::{drive, settle};

use super::person;
use crate::support::world;
use crate::world::{NOW_MS, World};

const NOW: UnixMillis = UnixMillis(NOW_MS);

/// A group for a time: as simple as what is asked can be.
fn asked() -> Asked {
    let requirement = Requirement {
        policy: PolicyRef { id: "held".parse().unwrap(), digest: ContentDigest::from_bytes([1; 32]) },
        group: "idp:boss".parse().unwrap(),
        approvers: 1.try_into().unwrap(),
        ttl: Duration::from_secs(60),
        coverage: Coverage::Window(Duration::from_secs(60)),
    };
    let requester = Requester::of(&person("ada", &[])).unwrap();
    Asked {
        subject: Subject::Access(Access { requester, group: "idp:dba".parse().unwrap() }),
        requirements: Requirements::new(vec![requirement]).unwrap(),
    }
}

fn find(world: &World) -> Result<Found, StoreTrouble> {
    let mut find = Find::new(world.gateway.approvals(), asked(), NOW);
    pollster::block_on(drive(&*world.ports, &mut find));
    find.finish()
}

#[test]
fn a_protocol_is_driven_over_the_store_of_the_gateway() {
    let world = world();
    let vault = world.gateway.approvals();
    let Found::MustCreate { id, after: None } = find(&world).unwrap() else { panic!("there is one") };
    let mut create = Create::new(vault, (id, asked()), Context::default(), NOW).unwrap();
    pollster::block_on(drive(&*world.ports, &mut create));
    assert!(matches!(create.finish(), Ok(Creation::Created(request)) if request.id == id));
    let Found::Pending(case) = find(&world).unwrap() else { panic!("it does not wait") };
    let seen = Seen { request: case.digest(), at: NOW };
    let vote = case.approve(&Voter::of(&person("bob", &["boss"])).unwrap(), seen, None).unwrap();
    let mut cast = Cast::vote(vault, &case, vote);
    pollster::block_on(drive(&*world.ports, &mut cast));
    cast.finish().unwrap();
    let mut read = Read::new(vault, id);
    pollster::block_on(drive(&*world.ports, &mut read));
    let settlement = read.finish(NOW).unwrap().unwrap().settle;
    assert!(settlement.is_some());
    pollster::block_on(settle(&*world.ports, settlement));
    assert!(matches!(find(&world), Ok(Found::Granted { settle: None, .. })));
}

#[test]
fn a_store_that_fails_is_told_to_the_operator_and_to_the_protocol() {
    let world = world();
    world.ports.store_fails.set(Some(":latest:"));
    assert!(matches!(find(&world), Err(StoreTrouble::Failed(_))));
    let log = world.ports.log.borrow().join("\n");
    assert!(log.contains("an approval: the store failed at `pc1:") && log.ends_with("injected"), "{log}");
}
