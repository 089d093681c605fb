//! One request on its way: what it has taken of its limits, until its answer is gone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method};

use super::Guard;
use super::cells::{Flight, Tally};
use super::fields::{RATE_LIMIT, RATE_LIMIT_POLICY, standing};
use super::limits::Limit;
use super::sent::Sent;
use crate::identity::Network;
use crate::speech::{Room, is_safe};

/// Where a request goes, as far as limits see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Where tokens are given out, people sign in, and users and clients register.
    Door,
    /// Anywhere else.
    Elsewhere,
}

/// Resource servers ask here, once for each call they get.
const ASKED_OFTEN: &[&str] = &["/oauth2/introspect", "/oauth2/userinfo", "/userinfo"];

impl Place {
    /// Of a path as its room sees it.
    pub(crate) fn of(room: Room, method: &Method, path: &str) -> Self {
        let below = |start| {
            path.strip_prefix(start).is_some_and(|rest: &str| rest.is_empty() || rest.starts_with('/'))
        };
        let is_door = match room {
            _ if is_safe(method) => false,
            Room::Token | Room::Page => true,
            Room::OAuth2 => !ASKED_OFTEN.contains(&path),
            Room::Api => ["/auth", "/account", "/2fa"].into_iter().any(below),
        };
        if is_door { Self::Door } else { Self::Elsewhere }
    }
}

/// What one request has taken of its limits.
pub(crate) struct Passage {
    pub(super) place: Place,
    pub(super) network: Network,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    /// At most one of each limit.
    flights: [Option<Flight>; Limit::EVERY.len()],
    /// The limits that were asked, as a set.
    asked: u8,
    tightest: Option<Tally>,
    is_refused: bool,
}

impl Passage {
    pub(super) fn new(place: Place, network: Network) -> Self {
        Self { place, network, taken: Mutex::default() }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn keep(&self, limit: Limit, tally: Option<Tally>, flight: Option<Flight>) {
        let mut taken = self.taken();
        if let Some(tally) = tally {
            taken.asked |= limit.bit();
            if taken.tightest.is_none_or(|tightest| tally.is_tighter(&tightest)) {
                taken.tightest = Some(tally);
            }
        }
        if let Some(free) = taken.flights.iter_mut().find(|place| place.is_none()) {
            *free = flight;
        }
    }

    pub(super) fn refuse(&self, limit: Limit, tally: Tally) {
        let mut taken = self.taken();
        taken.asked |= limit.bit();
        taken.tightest = Some(tally);
        taken.is_refused = true;
    }

    /// Tells the caller how it stands, where it is counted by more than its address, or was refused.
    pub(crate) fn tell(&self, guard: &Guard, headers: &mut HeaderMap) {
        let taken = self.taken();
        let Some(tightest) = taken.tightest else { return };
        if taken.asked & !Limit::Address.bit() == 0 && !taken.is_refused {
            return;
        }
        let policy = guard.fields.policy(taken.asked, &tightest);
        drop(taken);
        if let Some(policy) = policy {
            headers.insert(RATE_LIMIT_POLICY, policy);
        }
        if let Ok(standing) = HeaderValue::try_from(standing(&tightest)) {
            headers.insert(RATE_LIMIT, standing);
        }
    }

    /// The same answer, which counts until it is sent.
    pub(crate) fn until_answered(self: Arc<Self>, answer: Response) -> Response {
        answer.map(|body| Sent::of(body, self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doors_are_where_something_is_asked_for_without_being_somebody_yet() {
        let doors = [
            (Room::Token, "/uaa/oauth/token"),
            (Room::OAuth2, "/oauth2/token"),
            (Room::OAuth2, "/oauth2/device_authorization"),
            (Room::OAuth2, "/connect/register"),
            (Room::Page, "/login"),
            (Room::Page, "/oauth2/device"),
            (Room::Api, "/auth/login"),
            (Room::Api, "/account"),
            (Room::Api, "/account/recovery"),
            (Room::Api, "/2fa/enable"),
        ];
        for (room, path) in doors {
            assert_eq!(Place::of(room, &Method::POST, path), Place::Door, "{path}");
            assert_eq!(Place::of(room, &Method::GET, path), Place::Elsewhere, "{path}");
        }
        for (room, path) in [
            (Room::OAuth2, "/oauth2/introspect"),
            (Room::OAuth2, "/userinfo"),
            (Room::Api, "/metadata"),
            (Room::Api, "/accounts"),
            (Room::Api, "/authorities"),
        ] {
            assert_eq!(Place::of(room, &Method::POST, path), Place::Elsewhere, "{path}");
        }
    }
}
