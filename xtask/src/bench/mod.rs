//! `cargo xtask bench`: what a request costs, what a start takes, what memory is held; each figure beside
//! its limit, on both engines, as users get the server: the release binary, its log, its audit, its
//! durability.
//!
//! Figures are ratios within one run, and per second of the server's own processor time where the clock on
//! the wall tells more about the machine's other work than about the server.

#[cfg(not(feature = "bench"))]
mod rerun;
#[cfg(not(feature = "bench"))]
pub(crate) use rerun::run;

#[cfg(feature = "bench")]
mod bare;
#[cfg(feature = "bench")]
mod figures;
#[cfg(feature = "bench")]
mod load;
#[cfg(feature = "bench")]
mod populate;
#[cfg(feature = "bench")]
mod process;
#[cfg(feature = "bench")]
mod report;
#[cfg(feature = "bench")]
mod seed;
#[cfg(feature = "bench")]
mod server;

/// What a figure returns, or why it could not be taken.
#[cfg(feature = "bench")]
type Outcome<T> = Result<T, String>;

/// Takes the figures named by `words` on the engines named by `words`, all of them without words.
#[cfg(feature = "bench")]
pub(crate) fn run(words: &[&str]) -> std::process::ExitCode {
    if words == [bare::COMMAND] {
        return bare::serve();
    }
    let mut report = report::Report::new(words);
    if let Err(why) = figures::take_all(&mut report) {
        println!("the figures could not be taken: {why}");
        return std::process::ExitCode::FAILURE;
    }
    report.finish();
    std::process::ExitCode::SUCCESS
}
