//! Slowing down guesses (rules of the door 9).
//!
//! Every failed attempt at a name from a network makes the next wait longer, once the free ones are used up. A looser
//! cap over all networks slows a guess spread over many; it never holds back a network from which that name
//! succeeded within a day, so nobody can lock a user out from afar. What is remembered is bounded.

use std::sync::{Mutex, MutexGuard, PoisonError};

use kibali_model::Timestamp;
use quick_cache::unsync::Cache;

use super::Network;
use crate::Refusal;

/// Names at networks remembered.
const PAIRS: usize = 20_000;
/// Names remembered.
const NAMES: usize = 10_000;
/// Seconds to wait after each failure that is not free; from the last on always as long.
const WAITS: [i64; 7] = [1, 2, 4, 8, 16, 32, 60];
/// Failures older than this are forgotten; DHIS2's window (legacy reference 3.6).
const WINDOW_SECONDS: i64 = 15 * 60;
/// How long a success keeps a network out of the cap over all networks.
const TRUST_SECONDS: i64 = 24 * 3600;
/// Failures that lock a user, where the installation locks (`keyLockMultipleFailedLogins`).
const LOCKING: u32 = 4;

/// How many failures cost nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// At one name from one network.
    per_network: u32,
    /// At one name from all networks; none where those of others hold nobody back.
    over_all: Option<u32>,
}

impl Patience {
    /// With users and their passwords, and the codes that their devices show.
    pub(super) const USERS: Self = Self { per_network: 2, over_all: Some(50) };
    /// With clients and their secrets. Many devices share a client, and a network: one that was set up wrong must
    /// not hold back the others.
    pub(super) const CLIENTS: Self = Self { per_network: 10, over_all: Some(1000) };
    /// With requests that anybody may make and that cost mail or accounts: the name is what is asked for, and every
    /// one counts.
    pub(super) const REQUESTS: Self = Self { per_network: 9, over_all: None };
    /// With users and the codes of their second factor, apart from their passwords: only who knows the password gets
    /// to guess those. Three of a million are right at a time: beyond the cap a guess a minute is left, over all
    /// networks from which no code was right within a day.
    pub(super) const CODES: Self = Self { per_network: 2, over_all: Some(10) };
}

/// Holds back those who fail. A guess is looked at with a [`Guess`] in hand, and what it found comes out of a
/// [`Right`]: no step of the way can be forgotten.
pub(crate) struct Throttle {
    patience: Patience,
    memory: Mutex<Memory>,
}

struct Memory {
    pairs: Cache<(String, Network), Pair>,
    names: Cache<String, Failures>,
}

/// One name at one network.
#[derive(Clone, Copy, Default)]
struct Pair {
    failures: Failures,
    success: Option<Timestamp>,
}

impl Pair {
    fn is_trusted(self, now: Timestamp) -> bool {
        self.success.is_some_and(|success| now.seconds_since(success) < TRUST_SECONDS)
    }
}

#[derive(Clone, Copy, Default)]
struct Failures {
    count: u32,
    last: Option<Timestamp>,
}

impl Failures {
    fn recent(self, now: Timestamp) -> u32 {
        let fresh = self.last.is_some_and(|last| now.seconds_since(last) < WINDOW_SECONDS);
        if fresh { self.count } else { 0 }
    }

    fn and_one(self, now: Timestamp) -> Self {
        Self { count: self.recent(now).saturating_add(1), last: Some(now) }
    }

    /// Seconds until the next attempt, 0 for at once.
    fn wait(self, free: u32, now: Timestamp) -> i64 {
        let (Some(over), Some(last)) = (self.recent(now).checked_sub(free), self.last) else { return 0 };
        let Some(over) = over.checked_sub(1) else { return 0 };
        let at = usize::try_from(over).unwrap_or(usize::MAX).min(WAITS.len() - 1);
        let wait = WAITS.get(at).copied().unwrap_or_default();
        (wait - now.seconds_since(last)).max(0)
    }
}

