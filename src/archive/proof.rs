//! Makes sure at the start that the key ring is the one the archive was written with.

use super::{OpenFault, key_ring::KeyRing};
use crate::{
    config::keys::Keys,
    store::{Rows, Statement, Store},
};

/// Loads the key ring of `section` and compares it with what `store` was written with. Only an
/// archive that was never written to may begin with a fresh ring.
pub(super) async fn proven_ring(store: &Store, section: &Keys) -> Result<KeyRing, OpenFault> {
    let known = proofs(store).await?;
    let ring = KeyRing::load(section, known.is_empty())?;
    compare(&known, &ring)?;
    let current = i64::from(ring.current());
    if known.iter().all(|row| row.int(0) != current) {
        let proof = ring.proof(current).unwrap_or_default();
        let insert = Statement::new(
            "INSERT INTO kek (version, proof) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING",
        );
        store.commit(vec![insert.bind(current).bind(proof.to_vec())]).await?;
        // Another node may have been first, with another ring.
        compare(&proofs(store).await?, &ring)?;
    }
    Ok(ring)
}

async fn proofs(store: &Store) -> Result<Rows, OpenFault> {
    let select = Statement::new("SELECT version, proof FROM kek ORDER BY version");
    Ok(store.read(select).await?)
}

fn compare(known: &Rows, ring: &KeyRing) -> Result<(), OpenFault> {
    for row in known {
        let version = row.int(0);
        match ring.proof(version) {
            None => return Err(OpenFault::KeyMissing { version }),
            Some(proof) if proof != row.blob(1) => return Err(OpenFault::KeyDiffers { version }),
            Some(_) => {}
        }
    }
    Ok(())
}
