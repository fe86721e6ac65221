//! Amounts of money and other pieces that patterns name: `<money>`, `<digits>`, `<account>`.

use std::ops::Range;

use super::{
    contact::is_device,
    number::Run,
    text::{Break, Char, Text, kind},
    token::Token,
};

/// The longest amount, in characters.
const AMOUNT_MAX: usize = 16;
/// What one counts that is no money: a thousand of them is no amount.
const MEASURES: &str = "人字个名次道题分米页年天日月小位份篇张条里岁套本度种家所点步秒词句斤吨公亩户层样项卷行科亿平%倍例台辆克升部只头届集节课章套类级门颗粒回遍场座间";

/// What stands right behind a number that is paid, and right before one.
const PAID_BEHIND: [&str; 28] = [
    ",扫我",
    "微信我",
    ",微信我",
    "扫这",
    ",扫码",
    ",转我",
    ",付我",
    ",微信转",
    ",支付宝",
    "提成",
    "佣金",
    "返现",
    "定金",
    "订金",
    "押金",
    "红包",
    "辛苦费",
    "好处费",
    "转我",
    "付我",
    "打我",
    "微我",
    "转过来",
    "打过来",
    "扫我",
    "扫码付",
    "包过",
    "到手",
];
const PAID_BEFORE: [&str; 24] = [
    "给你返",
    "给您返",
    "给你提",
    "返你",
    "返您",
    "返现",
    "提成",
    "佣金",
    "转我",
    "付我",
    "打我",
    "转给我",
    "先付",
    "先转",
    "先交",
    "定金",
    "订金",
    "押金",
    "红包",
    "v我",
    "辛苦费",
    "好处费",
    "只收你",
    "只收您",
];

/// Every amount of money: figures or numerals with a unit, or with the sign of the currency.
pub(super) fn amounts(text: &Text) -> Vec<Token> {
    let mut amounts = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let Some(end) = figures(text, at) else {
            at += 1;
            continue;
        };
        let before = |far: usize| at.checked_sub(far).and_then(|at| text.at(at));
        let is_signed = matches!(before(1), Some('¥' | '￥' | '$'))
            || (before(1) == Some(' ') && matches!(before(2), Some('¥' | '￥' | '$')));
        let length = unit(text, at..end);
        // 两千一套: it is 两千 for each.
        let is_each = length == 0 && text.at(end - 1) == Some('一') && is_counted(text, end);
        let end = end - usize::from(is_each && end > at + 1);
        if is_signed
            || is_paid(text, at..end)
            || length > 0
            || (has_scale(text, at..end) && (is_each || !is_counted(text, end)))
        {
            amounts.push(Token::recognised(at..end + length));
        }
        at = end;
    }
    amounts
}

/// Every run of digits.
pub(super) fn digits(runs: &[Run]) -> Vec<Token> {
    runs.iter().filter(|run| !run.is_vague()).map(|run| Token::recognised(run.at())).collect()
}

/// Every run of letters that looks like an account: it begins with one and holds a digit or a sign.
pub(super) fn accounts(text: &Text) -> Vec<Token> {
    let is_part = |at: usize| {
        text.at(at).is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    };
    let (mut accounts, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let length = (at..text.len()).take_while(|at| is_part(*at)).count();
        let chars = text.chars().get(at..at + length).unwrap_or_default();
        let begins = chars.first().is_some_and(|first| first.c.is_ascii_alphabetic());
        let letters = text.slice(at..at + length);
        let is_account = begins
            && !is_device(&letters)
            && chars.iter().any(|char| !char.c.is_ascii_alphabetic());
        if (6..=20).contains(&length) && is_account {
            accounts.push(Token::recognised(at..at + length));
        }
        at += length.max(1);
    }
    accounts
}

/// What a character is in an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Digit,
    Numeral,
    /// 百, 千, 万: it joins figures and numerals (5千, 1万五).
    Scale,
}

fn part(c: char) -> Option<Part> {
    match c {
        '0'..='9' => Some(Part::Digit),
        _ if c.is_ascii() => None,
        '百' | '千' | '万' | '佰' | '仟' => Some(Part::Scale),
        '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '零' | '〇' => {
            Some(Part::Numeral)
        }
        '壹' | '贰' | '叁' | '肆' | '伍' | '陆' | '柒' | '捌' | '玖' | '拾' => {
            Some(Part::Numeral)
        }
        '两' | '几' | '半' => Some(Part::Numeral),
        _ => None,
    }
}

/// Where figures or numerals that begin at `at` end; single ones may be parted by single signs.
fn figures(text: &Text, at: usize) -> Option<usize> {
    let of = |at: usize| text.at(at).and_then(part);
    let mut last = of(at)?;
    let mut end = at + 1;
    while end < at + AMOUNT_MAX {
        let is_digit = |at: usize| of(at) == Some(Part::Digit);
        let is_lone = |at: usize| of(at).is_some() && of(at + 1).is_none();
        let next = match text.at(end) {
            Some('.' | ',') if is_digit(end - 1) && is_digit(end + 1) => end + 1,
            Some(c)
                if matches!(kind(c), Break::Blank | Break::Sign)
                    && !is_sum(c)
                    && (end == at + 1 || of(end - 2).is_none())
                    && (is_lone(end + 1) || of(end + 1) == Some(Part::Scale)) =>
            {
                end + 1
            }
            _ => end,
        };
        match of(next) {
            Some(part) if part == last || part == Part::Scale || last == Part::Scale => {
                last = part;
                end = next + 1;
            }
            _ => break,
        }
    }
    Some(end)
}