impl Memory {
    fn pair(&self, name: &str, network: Network) -> Pair {
        self.pairs.get(&(name.to_owned(), network)).copied().unwrap_or_default()
    }

    fn over_all(&self, name: &str) -> Failures {
        self.names.get(name).copied().unwrap_or_default()
    }

    fn wait(&self, patience: Patience, name: &str, network: Network, now: Timestamp) -> Option<u32> {
        let pair = self.pair(name, network);
        let here = pair.failures.wait(patience.per_network, now);
        let over_all = patience.over_all.filter(|_| !pair.is_trusted(now));
        let everywhere = over_all.map_or(0, |free| self.over_all(name).wait(free, now));
        u32::try_from(here.max(everywhere)).ok().filter(|seconds| *seconds > 0)
    }

    fn failed(&mut self, patience: Patience, name: &str, network: Network, now: Timestamp) {
        let Pair { failures, success } = self.pair(name, network);
        let pair = Pair { failures: failures.and_one(now), success };
        self.pairs.insert((name.to_owned(), network), pair);
        if patience.over_all.is_some() {
            self.names.insert(name.to_owned(), self.over_all(name).and_one(now));
        }
    }
}

/// The next guess is looked at after this many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slowed(pub(super) u32);

impl From<Slowed> for Refusal {
    fn from(Slowed(seconds): Slowed) -> Self {
        Self::TooManyAttempts { seconds }
    }
}

/// Leave to look at one guess, spent by saying what it found.
#[must_use = "a guess that was looked at is counted"]
pub(crate) struct Guess<'a> {
    throttle: &'a Throttle,
    name: &'a str,
    network: Network,
}

impl<'a> Guess<'a> {
    /// Has the name succeeded from this network within a day?
    pub(super) fn is_known(&self, now: Timestamp) -> bool {
        self.throttle.memory().pair(self.name, self.network).is_trusted(now)
    }

    /// Counts what was decided, or holds it back; a wrong guess found nothing. Guesses that were let in together are
    /// decided one by one: those that come after a failure wait as if they had been sent after it, so that
    /// guessing in parallel learns no more than guessing in turn.
    ///
    /// # Errors
    /// [`Slowed`]; the caller tells this and not whether the guess was right.
    pub(crate) fn decided<T>(self, found: Option<T>, now: Timestamp) -> Result<Option<Right<'a, T>>, Slowed> {
        self.throttle.attempt(self.name, self.network, found.is_some(), now)?;
        Ok(found.map(|found| Right { found, guess: self }))
    }
}

/// What a right guess found. It comes out by saying what becomes of the wrong ones before it; where it does not, for
/// there is another reason to refuse, they stay.
#[must_use = "a right guess forgives the wrong ones, or leaves them"]
pub(crate) struct Right<'a, T> {
    found: T,
    guess: Guess<'a>,
}

impl<T> Right<'_, T> {
    /// What it found, to look at.
    pub(super) const fn found(&self) -> &T {
        &self.found
    }

    /// Would DHIS2's lock after four failures hold for this user and network?
    pub(super) fn is_locked(&self, now: Timestamp) -> bool {
        let memory = self.guess.throttle.memory();
        !memory.pair(self.guess.name, self.guess.network).is_trusted(now)
            && memory.over_all(self.guess.name).recent(now) >= LOCKING
    }

    /// Forgets the failures from this network, which is known from now on.
    pub(crate) fn forgive(self, now: Timestamp) -> T {
        self.guess.throttle.succeeded(self.guess.name, self.guess.network, now);
        self.found
    }

    /// Leaves the failures where they are: for what whoever guesses may come by honestly, as often as they like.
    pub(crate) fn unforgiven(self) -> T {
        self.found
    }
}

