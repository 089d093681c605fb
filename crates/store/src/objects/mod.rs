//! Objects of every kind: reading, writing, sharing, references.
