//! Layers, faults and the documented file, tried from outside as an operator would.

use std::{collections::BTreeSet, fs};

use toml::{Table, Value};

use super::{fault::Origin, source::Setting, *};
use crate::config::value::{Secret, Span};

const DOCUMENTED: &str = include_str!("../../config/belfry.toml");

/// Loads what a file holding `text` and `variables` come to; faults as text, the path as `FILE`.
fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("belfry.toml");
    fs::write(&path, text).unwrap();
    let sources = Sources::new(Some(path.clone())).with_variables(variables.iter().copied());
    let shown = |faults: Faults| faults.to_string().replace(&path.display().to_string(), "FILE");
    Config::load(&sources).map_err(shown)
}

#[test]
fn each_layer_wins_over_the_one_below() {
    let file = "[client]\nping_interval = '7s'\npong_timeout = '3s'\n[log]\nformat = 'json'";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.toml");
    fs::write(&path, file).unwrap();
    let sources = Sources::default()
        .with_variables([
            ("BELFRY_CONFIG", path.to_str().unwrap()),
            ("BELFRY__CLIENT__PONG_TIMEOUT", "4s"),
            ("BELFRY__LOG__FILTER", "warn"),
            ("BELFRY_PORT", "tcp://10.0.0.1:80"),
            ("HOME", "/nowhere"),
        ])
        .with_flag("--filter", "log.filter", "debug");
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.client.ping_interval, Span::seconds(7));
    assert_eq!(config.client.pong_timeout, Span::seconds(4));
    assert_eq!((config.log.filter.as_str(), config.log.format), ("debug", log::Format::Json));
    assert_eq!(config.hub, hub::Hub::default());
}

