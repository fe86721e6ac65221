//! A thread's key: seals its records, opens them, and recognises what is sent again.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand,
};
use zeroize::Zeroizing;

use super::Draft;

/// A thread's key as random bytes.
pub(super) type DataKey = Zeroizing<[u8; 32]>;

/// The first 128 bits of a keyed hash: enough to tell records of one thread apart, and nothing that
/// can be guessed at without the key, as a plain hash of a short text could.
pub(super) type Hash = [u8; 16];

/// A thread's key, ready for use. Its memory is cleared when it goes.
pub(super) struct ThreadKey {
    aead: LessSafeKey,
    recognition: Zeroizing<[u8; 32]>,
}

/// What a record's content is bound to: it opens in this place alone.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) thread: &'a str,
    pub(super) seq: i64,
    pub(super) at_ms: i64,
    pub(super) author: &'a str,
    pub(super) kind: &'a str,
}

/// The first byte of everything sealed; another one will mean another cipher.
const AES_256_GCM_RANDOM_NONCE: u8 = 1;
const TAG_LEN: usize = 16;
const RECOGNITION: &str = "belfry 2026-11 recognition of records sent again";

/// What a keyed hash is of.
const OF_CLIENT_ID: u8 = 1;
const OF_CONTENT: u8 = 2;

/// A fresh random key.
pub(super) fn fresh() -> DataKey {
    let mut key = Zeroizing::new([0; 32]);
    rand::fill(&mut key[..]).expect("the system's source of randomness has been seeded");
    key
}

impl ThreadKey {
    /// Derives what the thread needs from its key.
    pub(super) fn new(key: &DataKey) -> Self {
        let aead = UnboundKey::new(&AES_256_GCM, &key[..]).expect("AES-256 takes 32 bytes");
        let recognition = Zeroizing::new(blake3::derive_key(RECOGNITION, &key[..]));
        Self { aead: LessSafeKey::new(aead), recognition }
    }

    /// Seals `content` for `place`.
    pub(super) fn seal(&self, place: Place<'_>, content: &[u8]) -> Vec<u8> {
        seal_with(&self.aead, &place.bytes(), content)
    }

    /// Opens what was sealed for `place`; `None` if it was not, or was changed since.
    pub(super) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Option<Vec<u8>> {
        open_with(&self.aead, &place.bytes(), sealed)
    }

    /// Recognises the author's `client_id`.
    pub(super) fn mark(&self, author: &str, client_id: &str) -> Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.recognition);
        hasher.update(&[OF_CLIENT_ID]);
        hasher.update(&(author.len() as u64).to_be_bytes());
        hasher.update(author.as_bytes());
        hasher.update(client_id.as_bytes());
        first_half(&hasher)
    }

    /// Recognises the content of records that are appended together.
    pub(super) fn fingerprint<'a>(&self, drafts: impl Iterator<Item = &'a Draft>) -> Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.recognition);
        hasher.update(&[OF_CONTENT]);
        for draft in drafts {
            for part in [draft.author.as_bytes(), draft.kind.as_bytes(), &draft.content] {
                hasher.update(&(part.len() as u64).to_be_bytes());
                hasher.update(part);
            }
        }
        first_half(&hasher)
    }
}

impl Place<'_> {
    /// The place in bytes that no other place has: each text is preceded by its length.
    fn bytes(&self) -> Vec<u8> {
        let texts = [self.thread, self.author, self.kind];
        let length = texts.iter().map(|text| 8 + text.len()).sum::<usize>() + 16;
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        bytes.extend_from_slice(&self.at_ms.to_be_bytes());
        for text in texts {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }
}

