//! Three actors, two nodes, one database.

mod request;

use kibali_oauth::family::OVERLAP_SECONDS;

use crate::mutant::Mutant;
use crate::promise::Promise;
use crate::step::{Counts, Step};

/// A refresh token: its place in the line.
pub(crate) type Token = usize;

const DAY: i64 = 86_400;
const FAMILY_SECONDS: i64 = 40 * DAY;
const ACCESS_SECONDS: i64 = 3600;
/// What is gathered is written this often.
const FLUSH_SECONDS: i64 = 30;
/// Between reading and writing lie so many seconds at most.
const PATIENCE: i64 = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    /// The application.
    Owner,
    /// Another tab of it, with a copy of its own.
    Tab,
    Thief,
}

impl Who {
    pub(crate) const EVERY: [Self; 3] = [Self::Owner, Self::Tab, Self::Thief];
}

/// A row of the database.
struct Row {
    spent: Option<i64>,
    successor: Option<Token>,
    used: Option<i64>,
    expires: i64,
    key: &'static str,
}

struct Node {
    /// Uses not written yet.
    gathered: Vec<(Token, i64)>,
    flushed: i64,
}

/// An access token: what it was issued with, and until when it lives.
type Access = (Token, i64);

#[derive(Default)]
struct Actor {
    token: Option<Token>,
    access: Option<Access>,
    call: Option<Call>,
}

/// A request on its way.
#[derive(Clone, Copy)]
struct Call {
    token: Token,
    node: usize,
    now: i64,
    foreign: bool,
    tries: u32,
    state: State,
}

#[derive(Clone, Copy)]
pub(crate) enum State {
    Decided { verdict: Plain, seen: Option<i64> },
    Answered(Option<Token>),
}

/// A verdict that leads to a write.
#[derive(Clone, Copy)]
pub(crate) enum Plain {
    Rotate,
    Repeat,
    Theft,
}

pub(crate) struct World {
    mutant: Option<Mutant>,
    /// The application has one key and nothing to prove itself with; otherwise it proves itself, and makes a new key
    /// every second.
    is_public: bool,
    clock: i64,
    rows: Vec<Row>,
    ended: bool,
    nodes: [Node; 2],
    actors: [Actor; 3],
    /// What the tabs of the application share.
    stored: Token,
    token_seconds: i64,
    promise: Promise,
    /// What the last step turned out to be.
    pub(crate) happened: &'static str,
}

type Broken = Result<(), String>;

impl World {
    pub(crate) fn new(mutant: Option<Mutant>, is_public: bool) -> Self {
        let node = || Node { gathered: Vec::new(), flushed: 0 };
        let mut world = Self {
            mutant,
            is_public,
            clock: 0,
            rows: Vec::with_capacity(16),
            ended: false,
            nodes: [node(), node()],
            actors: Default::default(),
            stored: 0,
            token_seconds: 30 * DAY,
            promise: Promise::default(),
            happened: "",
        };
        world.insert(0).unwrap();
        for who in [Who::Owner, Who::Tab] {
            world.actors[who as usize].token = Some(0);
            world.actors[who as usize].access = Some((0, ACCESS_SECONDS));
        }
        world
    }

    pub(crate) fn state(&self, who: Who) -> Option<State> {
        self.actors[who as usize].call.map(|call| call.state)
    }

    /// Can this happen now?
    pub(crate) fn can(&self, step: Step) -> bool {
        match step {
            Step::Present { who, .. } => {
                let token = self.holds(who);
                let may = |token| who == Who::Thief || self.promise.honest_may(token, self.clock);
                self.state(who).is_none() && token.is_some_and(may)
            }
            Step::Commit(who) => matches!(self.state(who), Some(State::Decided { .. })),
            Step::Deliver(who) | Step::Lose(who) => matches!(self.state(who), Some(State::Answered(_))),
            Step::Overhear(who) => {
                who != Who::Thief && matches!(self.state(who), Some(State::Answered(Some(_))))
            }
            Step::Use { who, .. } => self.actors[who as usize].access.is_some(),
            Step::StealAccess => self.actors[Who::Owner as usize].access.is_some(),
            Step::Wait(seconds) => self.actors.iter().filter_map(|actor| actor.call).all(|call| {
                matches!(call.state, State::Answered(_)) || self.clock + seconds - call.now <= PATIENCE
            }),
            Step::Reload | Step::Steal | Step::Flush(_) | Step::Crash(_) | Step::Shorten => true,
        }
    }

