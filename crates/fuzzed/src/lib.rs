//! What strangers send before anybody knows them, and what must hold of it whatever it is: a function for each kind of
//! input, which calls what the server calls and panics where a promise is broken.
//!
//! `fuzz/` calls them with inputs that it makes up, a test with those that were worth keeping (`fuzz/corpus`). Inputs
//! are texts of lines wherever there is more than one part to them, so that a corpus can be read and written by hand.

// A promise that is broken ends the run: that is how a fuzzer hears of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod basic;
mod client;
mod dpop;
mod form;
mod jwks;
mod jwt;
mod keys;
mod redirect;
mod registry;

pub use basic::basic;
pub use client::client;
pub use dpop::dpop;
pub use form::form;
pub use jwks::jwks;
pub use jwt::jwt;
pub use redirect::redirect;

/// Holds an input against the promises; panics where one is broken.
pub type Check = fn(&[u8]);

/// The name of each kind of input, which is that of its binary in `fuzz/` and of its corpus, and its function.
pub const TARGETS: &[(&str, Check)] = &[
    ("basic", basic),
    ("client", client),
    ("dpop", dpop),
    ("form", form),
    ("jwks", jwks),
    ("jwt", jwt),
    ("redirect", redirect),
];

/// The first lines of a text, and what follows them; lines that are not there are empty.
fn lines<const N: usize>(text: &str) -> ([&str; N], &str) {
    let mut rest = text;
    let first = [(); N].map(|()| {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        line
    });
    (first, rest)
}
