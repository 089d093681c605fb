//! The chain: each event is held to the one before it, each seal to the seal before (rules of the door 11).

use kibali_crypto::{Digest, MacKey};
use kibali_model::Timestamp;
use kibali_store::door::seals::{Seal, SealedEvent};

use super::ids::{Ids, Missing};

/// What the first seal of all is made from.
pub(super) const BEGINNING: Digest = [0; 32];

/// Closes events: those that came late, and new ones, each in their order.
pub(super) fn close(
    key: &MacKey,
    before: Option<&Seal>,
    missing: Missing,
    events: &[SealedEvent],
    now: Timestamp,
) -> Seal {
    let ids = Ids::of(events.iter().map(|event| event.id));
    let up_to = before.map_or(0, |seal| seal.up_to);
    let missing = missing.after(&ids, up_to, now);
    let mut seal = Seal {
        number: before.map_or(0, |seal| seal.number).saturating_add(1),
        events: i64::try_from(events.len()).unwrap_or(i64::MAX),
        ids: ids.to_string(),
        missing: missing.to_string(),
        up_to: events.last().map_or(up_to, |event| event.id.max(up_to)),
        newest: events.iter().map(|event| event.at).max().unwrap_or(now),
        at: now,
        mac: Vec::new(),
        cut: None,
    };
    let before = before.map_or(&BEGINNING[..], |seal| &seal.mac);
    seal.mac = mac(key, before, events, &seal).to_vec();
    seal
}

/// What a seal of these events after `before` holds.
pub(super) fn mac(key: &MacKey, before: &[u8], events: &[SealedEvent], seal: &Seal) -> Digest {
    let mut last = key.tag_parts(&[b"begin", before]);
    for event in events {
        last = link(key, &last, event);
    }
    let numbers = [seal.number, seal.events, seal.up_to, seal.newest.millis(), seal.at.millis()];
    let numbers: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    key.tag_parts(&[b"seal", &last, &numbers, seal.ids.as_bytes(), seal.missing.as_bytes()])
}

fn link(key: &MacKey, before: &Digest, event: &SealedEvent) -> Digest {
    let number = |id: Option<i64>| id.map_or(Vec::new(), |id| id.to_be_bytes().to_vec());
    let (user, client) = (number(event.user.map(|id| id.0)), number(event.client.map(|id| id.0)));
    // Nothing and an empty text are two things.
    let address = event.address.as_ref().map_or(String::new(), |address| format!("={address}"));
    key.tag_parts(&[
        b"event",
        before,
        &event.id.to_be_bytes(),
        &event.at.millis().to_be_bytes(),
        event.event.as_bytes(),
        &user,
        &client,
        address.as_bytes(),
        event.detail.as_bytes(),
    ])
}

/// What proves that Kibali took away the events up to a seal.
pub(super) fn cut_proof(key: &MacKey, seal: &Seal) -> Digest {
    key.tag_parts(&[b"cut", &seal.number.to_be_bytes(), &seal.mac])
}
