//! What is shown for a place: a province of the mainland, 中国香港, or a country.
//!
//! Rules of the Cyberspace Administration (互联网用户账号信息管理规定, 2022, article 12) want the province, or
//! the country abroad. ip2region writes texts in three ways, one after the other in its history:
//! `国家|区域|省份|城市|ISP`, `国家|省份|城市|ISP` and `Country|Province|City|ISP|CODE`, in which names outside of China
//! are English. 0 stands for what is not known.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

/// What is shown for an address of which nothing is known.
pub const UNKNOWN: &str = "未知";

/// The provinces, autonomous regions and municipalities, as they are called in short.
const PROVINCES: &[&str] = &[
    "北京",
    "天津",
    "河北",
    "山西",
    "内蒙古",
    "辽宁",
    "吉林",
    "黑龙江",
    "上海",
    "江苏",
    "浙江",
    "安徽",
    "福建",
    "江西",
    "山东",
    "河南",
    "湖北",
    "湖南",
    "广东",
    "广西",
    "海南",
    "重庆",
    "四川",
    "贵州",
    "云南",
    "西藏",
    "陕西",
    "甘肃",
    "青海",
    "宁夏",
    "新疆",
];

/// Those that stand beside the mainland, by name and by code.
const REGIONS: &[(&str, &str, &str)] =
    &[("香港", "HK", "中国香港"), ("澳门", "MO", "中国澳门"), ("台湾", "TW", "中国台湾")];

/// What is behind the short name of a province or region.
const SUFFIXES: &[&str] =
    &["", "省", "市", "自治区", "壮族自治区", "回族自治区", "维吾尔自治区", "特别行政区"];

/// Names of countries by their code.
static COUNTRIES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let lines = include_str!("countries.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('\t')).collect()
});

/// What is shown for a text of ip2region.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    let fields: Vec<&str> = text.split('|').collect();
    let country = fields[0].trim();
    let areas = fields.get(1..).unwrap_or_default().iter().take(2);
    if country == "中国" {
        return areas.copied().find_map(within_china).unwrap_or(country).into();
    }
    if let Some(region) = region(country.strip_prefix("中国").unwrap_or(country)) {
        return region.into();
    }
    match country {
        "" | "0" | "Reserved" | "保留" | "保留地址" | "内网IP" | "局域网" => {
            UNKNOWN.into()
        }
        // Only English names come with a code: of others the last field is a company's name.
        _ if country.is_ascii() => {
            let code = fields.last().copied().unwrap_or_default();
            let beside = REGIONS.iter().find(|(_, known, _)| *known == code);
            let named = beside.map(|(.., shown)| *shown).or_else(|| COUNTRIES.get(code).copied());
            named.unwrap_or(country).into()
        }
        _ => country.into(),
    }
}

fn within_china(area: &str) -> Option<&'static str> {
    let province = PROVINCES.iter().find(|name| is_called(area, name)).copied();
    province.or_else(|| region(area))
}

fn region(area: &str) -> Option<&'static str> {
    REGIONS.iter().find(|(name, ..)| is_called(area, name)).map(|(.., shown)| *shown)
}

/// Whether `area` is the long form of `name`, or itself.
fn is_called(area: &str, name: &str) -> bool {
    area.strip_prefix(name).is_some_and(|suffix| SUFFIXES.contains(&suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mainland_is_shown_by_province() {
        for (text, province) in [
            ("中国|0|广东省|广州市|电信", "广东"),
            ("中国|广东省|深圳市|电信", "广东"),
            ("中国|广东省|深圳市|电信|CN", "广东"),
            ("中国|0|内蒙古|呼和浩特市|联通", "内蒙古"),
            ("中国|内蒙古自治区|呼和浩特市|联通|CN", "内蒙古"),
            ("中国|广西壮族自治区|0|0|CN", "广西"),
            ("中国|新疆维吾尔自治区|0|0|CN", "新疆"),
            ("中国|0|北京|北京市|移动", "北京"),
            ("中国|北京市|北京市|移动|CN", "北京"),
            ("中国|吉林省|吉林市|联通|CN", "吉林"),
            ("中国|青海省|海南藏族自治州|电信|CN", "青海"),
            ("中国|0|0|0|0", "中国"),
            ("中国|0|0|海南藏族自治州|电信", "中国"),
        ] {
            assert_eq!(shown(text), province, "{text}");
        }
    }

    #[test]
    fn hong_kong_macao_and_taiwan_are_shown_by_themselves() {
        for (text, region) in [
            ("中国|0|香港|0|电讯盈科", "中国香港"),
            ("中国|香港特别行政区|0|0|HK", "中国香港"),
            ("中国香港|0|0|0|0", "中国香港"),
            ("香港|0|0|0|0", "中国香港"),
            ("Hong Kong|0|0|0|HK", "中国香港"),
            ("中国|0|澳门|0|澳门电讯", "中国澳门"),
            ("Macao|0|0|0|MO", "中国澳门"),
            ("中国|0|台湾省|台北|中华电信", "中国台湾"),
            ("Taiwan|Taiwan|Taipei|HiNet|TW", "中国台湾"),
        ] {
            assert_eq!(shown(text), region, "{text}");
        }
    }

    #[test]
    fn other_countries_are_shown_in_chinese() {
        for (text, country) in [
            ("美国|0|加利福尼亚|洛杉矶|0", "美国"),
            ("英国|0|0|0|BT", "英国"),
            ("United States|California|San Jose|xTom|US", "美国"),
            ("Australia|Queensland|Brisbane|0|AU", "澳大利亚"),
            ("Atlantis|0|0|0|0", "Atlantis"),
        ] {
            assert_eq!(shown(text), country, "{text}");
        }
        assert_eq!(COUNTRIES.len(), 246);
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        for text in ["", "0", "0|0|0|内网IP|内网IP", "内网IP|0|0|0", "Reserved|0|0|0|0", "|||", " "]
        {
            assert_eq!(shown(text), UNKNOWN, "{text:?}");
        }
    }
}
