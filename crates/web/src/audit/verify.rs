//! Holding the audit trail against its seals.

use std::collections::BTreeSet;

use kibali_crypto::{MacKey, equal_in_constant_time};
use kibali_model::Timestamp;
use kibali_store::Reader;
use kibali_store::door::seals::{self, Seal, SealedEvent};

use super::chain::{BEGINNING, cut_proof, mac};
use super::ids::{Ids, Missing};
use super::{Head, MOST, key};
use crate::{App, Refusal};

/// Seals read at once.
const PAGE: i64 = 200;
/// Findings that are told; one is enough to know.
const TOLD: usize = 50;
/// Events that are looked at beyond those that a seal says it closes.
const BESIDE: i64 = 1_000;

/// An event is sealed a second after it is written, and a transaction may stay open for ten minutes. What was sealed
/// later still lay open for so long.
const LATE_SECONDS: i64 = 15 * 60;

/// Something that is not as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Finding {
    /// Events that were closed by a seal are not what they were, or the seal itself is not.
    Changed { seal: i64, first: i64, last: i64 },
    /// An event that was sealed is not there.
    EventGone { event: i64, seal: i64 },
    /// Events were sealed long after they happened: until then they could be changed, or a seal taken out and they
    /// with it. Nobody without the key can make a seal older than it is.
    SealedLate { seal: i64, first: i64, last: i64 },
    /// An event stands among sealed ones and was never sealed.
    NotSealed { event: i64 },
    /// Seals are not there.
    SealsGone { first: i64, last: i64 },
    /// The trail begins after the first seal, and it was not Kibali that cut it there.
    NotCutByUs { seal: i64 },
    /// A seal is another one than was noted.
    AnotherHead { seal: i64 },
    /// The trail ends before a seal that was noted.
    EndsBefore { noted: i64, last: i64 },
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Changed { seal, first, last } => write!(
                f,
                "events {first} to {last}: one was changed, moved or put in, or their seal {seal} was changed"
            ),
            Self::EventGone { event, seal } => {
                write!(f, "event {event} was taken out; seal {seal} closed it")
            }
            Self::SealedLate { seal, first, last } => write!(
                f,
                "events {first} to {last} were sealed long after they happened, by seal {seal}: it may be another one \
                 than they had first"
            ),
            Self::NotSealed { event } => write!(
                f,
                "event {event} was put in later: no seal holds it, though events around it are sealed"
            ),
            Self::SealsGone { first, last } if first == last => write!(f, "seal {first} was taken out"),
            Self::SealsGone { first, last } => write!(f, "seals {first} to {last} were taken out"),
            Self::NotCutByUs { seal } => {
                write!(f, "the beginning was taken out up to seal {seal}, and not because it was old")
            }
            Self::AnotherHead { seal } => {
                write!(f, "seal {seal} is not the one that was noted: the trail was written anew")
            }
            Self::EndsBefore { noted, last } => {
                write!(f, "the trail ends at seal {last}, though seal {noted} was noted: the end was cut off")
            }
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// What is wrong; nothing: all is as it was written.
    pub findings: Vec<Finding>,
    /// Seals that were looked at.
    pub seals: u64,
    /// Events that they close.
    pub events: u64,
    /// When the first of the seals was made.
    pub since: Option<Timestamp>,
    /// Where the chain ends.
    pub head: Option<Head>,
    /// Events that came after the last seal.
    pub waiting: i64,
    /// Noted heads from before the trail begins, which tell nothing.
    pub too_old: Vec<i64>,
}

/// Holds every event against its seal, every seal against the one before, and noted heads against the seals. Reads
/// the trail once, from the oldest to the newest, while others write.
///
/// # Errors
/// The database failed.
pub async fn verify(app: &App, noted: &[Head]) -> Result<Verdict, Refusal> {
    let mut reader = app.store.snapshot().await?;
    let mut look = Look { key: key(app), verdict: Verdict::default(), ends: None, unclosed: BTreeSet::new() };
    loop {
        let after = look.ends.as_ref().map_or(0, |(_, last)| last.number);
        let page = seals::after(&mut reader, after, PAGE).await?;
        for seal in &page {
            look.verdict.findings.extend(noted.iter().filter_map(|head| another(head, seal)));
            look.at(&mut reader, seal).await?;
        }
        if page.is_empty() || look.verdict.findings.len() > TOLD {
            break;
        }
    }
    look.finish(&mut reader, noted, app.now()).await
}

fn another(head: &Head, seal: &Seal) -> Option<Finding> {
    let differs = head.number == seal.number && !head.is(seal);
    differs.then_some(Finding::AnotherHead { seal: seal.number })
}

fn sealed_late(seal: &Seal, closed: &[SealedEvent]) -> Option<Finding> {
    let mut late = closed.iter().filter(|event| seal.at.seconds_since(event.at) > LATE_SECONDS);
    let first = late.next()?;
    let last = late.next_back().unwrap_or(first);
    Some(Finding::SealedLate { seal: seal.number, first: first.id, last: last.id })
}