/// `version ‖ nonce ‖ ciphertext ‖ tag`, bound to `place`. The nonce is random: NIST SP 800-38D,
/// section 8.3, allows 2³² of them a key, more than any thread has records.
pub(super) fn seal_with(aead: &LessSafeKey, place: &[u8], content: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).expect("the system's source of randomness has been seeded");
    let mut sealed = vec![0; 1 + NONCE_LEN + content.len() + TAG_LEN];
    let (head, body) = sealed.split_at_mut(1 + NONCE_LEN);
    head[0] = AES_256_GCM_RANDOM_NONCE;
    head[1..].copy_from_slice(&nonce);
    let (ciphertext, tag) = body.split_at_mut(content.len());
    let nonce = Nonce::assume_unique_for_key(nonce);
    aead.seal_out_of_place_scatter(nonce, Aad::from(place), content, ciphertext, &[], tag)
        .expect("the lengths agree, and no content nears the 64 GiB of one AES-GCM message");
    sealed
}

/// Undoes [`seal_with`]; `None` if key, place or content are not those that were sealed.
pub(super) fn open_with(aead: &LessSafeKey, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (head, body) = sealed.split_at_checked(1 + NONCE_LEN)?;
    let (version, nonce) = head.split_first()?;
    if *version != AES_256_GCM_RANDOM_NONCE {
        return None;
    }
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut content = body.to_vec();
    let length = aead.open_in_place(nonce, Aad::from(place), &mut content).ok()?.len();
    content.truncate(length);
    Some(content)
}

fn first_half(hasher: &blake3::Hasher) -> Hash {
    let mut half = Hash::default();
    hasher.finalize_xof().fill(&mut half);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'static> =
        Place { thread: "c1", seq: 7, at_ms: 1_000, author: "u1", kind: "message" };

    fn draft(content: &[u8]) -> Draft {
        Draft {
            thread: "c1".to_owned(),
            author: "u1".to_owned(),
            client_id: None,
            kind: "message",
            content: content.to_vec(),
            beside: Vec::new(),
        }
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_alone() {
        let key = ThreadKey::new(&fresh());
        let sealed = key.seal(HERE, "我想考选调".as_bytes());
        assert_eq!(key.open(HERE, &sealed).unwrap(), "我想考选调".as_bytes());
        let elsewhere = [
            Place { thread: "c2", ..HERE },
            Place { seq: 8, ..HERE },
            Place { at_ms: 1_001, ..HERE },
            Place { author: "u2", ..HERE },
            Place { kind: "notice", ..HERE },
            // The same letters, divided otherwise.
            Place { thread: "c1u", author: "1", ..HERE },
        ];
        for place in elsewhere {
            assert_eq!(key.open(place, &sealed), None);
        }
        assert_eq!(ThreadKey::new(&fresh()).open(HERE, &sealed), None);
    }

    #[test]
    fn no_byte_of_what_is_sealed_can_be_changed_or_cut_off() {
        let key = ThreadKey::new(&fresh());
        let sealed = key.seal(HERE, b"hello");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open(HERE, &changed), None, "byte {at}");
            assert_eq!(key.open(HERE, &sealed[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn the_same_content_never_looks_the_same() {
        let key = ThreadKey::new(&fresh());
        assert_ne!(key.seal(HERE, b"hello"), key.seal(HERE, b"hello"));
    }

    #[test]
    fn hashes_tell_apart_what_differs_and_say_nothing_in_another_thread() {
        let (key, other) = (ThreadKey::new(&fresh()), ThreadKey::new(&fresh()));
        assert_eq!(key.mark("u1", "a"), key.mark("u1", "a"));
        assert_ne!(key.mark("u1", "a"), key.mark("u", "1a"));
        assert_ne!(key.mark("u1", "a"), other.mark("u1", "a"));
        let print = |key: &ThreadKey, drafts: &[Draft]| key.fingerprint(drafts.iter());
        let (ab, a, b) = ([draft(b"ab")], draft(b"a"), draft(b"b"));
        assert_eq!(print(&key, &ab), print(&key, &ab));
        assert_ne!(print(&key, &ab), print(&key, &[a, b]));
        assert_ne!(print(&key, &ab), print(&other, &ab));
    }
}
