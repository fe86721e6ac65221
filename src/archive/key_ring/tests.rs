//! Where a ring comes from, and what is refused.

use tempfile::TempDir;

use super::*;
use crate::archive::thread_key::fresh;

fn at(folder: &TempDir) -> Keys {
    Keys { file: folder.path().join("var/keys.toml"), ring: Secret::default() }
}

fn inline(ring: &str) -> Result<KeyRing, RingFault> {
    KeyRing::load(&Keys { ring: Secret::new(ring), ..Keys::default() }, false)
}

fn key(byte: u8) -> String {
    BASE64_STANDARD.encode([byte; 32])
}

#[test]
fn a_fresh_ring_is_its_owners_alone_and_is_read_back() {
    let folder = TempDir::new().unwrap();
    let section = at(&folder);
    let made = KeyRing::load(&section, true).unwrap();
    let mode = fs::metadata(&section.file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path().join("var")).unwrap().count(), 1, "no draft is left");
    let read = KeyRing::load(&section, false).unwrap();
    assert_eq!(made.proof(1).unwrap(), read.proof(1).unwrap());
    let key = fresh();
    let wrapped = made.wrap("c1", &key);
    assert_eq!(read.unwrap("c1", 1, &wrapped.bytes).unwrap(), key);
}

#[test]
fn a_ring_that_others_may_read_or_change_is_refused() {
    let folder = TempDir::new().unwrap();
    let section = at(&folder);
    KeyRing::load(&section, true).unwrap();
    for (mode, is_fine) in [(0o644, false), (0o620, false), (0o604, false), (0o440, true)] {
        fs::set_permissions(&section.file, fs::Permissions::from_mode(mode)).unwrap();
        match KeyRing::load(&section, true) {
            Ok(_) => assert!(is_fine, "{mode:o}"),
            Err(RingFault::Loose { mode: found, .. }) => {
                assert_eq!((found, is_fine), (mode, false))
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn a_missing_ring_is_made_only_for_an_archive_that_has_none() {
    let section = at(&TempDir::new().unwrap());
    assert!(matches!(KeyRing::load(&section, false), Err(RingFault::Missing { .. })));
    assert!(!section.file.exists());
}

#[test]
fn a_key_is_unwrapped_for_its_thread_by_its_version_alone() {
    let both = inline(&format!("2:{}, 1:{}", key(2), key(1))).unwrap();
    let wrapped = both.wrap("c1", &fresh());
    assert_eq!(wrapped.version, 2);
    assert!(both.unwrap("c1", 2, &wrapped.bytes).is_ok());
    assert_eq!(both.unwrap("c2", 2, &wrapped.bytes).unwrap_err(), Fault::Sealed);
    assert_eq!(both.unwrap("c1", 1, &wrapped.bytes).unwrap_err(), Fault::Sealed);
    assert_eq!(both.unwrap("c1", 3, &wrapped.bytes).unwrap_err(), Fault::Sealed);
}

#[test]
fn what_is_no_ring_is_refused_without_showing_it() {
    let secret = key(7);
    let rings = [
        secret.clone(),
        format!("one:{secret}"),
        format!("1:{secret},1:{secret}"),
        format!("1:{}", &secret[..20]),
        "1:".to_owned(),
    ];
    for ring in rings {
        let fault = inline(&ring).unwrap_err();
        assert!(matches!(fault, RingFault::Malformed), "{ring}");
        assert!(!format!("{fault} {fault:?}").contains(&secret[..20]));
    }
    let fault = KeyRing::of_file(&format!("current = 2\n[keys]\n1 = '{secret}'")).unwrap_err();
    assert!(matches!(fault, RingFault::NoCurrent { current: 2 }));
    assert!(!format!("{:?}", inline(&format!("1:{secret}"))).contains(&secret[..20]));
}

#[test]
fn keys_for_other_ends_differ_by_end_and_version_and_begin_with_the_current_one() {
    let ring = inline(&format!("7:{},2:{}", key(1), key(2))).unwrap();
    let (links, others) = (ring.derive("links"), ring.derive("others"));
    assert_eq!(links.len(), 2);
    assert!(links[0] != links[1] && links[0] != others[0]);
    assert_eq!(links[0], inline(&format!("1:{}", key(1))).unwrap().derive("links")[0]);
}
