//! The real application for tests, on either database, with a clock and a seed that tests hold.
