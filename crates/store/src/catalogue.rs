//! Every fixed statement, so that tests can prepare, execute and explain each on both engines.

use crate::door::{
    accounts, audit, changes, clients, codes, grants, installation, principals, purge, sessions, settings,
    setup_link, tokens,
};
use crate::objects::{counts, write, write_side};
use crate::{Statement, migrate};

/// The statements of every module.
pub fn statements() -> impl Iterator<Item = Statement> {
    let modules = [
        migrate::STATEMENTS,
        accounts::STATEMENTS,
        audit::STATEMENTS,
        changes::STATEMENTS,
        clients::STATEMENTS,
        codes::STATEMENTS,
        grants::STATEMENTS,
        installation::STATEMENTS,
        principals::STATEMENTS,
        purge::EXPIRED,
        purge::STATEMENTS,
        sessions::STATEMENTS,
        settings::STATEMENTS,
        setup_link::STATEMENTS,
        tokens::STATEMENTS,
        counts::STATEMENTS,
        write::STATEMENTS,
        write_side::STATEMENTS,
        write_side::DELETE_STATEMENTS,
    ];
    modules.into_iter().flatten().copied()
}
