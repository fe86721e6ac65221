//! What an institution sees in place of a user: drawn once, when their conversation begins.
//!
//! Nothing leads from a user to it but the conversation's row. There is no key that could leak, with
//! which somebody could try the ids of users, and two institutions that compare their lists find
//! nothing in common.

use super::{chance, view::institution::Mask};
use crate::ids::Pseudonym;

/// Flowers, trees and landscapes, two or three characters each.
const NAMES: &str = include_str!("pseudonyms.txt");
/// 128 bits: no two users of an institution will ever meet in one id.
const ID_BYTES: usize = 16;
/// The same, 64 bits for the name and 64 for the avatar.
const BYTES: usize = ID_BYTES + 16;
/// Crockford's base32 without padding: no letter is mistaken for another when read aloud.
const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl Mask {
    /// The mask of a user whom the institution has not met.
    pub(super) fn fresh() -> Self {
        Self::drawn(chance::bytes())
    }

    /// The mask that these random bytes make.
    fn drawn(bytes: [u8; BYTES]) -> Self {
        let (id, rest) = bytes.split_at(ID_BYTES);
        let (name, seed) = rest.split_at(8);
        Self {
            pseudonym: Pseudonym::new(format!("p_{}", base32(id))),
            name: name_of(number(name)),
            avatar_seed: format!("{:016x}", number(seed)),
        }
    }
}

/// A flower, tree or landscape and a number, 海棠42. Others may have the same.
fn name_of(random: u64) -> String {
    let names: Vec<_> = NAMES.split_whitespace().collect();
    let count = names.len() as u64;
    let number = 10 + random / count % 990;
    format!("{}{number}", names[(random % count) as usize])
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for group in bytes.chunks(5) {
        let bits = number(group) << (8 * (5 - group.len()));
        let letters = (group.len() * 8).div_ceil(5);
        let letter = |at: usize| BASE32[(bits >> (35 - 5 * at) & 31) as usize] as char;
        text.extend((0..letters).map(letter));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_part_of_a_mask_is_drawn() {
        let bytes = std::array::from_fn(|at| at as u8 * 8);
        insta::assert_debug_snapshot!(Mask::drawn(bytes), @r#"
        Mask {
            pseudonym: Pseudonym(p_0041061050r3gg28a1c60t3gf0),
            name: "樱桃114",
            avatar_seed: "c0c8d0d8e0e8f0f8",
        }
        "#);
        for (part, at) in [("id", 0), ("name", ID_BYTES), ("avatar", ID_BYTES + 8)] {
            let mut other = bytes;
            other[at] += 1;
            let (one, other) = (Mask::drawn(bytes), Mask::drawn(other));
            let same = [
                ("id", one.pseudonym == other.pseudonym),
                ("name", one.name == other.name),
                ("avatar", one.avatar_seed == other.avatar_seed),
            ];
            assert!(same.iter().all(|(it, is_same)| *is_same == (*it != part)), "{part}: {same:?}");
        }
    }

    #[test]
    fn no_two_draws_are_the_same() {
        let (one, other) = (Mask::fresh(), Mask::fresh());
        assert_ne!(one.pseudonym, other.pseudonym);
        assert_ne!(one.avatar_seed, other.avatar_seed);
    }

    #[test]
    fn many_users_have_as_many_ids_and_hardly_share_names() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut draw = || Mask::drawn(std::array::from_fn(|_| random.u8(..)));
        let masks: Vec<_> = (0..5_000).map(|_| draw()).collect();
        let ids: HashSet<_> = masks.iter().map(|mask| &mask.pseudonym).collect();
        let names: HashSet<_> = masks.iter().map(|mask| &mask.name).collect();
        assert_eq!(ids.len(), masks.len());
        assert!(names.len() > 4_900, "{}", names.len());
    }

    #[test]
    fn the_list_holds_hundreds_of_names_once_each() {
        let names: Vec<_> = NAMES.split_whitespace().collect();
        assert_eq!(names.len(), names.iter().collect::<HashSet<_>>().len());
        assert!(names.len() >= 200);
        for name in names {
            assert!(matches!(name.chars().count(), 2..=3), "{name}");
            assert!(name.chars().all(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{name}");
        }
    }

    #[test]
    fn base32_is_crockfords() {
        assert_eq!(base32(&[0xff, 0, 0xff, 0, 0xff]), "zw0fy07z");
        assert_eq!(base32(&[0xff]), "zw");
        assert_eq!(base32(&[0; 16]).len(), 26);
    }
}
