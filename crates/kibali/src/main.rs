//! The `kibali` binary: configuration, wiring and commands.

// The one room where the clock is read and random bytes are drawn, to be handed in elsewhere.
#![allow(clippy::disallowed_methods)]

mod cli;
mod clock;
mod commands;
mod config;
mod dev;
mod failure;
mod keystore;
mod master_key;
mod node;
mod private_file;
mod serve;
mod setup_link;
mod terminal;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::cli::{Cli, Command};
use crate::failure::Failure;

fn main() -> ExitCode {
    let words =
        Cli::command().mut_subcommand("serve", |serve| serve.after_long_help(config::help())).get_matches();
    let cli = Cli::from_arg_matches(&words).unwrap_or_else(|error| error.exit());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal::complain(format!("kibali: the system gives no threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(run(cli.command));
    serve::log::flush();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            terminal::complain(format!("kibali: {failure}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Dev(dev) => dev::run(dev).await,
        Command::Serve(settings) => commands::serve(&settings).await,
        Command::User(user) => commands::user::run(user).await,
        Command::Client(client) => commands::client::run(client).await,
        Command::Key(key) => commands::key::run(&key).await,
        Command::Import(import) => commands::import::run(&import).await,
        Command::Why(why) => commands::why::run(&why).await,
        Command::Audit(audit) => commands::audit::run(&audit).await,
        Command::Migrate(settings) => commands::migrate(&settings).await,
    }
}