impl Throttle {
    pub(super) fn new(patience: Patience) -> Self {
        let memory = Memory { pairs: Cache::new(PAIRS), names: Cache::new(NAMES) };
        Self { patience, memory: Mutex::new(memory) }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// May the name be tried from this network?
    ///
    /// # Errors
    /// [`Slowed`].
    pub(crate) fn guess<'a>(
        &'a self,
        name: &'a str,
        network: Network,
        now: Timestamp,
    ) -> Result<Guess<'a>, Slowed> {
        match self.wait(name, network, now) {
            Some(seconds) => Err(Slowed(seconds)),
            None => Ok(Guess { throttle: self, name, network }),
        }
    }

    /// Seconds until the name may be tried from this network; none for now.
    fn wait(&self, name: &str, network: Network, now: Timestamp) -> Option<u32> {
        self.memory().wait(self.patience, name, network, now)
    }

    fn attempt(&self, name: &str, network: Network, right: bool, now: Timestamp) -> Result<(), Slowed> {
        let mut memory = self.memory();
        if let Some(seconds) = memory.wait(self.patience, name, network, now) {
            return Err(Slowed(seconds));
        }
        if !right {
            memory.failed(self.patience, name, network, now);
        }
        Ok(())
    }

    /// Counts one where nothing is right or wrong.
    ///
    /// # Errors
    /// [`Slowed`].
    pub(super) fn count(&self, name: &str, network: Network, now: Timestamp) -> Result<(), Slowed> {
        self.attempt(name, network, false, now)
    }

    /// Forgets the failures from this network, also where what proved the name is nothing to guess. Those from
    /// elsewhere stay: a user who signs in must not help a stranger who guesses.
    pub(super) fn succeeded(&self, name: &str, network: Network, now: Timestamp) {
        let pair = Pair { failures: Failures::default(), success: Some(now) };
        self.memory().pairs.insert((name.to_owned(), network), pair);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use std::net::IpAddr;

    use super::*;

    fn home() -> Network {
        Network::of(IpAddr::from([192, 0, 2, 1]))
    }

    fn far(n: u8) -> Network {
        Network::of(IpAddr::from([203, 0, 113, n]))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn fail(throttle: &Throttle, network: Network, seconds: i64) {
        throttle.memory().failed(throttle.patience, "admin", network, at(seconds));
    }

    fn is_locked(throttle: &Throttle, network: Network) -> bool {
        let guess = Guess { throttle, name: "admin", network };
        Right { found: (), guess }.is_locked(at(100))
    }

    #[test]
    fn a_guess_is_counted_by_what_it_found_and_a_right_one_forgives_only_where_it_says_so() {
        let throttle = Throttle::new(Patience::USERS);
        let guess = || throttle.guess("admin", home(), at(0));
        let failures = || throttle.memory().pair("admin", home()).failures.recent(at(0));
        for _ in 0..2 {
            assert!(guess().unwrap().decided(None::<u8>, at(0)).unwrap().is_none());
        }
        assert_eq!(guess().unwrap().decided(Some(1), at(0)).unwrap().unwrap().unforgiven(), 1);
        assert!(guess().unwrap().decided(Some(2), at(0)).unwrap().is_some(), "refused for another reason");
        assert_eq!((failures(), guess().unwrap().is_known(at(0))), (2, false));
        assert_eq!(guess().unwrap().decided(Some(3), at(0)).unwrap().unwrap().forgive(at(0)), 3);
        assert_eq!((failures(), guess().unwrap().is_known(at(0))), (0, true));
    }

    #[test]
    fn of_guesses_that_were_let_in_together_those_behind_a_failure_too_many_learn_nothing() {
        let throttle = Throttle::new(Patience::USERS);
        let mut together: Vec<_> = (0..4).map(|_| throttle.guess("admin", home(), at(0)).unwrap()).collect();
        let right = together.pop().unwrap();
        for guess in together {
            assert!(guess.decided(None::<u8>, at(0)).is_ok());
        }
        assert_eq!(right.decided(Some(1), at(0)).err(), Some(Slowed(1)));
        assert_eq!(throttle.guess("admin", home(), at(0)).err(), Some(Slowed(1)));
    }

    #[test]
    fn the_delay_grows_from_the_third_failure_and_stops_at_a_minute() {
        let throttle = Throttle::new(Patience::USERS);
        let mut delays = Vec::new();
        for _ in 0..12 {
            fail(&throttle, home(), 0);
            delays.push(throttle.wait("admin", home(), at(0)).unwrap_or(0));
        }
        assert_eq!(delays, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        assert_eq!(throttle.wait("admin", home(), at(30)), Some(30));
        assert_eq!(throttle.wait("admin", home(), at(60)), None);
        assert_eq!(throttle.wait("admin", far(1), at(0)), None);
        assert_eq!(throttle.wait("other", home(), at(0)), None);
    }

    #[test]
    fn a_success_and_a_quarter_of_an_hour_forget_failures() {
        let throttle = Throttle::new(Patience::USERS);
        for _ in 0..5 {
            fail(&throttle, home(), 0);
        }
        throttle.succeeded("admin", home(), at(5));
        assert_eq!(throttle.wait("admin", home(), at(5)), None);
        for _ in 0..12 {
            fail(&throttle, home(), 10);
        }
        fail(&throttle, home(), 10 + 15 * 60);
        assert_eq!(throttle.wait("admin", home(), at(10 + 15 * 60)), None);
    }

    #[test]
    fn a_flood_from_everywhere_holds_back_strangers_and_never_a_known_address() {
        let throttle = Throttle::new(Patience::USERS);
        throttle.succeeded("admin", home(), at(0));
        for n in 0..60 {
            fail(&throttle, far(n), 100);
        }
        assert!(throttle.wait("admin", far(99), at(100)).is_some());
        assert!(is_locked(&throttle, far(99)));
        assert_eq!(throttle.wait("admin", home(), at(100)), None);
        assert!(!is_locked(&throttle, home()));
        assert!(throttle.wait("admin", far(99), at(100 + 15 * 60)).is_none());
    }

    #[test]
    fn whoever_has_a_network_of_many_addresses_guesses_no_more_than_others() {
        let address = |n: u128| Network::of(IpAddr::from((0x2001_0db8_u128 << 96 | n).to_be_bytes()));
        for (patience, free) in
            [(Patience::USERS, 3), (Patience::CLIENTS, 11), (Patience::REQUESTS, 10), (Patience::CODES, 3)]
        {
            let throttle = Throttle::new(patience);
            let guess = |n: u128| throttle.attempt("admin", address(n << 32 | n), false, at(0));
            assert!((0..free).all(|n| guess(n).is_ok()), "{patience:?}");
            assert_eq!(guess(free), Err(Slowed(1)), "{patience:?}");
            assert_eq!(
                throttle.wait("admin", address(1 << 64), at(0)),
                None,
                "another network: {patience:?}"
            );
        }
    }

    #[test]
    fn requests_are_counted_where_they_come_from_alone() {
        let throttle = Throttle::new(Patience::REQUESTS);
        let ask = |network| throttle.count("recovery", network, at(0));
        assert!((0..10).all(|_| ask(home()).is_ok()));
        assert_eq!(ask(home()), Err(Slowed(1)));
        assert!((0..200).all(|n| ask(far(n)).is_ok()), "a flood from everywhere holds up nobody else");
        assert_eq!(throttle.count("registration", home(), at(0)), Ok(()));
        assert_eq!(throttle.memory().names.len(), 0);
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::new(Patience::USERS);
        for n in 0..100_000_u32 {
            fail(&throttle, Network::of(IpAddr::from(n.to_be_bytes())), 0);
        }
        assert!(throttle.memory().pairs.len() <= PAIRS);
    }
}
