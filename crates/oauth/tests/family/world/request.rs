//! A request at a node: it reads and decides, then writes, unless what it rests on has moved.

use kibali_model::{ObjectId, Timestamp};
use kibali_oauth::OAuthError;
use kibali_oauth::family::{Facts, Presenter, Spent, Verdict, ends};

use super::{Broken, Call, FAMILY_SECONDS, Plain, Row, State, Token, Who, World};
use crate::mutant::{Mutant, decide};
use crate::promise::Expected;

/// How often a request decides again.
const TRIES: u32 = 3;
const CLIENT: ObjectId = ObjectId(1);
/// The key of an application, where it has one; otherwise the second in which it asks chooses.
const KEYS: [&str; 3] = ["one", "two", "three"];

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

impl World {
    /// What a node does first: it reads and decides.
    pub(super) fn decide(&mut self, who: Who, mut call: Call) -> Broken {
        let row = &self.rows[call.token];
        let successor = row.successor.map(|successor| &self.rows[successor]);
        let spent = successor.map(|row| Spent {
            key: Some(row.key),
            expires: Some(at(row.expires)),
            used: row.used.map(at),
        });
        let facts = Facts { client: CLIENT, key: Some(row.key), expires: at(row.expires), live: true, spent };
        let other_key = call.foreign && self.is_of_another_key(call.token);
        let by = Presenter {
            client: if call.foreign && !other_key { ObjectId(2) } else { CLIENT },
            is_public: self.is_public,
            key: Some(if other_key { "a stranger's" } else { self.key(call.now) }),
            rotates: true,
        };
        let verdict = if self.ended {
            Verdict::Refuse(OAuthError::RefreshTokenUnknown)
        } else {
            decide(self.mutant, &facts, row.spent.map(at), &by, at(call.now))
        };
        let seen = successor.and_then(|row| row.used);
        let plain = match verdict {
            Verdict::Rotate => Plain::Rotate,
            Verdict::Repeat => Plain::Repeat,
            Verdict::Theft => Plain::Theft,
            Verdict::Keep => return Err("a client that rotates kept its token".into()),
            Verdict::Refuse(why) => {
                self.happened = match why {
                    _ if self.ended => "refused: ended",
                    OAuthError::RefreshTokenOfAnotherClient => "refused: another client",
                    OAuthError::RefreshTokenOfAnotherKey => "refused: another key",
                    _ => "refused: expired",
                };
                self.expect(&call, Expected::Refused)?;
                call.state = State::Answered(None);
                self.actors[who as usize].call = Some(call);
                return Ok(());
            }
        };
        call.state = State::Decided { verdict: plain, seen };
        self.actors[who as usize].call = Some(call);
        Ok(())
    }

    /// Is a stranger's key, not its client, what is wrong about who presents this token?
    pub(super) const fn is_of_another_key(&self, token: Token) -> bool {
        self.is_public && token % 2 == 1
    }

    fn key(&self, now: i64) -> &'static str {
        if self.is_public { KEYS[0] } else { KEYS[usize::try_from(now % 3).unwrap()] }
    }

    fn expect(&self, call: &Call, done: Expected) -> Broken {
        let expected = self.promise.expected(call.token, call.foreign, call.now);
        if expected == done {
            return Ok(());
        }
        Err(format!("token {} presented at {}: {done:?}, promised {expected:?}", call.token, call.now))
    }

    /// What a node does next: it writes, unless what it rests on has moved.
    pub(super) fn commit(&mut self, who: Who) -> Broken {
        let mut call = self.actors[who as usize].call.unwrap();
        let State::Decided { verdict, seen } = call.state else { return Ok(()) };
        let token = call.token;
        let successor = self.rows[token].successor;
        let moved = match verdict {
            Plain::Rotate => successor.is_some() && self.mutant != Some(Mutant::SpentTwice),
            Plain::Repeat => self.rows[successor.unwrap()].used != seen,
            Plain::Theft => false,
        };
        call.state = State::Answered(None);
        if self.ended {
            self.happened = "refused: ended";
        } else if moved && call.tries < TRIES {
            self.happened = "commit: moved, decide again";
            call.tries += 1;
            return self.decide(who, call);
        } else if moved {
            self.expect(&call, Expected::Refused)?;
        } else {
            match verdict {
                Plain::Rotate => call.state = State::Answered(Some(self.rotate(&call, who)?)),
                Plain::Repeat => {
                    let now = self.rows[successor.unwrap()].used;
                    self.happened = match now {
                        None => "commit: repeated, unconfirmed",
                        Some(_) => "commit: repeated, in the overlap",
                    };
                    self.expect(&call, Expected::Tokens(successor))?;
                    call.state = State::Answered(successor);
                }
                Plain::Theft => {
                    self.happened = "commit: theft";
                    self.expect(&call, Expected::Theft)?;
                    self.ended = true;
                    self.promise.theft(who)?;
                }
            }
        }
        self.actors[who as usize].call = Some(call);
        Ok(())
    }

    fn rotate(&mut self, call: &Call, who: Who) -> Result<Token, String> {
        self.happened = "commit: rotated";
        self.expect(call, Expected::Tokens(None))?;
        let successor = self.rows.len();
        let row = &mut self.rows[call.token];
        (row.spent, row.successor) = (Some(call.now), Some(successor));
        row.used = Some(row.used.map_or(call.now, |used| used.min(call.now)));
        self.promise.used(call.token, call.now, who, None);
        self.promise.spent(call.token, successor)?;
        self.insert(call.now)?;
        Ok(successor)
    }

    pub(super) fn insert(&mut self, now: i64) -> Broken {
        let family = if self.mutant == Some(Mutant::EndlessFamily) { None } else { Some(FAMILY_SECONDS) };
        let end = ends(at(now + self.token_seconds), at(0), family).seconds();
        let token = self.rows.len();
        let key = self.key(now);
        self.rows.push(Row { spent: None, successor: None, used: None, expires: end, key });
        self.promise.issued(token, now, end, FAMILY_SECONDS)
    }
}
