//! The whole engine with the built-in rules: what it finds, what it must never find.

mod addresses;
mod contacts;
mod corpora;
mod disguise;
mod needed;
mod numbers;
mod pieces;
mod prior;
mod replace;
mod weighing;

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

fn engine() -> Moderation {
    static ENGINE: LazyLock<Moderation> =
        LazyLock::new(|| Moderation::load(&config::Moderation::default()).unwrap());
    ENGINE.clone()
}

fn question(text: &str) -> Question<'_> {
    Question { text, earlier: &[], place: Place::Consult, side: Side::User }
}

fn judge(text: &str) -> Verdict {
    engine().judge(question(text))
}

/// What hit, as `rule: text`, through the offsets that clients get.
fn found(text: &str) -> Vec<String> {
    let verdict = judge(text);
    let shown = |span: &Span| format!("{}: {}", span.rule, &text[span.utf8.0..span.utf8.1]);
    verdict.spans.iter().map(shown).collect()
}

#[test]
fn ordinary_speech_of_the_domain_is_no_hit() {
    for text in [
        "我是中共党员，本科法学，能报监狱管理局的岗位吗？",
        "公安、国安、缉毒、海关、税务、银行、法院的招聘都看过了",
        "押题卷什么时候发，考前一周还来得及吗",
        "职位代码13912345678，部门代码130001，招2人",
        "准考证号：4403106221133445，座位号12",
        "编号为6222021234567890128的岗位取消了",
        "岗位代码15012345678、15012345679和15012345680都是三不限",
        "进面分是138.5，去年139.25，今年 141 140 139 12 左右",
        "咨询电话0571-87654321，工作日8:30-17:00",
        "2026年国考报名10月15日开始，共38119个职位",
        "学位证书编号1035642023004567，毕业证编号105611202305123456",
        "请不要相信任何保过承诺，平台没有保过班",
        "有人说交钱就有内部名额，这是骗局吧",
        "组织考试作弊罪和代替考试罪怎么区分，替考判几年",
        "包过年的饺子去了，晚点回复",
        "验证码收不到怎么办，等了60秒",
        "微信小程序和app的数据同步吗",
    ] {
        assert_eq!(found(text), [""; 0], "{text}");
    }
}

#[test]
fn plain_hits_name_their_rule_and_cover_the_evidence() {
    for (text, rule, evidence) in [
        ("打我手机 139-1234-5678 吧", "number.mobile", "139-1234-5678"),
        ("+86 13912345678", "number.mobile", "86 13912345678"),
        ("身份证11010119900307231６", "number.id", "11010119900307231６"),
        ("卡号 6222 0212 3456 7890 128", "number.card", "6222 0212 3456 7890 128"),
        ("微信号是 shangan_2026", "contact.wechat", "shangan_2026"),
        ("发我邮箱li.hua2026@163.com.", "contact.email", "li.hua2026@163.com"),
        ("验证码是482917，快", "contact.code", "482917"),
        ("我家住杭州文三路188号东方花园7幢1201室", "address.home", "7幢1201室"),
        ("点 https://qr.alipay.com/fkx09 付", "link.pay", "https://qr.alipay.com/fkx09"),
    ] {
        let verdict = judge(text);
        let span = verdict.spans.iter().find(|span| span.rule == rule);
        let span = span.unwrap_or_else(|| panic!("{rule} not in {verdict:?}"));
        assert!(text[span.utf8.0..span.utf8.1].ends_with(evidence), "{text}: {span:?}");
    }
    for (text, category) in [
        ("加我微信聊", "privacy"),
        ("别走平台，直接转我", "property"),
        ("找人替考，价格面议", "sensitive"),
        ("考前发答案，私聊", "sensitive"),
    ] {
        let verdict = judge(text);
        assert_eq!(verdict.category.map(Category::as_str), Some(category), "{text}");
        let prefix = format!("{category}.");
        assert!(verdict.spans.iter().any(|span| span.rule.starts_with(&prefix)), "{verdict:?}");
    }
}

