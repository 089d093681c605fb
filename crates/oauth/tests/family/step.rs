//! What can happen, and how often it did.

use std::fmt;

use crate::random::Random;
use crate::world::{State, Who, World};

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// A request reaches a node, which reads and decides; `foreign`: as another client, or with another key.
    Present { who: Who, node: usize, foreign: bool },
    /// The node writes what it decided.
    Commit(Who),
    /// The answer arrives.
    Deliver(Who),
    /// The answer is lost.
    Lose(Who),
    /// The answer is lost, and the thief has it.
    Overhear(Who),
    /// An access token is used.
    Use { who: Who, node: usize },
    /// The tab looks into what the application has stored.
    Reload,
    /// The thief copies the refresh token that the application has stored.
    Steal,
    /// The thief copies the owner's access token.
    StealAccess,
    /// Time passes.
    Wait(i64),
    /// A node writes what it gathered, before it has to.
    Flush(usize),
    /// A node dies and starts again.
    Crash(usize),
    /// The operator shortens the life of refresh tokens.
    Shorten,
}

/// What is counted.
pub(crate) const KINDS: [&str; 25] = [
    "present",
    "present as another client",
    "present with another key",
    "commit: rotated",
    "commit: repeated, unconfirmed",
    "commit: repeated, in the overlap",
    "commit: theft",
    "commit: moved, decide again",
    "refused: ended",
    "refused: expired",
    "refused: another client",
    "refused: another key",
    "deliver",
    "lose the answer",
    "overhear the answer",
    "use an access token",
    "use a dead access token",
    "reload",
    "steal",
    "steal an access token",
    "wait",
    "flush",
    "crash",
    "crash between commit and answer",
    "came to light",
];

/// How often each happened.
#[derive(Default)]
pub(crate) struct Counts([u64; KINDS.len()]);

impl Counts {
    pub(crate) fn add(&mut self, kind: &str) {
        self.0[place(kind)] += 1;
    }

    pub(crate) fn of(&self, kind: &str) -> u64 {
        self.0[place(kind)]
    }
}

fn place(kind: &str) -> usize {
    KINDS.iter().position(|known| std::ptr::eq(*known, kind) || *known == kind).unwrap()
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        KINDS.iter().zip(self.0).try_for_each(|(kind, count)| writeln!(f, "{count:>12}  {kind}"))
    }
}

/// Waits worth trying: within the overlap, at its edge, beyond it, for hours.
const WAITS: [i64; 9] = [1, 5, 20, 29, 31, 59, 61, 75, 7200];
const LONG: i64 = 16 * 86_400;

impl World {
    /// Something that can happen now.
    pub(crate) fn choose(&self, random: &mut Random) -> Step {
        for _ in 0..20 {
            let who = Who::EVERY[usize::try_from(random.below(3)).unwrap()];
            let node = usize::try_from(random.below(2)).unwrap();
            let step = match random.below(100) {
                0..60 => self.go_on(who, node, random),
                60..72 => Step::Use { who, node },
                72..74 => Step::Steal,
                74..76 => Step::StealAccess,
                76..79 => Step::Reload,
                79..95 => Step::Wait(WAITS[usize::try_from(random.below(9)).unwrap()]),
                95..96 => Step::Wait(LONG),
                96..97 => Step::Flush(node),
                97..99 => Step::Crash(node),
                _ => Step::Shorten,
            };
            if self.can(step) {
                return step;
            }
        }
        Step::Wait(0)
    }

    /// The next step of somebody's request.
    fn go_on(&self, who: Who, node: usize, random: &mut Random) -> Step {
        match self.state(who) {
            None => Step::Present { who, node, foreign: who == Who::Thief && random.below(8) == 0 },
            Some(State::Decided { .. }) => Step::Commit(who),
            Some(State::Answered(_)) => match random.below(10) {
                0..7 => Step::Deliver(who),
                7..9 => Step::Lose(who),
                _ => Step::Overhear(who),
            },
        }
    }
}
