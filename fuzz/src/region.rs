//! The part of `region` that reads files, and what must hold for any.

#[path = "../../src/region/atlas.rs"]
mod atlas;
#[path = "../../src/region/place.rs"]
mod place;
#[path = "../../src/region/xdb.rs"]
mod xdb;

use self::{
    atlas::Atlas,
    place::{UNKNOWN, shown},
    xdb::{Family, Xdb},
};

/// What stands before the texts, and takes no part.
const HEAD: usize = 256 + 512 * 1_024;

/// A file of a header and what follows its index is read or refused; once read, both ends of each of
/// its entries are where the entry says.
pub fn files(input: &[u8]) {
    let Some((header, behind)) = input.split_first_chunk::<20>() else { return };
    let mut bytes = vec![0; HEAD];
    bytes[..20].copy_from_slice(header);
    // Places of 16 bits, from the end of the index on: others are outside and refused at once.
    for at in [8, 12] {
        let place = HEAD + usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        bytes[at..at + 4].copy_from_slice(&(place as u32).to_le_bytes());
    }
    bytes.extend_from_slice(behind);
    agrees::<u32>(&bytes, Family::V4);
    agrees::<u128>(&bytes, Family::V6);
}

fn agrees<N: Copy + Ord + TryFrom<u128>>(bytes: &[u8], family: Family) {
    let Ok(xdb) = Xdb::read(bytes, family) else { return };
    let Ok(atlas) = Atlas::<N>::draw(&xdb) else { return };
    assert!(atlas.ranges() > 0);
    for entry in xdb.entries() {
        let entry = entry.expect("it was drawn");
        let wanted = shown(entry.text);
        for address in [entry.first, entry.last] {
            let Ok(number) = N::try_from(address) else { panic!("{address} is no address") };
            assert_eq!(atlas.at(number).map_or(UNKNOWN, |shown| shown), wanted);
        }
    }
}