#[test]
fn spans_count_in_both_encodings() {
    let verdict = judge("😀电话13912345678");
    let [span] = &verdict.spans[..] else { panic!("{verdict:?}") };
    assert_eq!((span.utf8, span.utf16), ((10, 21), (4, 15)));
    let shown = Verdict { rules_version: "…".to_owned(), ..verdict };
    insta::assert_snapshot!(serde_json::to_string(&shown).unwrap(), @r#"{"category":"privacy","action":"warn","score":85,"rules_version":"…","spans":[{"utf8":[10,21],"utf16":[4,15],"rule":"number.mobile","reason":"手机号码","view":"digits"}]}"#);
}

#[test]
fn the_matrix_decides_by_place_and_side() {
    let engine = engine();
    let [phone, promise, trade] = ["13912345678", "私下转账给你，别走平台", "出售冰毒，现货"];
    let asked = |text, place, side| {
        let verdict = engine.judge(Question { text, earlier: &[], place, side });
        (verdict.category.unwrap(), verdict.action)
    };
    let [user, institution] = [Side::User, Side::Institution];
    assert_eq!(asked(phone, Place::Consult, user), (Category::Privacy, Action::Warn));
    assert_eq!(asked(promise, Place::Consult, user), (Category::Property, Action::Warn));
    assert_eq!(asked(trade, Place::Consult, user), (Category::Sensitive, Action::Hide));
    for text in [phone, promise, trade] {
        assert_eq!(asked(text, Place::Consult, institution).1, Action::Hide);
        assert_eq!(asked(text, Place::Support, user).1, Action::Warn);
        assert_eq!(asked(text, Place::Support, institution).1, Action::Warn);
        for place in [Place::Live, Place::Nickname, Place::Push] {
            assert_eq!(asked(text, place, user).1, Action::Reject);
            assert_eq!(asked(text, place, institution).1, Action::Reject);
        }
    }
    let both = "别走平台，打 13912345678；出售冰毒，现货";
    assert_eq!(asked(both, Place::Consult, user), (Category::Sensitive, Action::Hide));
    assert_eq!(asked(both, Place::Live, user), (Category::Sensitive, Action::Reject));
    assert_eq!(engine.judge(question("你好")).action, Action::Allow);
}

#[test]
fn a_number_completed_by_an_earlier_message_is_a_hit() {
    let earlier = ["我电话是139", "1234"];
    let verdict = engine().judge(Question { earlier: &earlier, ..question("5678") });
    assert_eq!((verdict.action, verdict.spans[0].utf8), (Action::Warn, (0, 4)));
    assert_eq!(engine().judge(question("5678")).action, Action::Allow);
}

#[test]
fn rules_of_a_folder_replace_the_built_in_ones() {
    let folder = tempfile::tempdir().unwrap();
    let load = || {
        let lexicon = folder.path().to_str().unwrap().to_owned();
        Moderation::load(&config::Moderation { lexicon, ..config::Moderation::default() })
    };
    assert!(matches!(load(), Err(LexiconFault::Empty(_))));
    let rule = "[[rule]]\nname='x'\ncategory='property'\nreason='r'\nwords=['橘子']\n";
    std::fs::write(folder.path().join("a.toml"), rule).unwrap();
    std::fs::write(folder.path().join("notes.md"), "no rules").unwrap();
    let own = load().unwrap();
    assert_eq!(own.judge(question("橘子")).category, Some(Category::Property));
    assert_eq!(own.judge(question("签约保过班")).category, None);
    assert_ne!(own.rules_version(), engine().rules_version());
    assert_eq!(own.rules_version(), load().unwrap().rules_version());
    std::fs::write(folder.path().join("b.toml"), rule).unwrap();
    assert!(load().unwrap_err().to_string().contains("defined twice"));
}

#[test]
fn no_built_in_word_hits_a_pseudonym_and_rules_are_named_by_category() {
    for rule in &Lexicon::read("").unwrap().rules {
        let name = rule.name.strip_prefix("learned.").unwrap_or(&rule.name);
        assert!(name.starts_with(rule.category.as_str()), "{}", rule.name);
    }
    for name in include_str!("../../consult/pseudonyms.txt").split_whitespace() {
        let verdict = engine().judge(Question { place: Place::Nickname, ..question(name) });
        assert_eq!(verdict.action, Action::Allow, "{name}");
    }
}

fn check_digit(digits: &str) -> char {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.chars().zip(WEIGHTS).map(|(c, w)| c.to_digit(10).unwrap() * w).sum();
    "10X98765432".chars().nth((sum % 11) as usize).unwrap()
}

fn luhn_digit(digits: &str) -> u32 {
    let doubled = |(at, c): (usize, char)| {
        let digit = c.to_digit(10).unwrap() << ((at + 1) % 2);
        if digit > 9 { digit - 9 } else { digit }
    };
    (10 - digits.chars().rev().enumerate().map(doubled).sum::<u32>() % 10) % 10
}

/// Puts one of the separators, or none, between every two characters.
fn spread(text: &str, separators: &[usize]) -> String {
    let mut spread = String::new();
    for (at, c) in text.chars().enumerate() {
        spread.push(c);
        if at + 1 < text.len() {
            spread.push_str(["", "", "", " ", "-", "\u{200b}", "　"][separators[at] % 7]);
        }
    }
    spread
}

fn resident_id() -> impl Strategy<Value = String> {
    let regions = prop::sample::select(vec!["110101", "330106", "440305", "510107", "650102"]);
    (regions, 1930..2010_u32, 1..=12_u32, 1..=28_u32, 0..1000_u32).prop_map(
        |(region, year, month, day, order)| {
            let digits = format!("{region}{year}{month:02}{day:02}{order:03}");
            let check = check_digit(&digits);
            format!("{digits}{check}")
        },
    )
}

fn bank_card() -> impl Strategy<Value = String> {
    let kinds = prop::sample::select(vec![("62", 16), ("62", 19), ("4", 16), ("53", 16)]);
    (kinds, "[0-9]{19}").prop_map(|((bin, len), digits)| {
        let digits = format!("{bin}{}", &digits[..len - 1 - bin.len()]);
        let check = luhn_digit(&digits);
        format!("{digits}{check}")
    })
}

fn separators() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..7_usize, 20)
}

