//! A disk that keeps only what was synced.

use std::collections::BTreeMap;
use std::path::Path;

use kibali_testkit::TestRandom;

/// What is written at once or not at all.
const SECTOR: usize = 512;

/// One step of the record.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Write { file: String, offset: usize, bytes: Vec<u8> },
    Truncate { file: String, length: usize },
    Sync { file: String },
}

/// Reads what `record.c` wrote. The child may end while another of its threads still records: a step cut
/// off at the very end never happened.
pub(super) fn read_record(mut record: &[u8]) -> Vec<Step> {
    let mut steps = Vec::new();
    while let Some(end) = record.iter().position(|byte| *byte == b'\n') {
        let head = std::str::from_utf8(&record[..end]).unwrap();
        let fields: Vec<&str> = head.split(' ').collect();
        let (file, number, length) =
            (fields[1].to_owned(), fields[2].parse().unwrap(), fields[3].parse::<usize>().unwrap());
        record = &record[end + 1..];
        let carried = if fields[0] == "W" { length } else { 0 };
        if record.len() < carried {
            break;
        }
        steps.push(match fields[0] {
            "W" => Step::Write { file, offset: number, bytes: record[..length].to_vec() },
            "T" => Step::Truncate { file, length: number },
            "S" => Step::Sync { file },
            other => panic!("{other}"),
        });
        record = &record[carried..];
    }
    steps
}

/// The files as the disk holds them, and what it has only been asked to write.
#[derive(Debug, Default)]
pub(super) struct Disk {
    kept: BTreeMap<String, Vec<u8>>,
    pending: BTreeMap<String, Vec<Step>>,
}

impl Disk {
    /// A disk that holds this file.
    pub(super) fn holding(file: &str, bytes: Vec<u8>) -> Self {
        Self { kept: BTreeMap::from([(file.to_owned(), bytes)]), ..Self::default() }
    }

    /// Takes a step.
    pub(super) fn take(&mut self, step: &Step) {
        match step {
            Step::Write { file, .. } | Step::Truncate { file, .. } => {
                self.pending.entry(file.clone()).or_default().push(step.clone());
            }
            Step::Sync { file } => {
                let kept = self.kept.entry(file.clone()).or_default();
                for step in self.pending.remove(file).unwrap_or_default() {
                    apply(kept, &step, |_| true);
                }
            }
        }
    }

    /// Writes into `directory` what is there after the power went: all that was synced, and of the rest
    /// whatever sectors happened to be written.
    pub(super) fn after_power_loss(&self, directory: &Path, random: &TestRandom) {
        let mut files = self.kept.clone();
        // Sometimes nothing more got through, sometimes almost all.
        let luck = random.below(5);
        for (file, steps) in &self.pending {
            let kept = files.entry(file.clone()).or_default();
            for step in steps {
                apply(kept, step, |_| random.below(4) < luck);
            }
        }
        for (file, bytes) in files {
            std::fs::write(directory.join(file), bytes).unwrap();
        }
    }
}

/// Applies a step to a file, sector by sector where `written` says so.
fn apply(file: &mut Vec<u8>, step: &Step, written: impl Fn(usize) -> bool) {
    match step {
        Step::Truncate { length, .. } => {
            if written(0) {
                file.resize(*length, 0);
            }
        }
        Step::Write { offset, bytes, .. } => {
            let mut at = *offset;
            let end = offset + bytes.len();
            while at < end {
                let next = ((at / SECTOR + 1) * SECTOR).min(end);
                if written(at) {
                    if file.len() < next {
                        file.resize(next, 0);
                    }
                    file[at..next].copy_from_slice(&bytes[at - offset..next - offset]);
                }
                at = next;
            }
        }
        Step::Sync { .. } => {}
    }
}
