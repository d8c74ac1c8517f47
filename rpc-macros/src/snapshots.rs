//! The expansion of typical traits, formatted, against files on disk.