/// A sign of sums, ranges and dates, which parts two numbers.
fn is_sum(c: char) -> bool {
    "+-*/×÷=<>~%^_—–:.".contains(c)
}

/// 两千 and 四万八 are amounts without a unit; 二十 is not, and neither is 千万 by itself.
fn has_scale(text: &Text, at: Range<usize>) -> bool {
    let parts = || text.chars()[at.clone()].iter().filter_map(|char| part(char.c));
    parts().any(|part| part == Part::Scale) && parts().any(|part| part != Part::Scale)
}

/// Whether a number that ends at `end` counts something else: 一百多人, 五百字, 三千 米.
fn is_counted(text: &Text, end: usize) -> bool {
    let is_more = |at: &usize| text.at(*at).is_some_and(|c| "多来余好几 ".contains(c));
    let at = end + (end..end + 2).take_while(is_more).count();
    text.at(at).is_some_and(|c| MEASURES.contains(c) && !(c == '个' && is_reward(text, at + 1)))
}

/// 三千个大洋 is money.
fn is_reward(text: &Text, at: usize) -> bool {
    text.at(at) == Some('大') && text.at(at + 1) == Some('洋')
}

/// Whether a number without a unit is what is paid: 给你300提成, 58，扫我.
fn is_paid(text: &Text, at: Range<usize>) -> bool {
    let chars = &text.chars()[at.clone()];
    // 12345, 12315 and 96110 are called; 2026 is a year.
    let is_figure = |char: &Char| char.c.is_ascii_digit() || char.c == '.';
    let is_small = (2..=5).contains(&at.len()) && chars.iter().all(is_figure);
    let is_called = at.len() == 5 && matches!(chars[0].c, '1' | '9');
    let is_year = at.len() == 4 && chars[0].c == '2' && chars[1].c == '0';
    let is_next = |c: char| c.is_ascii_alphanumeric() || "-+./%:年".contains(c);
    let follows = at.start.checked_sub(1).and_then(|at| text.at(at));
    let is_part = follows.is_some_and(is_next) || text.at(at.end).is_some_and(is_next);
    if !is_small || is_called || is_year || is_part || is_counted(text, at.end) {
        return false;
    }
    let gap = usize::from(text.at(at.end) == Some(' '));
    let behind =
        |word: &&str| text.slice(at.end + gap..at.end + gap + word.chars().count()) == **word;
    PAID_BEHIND.iter().any(behind)
        || PAID_BEFORE.iter().any(|word| {
            let from = at.start.checked_sub(word.chars().count());
            from.is_some_and(|from| text.slice(from..at.start) == **word)
        })
}

/// How long the unit is that stands behind the number at `at`, with what stands between.
fn unit(text: &Text, at: Range<usize>) -> usize {
    let is_between =
        |at: &usize| text.at(*at).is_some_and(|c| matches!(c, ' ' | '多' | '来' | '余'));
    let gap = (at.end..at.end + 2).take_while(is_between).count();
    let next = |far: usize| text.at(at.end + gap + far);
    // 一块学 is together, 元旦 a day.
    let is_together = at.len() == 1 && text.at(at.start) == Some('一');
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let length = match (next(0), next(1)) {
        (Some('块'), Some('钱')) => 2,
        (Some('块'), _) if is_together => 0,
        (Some('元'), Some('旦' | '宵' | '素' | '月')) => 0,
        (Some('块' | '元' | '圆' | '💰' | '💵' | '💴' | '💷' | '💶' | '🪙'), _) => 1,
        (Some('w' | 'k'), after) if !is_word(after) => 1,
        (Some('r'), Some('m')) => 3,
        (Some('r'), after) if !is_word(after) && gap == 0 => 1,
        _ => 0,
    };
    if length > 0 { gap + length } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(written: &str) -> Vec<String> {
        let text = Text::new(written);
        amounts(&text).iter().map(|token| text.slice(token.at.clone())).collect()
    }

    #[test]
    fn an_amount_is_found_across_blanks_and_scripts() {
        for (written, expected) in [
            ("转 五 百 块 来", "五 百 块"),
            ("先付5佰", "5佰"),
            ("2k就行", "2k"),
            ("三千多块钱", "三千多块钱"),
            ("定金 5 0 0 元", "5 0 0 元"),
            ("１.５w拿下", "1.5w"),
            ("1万五包上岸", "1万五"),
            ("¥ 800", "800"),
            ("两千一套", "两千"),
            ("６０００💰", "6000💰"),
            ("五百左右", "五百"),
            ("拉一个人给你返300", "300"),
            ("58，扫我就行", "58"),
            ("介绍一位300提成", "300"),
        ] {
            assert_eq!(found(written), [expected], "{written}");
        }
    }

    #[test]
    fn what_counts_other_things_is_no_amount() {
        for written in [
            "一百多人报名",
            "写五百字",
            "三千米跑",
            "两千道题",
            "千万别忘",
            "一块学习",
            "2026元旦",
            "5 千 字",
            "增长219.1万亿元",
            "百分之五",
            "3万人报考",
            "第500页",
            "先付2026年的",
            "定金12315投诉",
            "返现3倍",
            "先交15份",
        ] {
            assert_eq!(found(written), [""; 0], "{written}");
        }
    }
}
