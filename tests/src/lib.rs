//! End-to-end stories, shared vectors and repository rules.
