//! The rules of the house: what crates may know of each other, what may be built in, how files look.

mod citations;
mod constant_time;
mod crates;
mod edges;
mod files;
mod licences;
mod metadata;
mod outbound;
mod security;
