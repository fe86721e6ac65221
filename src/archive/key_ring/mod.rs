//! The key ring: key-encryption keys by version, each of which wraps the keys of threads.
//!
//! It lives in a file that only its owner reads, or in the environment. Several versions may be in
//! it, so that keys can be changed without losing what the older ones wrapped.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, LessSafeKey, UnboundKey},
    rand,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    Fault,
    thread_key::{DataKey, open_with, seal_with},
};
use crate::config::{keys::Keys, value::Secret};

/// Key-encryption keys by version, one of them current.
pub(super) struct KeyRing {
    current: u32,
    keys: BTreeMap<u32, Kek>,
}

struct Kek {
    aead: LessSafeKey,
    proof: [u8; 32],
    root: Zeroizing<[u8; 32]>,
}

/// A thread's key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrapped {
    /// The version of the key-encryption key.
    pub(super) version: u32,
    /// The data key, sealed under it.
    pub(super) bytes: Vec<u8>,
}

/// Why a key ring cannot be used. Never shows a key.
#[derive(Debug, thiserror::Error)]
pub enum RingFault {
    /// The file could not be read or made.
    #[error("the key ring {} could not be read or made", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is missing, but the archive was written with one.
    #[error("the key ring {} is missing, and the archive was written with it", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// People other than its owner could read or change the file.
    #[error("the key ring {} has mode {mode:04o}; chmod it to 0600", path.display())]
    Loose {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The text is no key ring. It is not repeated: it may hold keys.
    #[error(
        "the key ring is malformed: write `current = 1` and, under `[keys]`, `1 = \"BASE64\"` of 32 bytes; in the environment, `1:BASE64`"
    )]
    Malformed,
    /// The current version is not among the keys.
    #[error("the key ring has no key {current}, which it calls the current one")]
    NoCurrent {
        /// The version.
        current: u32,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    current: u32,
    keys: BTreeMap<String, Secret>,
}

/// What a thread's key is sealed with, beside the thread's id: so it opens for that thread alone.
const WRAPPING: &[u8] = b"belfry thread key 1\0";
const PROOF: &str = "belfry 2026-11 proof of a key-encryption key";
const ROOT: &str = "belfry 2026-11 root of keys for other ends";

impl KeyRing {
    /// Reads the ring that `section` names. A missing file is made, with one fresh key, if
    /// `may_create`.
    pub(super) fn load(section: &Keys, may_create: bool) -> Result<Self, RingFault> {
        if !section.ring.is_empty() {
            return Self::of_environment(section.ring.reveal());
        }
        let path = &section.file;
        let fault = |source| RingFault::Io { path: path.clone(), source };
        if !path.try_exists().map_err(fault)? {
            if !may_create {
                return Err(RingFault::Missing { path: path.clone() });
            }
            create(path).map_err(fault)?;
            tracing::warn!(path = %path.display(), "made a key ring; keep a copy of it elsewhere");
        }
        let mode = fs::metadata(path).map_err(fault)?.permissions().mode() & 0o777;
        // A group may read: that is how secrets are mounted into containers.
        if mode & 0o037 != 0 {
            return Err(RingFault::Loose { path: path.clone(), mode });
        }
        Self::of_file(&Zeroizing::new(fs::read_to_string(path).map_err(fault)?))
    }

    fn of_file(text: &str) -> Result<Self, RingFault> {
        let written: Written = toml::from_str(text).map_err(|_| RingFault::Malformed)?;
        let keys = written.keys.iter().map(|(version, key)| (version.as_str(), key.reveal()));
        Self::of_pairs(keys, Some(written.current))
    }

    fn of_environment(text: &str) -> Result<Self, RingFault> {
        let keys: Option<Vec<_>> =
            text.split(',').map(|each| each.trim().split_once(':')).collect();
        Self::of_pairs(keys.ok_or(RingFault::Malformed)?.into_iter(), None)
    }