#[test]
fn variables_are_toml_or_json_or_plain_text() {
    let config = load(
        "",
        &[
            ("BELFRY__ADMISSION__PER_USER", "5"),
            ("BELFRY__CHANNELS__PERSONAL", "false"),
            ("BELFRY__CHANNELS__NAMESPACES", r#"{"news": {"history_size": 9, "presence": true}}"#),
            ("BELFRY__CHANNELS__NAMESPACES__NEWS__PUBLISH", "user"),
            ("BELFRY__CHANNELS__NAMESPACES__QR", "{ subscribe = 'anyone' }"),
            ("BELFRY__CHANNELS__WITHOUT_NAMESPACE__HISTORY_TTL", "5m"),
            ("BELFRY__LOG__FILTER", "\"error\""),
        ],
    )
    .unwrap();
    assert_eq!(config.admission.per_user, 5);
    assert!(!config.channels.personal);
    let news = &config.channels.namespaces["news"];
    assert_eq!((news.history_size, news.presence, news.publish), (9, true, channels::Who::User));
    assert_eq!(config.channels.namespaces["qr"].subscribe, channels::Who::Anyone);
    assert_eq!(config.channels.without_namespace.unwrap().history_ttl, Span::seconds(300));
    assert_eq!(config.log.filter, "error");
    assert!(config.channels.namespaces.contains_key("user"), "the built-in ones stay");
}

#[test]
fn a_text_that_looks_like_a_number_or_a_date_stays_as_written() {
    for written in ["1234", "007", "true", "2026-01-02 03:04:05", "1e5"] {
        let readings = source::readings(written);
        let fits = |value: &Value| value.clone().try_into::<Secret>().ok();
        let read = readings.iter().find_map(fits).unwrap();
        assert_eq!(read.reveal(), written);
    }
}

#[test]
fn an_empty_table_declares_a_namespace() {
    let config = load("[channels.namespaces.news]", &[]).unwrap();
    assert_eq!(config.channels.namespaces["news"], channels::Namespace::default());
}

#[test]
fn every_fault_is_told_at_once_with_its_place_its_key_and_what_is_allowed() {
    let file = "[client]\nping_intervall = '7s'\npong_timeout = 'soon'\ncommands_burst = -1\n\
                [log]\nformat = 'xml'\n[kitchen]\nsink = 1\n[broker]\nurl = 'redis://:pw@host/'";
    let variables = [
        ("BELFRY__HUB", "5"),
        ("BELFRY__HUB__FLUSHER_THREADS__X", "5"),
        ("BELFRY__LOG__FILTER", "info,=,"),
    ];
    let faults = load(file, &variables).unwrap_err();
    assert!(faults.contains("expected one of `ping_interval`, `pong_timeout`, "));
    // New keys lengthen the lists of what is allowed; they are no business of this test.
    let short = |line: &str| line.split(", expected one of").next().unwrap().to_owned();
    insta::assert_snapshot!(faults.lines().map(short).collect::<Vec<_>>().join("\n"), @r#"
    FILE: `client.commands_burst`: invalid value: integer `-1`, expected u32
    FILE: `client.ping_intervall`: unknown key `ping_intervall`
    FILE: `client.pong_timeout`: "soon" is no length of time; write a whole number with ms, s, m, h or d, as in "30s"
    FILE: `kitchen.sink`: unknown key `kitchen`
    FILE: `log.format`: unknown value `xml`, expected `text` or `json`
    BELFRY__HUB: `hub`: is a table of keys, not a value
    BELFRY__HUB__FLUSHER_THREADS__X: `hub.flusher_threads.x`: `flusher_threads` is a value and has no keys of its own
    FILE: `broker.url`: Redis is not supported by this version, which runs as one node; write "memory:"
    BELFRY__LOG__FILTER: `log.filter`: invalid filter directive
    "#);
}

#[test]
fn what_each_section_cannot_work_with_is_blamed_on_its_key() {
    let faults = [
        ("client.message_max = '0B'", "client.message_max"),
        ("client.ping_interval = '25500ms'", "client.ping_interval"),
        ("client.pong_timeout = '25s'", "client.pong_timeout"),
        ("hub.mailbox_max = '0B'", "hub.mailbox_max"),
        ("hub.streams_max = '0B'", "hub.streams_max"),
        ("hub.mailbox_age_max = '999ms'", "hub.mailbox_age_max"),
        ("http.allowed_origins = ['*']", "http.allowed_origins"),
        ("http.public_url = 'https://im.example.cn/chat'", "http.public_url"),
        ("http.trusted_proxies = ['10.0.0.1', '::/0']", "http.trusted_proxies"),
        ("http.trusted_proxies = ['10.0.0.1/8']", "http.trusted_proxies"),
        ("http.forwarded = 'x-real-ip'", "http.forwarded"),
        ("http.proxy_protocol = 'v2'", "http.proxy_protocol"),
        ("channels.history_max = 0", "channels.history_max"),
        ("channels.personal_namespace = 'me'", "channels.personal_namespace"),
        ("channels.personal_namespace = ''", "channels.personal_namespace"),
        ("channels.namespaces.x.presence = true", "channels.namespaces.x"),
        ("channels.namespaces.news.force_recovery = true", "channels.namespaces.news"),
        ("channels.without_namespace.recover_latest = true", "channels.without_namespace"),
        ("broker.url = 'nats://host'", "broker.url"),
    ];
    for (setting, key) in faults {
        let told = load(setting, &[]).unwrap_err();
        assert!(
            told.starts_with(&format!("FILE: `{key}`: ")) && told.lines().count() == 1,
            "{told}"
        );
    }
    for setting in ["client.ping_interval = '0s'", "channels.personal_namespace = 'live'"] {
        load(setting, &[]).unwrap();
    }
}

#[test]
fn what_is_no_toml_is_refused_without_showing_the_line() {
    let fault = load("[log]\nfilter = 'info'\n  format = hunter2", &[]).unwrap_err();
    insta::assert_snapshot!(fault, @"FILE: line 3, column 12: string values must be quoted, expected literal string");
    assert!(!fault.contains("hunter2"));
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    let files = [
        "identity = 'hunter2'",
        "identity.hmac_secrett = 'hunter2'",
        "identity.hmac_secret = ['hunter2']",
        "identity.hmac_secret.value = 'hunter2'",
        "identity.hmac_secret = hunter2",
        "keys.ring = ['hunter2']",
        "broker.url = 'redis://:hunter2@host'",
        "store.url = 'postgres://belfry:hunter2@host/belfry'",
    ];
    for file in files {
        let told = load(file, &[]).unwrap_err();
        assert!(!told.contains("hunter2"), "{told}");
    }
    let told = load("", &[("BELFRY__IDENTITY", "hunter2")]).unwrap_err();
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn a_file_that_is_not_there_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let sources = Sources::new(Some(folder.path().join("none.toml")));
    let Faults(faults) = Config::load(&sources).unwrap_err();
    assert!(matches!(&faults[..], [Fault { origin: Origin::File(_), reason, .. }]
        if reason.starts_with("cannot be read")));
}

#[test]
fn limits_that_would_let_nobody_in_are_refused() {
    let file = "[identity]\ntoken_max = '0B'\nhmac_secret_previous = 'hunter2'\n\
                [rates]\nrunning_max = 0\ntimeout = '0s'";
    insta::assert_snapshot!(load(file, &[]).unwrap_err(), @r"
    FILE: `identity.token_max`: 0 would refuse every token
    FILE: `identity.hmac_secret_previous`: there is no hmac_secret that came after it
    FILE: `rates.timeout`: 0 would refuse every operation
    FILE: `rates.running_max`: 0 would refuse every operation
    ");
}

#[test]
fn budgets_and_pauses_that_are_out_of_proportion_are_refused() {
    let file = "[moderation]\nbudget = '9ms'\nprobe_pause = '106751991168d'";
    insta::assert_snapshot!(load(file, &[]).unwrap_err(), @r"
    FILE: `moderation.probe_pause`: at most 1d: it doubles up to 64 times the first
    FILE: `moderation.budget`: at least 10ms, or next to nothing would be judged; 0s for any time
    ");
    for file in ["[moderation]\nbudget = '0s'", "[moderation]\nbudget = '10ms'\nprobe_pause = '1d'"]
    {
        assert!(load(file, &[]).is_ok(), "{file}");
    }
}

#[test]
fn the_effective_configuration_loads_again_as_itself() {
    let config = load("[channels.namespaces.news]\npresence = true", &[]).unwrap();
    assert_eq!(load(&config.to_toml(), &[]).unwrap(), config);
}

#[test]
fn the_documented_file_is_equal_to_the_defaults() {
    assert_eq!(load(DOCUMENTED, &[]).unwrap(), Config::default());
    let written = keys(&DOCUMENTED.parse::<Table>().unwrap());
    let built_in = keys(&Config::default().to_table());
    let missing: Vec<_> = built_in.difference(&written).collect();
    assert!(missing.is_empty(), "config/belfry.toml does not name {missing:?}");
    let strange: Vec<_> = written.difference(&built_in).collect();
    assert!(strange.is_empty(), "config/belfry.toml names {strange:?}, which has no default");
}

#[test]
fn every_file_in_the_folder_of_configurations_loads() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/config");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for path in paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml")) {
        if let Err(faults) = Config::load(&Sources::new(Some(path))) {
            panic!("{faults}");
        }
    }
}

#[test]
fn the_documented_file_names_every_key_that_is_allowed() {
    let written = keys(&DOCUMENTED.parse::<Table>().unwrap());
    for key in allowed(&[], &Config::default().to_table()) {
        let name = key.rsplit('.').next().unwrap();
        let is_written = written.iter().any(|k| *k == key || k.starts_with(&format!("{key}.")));
        assert!(
            is_written || DOCUMENTED.contains(&format!("\n# {name} = ")),
            "`{key}` is not documented"
        );
    }
}

#[test]
fn each_key_of_the_documented_file_has_a_comment() {
    let mut documented = BTreeSet::new();
    let mut table = "";
    let mut above = "";
    for line in DOCUMENTED.lines() {
        let name = if line.starts_with('[') { line } else { line.split(" =").next().unwrap() };
        if line.starts_with('[') {
            table = if line.starts_with("[channels.namespaces") { "a namespace" } else { line };
        }
        let is_entry = line.starts_with(|c: char| c == '[' || c.is_ascii_lowercase());
        // The keys of a namespace are explained at the first one.
        if is_entry && documented.insert((table, name)) {
            assert!(above.starts_with("# "), "`{name}` of {table} has no comment");
        }
        above = line;
    }
}

/// Every value of the table, by dotted key.
fn keys(table: &Table) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) if !inner.is_empty() => {
                found.extend(keys(inner).into_iter().map(|below| format!("{key}.{below}")));
            }
            _ => drop(found.insert(key.clone())),
        }
    }
    found
}

/// Every key that the parser would take, optional ones too: it lists them when it meets another.
fn allowed(path: &[String], table: &Table) -> Vec<String> {
    let stranger = [path, &["?".to_owned()]].concat();
    let setting = Setting { origin: Origin::Default, path: stranger, readings: vec![1.into()] };
    let reason = Layers::new().lay(&setting).expect_err("no key has this name").reason;
    let mut found = Vec::new();
    if let Some((_, names)) = reason.split_once("expected") {
        let names = names.split('`').skip(1).step_by(2).map(str::to_owned);
        found.extend(names.map(|name| [path, &[name]].concat().join(".")));
    }
    for (key, value) in table {
        if let Value::Table(inner) = value {
            found.extend(allowed(&[path, std::slice::from_ref(key)].concat(), inner));
        }
    }
    found
}
