//! What an institution sees in place of a user: stable, and another for each institution.
//!
//! Everything is derived with a key that never leaves the server, so nobody can find the user by
//! trying ids, and two institutions that compare their lists find nothing in common.

use std::fmt;

use crate::{
    config::value::Secret,
    ids::{InstitutionId, Pseudonym, UserId},
};

/// Flowers, trees and landscapes, two or three characters each; the order is part of the result.
const NAMES: &str = include_str!("pseudonyms.txt");
const CONTEXT: &str = "belfry 2026-11 pseudonym of a user before an institution";
/// 128 bits: no two users of an institution will ever meet in one id.
const ID_BYTES: usize = 16;
/// Crockford's base32 without padding: no letter is mistaken for another when read aloud.
const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A user as one institution sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    /// Names the user in every exchange with this institution.
    pub id: Pseudonym,
    /// Shown to people: a flower, tree or landscape and a number, 海棠42. Others may have the same.
    pub name: String,
    /// What pages draw the avatar from: 16 hexadecimal digits.
    pub avatar_seed: String,
}

/// Makes pseudonyms.
#[derive(Clone)]
pub(super) struct Masks {
    key: [u8; 32],
    names: Vec<&'static str>,
}

impl Masks {
    /// Derives the key, so that the secret may serve other ends too.
    pub(super) fn new(secret: &Secret) -> Self {
        Self {
            key: blake3::derive_key(CONTEXT, secret.reveal().as_bytes()),
            names: NAMES.split_whitespace().collect(),
        }
    }

    /// The user's face before the institution.
    pub(super) fn face(&self, user: &UserId, institution: &InstitutionId) -> Face {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        // The length keeps ("ab", "c") and ("a", "bc") apart.
        hasher.update(&(user.as_str().len() as u64).to_le_bytes());
        hasher.update(user.as_str().as_bytes());
        hasher.update(institution.as_str().as_bytes());
        let mut bytes = [0; ID_BYTES + 16];
        hasher.finalize_xof().fill(&mut bytes);
        let (id, rest) = bytes.split_at(ID_BYTES);
        let (name, seed) = rest.split_at(8);
        Face {
            id: Pseudonym::new(format!("p_{}", base32(id))),
            name: self.name(number(name)),
            avatar_seed: format!("{:016x}", number(seed)),
        }
    }

    fn name(&self, random: u64) -> String {
        let count = self.names.len() as u64;
        let number = 10 + random / count % 990;
        format!("{}{number}", self.names[(random % count) as usize])
    }
}

impl fmt::Debug for Masks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Masks([secret])")
    }
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

    fn masks() -> Masks {
        Masks::new(&Secret::new("a secret"))
    }

    fn face(user: &str, institution: &str) -> Face {
        masks().face(&user.into(), &institution.into())
    }

    #[test]
    fn a_face_is_stable() {
        // Stored conversations hold these: a change of the derivation or of the list shows here.
        insta::assert_debug_snapshot!(face("user1", "inst1"), @r#"
        Face {
            id: Pseudonym(p_yyt6hw0waze8djm7ac4fhp113g),
            name: "红枫723",
            avatar_seed: "2ad77b98e1095ecc",
        }
        "#);
    }

    #[test]
    fn institutions_and_secrets_share_nothing() {
        let one = face("user1", "inst1");
        let other_secret = Masks::new(&Secret::new("another"));
        let others = [face("user1", "inst2"), other_secret.face(&"user1".into(), &"inst1".into())];
        for other in others {
            assert_ne!(one.id, other.id);
            assert_ne!(one.avatar_seed, other.avatar_seed);
        }
        assert_ne!(face("ab", "c").id, face("a", "bc").id);
    }

    #[test]
    fn many_users_have_as_many_ids_and_hardly_share_names() {
        let faces: Vec<_> = (0..5_000).map(|n| face(&format!("user{n}"), "inst1")).collect();
        let ids: HashSet<_> = faces.iter().map(|face| &face.id).collect();
        let names: HashSet<_> = faces.iter().map(|face| &face.name).collect();
        assert_eq!(ids.len(), faces.len());
        assert!(names.len() > 4_900, "{}", names.len());
        assert!(faces.iter().all(|face| !face.id.as_str().contains("user")));
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
