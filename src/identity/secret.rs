//! The secret file: made once, at the first start, so that the commands of one folder agree.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{config::value::Secret, identity::fault::SetupFault};

/// 256 bits, the size of the strongest hash that the secret keys.
const BYTES: usize = 32;
/// The same in base64url.
const CHARS: usize = 43;

/// The secret in the file at `path`; makes the file, readable by its owner alone, when there is none.
pub(super) fn kept_in(path: &str) -> Result<Secret, SetupFault> {
    let fault = |source| SetupFault::SecretFile { path: path.to_owned(), source };
    match read(Path::new(path)) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => make(Path::new(path)),
        found => found,
    }
    .map_err(fault)
}

fn read(path: &Path) -> io::Result<Secret> {
    let text = fs::read_to_string(path)?;
    let text = text.trim();
    match text.len() {
        ..CHARS => Err(io::Error::new(io::ErrorKind::InvalidData, "too short to be a secret")),
        _ => Ok(Secret::new(text)),
    }
}

/// Writes beside the path and links: two processes that start together never see half a secret,
/// and the one that comes second takes the first one's.
fn make(path: &Path) -> io::Result<Secret> {
    if let Some(folder) = path.parent() {
        // As often as not this is the folder of all data, made by `belfry token` before any server.
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let secret = random()?;
    let beside = path.with_extension(format!("new-{}", fastrand::u64(..)));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let written = file.write_all(secret.reveal().as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| fs::hard_link(&beside, path));
    fs::remove_file(&beside)?;
    match linked {
        Ok(()) => Ok(secret),
        Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => read(path),
        Err(fault) => Err(fault),
    }
}

fn random() -> io::Result<Secret> {
    let mut bytes = [0; BYTES];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| io::Error::other("no randomness"))?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_read_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("var/identity.secret");
        let path = path.to_str().unwrap();
        let made = kept_in(path).unwrap();
        assert_eq!(made.reveal().len(), CHARS);
        assert_eq!(kept_in(path).unwrap(), made);
        assert_eq!(fs::read_dir(folder.path().join("var")).unwrap().count(), 1);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(Path::new(path)), 0o600);
        assert_eq!(mode(&folder.path().join("var")), 0o700);
    }

    #[test]
    fn a_damaged_secret_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("identity.secret");
        fs::write(&path, "short").unwrap();
        assert!(kept_in(path.to_str().unwrap()).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "short");
    }

    #[test]
    fn many_that_start_together_agree() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("identity.secret").to_str().unwrap().to_owned();
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || kept_in(&path).unwrap())
            })
            .collect();
        let secrets: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        assert!(secrets.iter().all(|secret| *secret == secrets[0]));
    }
}
