//! The agent: measure, write, post, once or on an interval.