    pub(crate) fn take(&mut self, step: Step) -> Broken {
        match step {
            Step::Present { who, node, foreign } => {
                let token = self.holds(who).unwrap();
                self.happened = match foreign {
                    false => "present",
                    true if self.is_of_another_key(token) => "present with another key",
                    true => "present as another client",
                };
                self.promise.stolen |= who == Who::Thief;
                let state = State::Answered(None);
                self.decide(who, Call { token, node, now: self.clock, foreign, tries: 0, state })?;
            }
            Step::Commit(who) => self.commit(who)?,
            Step::Deliver(who) => {
                self.happened = "deliver";
                let call = self.actors[who as usize].call.take().unwrap();
                if let State::Answered(Some(token)) = call.state {
                    self.receive(who, token, call.now);
                    if who != Who::Thief && self.stored == call.token {
                        self.stored = token;
                    }
                }
            }
            Step::Lose(who) => {
                self.happened = "lose the answer";
                self.actors[who as usize].call = None;
            }
            Step::Overhear(who) => {
                self.happened = "overhear the answer";
                let call = self.actors[who as usize].call.take().unwrap();
                if let State::Answered(Some(token)) = call.state {
                    self.receive(Who::Thief, token, call.now);
                }
            }
            Step::Use { who, node } => self.use_access(who, node),
            Step::Reload => {
                self.happened = "reload";
                self.actors[Who::Tab as usize].token = Some(self.stored);
            }
            Step::Steal => {
                self.happened = "steal";
                self.actors[Who::Thief as usize].token = Some(self.stored);
            }
            Step::StealAccess => {
                self.happened = "steal an access token";
                self.actors[Who::Thief as usize].access = self.actors[Who::Owner as usize].access;
            }
            Step::Wait(seconds) => self.wait(seconds),
            Step::Flush(node) => {
                self.happened = "flush";
                self.flush(node, self.clock);
            }
            Step::Crash(node) => self.crash(node)?,
            Step::Shorten => {
                self.happened = "wait";
                self.token_seconds = DAY;
            }
        }
        Ok(())
    }

    fn holds(&self, who: Who) -> Option<Token> {
        if who == Who::Owner { Some(self.stored) } else { self.actors[who as usize].token }
    }

    fn receive(&mut self, who: Who, token: Token, now: i64) {
        let actor = &mut self.actors[who as usize];
        actor.token = Some(token);
        actor.access = Some((token, now + ACCESS_SECONDS));
    }

    fn use_access(&mut self, who: Who, node: usize) {
        let (with, until) = self.actors[who as usize].access.unwrap();
        if self.ended || self.clock >= until {
            self.happened = "use a dead access token";
            return;
        }
        self.happened = "use an access token";
        self.promise.used(with, self.clock, who, Some(node));
        if self.mutant != Some(Mutant::AccessUnnoted) {
            self.nodes[node].gathered.push((with, self.clock));
        }
    }

    fn wait(&mut self, seconds: i64) {
        self.happened = "wait";
        self.clock += seconds;
        let every = if self.mutant == Some(Mutant::LateMarks) { 90 } else { FLUSH_SECONDS };
        for node in 0..self.nodes.len() {
            let due = self.nodes[node].flushed + every;
            if due <= self.clock {
                self.flush(node, due);
                // And every so often since, with nothing to write.
                self.nodes[node].flushed = self.clock - (self.clock - due) % every;
            }
        }
    }

    fn flush(&mut self, node: usize, now: i64) {
        for (token, at) in std::mem::take(&mut self.nodes[node].gathered) {
            let at = if self.mutant == Some(Mutant::MarksOfWriting) { now } else { at };
            let used = &mut self.rows[token].used;
            *used = Some(used.map_or(at, |used| used.min(at)));
        }
        self.nodes[node].flushed = now;
        self.promise.written(node);
    }

    fn crash(&mut self, node: usize) -> Broken {
        self.happened = "crash";
        for actor in &mut self.actors {
            if let Some(call) = actor.call.filter(|call| call.node == node) {
                if matches!(call.state, State::Answered(_)) {
                    self.happened = "crash between commit and answer";
                }
                actor.call = None;
            }
        }
        self.nodes[node].gathered.clear();
        self.nodes[node].flushed = self.clock;
        self.promise.forgotten(node, self.clock)
    }

    /// Owner and thief go on with what they hold, a minute and a half apart: the line must not feed both.
    pub(crate) fn come_to_light(&mut self, counts: &mut Counts) -> Broken {
        for who in Who::EVERY {
            self.actors[who as usize].call = None;
        }
        if self.ended || self.actors[Who::Thief as usize].token.is_none() {
            return Ok(());
        }
        for _ in 0..3 {
            for who in [Who::Owner, Who::Thief] {
                self.wait(OVERLAP_SECONDS + FLUSH_SECONDS + 1);
                if self.ended {
                    counts.add("came to light");
                    return Ok(());
                }
                self.take(Step::Present { who, node: 0, foreign: false })?;
                if let Some(State::Answered(None)) = self.state(who) {
                    // It expired meanwhile.
                    return Ok(());
                }
                self.take(Step::Commit(who))?;
                self.take(Step::Deliver(who))?;
                if self.can(Step::Use { who, node: 1 }) {
                    self.use_access(who, 1);
                }
            }
        }
        if self.ended { Ok(()) } else { Err("owner and thief live on one line".into()) }
    }
}
