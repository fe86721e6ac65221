//! Homes, however they are written, and the many places of an exam.

use super::found;

#[test]
fn a_home_is_found_across_blanks_in_numerals_and_by_its_door_alone() {
    for text in [
        "锦绣名邸 3 栋 2 单元 502",
        "我住3栋502，你们寄过来",
        "翡翠湾3栋2单元502",
        "城市之光 七 栋 二 单 元 六零三",
        "滨江壹号院12-2-1801",
        "望江嘉苑11dong2danyuan1704shi",
        "家住春晖里 9-2-1102",
        "书香门第6幢丙单元302",
        "我家教师公寓2单元6楼东户",
        "春江郦城 8#1单元2304",
        "天鹅湖小区8号楼3门201",
    ] {
        let hits = found(text);
        assert!(hits.iter().any(|hit| hit.starts_with("address.home: ")), "{text}: {hits:?}");
    }
}

#[test]
fn places_of_the_exam_are_no_homes() {
    for text in [
        "考点在3号楼2层305考场",
        "3栋2单元的居民投诉噪音",
        "集合地点：行政中心A座2单元502会议室",
        "第3单元第502题",
        "一单元的502个单词背完",
        "2栋3层，共有2×3=6个房间",
        "2026-01-1800，题号12-2",
        "这里12-2-180分",
    ] {
        assert_eq!(found(text), [""; 0], "{text}");
    }
}
