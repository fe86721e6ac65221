//! The one thing of EXIF that stays: how a picture is to be turned (EXIF 2.32, section 4.6.4, tag 274).

use crate::media::format::cursor::Cursor;

/// How a picture is to be turned and mirrored before it is shown, as EXIF numbers it: 1 to 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orientation(u8);

const TAG: u16 = 0x0112;
const SHORT: u16 = 3;
/// An image directory has some dozen entries.
const ENTRIES_MAX: u16 = 512;

impl Orientation {
    /// As it is.
    pub const UPRIGHT: Self = Self(1);

    /// The number in EXIF.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Whether width and height change places.
    pub fn is_sideways(self) -> bool {
        self.0 >= 5
    }

    /// Reads the first directory of a TIFF structure; whatever cannot be read is upright.
    pub(super) fn of_tiff(tiff: &[u8]) -> Self {
        Self::find(tiff).unwrap_or(Self::UPRIGHT)
    }

    fn find(tiff: &[u8]) -> Option<Self> {
        let is_little = match tiff.get(..4)? {
            [b'I', b'I', 42, 0] => true,
            [b'M', b'M', 0, 42] => false,
            _ => return None,
        };
        let short = |from: &mut Cursor<'_>| {
            from.u16().map(|it| if is_little { it.swap_bytes() } else { it })
        };
        let mut head = Cursor::new(&tiff[4..]);
        let offset = head.u32().map(|it| if is_little { it.swap_bytes() } else { it })?;
        let mut at = Cursor::new(tiff.get(usize::try_from(offset).ok()?..)?);
        for _ in 0..short(&mut at)?.min(ENTRIES_MAX) {
            let mut entry = Cursor::new(at.take(12)?);
            let (tag, kind, _count) = (short(&mut entry)?, short(&mut entry)?, entry.u32()?);
            if tag == TAG && kind == SHORT {
                let number = u8::try_from(short(&mut entry)?).ok()?;
                return (1..=8).contains(&number).then_some(Self(number));
            }
        }
        None
    }

    /// A TIFF structure that says this and nothing else; `None` when there is nothing to say.
    pub(super) fn to_tiff(self) -> Option<[u8; 26]> {
        let mut tiff = *b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
        tiff[19] = self.0;
        (self != Self::UPRIGHT).then_some(tiff)
    }
}
