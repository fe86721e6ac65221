//! A list of words as an operator might bring it: made up, two to five characters each, all different.

/// How many there are.
const COUNT: u32 = 110_000;
/// As many different characters as word lists are written with.
const CHARS: u32 = 3_500;

/// The words, one a line.
pub(crate) fn made_up() -> String {
    let mut list = String::new();
    for number in 0..COUNT {
        let mut state = number.wrapping_mul(2_654_435_761);
        for at in 0..2 + number % 4 {
            let place = if at == 0 { number % CHARS } else { state >> 8 };
            list.extend(char::from_u32(0x4e00 + place % CHARS));
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223 + number);
        }
        list.push('\n');
    }
    list
}
