//! Tables of characters: what each code point stands for, in two steps of memory.

/// Code points on one page.
const PAGE: usize = 128;
/// One more than the last code point.
const CODES: usize = 0x11_0000;

/// Nothing stands for the character: it is itself.
const ITSELF: u32 = 0;
/// The character is dropped.
const DROPPED: u32 = u32::MAX;
/// From here on, an entry is the number of a text of several characters.
const MANY: u32 = 0x8000_0000;

/// What a character stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::moderation) enum Entry<'a> {
    /// Itself.
    Itself,
    /// Nothing: it is invisible.
    Dropped,
    /// Another character.
    One(char),
    /// Several characters.
    Many(&'a str),
}

/// A table that most characters are not in.
#[derive(Debug)]
pub(in crate::moderation) struct Table {
    index: Box<[u16]>,
    pages: Vec<[u32; PAGE]>,
    many: Vec<Box<str>>,
}

impl Table {
    /// An empty table: every character is itself.
    pub(in crate::moderation) fn new() -> Self {
        let index = vec![0; CODES / PAGE].into_boxed_slice();
        Self { index, pages: vec![[ITSELF; PAGE]], many: Vec::new() }
    }

    /// Lets `from` stand for `to`.
    pub(in crate::moderation) fn set(&mut self, from: char, to: &str) {
        let mut chars = to.chars();
        let entry = match (chars.next(), chars.next()) {
            (None, _) => DROPPED,
            (Some(one), None) => u32::from(one),
            (Some(_), Some(_)) => {
                self.many.push(to.into());
                MANY + (self.many.len() - 1) as u32
            }
        };
        let code = u32::from(from) as usize;
        let page = &mut self.index[code / PAGE];
        if *page == 0 {
            *page = self.pages.len() as u16;
            self.pages.push([ITSELF; PAGE]);
        }
        self.pages[usize::from(*page)][code % PAGE] = entry;
    }

    /// What `c` stands for.
    #[inline]
    pub(in crate::moderation) fn get(&self, c: char) -> Entry<'_> {
        let code = u32::from(c) as usize;
        match self.pages[usize::from(self.index[code / PAGE])][code % PAGE] {
            ITSELF => Entry::Itself,
            DROPPED => Entry::Dropped,
            many @ MANY.. => Entry::Many(&self.many[(many - MANY) as usize]),
            one => char::from_u32(one).map_or(Entry::Itself, Entry::One),
        }
    }
}

/// The lines of a table's file: what stands before the first tab, and what behind it.
pub(in crate::moderation) fn lines(
    file: &'static str,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_stands_for_itself_until_it_is_set() {
        let mut table = Table::new();
        table.set('電', "电");
        table.set('\u{200b}', "");
        table.set('⑩', "10");
        table.set('\u{10ffff}', "x");
        assert_eq!(table.get('電'), Entry::One('电'));
        assert_eq!(table.get('\u{200b}'), Entry::Dropped);
        assert_eq!(table.get('⑩'), Entry::Many("10"));
        assert_eq!(table.get('\u{10ffff}'), Entry::One('x'));
        assert_eq!(table.get('电'), Entry::Itself);
    }
}
