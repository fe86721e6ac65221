//! The rules of the house that the compiler does not check, each proved to catch a planted fault.

#![expect(clippy::unwrap_used, reason = "what cannot be read is a failed test")]

use std::{collections::BTreeSet, fs, path::Path, process::Command};

/// The house from the ground up. A module uses modules of lower floors only: never a higher one,
/// never a neighbour.
const FLOORS: &[&[&str]] = &[
    &["ids", "clock", "error"],
    &["config"],
    &["protocol", "telemetry"],
    &["store", "broker", "operation"],
    &["hub", "audit"],
    &["identity", "moderation", "archive", "alert", "directory", "push", "media", "region"],
    &["consult", "live", "channel", "curation"],
    &["session", "rights", "listener"],
    &["transport", "http"],
    &["app"],
];

/// Names that say nothing of what is inside.
const HOLLOW: &[&str] = &[
    "base", "common", "core", "helper", "helpers", "manager", "misc", "service", "types", "util",
    "utils",
];

/// What no tracked file holds: places on somebody's machine, and work that was put off.
const UNWANTED: &[&str] = &["/home/", "/root/", "/tmp/", "/work/", "shared/", "TODO", "FIXME"];

const FILE_LINES_MAX: usize = 400;
const TESTS_LINES_MAX: usize = 80;
const HEADER_CHARS_MAX: usize = 100;
const MAIN_LINES_MAX: usize = 60;
const MAKEFILE_LINES_MAX: usize = 60;
const DOCUMENT_LINES_MAX: usize = 150;

#[test]
fn the_house_is_tidy() {
    let mut faults = Vec::new();
    for path in tracked() {
        // Pictures and the like hold no rules of ours.
        if let Ok(text) = fs::read_to_string(&path) {
            faults.extend(check(&path, &text).into_iter().map(|fault| format!("{path}: {fault}")));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// Every file that git knows or would take, from the root of the repository.
fn tracked() -> Vec<String> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(list).output().expect("git lists the files");
    assert!(output.status.success(), "git ls-files failed");
    let paths = String::from_utf8(output.stdout).unwrap();
    let paths: BTreeSet<_> = paths.split_terminator('\0').map(str::to_owned).collect();
    assert!(paths.contains("src/lib.rs"), "the tests run at the root of the repository");
    paths.into_iter().filter(|path| Path::new(path).exists()).collect()
}

/// What is wrong with the file at `path`, counted from the root of the repository.
fn check(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if path != file!() {
        let found = UNWANTED.iter().filter(|unwanted| text.contains(**unwanted));
        faults.extend(found.map(|unwanted| format!("holds `{unwanted}`")));
    }
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    match (path, extension) {
        ("Makefile", _) => faults.extend(at_most(text, MAKEFILE_LINES_MAX)),
        (_, Some("md")) => faults.extend(check_document(path, text)),
        (_, Some("rs")) => faults.extend(check_source(path, text)),
        _ => {}
    }
    faults
}

fn check_document(path: &str, text: &str) -> Vec<String> {
    let mut faults: Vec<_> = at_most(text, DOCUMENT_LINES_MAX).into_iter().collect();
    if path.starts_with("README") {
        let opening = text.lines().take(20).collect::<Vec<_>>().join("\n");
        let missing = ["make run", "make test"].into_iter().filter(|it| !opening.contains(it));
        faults.extend(missing.map(|command| format!("does not open with `{command}`")));
    }
    let folder = Path::new(path).parent().unwrap();
    let named = named_files(text).into_iter().map(|name| (name, Path::new(name).to_owned()));
    let linked = linked_files(text).into_iter().map(|name| (name, folder.join(name)));
    let missing = named.chain(linked).filter(|(_, place)| !place.exists());
    faults.extend(missing.map(|(name, _)| format!("names `{name}`, which does not exist")));
    faults
}

/// Files of the repository that a document names between backticks: `src/hub/mod.rs`.
fn named_files(text: &str) -> Vec<&str> {
    let folders = ["config/", "docs/", "fuzz/", "loadtest/", "scripts/", "src/", "tests/", "web/"];
    let quoted = text.split('`').skip(1).step_by(2);
    let is_file = |name: &&str| {
        folders.iter().any(|folder| name.starts_with(folder))
            && name.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c))
    };
    quoted.filter(is_file).collect()
}

