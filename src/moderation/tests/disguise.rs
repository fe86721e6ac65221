//! Disguises that change nothing: invisible characters, width, case and script.

use std::collections::HashMap;

use proptest::prelude::*;

use super::{engine, question};
use crate::moderation::{
    Action, Category, Question, Side,
    fold::{folded, lines},
};

/// Speech of every category, and speech of none.
const LINES: [&str; 27] = [
    "老师这是我电话13800138000，方便的话打过来",
    "我的身份证号是110101199003072316",
    "加我微信 gk_teacher_2026 ，给你发资料",
    "验证码是482917，老师你快登",
    "我邮箱xiaoman.zhang@qq.com",
    "签约保过班，不过全额退款",
    "直接转我支付宝，别走平台",
    "先交定金锁名额，尾款考后付",
    "贷款秒批，0首付，身份证就能下款",
    "有人能替考吗，价格面议",
    "考前两小时发答案，买答案的私聊",
    "出售冰毒，现货包邮",
    "网络赌博平台，注册送彩金",
    "办假证，学信网可查，联系我",
    "职位代码300110001001这个岗竞争大吗",
    "进面分138.5，去年139.25",
    "面试通知什么时候发，要带身份证原件吗",
    "保过班靠谱吗，是不是骗子",
    "我是中共党员，能报公安的岗位吗",
    "组织考试作弊罪和代替考试罪怎么区分",
    "咨询电话0571-87050123没人接",
    "微信小程序里的题和app一样吗",
    "请不要把身份证号和银行卡号发在聊天里",
    "退费是原路退回吗，几个工作日到账",
    // What the prior finds by itself.
    "再不给我过，我晓得你娃在哪个小学上学，放学路上你最好看紧点",
    "报名费你转我，我替你代缴，系统老崩你抢不到的",
    "下完课你搜一下钉钉组织号，申请理由写脐橙，我给你通过，在那头讲得细",
];

/// Characters that show nothing (`Default_Ignorable_Code_Point`).
const INVISIBLE: [char; 8] =
    ['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{ad}', '\u{180e}', '\u{fe0f}'];

fn judged(text: &str, side: Side) -> (Action, Option<Category>) {
    let verdict = engine().judge(Question { side, ..question(text) });
    (verdict.action, verdict.category)
}

/// The traditional characters that fold to a simplified one.
fn traditional() -> HashMap<char, char> {
    let single = |text: &str| {
        let mut chars = text.chars();
        chars.next().filter(|_| chars.next().is_none())
    };
    let of_code = |code: &str| char::from_u32(u32::from_str_radix(code, 16).ok()?);
    let is_han = |c: &char| ('\u{4e00}'..='\u{9fff}').contains(c);
    lines(include_str!("../tables/fold.txt"))
        .filter_map(|(from, to)| Some((single(to)?, of_code(from)?)))
        .filter(|(to, from)| is_han(to) && is_han(from))
        .collect()
}

fn full_width(c: char) -> char {
    match c {
        '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap(),
        ' ' => '\u{3000}',
        _ => c,
    }
}

fn line() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&LINES[..])
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::User), Just(Side::Institution)]
}

proptest! {
    #[test]
    fn invisible_characters_change_no_verdict(
        line in line(), side in side(), places in prop::collection::vec((0..64_usize, 0..8_usize), 0..12),
    ) {
        let mut chars: Vec<char> = line.chars().collect();
        for (at, which) in places {
            chars.insert(at.min(chars.len()), INVISIBLE[which]);
        }
        let dressed: String = chars.into_iter().collect();
        prop_assert_eq!(judged(&dressed, side), judged(line, side), "{}", dressed.escape_unicode());
    }

    #[test]
    fn width_and_case_change_no_verdict(line in line(), side in side(), wide: u64, upper: u64) {
        let dress = |(at, c): (usize, char)| {
            let c = if upper >> (at % 64) & 1 == 1 { c.to_ascii_uppercase() } else { c };
            if wide >> (at % 64) & 1 == 1 { full_width(c) } else { c }
        };
        let dressed: String = line.chars().enumerate().map(dress).collect();
        prop_assert_eq!(judged(&dressed, side), judged(line, side), "{}", dressed);
    }

    #[test]
    fn script_changes_no_verdict(line in line(), side in side(), which: u64) {
        let traditional = traditional();
        let dress = |(at, c): (usize, char)| {
            let other = traditional.get(&c).copied().filter(|_| which >> (at % 64) & 1 == 1);
            other.unwrap_or(c)
        };
        let dressed: String = line.chars().enumerate().map(dress).collect();
        prop_assert_eq!(judged(&dressed, side), judged(line, side), "{}", dressed);
    }

    #[test]
    fn folding_twice_is_folding_once(text in any::<String>()) {
        prop_assert_eq!(folded(&folded(&text)), folded(&text));
    }
}

#[test]
fn every_target_of_the_fold_folds_to_itself() {
    for (from, to) in lines(include_str!("../tables/fold.txt")) {
        assert_eq!(folded(to), to, "{from}");
    }
}
