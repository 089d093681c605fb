//! The rule of refresh tokens, held against every order in which things happen (rules of the door 5).
//!
//! A model of two nodes on one database, with the rule itself inside, is driven through a million histories by
//! an owner, a second tab of the same application, and a thief. Answers are lost or overheard, nodes crash
//! between commit and answer and forget what they gathered. What the rule may see is what the database holds;
//! what it is held against (`promise.rs`) is what really happened.

// Tests may fail loudly, and print what they found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout
)]

mod mutant;
mod promise;
mod random;
mod step;
mod world;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use mutant::Mutant;
use random::Random;
use step::{Counts, KINDS};
use world::World;

/// Histories that the rule is held against.
const HISTORIES: u64 = 1_050_000;
/// Histories that a mutant may survive at most.
const PATIENCE: u64 = 100_000;
/// Steps of a history: at least so many, and up to eight more.
const STEPS: u64 = 20;

/// Runs a history and answers what tells it from others; an error says which promise was broken, and how it
/// came to that.
fn history(seed: u64, mutant: Option<Mutant>, counts: &mut Counts) -> Result<u64, String> {
    let mut random = Random::new(seed);
    let mut world = World::new(mutant, seed.is_multiple_of(2));
    let steps = STEPS + random.below(9);
    let mut tale = Vec::with_capacity(usize::try_from(steps).unwrap());
    let told = |tale: &[step::Step], broken: String| format!("history {seed}: {broken}\n{tale:#?}");
    for _ in 0..steps {
        let step = world.choose(&mut random);
        tale.push(step);
        world.take(step).map_err(|broken| told(&tale, broken))?;
        counts.add(world.happened);
    }
    world.come_to_light(counts).map_err(|broken| told(&tale, broken))?;
    let mut hasher = DefaultHasher::new();
    tale.hash(&mut hasher);
    Ok(hasher.finish())
}

#[test]
fn a_million_histories_log_nobody_out_and_catch_every_thief() {
    let mut counts = Counts::default();
    let run = |seed| history(seed, None, &mut counts).unwrap_or_else(|broken| panic!("{broken}"));
    let histories: HashSet<u64> = (0..HISTORIES).map(run).collect();
    println!("{} histories of {STEPS} to {} steps:\n{counts}", histories.len(), STEPS + 8);
    assert!(histories.len() >= 1_000_000, "too many are alike");
    let never: Vec<_> = KINDS.iter().filter(|kind| counts.of(kind) == 0).collect();
    assert!(never.is_empty(), "never happened: {never:?}");
}

#[test]
fn every_mutant_of_the_rule_is_caught() {
    for mutant in Mutant::EVERY {
        let mut counts = Counts::default();
        let caught = (0..PATIENCE).find_map(|seed| history(seed, Some(mutant), &mut counts).err());
        let broken = caught.unwrap_or_else(|| panic!("{mutant:?} survived {PATIENCE} histories"));
        println!("{mutant:?}: {}", broken.lines().next().unwrap_or_default());
    }
}
