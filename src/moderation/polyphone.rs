//! Characters with a second reading that words of the rules use: 行 is xing, and hang in 银行.

/// The other readings of `c`, beside the most usual one of the tables.
pub(super) fn others(c: char) -> &'static [&'static str] {
    match c {
        '行' => &["hang"],
        '重' => &["chong"],
        '长' => &["zhang"],
        '还' => &["huan"],
        '会' => &["kuai"],
        '便' => &["pian"],
        '传' => &["zhuan"],
        '参' => &["shen"],
        '调' => &["tiao"],
        '单' => &["shan"],
        '差' => &["chai"],
        '校' => &["jiao"],
        '没' => &["mo"],
        '给' => &["ji"],
        '藏' => &["zang"],
        '率' => &["shuai"],
        '降' => &["xiang"],
        '省' => &["xing"],
        '血' => &["xie"],
        '薄' => &["bo"],
        _ => &[],
    }
}
