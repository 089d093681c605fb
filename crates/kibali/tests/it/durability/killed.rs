//! Two hundred kills under load.

use std::time::Duration;

use kibali_testkit::{TempDir, TestRandom};

use super::child::{ACKNOWLEDGED, FILE, Manner, kill, start};
use super::survivors;

const KILLS: u32 = 200;

#[tokio::test]
async fn nothing_acknowledged_is_missing_and_nothing_is_there_by_half() {
    let directory = TempDir::new("killed");
    let (file, log) = (directory.path().join(FILE), directory.path().join(ACKNOWLEDGED));
    let random = TestRandom::new(200);
    let mut seen = 0;
    for run in 0..KILLS {
        let mut child = start(directory.path(), Manner::Store, run, u32::MAX).spawn().unwrap();
        // Until it has written a little, or for a while: some die while they open the database.
        let patience = if run % 10 == 0 { random.below(20) } else { 2000 };
        let enough = 1 + random.below(200);
        for _ in 0..patience {
            let length = std::fs::metadata(&log).map_or(0, |log| log.len());
            if length >= enough {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        kill(&mut child);
        let acknowledged = std::fs::read_to_string(&log).unwrap_or_default();
        let _ = std::fs::remove_file(&log);
        let there = survivors(&file, run).await;
        // The last line may be cut.
        for number in acknowledged.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            let number: u32 = number.parse().unwrap();
            assert!(there.contains(&number), "kill {run}: {number} was acknowledged and is gone");
            seen += 1;
        }
    }
    assert!(seen > KILLS, "the children wrote too little: {seen}");
}
