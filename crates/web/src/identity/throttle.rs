//! Slowing down guesses (rules of the door 9).
//!
//! Every failed attempt at a user from an address makes the next wait longer, from the third on. A looser
//! cap over all addresses slows a guess spread over many; it never holds back an address from which that
//! user signed in within a day, so nobody can lock a user out from afar. Clients and their secrets are slowed
//! down in the same way, more loosely, and the codes of second factors apart from both: only who knows the
//! password gets to guess those. What is remembered is bounded.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kibali_model::Timestamp;
use quick_cache::unsync::Cache;

/// Pairs of user and address remembered.
const PAIRS: usize = 20_000;
/// Users remembered.
const USERS: usize = 10_000;
/// Failures that cost nothing.
#[derive(Clone, Copy)]
struct Free {
    /// At one name from one address.
    pair: u32,
    /// At one name from all addresses.
    name: u32,
}

/// For users and their passwords.
const USER: Free = Free { pair: 2, name: 50 };
/// For clients and their secrets. Many devices share a client, and an address: one that was set up wrong must
/// not hold back the others.
const CLIENT: Free = Free { pair: 10, name: 1000 };
/// For requests that anybody may make and that cost mail or accounts; every one counts, at one kind of request
/// from one address.
const REQUEST: Free = Free { pair: 9, name: u32::MAX - 1 };
/// For users and the codes of their second factor. Three of a million are right at a time: beyond the cap a
/// guess a minute is left, over all addresses from which no code was right within a day.
const CODE: Free = Free { pair: 2, name: 10 };
/// The longest wait.
const LONGEST_SECONDS: i64 = 60;
/// Failures older than this are forgotten; DHIS2's window (legacy reference 3.6).
const WINDOW_SECONDS: i64 = 15 * 60;
/// How long a success keeps an address out of the cap over all addresses.
const TRUST_SECONDS: i64 = 24 * 3600;
/// Failures that lock a user, where the installation locks (`keyLockMultipleFailedLogins`).
const LOCKING: u32 = 4;

pub(crate) struct Throttle(Mutex<Memory>);

struct Memory {
    free: Free,
    pairs: Cache<(String, IpAddr), Pair>,
    users: Cache<String, Failures>,
}

impl Memory {
    fn new(free: Free) -> Self {
        Self { free, pairs: Cache::new(PAIRS), users: Cache::new(USERS) }
    }
}

#[derive(Clone, Copy, Default)]
struct Pair {
    failures: Failures,
    success: Option<Timestamp>,
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

    fn add(self, now: Timestamp) -> Self {
        Self { count: self.recent(now).saturating_add(1), last: Some(now) }
    }

    /// Seconds until the next attempt, 0 for at once.
    fn wait(self, free: u32, now: Timestamp) -> i64 {
        let (Some(over), Some(last)) = (self.recent(now).checked_sub(free + 1), self.last) else { return 0 };
        let delay = 1_i64.checked_shl(over).unwrap_or(LONGEST_SECONDS).min(LONGEST_SECONDS);
        let delay = if over >= 6 { LONGEST_SECONDS } else { delay };
        (delay - now.seconds_since(last)).max(0)
    }
}

impl Memory {
    fn wait(&self, username: &str, address: IpAddr, now: Timestamp) -> Option<u32> {
        let pair = self.pairs.get(&(username.to_owned(), address)).copied().unwrap_or_default();
        let mut seconds = pair.failures.wait(self.free.pair, now);
        if !pair.trusted(now) {
            let user = self.users.get(username).copied().unwrap_or_default();
            seconds = seconds.max(user.wait(self.free.name, now));
        }
        u32::try_from(seconds).ok().filter(|seconds| *seconds > 0)
    }

    fn failed(&mut self, username: &str, address: IpAddr, now: Timestamp) {
        let key = (username.to_owned(), address);
        let mut pair = self.pairs.get(&key).copied().unwrap_or_default();
        pair.failures = pair.failures.add(now);
        self.pairs.insert(key, pair);
        let user = self.users.get(username).copied().unwrap_or_default();
        self.users.insert(username.to_owned(), user.add(now));
    }
}

impl Throttle {
    /// For users and their passwords.
    pub(super) fn of_users() -> Self {
        Self(Mutex::new(Memory::new(USER)))
    }

    /// For clients and their secrets.
    pub(super) fn of_clients() -> Self {
        Self(Mutex::new(Memory::new(CLIENT)))
    }

    /// For requests that anybody may make.
    pub(super) fn of_requests() -> Self {
        Self(Mutex::new(Memory::new(REQUEST)))
    }