/// Files that a document links to, from its own folder on: `[operations](OPERATIONS.md)`.
fn linked_files(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    targets.filter(|target| !target.is_empty() && !target.contains("://")).collect()
}

fn check_source(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let (code, tests) = parts(path, text);

    let header = text.lines().next().unwrap_or_default();
    match header.strip_prefix("//! ") {
        None => faults.push("has no `//!` header".to_owned()),
        Some(first) if first.chars().count() > HEADER_CHARS_MAX => {
            faults.push(format!("the header's first line passes {HEADER_CHARS_MAX} characters"));
        }
        Some(_) => {}
    }
    let names = path.trim_end_matches(".rs").split('/');
    let hollow = names.filter(|name| HOLLOW.contains(name));
    faults.extend(hollow.map(|name| format!("`{name}` says nothing of what is inside")));

    faults.extend(at_most(code, FILE_LINES_MAX));
    if !code.is_empty() && tests.lines().count() > TESTS_LINES_MAX {
        faults.push(format!("tests of more than {TESTS_LINES_MAX} lines go to their own file"));
    }
    let sleeps = |line: &str| !is_comment(line) && line.contains("sleep(");
    if path != file!() && tests.lines().any(sleeps) {
        faults.push("a test sleeps: pause time, or wait for the event".to_owned());
    }
    if path != file!() && tests.contains("#[ignore") {
        faults.push("a test is ignored".to_owned());
    }

    if let Some(inside) = path.strip_prefix("src/") {
        faults.extend(check_floor(inside, code));
    }
    faults
}

/// Production code and tests of a source file.
fn parts<'a>(path: &str, text: &'a str) -> (&'a str, &'a str) {
    let is_test = path.ends_with("/tests.rs") || path.split('/').any(|folder| folder == "tests");
    if is_test {
        return ("", text);
    }
    for (at, marker) in text.match_indices("#[cfg(test)]\n") {
        let next = text[at + marker.len()..].lines().next().unwrap_or_default();
        if next.contains("mod ") && next.ends_with('{') {
            return text.split_at(at);
        }
    }
    (text, "")
}

fn check_floor(inside: &str, code: &str) -> Vec<String> {
    match inside {
        "main.rs" => return at_most(code, MAIN_LINES_MAX).into_iter().collect(),
        "lib.rs" => {
            let exported = code.lines().filter(|line| line.trim_start().starts_with("pub use"));
            return exported.map(|line| format!("exports at the root: `{line}`")).collect();
        }
        _ => {}
    }
    let module = inside.split(['/', '.']).next().unwrap();
    let Some(own) = floor(module) else {
        return vec![format!("`{module}` is on no floor")];
    };
    let code: String = code
        .lines()
        .filter(|line| !is_comment(line))
        .fold(String::with_capacity(code.len()), |all, line| all + line + "\n");
    let mut faults = Vec::new();
    let is_root = inside == format!("{module}.rs") || inside == format!("{module}/mod.rs");
    if code.contains("super::super") || (is_root && code.contains("super::")) {
        faults.push("leaves its module through `super::`; write `crate::`".to_owned());
    }
    for used in uses(&code).into_iter().filter(|used| *used != module) {
        match floor(used) {
            Some(other) if other < own => {}
            Some(_) => faults.push(format!("`{module}` may not use `{used}`")),
            None => faults.push(format!("`{used}` is on no floor")),
        }
    }
    faults
}

/// Modules that `code` reaches through `crate::`, singly or in a group.
fn uses(code: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => names.extend(head(rest)),
            Some(group) => names.extend(members(group).into_iter().filter_map(head)),
        }
    }
    names
}

/// The members of a `use` group, whose opening brace is gone.
fn members(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0_usize, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                found.push(&group[start..at]);
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    found
}

