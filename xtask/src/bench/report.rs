//! Figures, as they are taken and as a table for `docs/performance.md`.

use kibali_store::Engine;

use super::process;

/// What was taken.
pub(super) struct Report {
    /// The figures and engines that are asked for; none means all.
    figures: Vec<String>,
    engines: Vec<Engine>,
    rows: Vec<String>,
    missed: usize,
}

/// One figure.
pub(super) struct Figure<'a> {
    /// What is measured.
    pub(super) what: &'a str,
    /// `SQLite`, `PostgreSQL`, or neither.
    pub(super) engine: &'a str,
    /// The measurements, in the unit of the limit.
    pub(super) values: Vec<f64>,
    /// The unit, written after each value.
    pub(super) unit: &'a str,
    /// What should hold.
    pub(super) limit: Limit,
    /// What else is worth knowing.
    pub(super) note: String,
}

/// What should hold of the middle value.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    /// At most this.
    Most(f64),
    /// At least this.
    Least(f64),
}

impl Report {
    pub(super) fn new(words: &[&str]) -> Self {
        println!("{}; load {}", process::machine(), process::busy());
        let engine = |word: &str| match word {
            "sqlite" => Some(Engine::Sqlite),
            "postgres" => Some(Engine::Postgres),
            _ => None,
        };
        let engines = words.iter().filter_map(|word| engine(word)).collect();
        let figures =
            words.iter().filter(|word| engine(word).is_none()).map(|word| (*word).to_owned()).collect();
        Self { figures, engines, rows: Vec::new(), missed: 0 }
    }

    /// Is the figure asked for?
    pub(super) fn wants(&self, name: &str) -> bool {
        self.figures.is_empty() || self.figures.iter().any(|word| word == name)
    }

    /// Is it asked for on this engine?
    pub(super) fn wants_on(&self, engine: Engine) -> bool {
        self.engines.is_empty() || self.engines.contains(&engine)
    }

    /// Judges a figure by its middle value, and prints it.
    pub(super) fn add(&mut self, figure: &Figure<'_>) {
        let Spread { least, middle, most } = spread(&figure.values);
        let (sign, limit, holds) = match figure.limit {
            Limit::Most(limit) => ("≤", limit, middle <= limit),
            Limit::Least(limit) => ("≥", limit, middle >= limit),
        };
        let Figure { what, engine, unit, note, .. } = figure;
        let verdict = if holds { "pass" } else { "**miss**" };
        self.missed += usize::from(!holds);
        let row = format!(
            "| {what} | {engine} | {}{unit} | {sign} {}{unit} | {verdict} | {} to {} ({}) | {note} |",
            short(middle),
            short(limit),
            short(least),
            short(most),
            figure.values.len()
        );
        println!("{row}  load {}", process::busy());
        self.rows.push(row);
    }

    /// Prints the table.
    pub(super) fn finish(self) {
        println!("\n| Figure | Engine | Measured | Limit | | Spread (repeats) | Note |");
        println!("|---|---|---|---|---|---|---|");
        for row in &self.rows {
            println!("{row}");
        }
        println!("\n{}; load {}; {} missed", process::machine(), process::busy(), self.missed);
    }
}

/// The ends and the middle of some measurements.
pub(super) struct Spread {
    pub(super) least: f64,
    pub(super) middle: f64,
    pub(super) most: f64,
}

/// Of no measurements at all, nothing is known: not a number, which no limit lets pass.
pub(super) fn spread(values: &[f64]) -> Spread {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    Spread { least: at(0), middle: at(sorted.len() / 2), most: at(sorted.len().saturating_sub(1)) }
}

fn short(value: f64) -> String {
    if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value.abs() >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}
