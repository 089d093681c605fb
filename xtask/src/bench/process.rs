//! What Linux knows of a process: processor time spent, memory held.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Outcome;

/// Ticks of `/proc/PID/stat` in a second, on every Linux that Rust runs on.
const TICKS: u64 = 100;

/// Processor time the process has used, in user and kernel mode, all its threads together.
pub(super) fn processor_time(pid: u32) -> Outcome<Duration> {
    let text = read(&PathBuf::from(format!("/proc/{pid}/stat")))?;
    // The name of the program, in parentheses, may hold spaces. After it the state is field 3.
    let fields: Vec<&str> = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks = |at: usize| fields.get(at - 3).and_then(|field| field.parse::<u64>().ok());
    let (user, system) = ticks(14).zip(ticks(15)).ok_or("a line of /proc/PID/stat has another form")?;
    Ok(Duration::from_millis((user + system) * 1000 / TICKS))
}

/// Memory the process holds, in MiB: all of it (resident set), and what is not a page of a file.
pub(super) fn memory(pid: u32) -> Outcome<(f64, f64)> {
    let text = read(&PathBuf::from(format!("/proc/{pid}/status")))?;
    let kib = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').split_whitespace().next()?.parse::<f64>().ok()
    };
    let (all, own) = kib("VmRSS").zip(kib("RssAnon")).ok_or("/proc/PID/status has another form")?;
    Ok((all / 1024.0, own / 1024.0))
}

/// What kind of machine this is: cores, model, memory.
pub(super) fn machine() -> String {
    let cpu = read(Path::new("/proc/cpuinfo")).unwrap_or_default();
    let field = |name: &str| {
        let line = cpu.lines().find(|line| line.starts_with(name))?;
        line.split_once(':').map(|(_, value)| value.trim().to_owned())
    };
    let model = field("model name").unwrap_or_else(|| "unknown processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = read(Path::new("/proc/meminfo")).unwrap_or_default();
    let kib: f64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse().ok())
        .unwrap_or_default();
    format!("{cores} cores of {model}, {:.0} GiB of memory", kib / 1024.0 / 1024.0)
}

/// How busy the machine is: processes that ran or wanted to, over the last minute.
pub(super) fn busy() -> String {
    let text = read(Path::new("/proc/loadavg")).unwrap_or_default();
    text.split_whitespace().next().unwrap_or("?").to_owned()
}

fn read(path: &Path) -> Outcome<String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