    /// For users and the codes of their second factor.
    pub(super) fn of_codes() -> Self {
        Self(Mutex::new(Memory::new(CODE)))
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seconds until the user may be tried from this address; none for now.
    pub(crate) fn wait(&self, username: &str, address: IpAddr, now: Timestamp) -> Option<u32> {
        self.memory().wait(username, address, now)
    }

    /// Counts an attempt that was decided, or holds its verdict back. Attempts that were let in together are
    /// decided one by one: those that come after a failure wait as if they had been sent after it, so that
    /// guessing in parallel learns no more than guessing in turn.
    ///
    /// # Errors
    /// Seconds until the user may be tried again; the caller tells this and not whether the attempt was right.
    pub(crate) fn decided(
        &self,
        username: &str,
        address: IpAddr,
        right: bool,
        now: Timestamp,
    ) -> Result<(), u32> {
        let mut memory = self.memory();
        if let Some(seconds) = memory.wait(username, address, now) {
            return Err(seconds);
        }
        if !right {
            memory.failed(username, address, now);
        }
        Ok(())
    }

    /// Would DHIS2's lock after four failures hold for this user and address?
    pub(super) fn locked(&self, username: &str, address: IpAddr, now: Timestamp) -> bool {
        let memory = self.memory();
        let trusted = memory.pairs.get(&(username.to_owned(), address)).is_some_and(|pair| pair.trusted(now));
        !trusted && memory.users.get(username).is_some_and(|user| user.recent(now) >= LOCKING)
    }

    /// Forgets the failures from this address. Those from elsewhere stay: a user who signs in must not
    /// help a stranger who guesses.
    pub(crate) fn succeeded(&self, username: &str, address: IpAddr, now: Timestamp) {
        let mut memory = self.memory();
        let key = (username.to_owned(), address);
        memory.pairs.insert(key, Pair { failures: Failures::default(), success: Some(now) });
    }
}

impl Pair {
    fn trusted(self, now: Timestamp) -> bool {
        self.success.is_some_and(|success| now.seconds_since(success) < TRUST_SECONDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn far(n: u8) -> IpAddr {
        IpAddr::from([203, 0, 113, n])
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn the_delay_grows_from_the_third_failure_and_stops_at_a_minute() {
        let throttle = Throttle::of_users();
        let mut delays = Vec::new();
        for _ in 0..12 {
            throttle.memory().failed("admin", HOME, at(0));
            delays.push(throttle.wait("admin", HOME, at(0)).unwrap_or(0));
        }
        assert_eq!(delays, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        assert_eq!(throttle.wait("admin", HOME, at(30)), Some(30));
        assert_eq!(throttle.wait("admin", HOME, at(60)), None);
        assert_eq!(throttle.wait("admin", far(1), at(0)), None);
        assert_eq!(throttle.wait("other", HOME, at(0)), None);
    }

    #[test]
    fn a_success_and_a_quarter_of_an_hour_forget_failures() {
        let throttle = Throttle::of_users();
        for _ in 0..5 {
            throttle.memory().failed("admin", HOME, at(0));
        }
        throttle.succeeded("admin", HOME, at(5));
        assert_eq!(throttle.wait("admin", HOME, at(5)), None);
        for _ in 0..12 {
            throttle.memory().failed("admin", HOME, at(10));
        }
        throttle.memory().failed("admin", HOME, at(10 + 15 * 60));
        assert_eq!(throttle.wait("admin", HOME, at(10 + 15 * 60)), None);
    }

    #[test]
    fn a_flood_from_everywhere_holds_back_strangers_and_never_a_known_address() {
        let throttle = Throttle::of_users();
        throttle.succeeded("admin", HOME, at(0));
        for n in 0..60 {
            throttle.memory().failed("admin", far(n), at(100));
        }
        assert!(throttle.wait("admin", far(99), at(100)).is_some());
        assert!(throttle.locked("admin", far(99), at(100)));
        assert_eq!(throttle.wait("admin", HOME, at(100)), None);
        assert!(!throttle.locked("admin", HOME, at(100)));
        assert!(throttle.wait("admin", far(99), at(100 + 15 * 60)).is_none());
    }

    #[test]
    fn requests_are_counted_where_they_come_from_alone() {
        let throttle = Throttle::of_requests();
        let ask = |address| throttle.decided("recovery", address, false, at(0));
        assert!((0..10).all(|_| ask(HOME).is_ok()));
        assert_eq!(ask(HOME), Err(1));
        assert!((0..200).all(|n| ask(far(n)).is_ok()), "a flood from everywhere holds up nobody else");
        assert_eq!(throttle.decided("registration", HOME, false, at(0)), Ok(()));
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::of_users();
        for n in 0..100_000_u32 {
            throttle.memory().failed("admin", IpAddr::from(n.to_be_bytes()), at(0));
        }
        assert!(throttle.memory().pairs.len() <= PAIRS);
    }
}