/// The look through the trail, so far.
struct Look {
    key: MacKey,
    verdict: Verdict,
    /// The first seal's number, and the last one looked at.
    ends: Option<(i64, Seal)>,
    /// Events that no seal so far closes, though it closes later ones.
    unclosed: BTreeSet<i64>,
}

impl Look {
    async fn at(&mut self, reader: &mut Reader, seal: &Seal) -> Result<(), Refusal> {
        match self.ends.take() {
            None => {
                self.verdict.since = Some(seal.at);
                if seal.number == 1 && seal.cut.is_none() {
                    self.check(reader, seal, (&BEGINNING, i64::MIN)).await?;
                } else {
                    self.begin_at_cut(reader, seal).await?;
                }
                self.ends = Some((seal.number, seal.clone()));
            }
            Some((first, before)) => {
                let expected = before.number.saturating_add(1);
                if seal.number == expected {
                    self.check(reader, seal, (&before.mac, before.up_to.saturating_add(1))).await?;
                } else {
                    // What the next seal was made from is not there to hold it against.
                    let last = seal.number.saturating_sub(1);
                    self.verdict.findings.push(Finding::SealsGone { first: expected, last });
                }
                self.ends = Some((first, seal.clone()));
            }
        }
        Ok(())
    }

    /// The events of the first seal were taken away, and those before. By Kibali?
    async fn begin_at_cut(&mut self, reader: &mut Reader, seal: &Seal) -> Result<(), Refusal> {
        let proof = seal.cut.as_deref().unwrap_or_default();
        if !equal_in_constant_time(cut_proof(&self.key, seal), proof) {
            self.verdict.findings.push(Finding::NotCutByUs { seal: seal.number });
        }
        let left = seals::events_of(reader, (i64::MIN, seal.up_to), BESIDE).await?;
        self.unclosed.extend(left.iter().map(|event| event.id));
        Ok(())
    }

    /// Holds the events of a seal against it. `before` is what it was made from, and the first number that was not
    /// closed there: of the first seal the first there is, since nothing stands before its events.
    async fn check(&mut self, reader: &mut Reader, seal: &Seal, before: (&[u8], i64)) -> Result<(), Refusal> {
        let (before, from) = before;
        self.verdict.seals += 1;
        let changed = Finding::Changed { seal: seal.number, first: from.max(1), last: seal.up_to };
        let whole = |ids: &Ids| ids.count() == seal.events && seal.events <= MOST;
        let Some(ids) = Ids::parse(&seal.ids).filter(whole) else {
            self.verdict.findings.push(changed);
            return Ok(());
        };
        let most = MOST + BESIDE;
        let mut events = seals::events_among(reader, &ids.up_to(from.saturating_sub(1)), most).await?;
        events.extend(seals::events_of(reader, (from, seal.up_to), most).await?);
        let (closed, others): (Vec<SealedEvent>, Vec<SealedEvent>) =
            events.into_iter().partition(|event| ids.contains(event.id));
        self.unclosed.extend(others.iter().map(|event| event.id));
        let there: BTreeSet<i64> = closed.iter().map(|event| event.id).collect();
        self.unclosed.retain(|event| !there.contains(event));
        self.verdict.events += u64::try_from(closed.len()).unwrap_or_default();
        let gone = ids.iter().filter(|id| !there.contains(id));
        let gone: Vec<Finding> =
            gone.map(|event| Finding::EventGone { event, seal: seal.number }).take(TOLD).collect();
        if !gone.is_empty() {
            self.verdict.findings.extend(gone);
        } else if !equal_in_constant_time(mac(&self.key, before, &closed, seal), &seal.mac) {
            self.verdict.findings.push(changed);
        } else {
            self.verdict.findings.extend(sealed_late(seal, &closed));
        }
        Ok(())
    }

    async fn finish(
        mut self,
        reader: &mut Reader,
        noted: &[Head],
        now: Timestamp,
    ) -> Result<Verdict, Refusal> {
        let ends = self.ends.as_ref();
        let (first, last) = ends.map_or((1, 0), |(first, last)| (*first, last.number));
        let up_to = ends.map_or(0, |(_, last)| last.up_to);
        let verdict = &mut self.verdict;
        verdict.head = ends.and_then(|(_, last)| Head::of(last));
        verdict.waiting = seals::count_after(reader, up_to).await?;
        // The next seal takes those along that it waits for.
        let waits = ends.and_then(|(_, last)| Missing::parse(&last.missing)).unwrap_or_default();
        let waits = waits.waited_for(now).ranges();
        for event in self.unclosed {
            if waits.iter().any(|(first, last)| (*first..=*last).contains(&event)) {
                verdict.waiting = verdict.waiting.saturating_add(1);
            } else {
                verdict.findings.push(Finding::NotSealed { event });
            }
        }
        for head in noted {
            if head.number > last {
                verdict.findings.push(Finding::EndsBefore { noted: head.number, last });
            } else if head.number < first {
                verdict.too_old.push(head.number);
            }
        }
        verdict.findings.truncate(TOLD);
        Ok(self.verdict)
    }
}
