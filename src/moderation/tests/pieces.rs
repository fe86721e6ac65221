//! Secrets over several messages, and ordinary messages that only follow each other.

use super::{engine, question};
use crate::moderation::{Question, Side};

/// What hits in the last of some messages, and the numbers in it.
fn judged(messages: &[&str], side: Side) -> (Vec<String>, Vec<String>) {
    let (text, earlier) = messages.split_last().unwrap();
    let examined = engine().examine(Question { earlier, side, ..question(text) });
    (examined.verdict.spans.into_iter().map(|span| span.rule).collect(), examined.numbers)
}

#[test]
fn a_number_is_put_together_over_small_talk_and_whatever_follows_it() {
    for (messages, number) in [
        (&["1391", "稍等", "2345", "哈", "678"][..], "13912345678"),
        (&["139", "嗯嗯", "12345678"], "13912345678"),
        (&["联系王老师 139123456", "78，工作日都在"], "13912345678"),
        (&["我弟周航的 1101011990030", "72316，帮我看能不能报"], "110101199003072316"),
        // What follows it in the last message may be long.
        (
            &[
                "我号是 1 7 6",
                "中间 2 0 4 9",
                "末尾 3 8 0 6，白天上班不方便接，晚上八点以后您再打过来就行",
            ],
            "17620493806",
        ),
        (
            &[
                "卡号太长分两截",
                "622202100112",
                "2334458，一共十九位您数一数，补贴就指着它呢，老是打不进来",
            ],
            "6222021001122334458",
        ),
        (&["我手机前半段1391", "2345678，今天都在家随时可以打过来"], "13912345678"),
    ] {
        let (rules, numbers) = judged(messages, Side::User);
        assert!(rules.iter().any(|rule| rule.starts_with("number.")), "{messages:?}: {rules:?}");
        assert!(numbers.iter().any(|found| found == number), "{messages:?}: {numbers:?}");
    }
}

#[test]
fn contacts_addresses_and_deals_are_put_together() {
    for (messages, rule) in [
        (&["你加我微信就行，资料都在", "zhou_9527"][..], "contact.wechat"),
        (&["老师加我扣扣28374651", "09可以吗，我常在线"], "contact.qq"),
        (&["邮箱是jiangnan.zhou@foxma", "il.com，麻烦发来"], "contact.email"),
        (&["寄到合肥市蜀山区黄山路572号", "锦绣名邸4号楼", "2单元1906"], "address.home"),
        (&["找人", "替考", "价格好说"], "sensitive."),
        (&["那个班我给你保", "过，没上一分不少退你，咱俩私下写个字据，谁也别往外说"], "property."),
    ] {
        let (rules, _) = judged(messages, Side::Institution);
        assert!(rules.iter().any(|found| found.starts_with(rule)), "{messages:?}: {rules:?}");
    }
}

#[test]
fn ordinary_messages_that_follow_each_other_are_no_hit() {
    for messages in [
        &["考了138", "真的", "行测70.5"][..],
        &["报哪个", "300110001001", "还是300110002003"],
        &["验证码", "60秒了", "还没收到"],
        &["手机能带吗", "138.5"],
        &["转专业", "500人"],
        &["我选18题", "好的", "第25题"],
        &["微信", "打不开了"],
        &["去年1", "3800多人报名，比前年多了三成，今年估计还得涨，大家抓紧时间复习吧"],
        &["我报的岗位进面分138", "2345，这是我在准考证上的座位和考场编号，打印出来有点糊看不清楚"],
    ] {
        for side in [Side::User, Side::Institution] {
            assert_eq!(judged(messages, side).0, [""; 0], "{messages:?}");
        }
    }
}
