//! The door: accounts, clients, grants, tokens, codes and sessions.
