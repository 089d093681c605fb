//! Events that no write goes with, counted by what they are, where they come from, and the minute. Anybody can make
//! them happen, from as many networks as they have: of each sort so many networks are told apart, and the rest are one
//! row.

use std::collections::HashMap;

use kibali_model::{ObjectId, Timestamp};
use kibali_store::door::audit::Event;
use serde_json::json;

use super::counted::Counted;
use crate::identity::Network;

/// Networks that are told apart of each sort.
const NETWORKS: usize = 200;
/// Rows of each share that wait, by network and without.
const ROWS: usize = 5_000;

/// Events that are of one sort.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Sort {
    pub(super) minute: i64,
    pub(super) event: &'static str,
    pub(super) cause: String,
    pub(super) user: Option<ObjectId>,
    pub(super) client: Option<ObjectId>,
}

/// One row to come.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Happened {
    pub(super) sort: Sort,
    /// None for all that are not told apart.
    pub(super) network: Option<Network>,
}

impl Happened {
    pub(super) fn event(&self, count: u64) -> Event {
        let Sort { minute, event, cause, user, client } = &self.sort;
        let detail = match self.network {
            Some(_) => json!({ "cause": cause, "count": count }),
            None => json!({ "cause": cause, "count": count, "from": "others" }),
        };
        Event {
            at: Timestamp::from_millis(minute * 60_000),
            name: (*event).to_owned(),
            user: *user,
            client: *client,
            address: self.network.map(|network| network.to_string()),
            detail,
        }
    }

    fn of_others(mut self) -> Self {
        self.network = None;
        self
    }

    /// Whose it is is no longer told.
    fn of_anybody(mut self) -> Self {
        (self.sort.user, self.sort.client) = (None, None);
        self
    }

    const fn is_somebodys(&self) -> bool {
        self.sort.user.is_some() || self.sort.client.is_some()
    }
}

/// What happened since the last flush.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// With nobody known.
    nameless: Share,
    /// With a user or a client that is known: who guesses at names uses up none of their room.
    named: Share,
}

impl Events {
    /// Counts this, as exactly as there is room. False where there is none at all.
    pub(super) fn add(&mut self, happened: Happened, count: u64) -> bool {
        let share = if happened.is_somebodys() { &mut self.named } else { &mut self.nameless };
        share.add(happened, count).or_else(|left| self.nameless.add(left.of_anybody(), count)).is_ok()
    }

    /// Takes all.
    pub(super) fn take(&mut self) -> Vec<(Happened, u64)> {
        let mut all = self.named.take();
        all.extend(self.nameless.take());
        all
    }
}

#[derive(Debug)]
struct Share {
    /// How many networks are told apart.
    networks: HashMap<Sort, usize>,
    apart: Counted<Happened, u64>,
    others: Counted<Happened, u64>,
}

impl Default for Share {
    fn default() -> Self {
        Self { networks: HashMap::new(), apart: Counted::new(ROWS), others: Counted::new(ROWS) }
    }
}

impl Share {
    /// # Errors
    /// There is no room, not even among the others of its sort.
    fn add(&mut self, happened: Happened, count: u64) -> Result<(), Happened> {
        if happened.network.is_some() && self.is_apart(&happened) {
            self.apart.add(happened, count);
            return Ok(());
        }
        let others = happened.of_others();
        if !self.others.has_room(&others) {
            return Err(others);
        }
        self.others.add(others, count);
        Ok(())
    }

    /// Is this network told apart, or may be from now on?
    fn is_apart(&mut self, happened: &Happened) -> bool {
        if self.apart.get(happened).is_some() {
            return true;
        }
        let told = self.networks.get(&happened.sort).copied().unwrap_or_default();
        let room = told < NETWORKS && self.apart.has_room(happened);
        if room {
            self.networks.insert(happened.sort.clone(), told + 1);
        }
        room
    }

    fn take(&mut self) -> Vec<(Happened, u64)> {
        self.networks.clear();
        let mut all = self.apart.take();
        all.extend(self.others.take());
        all
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use std::net::IpAddr;

    use super::*;

    fn happened(cause: &str, user: Option<i64>, address: IpAddr) -> Happened {
        let user = user.map(ObjectId);
        let sort = Sort { minute: 1, event: "sign_in.refused", cause: cause.to_owned(), user, client: None };
        Happened { sort, network: Some(Network::of(address)) }
    }

    fn near(number: u32) -> IpAddr {
        IpAddr::from((0x2001_0db8_u128 << 96 | u128::from(number)).to_be_bytes())
    }

    fn far(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    #[test]
    fn a_network_is_one_row_and_many_are_some_hundred() {
        let mut events = Events::default();
        for number in 0..20_000 {
            assert!(events.add(happened("Near", None, near(number)), 1));
            assert!(events.add(happened("Far", None, far(number)), 1));
        }
        let rows = events.take();
        let of = |cause| rows.iter().filter(move |(row, _)| row.sort.cause == cause);
        assert_eq!(of("Near").map(|(_, count)| *count).collect::<Vec<_>>(), [20_000]);
        assert_eq!(
            (of("Far").count(), of("Far").map(|(_, count)| count).sum::<u64>()),
            (NETWORKS + 1, 20_000)
        );
        let (others, count) = of("Far").next_back().map(|(row, count)| (row.event(*count), *count)).unwrap();
        assert_eq!((others.address, count), (None, 20_000 - 200));
        assert_eq!(others.detail, json!({ "cause": "Far", "count": 19_800, "from": "others" }));
        assert!(
            events.take().is_empty()
                && events.named.networks.is_empty()
                && events.nameless.networks.is_empty()
        );
    }

    #[test]
    fn a_flood_without_a_name_leaves_room_for_those_who_are_known_and_all_are_counted() {
        let mut events = Events::default();
        for cause in 0..60 {
            for number in 0..300 {
                assert!(events.add(happened(&cause.to_string(), None, far(number)), 1));
            }
        }
        assert!(events.add(happened("WrongCredentials", Some(7), far(1)), 1));
        let rows = events.take();
        assert_eq!(rows.iter().map(|(_, count)| count).sum::<u64>(), 60 * 300 + 1);
        assert!(rows.len() <= ROWS + 61, "{}", rows.len());
        let known = rows.iter().find(|(row, _)| row.sort.user == Some(ObjectId(7)));
        assert!(known.is_some_and(|(row, _)| row.network == Some(Network::of(far(1)))));
        // Names are many too: beyond the room for them it is told what happened, and not to whom.
        for user in 0..30_000 {
            assert!(events.add(happened("WrongCredentials", Some(user), far(1)), 1));
        }
        let rows = events.take();
        assert_eq!((rows.len(), rows.iter().map(|(_, count)| count).sum::<u64>()), (2 * ROWS + 1, 30_000));
    }
}
