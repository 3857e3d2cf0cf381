use serde_json::json;

use super::TokenCache;
use crate::test_issuer::{self as test, NOW};
use crate::{BearerToken, UnixSeconds, VerifiedToken};

/// A token that expires so many seconds from now, and the proof that it was verified.
fn verified(subject: &str, lifetime: u64) -> (String, VerifiedToken) {
    let mut claims = test::claims();
    claims["sub"] = json!(subject);
    claims["exp"] = json!(NOW.0 + lifetime);
    let text = test::token("EdDSA", &claims);
    let settings = test::settings();
    let issuer = &settings.issuers[&"demo".parse().unwrap()];
    let token = BearerToken::parse(&text, 9999).unwrap().decode().unwrap();
    let proof = crate::verify(&token, issuer, &test::keys(), &test::audience(), NOW).unwrap();
    (text, proof)
}

fn bearer(text: &str) -> BearerToken<'_> {
    BearerToken::parse(text, 9999).unwrap()
}

fn subject(cache: &TokenCache, text: &str, seconds: u64) -> Option<String> {
    let token = cache.get(bearer(text), &test::audience(), UnixSeconds(NOW.0 + seconds))?;
    Some(token.principal().subject.as_str().to_owned())
}

#[test]
fn a_token_is_known_until_it_expires_or_five_minutes_pass() {
    for (lifetime, known_at, unknown_at) in [(100, 99, 100), (10_000, 299, 300)] {
        let (text, proof) = verified("u1", lifetime);
        let mut cache = TokenCache::new(8);
        cache.insert(bearer(&text), proof, NOW);
        assert_eq!(subject(&cache, &text, known_at).as_deref(), Some("u1"), "case: {lifetime}");
        assert_eq!(subject(&cache, &text, unknown_at), None, "case: {lifetime}");
    }
}

#[test]
fn a_token_is_known_for_its_own_resource_only() {
    let (text, proof) = verified("u1", 100);
    let mut cache = TokenCache::new(8);
    cache.insert(bearer(&text), proof, NOW);
    let wiki = test::settings().public_url.resource(&"wiki".parse().unwrap());
    assert!(cache.get(bearer(&text), &wiki, NOW).is_none());
    assert!(cache.get(bearer(&format!("{text}x")), &test::audience(), NOW).is_none());
}

#[test]
fn the_cache_never_holds_more_than_its_capacity() {
    let tokens = [("a", 50), ("b", 200), ("c", 100), ("d", 150)].map(|(name, life)| verified(name, life));
    let mut cache = TokenCache::new(2);
    for (text, proof) in &tokens {
        cache.insert(bearer(text), proof.clone(), NOW);
        assert!(cache.entries.len() <= 2);
    }
    let known = tokens.each_ref().map(|(text, _)| subject(&cache, text, 0).is_some());
    assert_eq!(known, [false, true, false, true], "what ends soonest makes room");
}

#[test]
fn what_has_expired_makes_room_first() {
    let (short, long, next) = (verified("a", 10), verified("b", 200), verified("c", 200));
    let mut cache = TokenCache::new(2);
    cache.insert(bearer(&short.0), short.1, NOW);
    cache.insert(bearer(&long.0), long.1, NOW);
    cache.insert(bearer(&next.0), next.1, UnixSeconds(NOW.0 + 20));
    assert!(subject(&cache, &long.0, 20).is_some() && subject(&cache, &next.0, 20).is_some());
}

#[test]
fn no_capacity_keeps_nothing_and_neither_does_an_expired_token() {
    let (text, proof) = verified("a", 10);
    let mut none = TokenCache::new(0);
    none.insert(bearer(&text), proof.clone(), NOW);
    assert_eq!(subject(&none, &text, 0), None);
    let mut cache = TokenCache::new(2);
    cache.insert(bearer(&text), proof, UnixSeconds(NOW.0 + 30));
    assert!(cache.entries.is_empty());
}

#[test]
fn the_cache_does_not_hold_the_token() {
    let (text, proof) = verified("a", 10);
    let mut cache = TokenCache::new(2);
    cache.insert(bearer(&text), proof, NOW);
    assert!(text.split('.').all(|part| !format!("{cache:?}").contains(part)));
}
