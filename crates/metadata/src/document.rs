//! What an object's JSON document holds; decision 6 says it in full.

/// The key under which an embedded object in a document keeps its element number, from 1. Its
/// references are rows of `reference` with that number. Never shown.
pub const ELEMENT_KEY: &str = "#";
