//! How much one caller may ask for: requests a minute and requests at once, by address, client and user (decision
//! 14). Whoever asks for more is refused at once, never kept waiting.
//!
//! The outermost layer counts each request by its address before anything else is done for it. Whoever proves a
//! client or a user counts it by those. Each process counts for itself, in memory.

mod cells;
mod fields;
mod limits;
mod pace;
mod passage;
mod sent;

pub use limits::{Bound, Limit, Limits, Measure, Over};
pub(crate) use passage::{Passage, Place};

use std::sync::Arc;

use kibali_model::{Client, Credential, ObjectId, Principal, Timestamp, Uid};

use self::cells::{Cells, Key, Tally};
use self::fields::Fields;
use crate::Refusal;
use crate::identity::ClientAddress;

/// Counts the requests of this process.
pub(crate) struct Guard {
    limits: Limits,
    fields: Fields,
    cells: Cells,
}

impl Guard {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { limits: limits.clone(), fields: Fields::new(limits), cells: Cells::new(cells::REMEMBERED) }
    }

    /// Counts a request by the address it comes from.
    pub(crate) fn enter(
        &self,
        place: Place,
        address: ClientAddress,
        now: Timestamp,
    ) -> (Arc<Passage>, Result<(), Refusal>) {
        let network = address.network();
        let passage = Passage::new(place, network);
        let mut entered = self.count(&passage, &Key::Address(network), now);
        if entered.is_ok() && place == Place::Door {
            entered = self.count(&passage, &Key::Doors(network), now);
        }
        (Arc::new(passage), entered)
    }

    /// Counts a request for which a password is about to be hashed, as one at a door: it costs as much wherever it is
    /// asked for. At a door it was counted when it came.
    ///
    /// # Errors
    /// [`Refusal::OverLimit`].
    pub(crate) fn of_hash(&self, passage: &Passage, now: Timestamp) -> Result<(), Refusal> {
        match passage.place {
            Place::Door => Ok(()),
            Place::Elsewhere => self.count(passage, &Key::Doors(passage.network), now),
        }
    }

    /// Counts a request by the client that proved itself.
    ///
    /// # Errors
    /// [`Refusal::OverLimit`].
    pub(crate) fn of_client(
        &self,
        passage: &Passage,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let key = match passage.place {
            // Anybody can name a public client: one who does so too often holds up nobody else.
            Place::Door => Key::Tokens(client.uid, client.is_public().then_some(passage.network)),
            Place::Elsewhere => Key::Client(client.uid),
        };
        self.count(passage, &key, now)
    }

    /// Counts a call of this principal.
    ///
    /// # Errors
    /// [`Refusal::OverLimit`].
    pub(crate) fn of_principal(
        &self,
        passage: &Passage,
        principal: &Principal,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let client = match principal.credential {
            Credential::Bearer { client, .. } => Some(client),
            _ => None,
        };
        self.of_user(passage, principal.user, client, now)
    }

    /// Counts a call of a user, by a token of this client where it is one.
    ///
    /// # Errors
    /// [`Refusal::OverLimit`].
    pub(crate) fn of_user(
        &self,
        passage: &Passage,
        user: ObjectId,
        client: Option<Uid>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.count(passage, &Key::User(user), now)?;
        client.map_or(Ok(()), |client| self.count(passage, &Key::Client(client), now))
    }

    fn count(&self, passage: &Passage, key: &Key, now: Timestamp) -> Result<(), Refusal> {
        let limit = key.limit();
        match self.cells.take(key, self.limits.of(limit), now) {
            Ok((tally, flight)) => passage.keep(limit, tally, flight),
            Err(over) => {
                passage.refuse(limit, Tally::of(over));
                return Err(Refusal::OverLimit(over));
            }
        }
        Ok(())
    }
}