/// The first word of a path; `None` where a macro stands in its place.
fn head(path: &str) -> Option<&str> {
    let path = path.trim_start();
    let end = path.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(path.len());
    (end > 0).then(|| &path[..end])
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

fn at_most(text: &str, lines_max: usize) -> Option<String> {
    let lines = text.lines().count();
    (lines > lines_max).then(|| format!("{lines} lines, {lines_max} at most"))
}

#[test]
fn no_module_stands_on_two_floors() {
    let names: Vec<_> = FLOORS.iter().flat_map(|floor| floor.iter()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn each_rule_catches_a_planted_fault() {
    let header = "//! A part.\n";
    let long = header.repeat(FILE_LINES_MAX + 1);
    let far = format!("//! {}.\n", "x".repeat(HEADER_CHARS_MAX));
    let many = format!("{header}#[cfg(test)]\nmod tests {{\n{}}}\n", "\n".repeat(TESTS_LINES_MAX));
    let slow = "//! A.\n#[cfg(test)]\nmod tests {\n    fn f() { sleep(1); }\n}\n";
    let planted = [
        ("src/hub/mod.rs", "use std::fmt;\n", "no `//!` header"),
        ("src/hub/mod.rs", far.as_str(), "100 characters"),
        ("src/hub/mod.rs", long.as_str(), "401 lines, 400 at most"),
        ("src/hub/mod.rs", many.as_str(), "go to their own file"),
        ("src/hub/mod.rs", slow, "a test sleeps"),
        ("tests/it/chat.rs", "//! A.\nfn f() { sleep(1); }\n", "a test sleeps"),
        ("src/hub/tests.rs", "//! A.\n#[ignore]\nfn f() {}\n", "a test is ignored"),
        ("src/hub/util.rs", header, "`util` says nothing"),
        ("src/hub/service/mod.rs", header, "`service` says nothing"),
        ("src/store/mod.rs", "//! A.\nuse crate::hub::Hub;\n", "`store` may not use `hub`"),
        ("src/store/a.rs", "//! A.\nuse crate::{ids::A, live::{B, C}};\n", "not use `live`"),
        ("src/store/a.rs", "//! A.\nfn f() { crate::broker::go() }\n", "not use `broker`"),
        ("src/garage/mod.rs", header, "`garage` is on no floor"),
        ("src/app/mod.rs", "//! A.\nuse crate::garage;\n", "`garage` is on no floor"),
        ("src/hub/a/b.rs", "//! A.\nuse super::super::store;\n", "through `super::`"),
        ("src/hub/mod.rs", "//! A.\nuse super::live;\n", "through `super::`"),
        ("src/lib.rs", "//! A.\npub use hub::Hub;\n", "exports at the root"),
        ("src/main.rs", &header.repeat(MAIN_LINES_MAX + 1), "61 lines, 60 at most"),
        ("Makefile", &"\n".repeat(MAKEFILE_LINES_MAX + 1), "61 lines, 60 at most"),
        ("docs/A.md", &"\n".repeat(DOCUMENT_LINES_MAX + 1), "151 lines, 150 at most"),
        ("docs/A.md", "See `src/hub/gone.rs`.\n", "`src/hub/gone.rs`, which does not exist"),
        ("docs/A.md", "See [it](../GONE.md).\n", "`../GONE.md`, which does not exist"),
        ("README.zh-CN.md", "make run\n", "does not open with `make test`"),
        ("deploy/a.yaml", "path: /home/ann/belfry\n", "holds `/home/`"),
    ];
    for (path, text, expected) in planted {
        let faults = check(path, text);
        let is_caught = faults.iter().any(|fault| fault.contains(expected));
        assert!(is_caught, "{path} with {text:?} gave {faults:?}, not {expected:?}");
    }
}

#[test]
fn what_is_allowed_passes() {
    let code = "//! A part.\n//! [`crate::app`] is only named.\nuse crate::{ids::A, store::{B, C}};\n\
                use self::topic::Topic;\n#[cfg(test)]\nmod tests;\n";
    assert_eq!(check("src/hub/mod.rs", code), [""; 0]);
    assert_eq!(check("src/hub/topic.rs", "//! A.\nuse super::Hub;\n"), [""; 0]);
    let tests = "//! A.\n#[cfg(test)]\nmod tests {\n    use super::*;\n    use crate::app;\n}\n";
    assert_eq!(check("src/hub/topic.rs", tests), [""; 0]);
    assert_eq!(check("README.md", "```\nmake run\nmake test\n```\n`src/lib.rs`\n"), [""; 0]);
    assert_eq!(check("docs/A.md", "[a](../src/lib.rs) [b](https://a.b/c) [c](#d)\n"), [""; 0]);
}
