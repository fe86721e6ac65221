//! What one file comes to: where each range begins, and what is shown there.
//!
//! Neighbours that are shown alike are one range, so that of a file of eleven megabytes one stays.

use std::{collections::HashMap, sync::Arc};

use super::{
    place::{UNKNOWN, shown},
    xdb::{Malformed, Xdb},
};

/// The number of what is shown for addresses that no entry holds.
const NOWHERE: u16 = 0;

/// All addresses of a version of IP, as whole numbers.
#[derive(Debug)]
pub(super) struct Atlas<N> {
    /// In order. Each range ends where the next begins.
    firsts: Vec<N>,
    /// What is shown in each, as a number of `names`.
    places: Vec<u16>,
    names: Vec<Arc<str>>,
}

/// The file cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is damaged.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It names more places than there are.
    #[error("it names more than 65535 provinces and countries")]
    Places,
}

impl<N: Copy + Ord + TryFrom<u128>> Atlas<N> {
    /// Reads every entry of `xdb`.
    ///
    /// # Errors
    /// [`Unusable`]: then nothing of it is used.
    pub(super) fn draw(xdb: &Xdb<'_>) -> Result<Self, Unusable> {
        let mut atlas =
            Self { firsts: Vec::new(), places: Vec::new(), names: vec![UNKNOWN.into()] };
        let mut by_name = HashMap::from([(Arc::clone(&atlas.names[0]), NOWHERE)]);
        // Few texts stand in many entries.
        let mut by_text = HashMap::new();
        let mut free = Some(0);
        for entry in xdb.entries() {
            let entry = entry?;
            let place = match by_text.get(entry.text) {
                Some(place) => *place,
                None => {
                    let place = atlas.place(&shown(entry.text), &mut by_name)?;
                    by_text.insert(entry.text, place);
                    place
                }
            };
            if free != Some(entry.first) {
                atlas.begin(free, NOWHERE);
            }
            atlas.begin(Some(entry.first), place);
            free = entry.last.checked_add(1);
        }
        atlas.begin(free, NOWHERE);
        atlas.firsts.shrink_to_fit();
        atlas.places.shrink_to_fit();
        Ok(atlas)
    }

    /// What is shown at `address`; `None` where nothing is known.
    pub(super) fn at(&self, address: N) -> Option<&Arc<str>> {
        let range = self.firsts.partition_point(|first| *first <= address).checked_sub(1)?;
        let place = *self.places.get(range)?;
        self.names.get(usize::from(place)).filter(|_| place != NOWHERE)
    }

    /// How many ranges there are.
    pub(super) fn ranges(&self) -> usize {
        self.firsts.len()
    }

    fn place(&mut self, name: &str, by_name: &mut HashMap<Arc<str>, u16>) -> Result<u16, Unusable> {
        if let Some(place) = by_name.get(name) {
            return Ok(*place);
        }
        let place = u16::try_from(self.names.len()).map_err(|_| Unusable::Places)?;
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        by_name.insert(name, place);
        Ok(place)
    }

    /// Begins a range, unless the one before is shown alike, or no such address is left.
    fn begin(&mut self, first: Option<u128>, place: u16) {
        let Some(first) = first.and_then(|first| N::try_from(first).ok()) else { return };
        if self.places.last() != Some(&place) {
            self.firsts.push(first);
            self.places.push(place);
        }
    }
}
