//! Every fixed statement, so that tests can prepare, execute and explain each on both engines.

use crate::door::{
    accounts, api_tokens, audit, changes, client_use, clients, codes, consents, cuts, devices, emails, ends,
    factors, families, grants, held, installation, keys, links, live_grants, logouts, mailed, marks,
    passkeys, password_uses, passwords, past, principals, protection, purge, pushed, questions,
    registrations, retired, seals, sessions, settings, setup_link, spent, tokens, trail,
};
use crate::objects::{counts, people, readable_data, roles, write, write_side};
use crate::{Statement, migrate};

/// The statements of every module.
pub fn statements() -> impl Iterator<Item = Statement> {
    let modules = [
        migrate::STATEMENTS,
        accounts::STATEMENTS,
        api_tokens::STATEMENTS,
        audit::STATEMENTS,
        changes::STATEMENTS,
        client_use::STATEMENTS,
        clients::STATEMENTS,
        codes::STATEMENTS,
        consents::STATEMENTS,
        devices::STATEMENTS,
        emails::STATEMENTS,
        factors::STATEMENTS,
        families::STATEMENTS,
        ends::STATEMENTS,
        grants::STATEMENTS,
        held::STATEMENTS,
        installation::STATEMENTS,
        keys::STATEMENTS,
        links::STATEMENTS,
        live_grants::STATEMENTS,
        cuts::STATEMENTS,
        logouts::STATEMENTS,
        mailed::STATEMENTS,
        marks::STATEMENTS,
        passkeys::STATEMENTS,
        password_uses::STATEMENTS,
        passwords::STATEMENTS,
        past::STATEMENTS,
        principals::STATEMENTS,
        protection::STATEMENTS,
        purge::EXPIRED,
        purge::EXPIRED_AT_ONCE,
        purge::STATEMENTS,
        pushed::STATEMENTS,
        registrations::STATEMENTS,
        retired::STATEMENTS,
        questions::STATEMENTS,
        seals::STATEMENTS,
        sessions::STATEMENTS,
        settings::STATEMENTS,
        setup_link::STATEMENTS,
        spent::STATEMENTS,
        tokens::STATEMENTS,
        trail::STATEMENTS,
        counts::STATEMENTS,
        people::STATEMENTS,
        readable_data::STATEMENTS,
        roles::STATEMENTS,
        write::STATEMENTS,
        write_side::STATEMENTS,
        write_side::DELETE_STATEMENTS,
    ];
    modules.into_iter().flatten().copied()
}
