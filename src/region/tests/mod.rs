//! Places from files that a small writer makes, whole and damaged.

mod file;

use proptest::prelude::*;

use self::file::{HEAD, Structure, write};
use super::{
    xdb::{Family, Xdb},
    *,
};
use crate::{
    operation::{Caller, Catalogue, Role},
    telemetry::Metrics,
};

const V4: &[(&str, &str, &str)] = &[
    ("0.0.0.0", "1.0.0.255", "0|0|0|内网IP|内网IP"),
    ("1.0.1.0", "1.0.3.255", "中国|0|福建省|福州市|电信"),
    ("1.0.4.0", "1.0.7.255", "澳大利亚|0|维多利亚|墨尔本|0"),
    // A gap.
    ("1.0.16.0", "1.0.31.255", "中国|0|广东省|广州市|电信"),
    ("1.0.32.0", "1.2.255.255", "中国|0|广东省|广州市|电信"),
    ("1.3.0.0", "1.3.255.255", "中国|0|广东省|深圳市|电信"),
    ("8.8.8.0", "8.8.8.255", "United States|California|0|Google|US"),
    ("10.0.0.0", "10.255.255.255", "美国|0|0|0|0"),
    ("223.255.255.0", "255.255.255.255", "中国|0|香港|0|0"),
];

const V6: &[(&str, &str, &str)] = &[
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "日本|0|0|0|0"),
    ("2400:3200::", "2400:3200:ffff:ffff:ffff:ffff:ffff:ffff", "中国|浙江省|杭州市|阿里|CN"),
    ("2a00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "Germany|0|0|0|DE"),
];

/// A house that has both files.
fn region() -> (Region, Metrics, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, structure, entries: &[(&str, &str, &str)]| {
        let path = folder.path().join(name);
        fs::write(&path, write(structure, entries)).unwrap();
        path.display().to_string()
    };
    let config = config::region::Region {
        v4: put("v4.xdb", Structure::Two, V4),
        v6: put("v6.xdb", Structure::ThreeV6, V6),
    };
    let metrics = Metrics::new();
    (Region::load(&config, &metrics).unwrap(), metrics, folder)
}

fn at(region: &Region, address: &str) -> String {
    region.of(address.parse().unwrap()).to_string()
}

#[test]
fn an_address_is_shown_where_its_range_is() {
    let (region, metrics, _folder) = region();
    for (address, place) in [
        ("1.0.1.0", "福建"),
        ("1.0.3.255", "福建"),
        ("1.0.4.0", "澳大利亚"),
        ("1.0.7.255", "澳大利亚"),
        ("1.0.8.0", UNKNOWN),
        ("1.0.15.255", UNKNOWN),
        ("1.0.16.0", "广东"),
        ("1.3.255.255", "广东"),
        ("1.4.0.0", UNKNOWN),
        ("8.8.8.8", "美国"),
        ("223.255.255.1", "中国香港"),
        ("::ffff:8.8.8.8", "美国"),
        ("2400:3200::1", "浙江"),
        ("2400:3201::", UNKNOWN),
        ("2a00::1", "德国"),
        ("3fff:ffff::", "德国"),
        ("2000::", UNKNOWN),
    ] {
        assert_eq!(at(&region, address), place, "{address}");
    }
    let page = metrics.encode();
    assert!(page.contains("belfry_region_lookups_total{kind=\"known\"} 12\n"), "{page}");
    assert!(page.contains("belfry_region_lookups_total{kind=\"unknown\"} 5\n"), "{page}");
}

#[test]
fn an_address_that_is_nobodys_is_nowhere_whatever_the_file_says() {
    let (region, ..) = region();
    for address in [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "169.254.0.1",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "192.0.2.1",
        "::",
        "::1",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "2001:db8::1",
    ] {
        assert_eq!(at(&region, address), UNKNOWN, "{address}");
    }
}

#[test]
fn without_files_everybody_is_nowhere() {
    let region = Region::load(&config::region::Region::default(), &Metrics::new()).unwrap();
    assert_eq!([at(&region, "8.8.8.8"), at(&region, "2400:3200::1")], [UNKNOWN, UNKNOWN]);
}

#[test]
fn neighbours_that_are_shown_alike_are_one_range() {
    let (region, ..) = region();
    let file = region.0.v4.as_ref().unwrap();
    assert_eq!(file.made_on, "2024-02-28");
    // 未知, 福建, 澳大利亚, 未知, 广东, 未知, 美国, 未知, 美国, 未知, 中国香港.
    assert_eq!(file.atlas.ranges(), 11);
}

#[test]
fn a_file_at_fault_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v4.xdb").display().to_string();
    let config = config::region::Region { v4: path.clone(), ..<_>::default() };
    let told = || Region::load(&config, &Metrics::new()).err().unwrap().to_string();
    assert!(told().starts_with(&format!("{path}: No such file")), "{}", told());
    fs::write(&path, "<html>").unwrap();
    assert_eq!(told(), format!("{path}: its structure is 26684, not 2 or 3"));
}

