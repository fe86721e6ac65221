//! The one place that writes and reads files: by id and form, whole or a stretch of it.
//!
//! Whatever is to happen to every file on its way to the disk and back (sealing it, above all) happens
//! here, and nobody else knows where files lie.

use std::{fs::DirBuilder, ops::Range, os::unix::fs::DirBuilderExt as _, sync::Arc};

use bytes::Bytes;
use object_store::{
    Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, local::LocalFileSystem,
    path::Path,
};

use super::{OpenFault, lend::Pieces, link::Form};
use crate::{
    config::media::{Location, Media},
    ids::MediaId,
};

/// The files.
pub(super) struct Blobs(Arc<dyn ObjectStore>);

impl Blobs {
    /// Opens the place that `config` names; a folder that is made is its owner's alone.
    pub(super) fn open(config: &Media) -> Result<Self, OpenFault> {
        let Location::Folder(path) = config.location().map_err(OpenFault::Url)?;
        if !path.is_dir() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
            made.map_err(|source| OpenFault::Io { path: path.clone(), source })?;
        }
        // A message is durable when it is acknowledged, so what it shows must be.
        Ok(Self(Arc::new(LocalFileSystem::new_with_prefix(path)?.with_fsync(true))))
    }

    /// Keeps a file. Resolves when it is durable; whoever reads meanwhile finds nothing or all of it.
    pub(super) async fn write(&self, id: &MediaId, form: Form, bytes: Bytes) -> Result<(), Error> {
        self.0.put(&place(id, form), bytes.into()).await.map(|_| ())
    }

    /// Reads a stretch of a file, piece by piece.
    pub(super) async fn read(
        &self,
        id: &MediaId,
        form: Form,
        range: Range<u64>,
    ) -> Result<Pieces, Error> {
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        Ok(self.0.get_opts(&place(id, form), options).await?.into_stream())
    }

    /// Deletes all forms of a file; it may be gone already.
    pub(super) async fn delete(&self, id: &MediaId) -> Result<(), Error> {
        for form in [Form::Whole, Form::Preview] {
            match self.0.delete(&place(id, form)).await {
                Ok(()) | Err(Error::NotFound { .. }) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }
}

/// Ids begin with the time and end with chance: by their end they spread over 256 folders.
fn place(id: &MediaId, form: Form) -> Path {
    let text = id.as_str();
    let folder = text.get(text.len().saturating_sub(2)..).unwrap_or("00");
    let name = match form {
        Form::Whole => text.to_owned(),
        Form::Preview => format!("{text}.preview"),
    };
    Path::from_iter([folder, name.as_str()])
}
