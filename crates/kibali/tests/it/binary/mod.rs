//! The binary itself, as operators and developers meet it.

mod commands;
mod dev;
mod keystore;
mod nodes;
mod process;
mod refusals;
mod serve;
mod slow;
mod wire;