proptest! {
    #[test]
    fn any_text_is_judged_and_its_spans_are_whole_characters(
        text in any::<String>(),
        earlier in prop::collection::vec(any::<String>(), 0..4),
    ) {
        let earlier: Vec<&str> = earlier.iter().map(String::as_str).collect();
        let verdict = engine().judge(Question { earlier: &earlier, ..question(&text) });
        for span in verdict.spans {
            prop_assert!(text.get(span.utf8.0..span.utf8.1).is_some_and(|hit| !hit.is_empty()));
        }
    }

    #[test]
    fn hits_among_anything_are_judged_and_their_spans_agree(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "保过班", "13912345678", "１３９", "\u{200b}", "😀", "不", "骗局", "，", "。", " ", "-", "微信", "a_1b2c3",
            "@qq.com", "110101199003072316", "x", "卖", "答案", "职位代码", "\n", "1️⃣", "包过", "𝟏", "ＵＳＤＴ", "入金",
        ]), 0..40),
    ) {
        let text = pieces.concat();
        let utf16: Vec<u16> = text.encode_utf16().collect();
        for span in judge(&text).spans {
            let units = &utf16[span.utf16.0..span.utf16.1];
            prop_assert_eq!(&text[span.utf8.0..span.utf8.1], String::from_utf16(units).unwrap());
        }
    }

    #[test]
    fn a_valid_id_hits_however_it_is_separated(id in resident_id(), gaps in separators()) {
        let text = format!("我的是{}，谢谢", spread(&id, &gaps));
        prop_assert!(found(&text).iter().any(|hit| hit.starts_with("number.id")), "{}", text);
    }

    #[test]
    fn an_id_with_a_wrong_check_digit_is_none(id in resident_id(), other in 1..10_u32) {
        let (digits, check) = id.split_at(17);
        let check = check.parse().map_or(10, |check: u32| check);
        let wrong = (check + other) % 10;
        prop_assume!(wrong != check);
        let text = format!("{digits}{wrong}");
        prop_assert!(!found(&text).iter().any(|hit| hit.starts_with("number.id")), "{}", text);
    }

    #[test]
    fn a_valid_card_hits_however_it_is_separated(card in bank_card(), gaps in separators()) {
        let text = format!("我的是{}，谢谢", spread(&card, &gaps));
        prop_assert!(!found(&text).is_empty(), "{}", text);
    }

    #[test]
    fn digits_after_a_code_are_no_phone(
        digits in "1[3-9][0-9]{9}",
        code in prop::sample::select(vec![
            "职位代码", "岗位代码：", "编号是", "准考证号 ", "部门代码为", "报名序号：", "岗位代码13100000000、",
        ]),
        after in prop::sample::select(vec!["", "，请问几人", " 这个", "的要求"]),
    ) {
        let text = format!("{code}{digits}{after}");
        prop_assert!(found(&text).is_empty(), "{}", text);
    }

    #[test]
    fn a_phone_is_never_cut_out_of_a_longer_number(
        phone in "1[3-9][0-9]{9}", before in "[1-9]{0,3}", after in "[0-9]{0,3}",
    ) {
        prop_assume!(!(before.is_empty() && after.is_empty()) && before != "86");
        let text = format!("{before}{phone}{after}");
        prop_assert!(!found(&text).iter().any(|hit| hit.starts_with("number.mobile")), "{}", text);
    }
}