    /// The ring of `pairs`; without a `current` version, the first is.
    fn of_pairs<'a>(
        pairs: impl Iterator<Item = (&'a str, &'a str)>,
        current: Option<u32>,
    ) -> Result<Self, RingFault> {
        let (mut keys, mut first) = (BTreeMap::new(), current);
        for (version, key) in pairs {
            let version = version.parse().map_err(|_| RingFault::Malformed)?;
            if keys.insert(version, Kek::parse(key)?).is_some() {
                return Err(RingFault::Malformed);
            }
            first.get_or_insert(version);
        }
        let current = first.ok_or(RingFault::Malformed)?;
        if !keys.contains_key(&current) {
            return Err(RingFault::NoCurrent { current });
        }
        Ok(Self { current, keys })
    }

    /// The version that wraps new keys.
    pub(super) fn current(&self) -> u32 {
        self.current
    }

    /// What only the key of `version` can make, to tell it from another; `None` if there is none.
    pub(super) fn proof(&self, version: i64) -> Option<[u8; 32]> {
        self.kek(version).map(|kek| kek.proof)
    }

    /// Keys for another end than wrapping, one of each version, the current one first. `context` names
    /// the end, and nothing else may use the same.
    pub(super) fn derive(&self, context: &str) -> Vec<Zeroizing<[u8; 32]>> {
        let current = self.keys.get(&self.current).into_iter();
        let others = self.keys.iter().filter(|(version, _)| **version != self.current);
        let all = current.chain(others.map(|(_, kek)| kek));
        all.map(|kek| Zeroizing::new(blake3::derive_key(context, &kek.root[..]))).collect()
    }

    /// Wraps the key of `thread` under the current key.
    pub(super) fn wrap(&self, thread: &str, key: &DataKey) -> Wrapped {
        let kek = self.kek(self.current.into()).expect("a ring is made with its current key");
        Wrapped { version: self.current, bytes: seal_with(&kek.aead, &wrapping(thread), &key[..]) }
    }

    /// Opens the key of `thread`, wrapped under the key of `version`.
    pub(super) fn unwrap(
        &self,
        thread: &str,
        version: i64,
        bytes: &[u8],
    ) -> Result<DataKey, Fault> {
        let kek = self.kek(version).ok_or(Fault::Sealed)?;
        let opened = open_with(&kek.aead, &wrapping(thread), bytes).ok_or(Fault::Sealed)?;
        let opened = Zeroizing::new(opened);
        Ok(Zeroizing::new(opened[..].try_into().map_err(|_| Fault::Sealed)?))
    }

    fn kek(&self, version: i64) -> Option<&Kek> {
        self.keys.get(&u32::try_from(version).ok()?)
    }
}

impl Kek {
    fn parse(text: &str) -> Result<Self, RingFault> {
        let bytes = BASE64_STANDARD.decode(text).map_err(|_| RingFault::Malformed)?;
        let bytes = Zeroizing::new(bytes);
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| RingFault::Malformed)?;
        let proof = blake3::derive_key(PROOF, &bytes);
        let root = Zeroizing::new(blake3::derive_key(ROOT, &bytes));
        Ok(Self { aead: LessSafeKey::new(key), proof, root })
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing(versions {:?}, current {})", self.keys.keys(), self.current)
    }
}

fn wrapping(thread: &str) -> Vec<u8> {
    [WRAPPING, thread.as_bytes()].concat()
}

/// Makes a ring with one fresh key at `path`. Whole or not at all: half a ring after a power cut
/// would stop the server, and a ring that is not on the disk would lose what it wrapped.
fn create(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut key = Zeroizing::new([0; 32]);
    rand::fill(&mut key[..]).map_err(io::Error::other)?;
    let encoded = Zeroizing::new(BASE64_STANDARD.encode(&key[..]));
    let text = Zeroizing::new(format!(
        "# Belfry's key ring. Without these keys nothing in the archive can be read again:\n\
         # keep a copy of this file apart from the database.\n\
         current = 1\n\n[keys]\n1 = \"{}\"\n",
        *encoded
    ));
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    io::Write::write_all(&mut file, text.as_bytes())?;
    file.sync_all()?;
    // A link, not a rename: a ring that another process made meanwhile is never replaced.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    fs::File::open(folder)?.sync_all()?;
    match linked {
        Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
