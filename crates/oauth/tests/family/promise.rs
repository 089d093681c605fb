//! What rules of the door 5 promise, told from what really happened. Nothing here knows how it is kept.

use crate::world::{Token, Who};

/// The overlap of the promise, in seconds; written down here once more on purpose.
const OVERLAP: i64 = 60;
/// What is gathered is written within so many seconds.
const GATHERED: i64 = 30;

/// What must become of a token that is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Tokens; a spent one gets this successor.
    Tokens(Option<Token>),
    Refused,
    /// The family ends.
    Theft,
}

/// A refresh token, or an access token issued with it, was used.
struct Use {
    token: Token,
    at: i64,
    by: Who,
    /// The node that alone knows of it.
    gathered_by: Option<usize>,
}

#[derive(Default)]
pub(crate) struct Promise {
    uses: Vec<Use>,
    /// Each token: when it expires, and its successor.
    tokens: Vec<(i64, Option<Token>)>,
    began: i64,
    pub(crate) ended: bool,
    /// The thief presented or used something.
    pub(crate) stolen: bool,
}

impl Promise {
    pub(crate) fn issued(
        &mut self,
        token: Token,
        now: i64,
        expires: i64,
        family_seconds: i64,
    ) -> Result<(), String> {
        if token == 0 {
            self.began = now;
        }
        assert_eq!(token, self.tokens.len());
        self.tokens.push((expires, None));
        if expires > self.began + family_seconds {
            return Err(format!("token {token} outlives its family"));
        }
        let live = self.tokens.iter().filter(|(_, successor)| successor.is_none()).count();
        if live == 1 { Ok(()) } else { Err(format!("{live} tokens of one family can rotate")) }
    }

    pub(crate) fn spent(&mut self, token: Token, successor: Token) -> Result<(), String> {
        match self.tokens[token].1.replace(successor) {
            None => Ok(()),
            Some(other) => Err(format!("{token} was spent for {other} and for {successor}")),
        }
    }

    pub(crate) fn used(&mut self, token: Token, at: i64, by: Who, gathered_by: Option<usize>) {
        self.stolen |= by == Who::Thief;
        self.uses.push(Use { token, at, by, gathered_by });
    }

    /// A node wrote what it had gathered.
    pub(crate) fn written(&mut self, node: usize) {
        for used in self.uses.iter_mut().filter(|used| used.gathered_by == Some(node)) {
            used.gathered_by = None;
        }
    }

    /// A node died: what it alone knew counts no more, and is no older than promised.
    pub(crate) fn forgotten(&mut self, node: usize, now: i64) -> Result<(), String> {
        let lost = |used: &Use| used.gathered_by == Some(node);
        let oldest = self.uses.iter().filter(|used| lost(used)).map(|used| now - used.at).max();
        self.uses.retain(|used| !lost(used));
        match oldest {
            Some(age) if age > GATHERED => Err(format!("a use of {age} s ago was lost")),
            _ => Ok(()),
        }
    }

    fn outside(&self, token: Token, now: i64, counts: impl Fn(&Use) -> bool) -> bool {
        let Some(successor) = self.tokens[token].1 else { return false };
        let of_it = self.uses.iter().filter(|used| used.token == successor && counts(used));
        of_it.map(|used| used.at).min().is_some_and(|first| now > first + OVERLAP)
    }

    /// May an honest client, who knows of its own tabs, present this token?
    pub(crate) fn honest_may(&self, token: Token, now: i64) -> bool {
        !self.outside(token, now, |used| used.by != Who::Thief)
    }

    pub(crate) fn expected(&self, token: Token, foreign: bool, now: i64) -> Expected {
        let (expires, successor) = self.tokens[token];
        if self.ended {
            return Expected::Refused;
        }
        if self.outside(token, now, |_| true) || (foreign && successor.is_some()) {
            return Expected::Theft;
        }
        let dead = now >= expires || successor.is_some_and(|successor| now >= self.tokens[successor].0);
        if dead || foreign { Expected::Refused } else { Expected::Tokens(successor) }
    }

    /// A family ended because of `by`: somebody must have copied it.
    pub(crate) fn theft(&mut self, by: Who) -> Result<(), String> {
        self.ended = true;
        if self.stolen || by == Who::Thief { Ok(()) } else { Err("an honest client was logged out".into()) }
    }
}
