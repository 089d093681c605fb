//! Clients that register themselves (RFC 7591, 7592; modern reference 3.8): who may, and what they become.
//!
//! A person's device enrols: the person signs in on it, and it gets an initial access token that works once, within a
//! minute. Administrators invite: a token for so many clients, for so long. Nobody else registers, unless the operator
//! opens the door to anybody. What a client becomes is written by the metadata engine, in the name of whoever let it.

mod client;
mod initial;
mod told;

pub(crate) use client::{Managed, REGISTER, managed, register, remove, replace};
pub use initial::{Invitation, Invited, invite, take_back};
pub(crate) use initial::{LONGEST, MOST, may_enrol, mint_for_device};
pub(crate) use told::told;
