//! Randomness that nobody can foresee: what pseudonyms and confirmation tokens are made of.

/// So many random bytes, from the one crypto provider.
pub(super) fn bytes<const COUNT: usize>() -> [u8; COUNT] {
    let mut bytes = [0; COUNT];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system's source of randomness has been seeded");
    bytes
}