#[tokio::test]
async fn staff_can_see_what_the_files_say() {
    let (region, ..) = region();
    let mut catalogue = Catalogue::default();
    catalogue.add(operations::operations(&region));
    let ask = async |role, input: &str| {
        let answer = catalogue.call(Caller::new("ann", role), "region.lookup", input).await;
        answer.map(|answer| answer.get().to_owned()).map_err(|refusal| refusal.to_string())
    };
    let input = r#"{"address": "2400:3200::1"}"#;
    let place = r#"{"region":"浙江","v4_made_on":"2024-02-28","v6_made_on":"2024-02-28"}"#;
    assert_eq!(ask(Role::Support, input).await.unwrap(), place);
    assert!(ask(Role::User, input).await.is_err());
    assert!(ask(Role::Operator, r#"{"address": "example.cn"}"#).await.is_err());
}

fn first_fault(bytes: &[u8], family: Family) -> Option<Malformed> {
    match Xdb::read(bytes, family) {
        Err(malformed) => Some(malformed),
        Ok(xdb) => xdb.entries().find_map(Result::err),
    }
}

/// Within one block, so that each is one entry.
fn three_entries() -> Vec<u8> {
    write(Structure::ThreeV4, &V4[1..4])
}

#[test]
fn a_file_that_is_cut_or_about_something_else_is_refused() {
    let good = three_entries();
    assert_eq!(first_fault(&good, Family::V4), None);
    assert_eq!(first_fault(&good, Family::V6), Some(Malformed::Family));
    assert_eq!(first_fault(&write(Structure::Two, V4), Family::V6), Some(Malformed::Family));
    assert_eq!(first_fault(&write(Structure::ThreeV6, V6), Family::V4), Some(Malformed::Family));
    for length in [0, 1, 19, 255, HEAD, good.len() - 1] {
        let fault = first_fault(&good[..length], Family::V4);
        assert!(
            matches!(fault, Some(Malformed::Cut | Malformed::Family | Malformed::Index)),
            "{length}"
        );
    }
}

/// What is wrong with three entries of one block, once the byte at `at` is `byte`.
fn broken(at: usize, byte: u8) -> Malformed {
    let mut bytes = three_entries();
    bytes[at] = byte;
    first_fault(&bytes, Family::V4).unwrap()
}

#[test]
fn a_damaged_header_is_refused_with_what_is_wrong() {
    let good = three_entries();
    assert_eq!(broken(0, 4), Malformed::Structure(4));
    assert_eq!(broken(2, 2), Malformed::Index, "a B-tree");
    assert_eq!(broken(18, 5), Malformed::Index, "wide places");
    assert_eq!(broken(8, good[8] ^ 1), Malformed::Cut, "no whole number of entries");
    assert_eq!(broken(11, 0xFF), Malformed::Cut, "the last before the first");
    assert_eq!(broken(15, 0xFF), Malformed::Cut, "the last outside");
}

#[test]
fn a_damaged_entry_is_refused_with_what_is_wrong() {
    let good = three_entries();
    let entries = good.len() - 3 * 14;
    let second = entries + 14;
    assert_eq!(broken(second + 1, 2), Malformed::Order(1), "begins within the first");
    assert_eq!(broken(second + 7, 0), Malformed::Order(1), "ends before it begins");
    assert_eq!(broken(entries + 7, 0xFF), Malformed::Order(1), "the first holds everything");
    assert_eq!(broken(second + 9, 0xFF), Malformed::Text(1), "a long text");
    assert_eq!(broken(second + 13, 0xFF), Malformed::Text(1), "a text outside");
    assert_eq!(broken(second + 12, 0), Malformed::Text(1), "a text in the index");
    assert_eq!(broken(second + 10, good[second + 10] + 1), Malformed::Text(1), "half a character");
}

const TEXTS: &[&str] = &["中国|0|广东省|0|0", "中国|0|北京|0|0", "美国|0|0|0|0", "0|0|0|0|0", ""];

/// Ranges in order, with and without gaps, some at the ends of what there is.
fn ranges(max: u128) -> impl Strategy<Value = Vec<(u128, u128, &'static str)>> {
    let bounds =
        prop::collection::btree_set(prop_oneof![0..=max, 0..=20_u128, max - 20..=max], 2..40);
    let texts = prop::collection::vec(prop::sample::select(TEXTS), 20);
    (bounds, texts).prop_map(|(bounds, texts)| {
        let bounds: Vec<_> = bounds.into_iter().collect();
        bounds.chunks_exact(2).zip(texts).map(|(pair, text)| (pair[0], pair[1], text)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_address_is_where_the_written_ranges_say(
        v4 in ranges(u32::MAX.into()),
        v6 in ranges(u128::MAX),
        probes: [u128; 8],
    ) {
        agrees::<u32>(Structure::ThreeV4, Family::V4, &v4, &probes.map(|bits| bits >> 96))?;
        agrees::<u128>(Structure::ThreeV6, Family::V6, &v6, &probes)?;
    }
}

fn agrees<N: Copy + Ord + TryFrom<u128>>(
    structure: Structure,
    family: Family,
    ranges: &[(u128, u128, &str)],
    probes: &[u128],
) -> Result<(), TestCaseError> {
    let bytes = file::assemble(structure, ranges);
    let xdb = Xdb::read(&bytes, family).unwrap();
    let atlas = Atlas::<N>::draw(&xdb).unwrap();
    let bounds = ranges.iter().flat_map(|(first, last, _)| {
        [first.saturating_sub(1), *first, *last, last.saturating_add(1)]
    });
    for address in bounds.chain(probes.iter().copied()) {
        let Ok(number) = N::try_from(address) else { continue };
        let holder = ranges.iter().find(|(first, last, _)| (first..=last).contains(&&address));
        let wanted = holder.map(|(.., text)| place::shown(text)).filter(|shown| *shown != UNKNOWN);
        prop_assert_eq!(atlas.at(number).map(|shown| &**shown), wanted.as_deref());
    }
    Ok(())
}
