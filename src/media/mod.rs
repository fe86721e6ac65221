//! Pictures and voice: what is uploaded is told by its bytes, cleaned and kept, and lent by signed link.

pub mod format;
