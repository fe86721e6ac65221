//! How the tables came to be: numbered SQL files, applied once and in order.
//!
//! To change the tables, add a file to `migrations/` and its name below; a file that has shipped is
//! never edited. `{BLOB}` stands for the engine's type of bytes, `{KEY}` for its type of an integer
//! primary key (`number {KEY} PRIMARY KEY`). Columns are BIGINT, TEXT or `{BLOB}`; nothing else.

/// One numbered file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// `NNNN_what`, the file's name without `.sql`.
    pub name: &'static str,
    /// The file's text: statements, each ended by a semicolon.
    pub sql: &'static str,
}

macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        &[$(Migration {
            name: $name,
            sql: include_str!(concat!("../../migrations/", $name, ".sql")),
        }),*]
    };
}

/// Every migration, by number.
pub const ALL: &[Migration] = migrations![
    "0001_thread_and_record",
    "0003_directory",
    "0005_identity",
    "0010_consult",
    "0011_desk_index",
    "0016_rule_set",
    "0017_alert",
    "0018_media",
    "0019_live",
    "0020_live_replay",
    "0021_live_voice",
];

impl Migration {
    /// The number before the underscore.
    ///
    /// # Panics
    /// When the name does not begin with a number: a fault of ours, found by a test.
    pub fn number(&self) -> i64 {
        let digits = self.name.split('_').next().unwrap_or_default();
        digits.parse().expect("a test reads the number of every migration")
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_listed_in_the_order_of_its_number() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let listed: Vec<_> = ALL.iter().map(|each| format!("{}.sql", each.name)).collect();
        assert_eq!(listed, files);
        assert!(
            ALL.is_sorted_by(|a, b| a.number() < b.number()),
            "numbers rise, none is used twice"
        );
    }

    #[test]
    fn every_number_has_four_digits() {
        for each in ALL {
            assert_eq!(each.name.find('_'), Some(4), "{}", each.name);
            assert!(each.number() > 0);
        }
    }
}
