//! The same attacks on ways that do not protect, where they must succeed.
