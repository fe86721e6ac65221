//! Numbers in every writing, and the many harmless ones of the exam.

use super::{engine, found, question};

/// The numbers that are recognised, as one writes them.
fn numbers(text: &str) -> Vec<String> {
    engine().examine(question(text)).numbers
}

#[test]
fn a_phone_is_extracted_however_its_digits_are_written_and_parted() {
    for written in [
        "手机 1 3 9 O O 1 3 9 O O O",
        "电话l39 OOl3 9OOO",
        "139，0013，9000 打我",
        "139/0013/9000",
        "打我139 啊 0013 啊 9000",
        "前三位139后面00139000",
        "1三9零零1三九000",
        "幺三九洞洞幺三九洞洞洞",
        "0086-139 0013 9000",
        "（+86）13900139000",
        "倒着看00093100931是我手机",
        "tel13900139000",
        "dian hua yao san jiu ling ling yao san jiu ling ling ling",
        "yisanjiulingling yisanjiulinglingling da wo",
        "号也是 1 3 9 001 39000",
        "联系王老师 【1】39001【3】9【0】00",
        "电话 139 …… 0013 …… 9000",
        "139（前三）0013（中四）9000（后四）",
        "打 我 爸 dian 话 1 3 九 O O 一 三 9 O 零 0",
    ] {
        assert_eq!(numbers(written), ["13900139000"], "{written}");
    }
}

#[test]
fn an_id_ends_with_an_x_in_other_signs() {
    for written in [
        "身份证21010219900307782×",
        "身份证 21010219900307782 叉",
        "21010219900307782х",
        "2101021990 0307782 Ⅹ",
    ] {
        assert_eq!(numbers(written), ["21010219900307782X"], "{written}");
    }
}

#[test]
fn numbers_of_the_exam_are_no_phones() {
    for text in [
        "你选的15800001234是乡镇执法岗吧",
        "15800001234和15800001235选哪个",
        "15800001234属于综合管理岗位，限应届",
        "138，1390，1405 三年进面分",
        "138、139、140 哪个分高",
        "138/139/140 都有人进面",
        "00093100931这个流水怎么查",
        "1 o 1 教室，8 l 楼",
        "2026/10/15 报名，139/140 分",
        "百分比 1/3、138/150、120/150",
        "13900139000.5 四舍五入",
        "岗位编码一三九零零一三九零零零和一三九零零一三九零零一",
        "进面分 138 139 140 12 人",
        "像素二九五×四一三，小于一零零KB",
        "wu yi jia ban san tian, ba yi jian jun jie, er ling yi liu nian",
    ] {
        assert_eq!(found(text), [""; 0], "{text}");
    }
    assert_eq!(numbers("15800001234是我负责的岗位，打我电话"), ["15800001234"]);
}
