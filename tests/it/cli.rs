//! The command line, as scripts and operators rely on it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
};

/// Runs the program in `folder` with a bare environment.
fn belfry(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_belfry"));
    command.args(arguments).current_dir(folder).env_clear().envs(variables.iter().copied());
    command.output().unwrap()
}

fn told(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_token_is_one_line_with_three_parts() {
    let folder = tempfile::tempdir().unwrap();
    let token = ["token", "--sub", "tutor1", "--role", "tutor", "--inst", "inst1", "--ttl", "2h"];
    let printed = belfry(folder.path(), &token, &[]);
    assert!(printed.status.success(), "{printed:?}");
    let line = told(&printed.stdout).strip_suffix('\n').unwrap();
    assert_eq!(line.split('.').count(), 3, "{line}");
    assert!(!line.contains('\n'));
}

#[test]
fn a_token_that_the_server_would_not_accept_is_not_printed() {
    let folder = tempfile::tempdir().unwrap();
    let printed = belfry(folder.path(), &["token", "--sub", "tutor1", "--role", "tutor"], &[]);
    assert_eq!(printed.status.code(), Some(1));
    assert_eq!(told(&printed.stdout), "");
    assert!(told(&printed.stderr).contains("its role needs an institution"), "{printed:?}");
}

#[test]
fn bad_usage_ends_with_64_and_says_what_is_possible() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, hint) in [
        (&["fly"][..], "unrecognized subcommand 'fly'"),
        (&["token", "--sub", "a", "--role", "root"], "one of user, tutor, "),
        (&["token", "--sub", "a", "--ttl", "soon"], "write a whole number with ms, s, m, h or d"),
    ] {
        let refused = belfry(folder.path(), arguments, &[]);
        assert_eq!(refused.status.code(), Some(64), "{refused:?}");
        assert!(told(&refused.stderr).contains(hint), "{refused:?}");
    }
    assert!(belfry(folder.path(), &["--help"], &[]).status.success());
}

#[test]
fn config_check_prints_what_is_in_force_without_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.toml"), "[http]\nlisten = '127.0.0.1:9000'").unwrap();
    let secret = "a secret of more than thirty-two bytes";
    let variables = [("BELFRY__IDENTITY__HMAC_SECRET", secret), ("BELFRY__LOG__FORMAT", "json")];
    let printed = belfry(folder.path(), &["config", "check", "--config", "a.toml"], &variables);
    assert!(printed.status.success(), "{printed:?}");
    let config = told(&printed.stdout);
    for line in ["listen = \"127.0.0.1:9000\"", "hmac_secret = \"[secret]\"", "format = \"json\""] {
        assert!(config.lines().any(|printed| printed == line), "{line} is not in {config}");
    }
    assert!(!config.contains(secret));
}

#[test]
fn config_check_tells_every_fault_and_ends_with_64() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.toml"), "[http]\nlistem = 1\n[log]\nformat = 'xml'").unwrap();
    let variables = [("BELFRY_CONFIG", "a.toml"), ("BELFRY__HUB__FLUSHER_THREADS", "many")];
    let refused = belfry(folder.path(), &["config", "check"], &variables);
    assert_eq!(refused.status.code(), Some(64), "{refused:?}");
    assert_eq!(told(&refused.stdout), "");
    for fault in ["a.toml: `http.listem`", "a.toml: `log.format`", "BELFRY__HUB__FLUSHER_THREADS: "]
    {
        assert!(told(&refused.stderr).contains(fault), "{fault} is not in {refused:?}");
    }
}

/// Answers one request with `answer`, and gives the request back.
fn answer_once(answer: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answering = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 512];
        let length = stream.read(&mut request).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        told(&request[..length]).to_owned()
    });
    (address, answering)
}

#[test]
fn a_healthcheck_succeeds_on_200_alone() {
    let folder = tempfile::tempdir().unwrap();
    for (answer, code) in
        [("HTTP/1.1 200 OK\r\n\r\n", 0), ("HTTP/1.1 503 Service Unavailable\r\n\r\n", 1), ("", 1)]
    {
        let (address, answering) = answer_once(answer);
        let variables = [("BELFRY__HTTP__LISTEN", address.as_str())];
        let checked = belfry(folder.path(), &["healthcheck"], &variables);
        assert!(answering.join().unwrap().starts_with("GET /healthz HTTP/1.1\r\n"));
        assert_eq!(checked.status.code(), Some(code), "{answer:?} {checked:?}");
    }
}

#[test]
fn a_healthcheck_introduces_itself_where_proxies_do() {
    let folder = tempfile::tempdir().unwrap();
    for (trusted, begins) in [
        ("['127.0.0.0/8']", "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0GET /healthz HTTP/1.1\r\n"),
        ("['10.0.0.1']", "GET /healthz HTTP/1.1\r\n"),
    ] {
        let (address, answering) = answer_once("HTTP/1.1 200 OK\r\n\r\n");
        let variables = [
            ("BELFRY__HTTP__LISTEN", address.as_str()),
            ("BELFRY__HTTP__PROXY_PROTOCOL", "v2"),
            ("BELFRY__HTTP__TRUSTED_PROXIES", trusted),
        ];
        let checked = belfry(folder.path(), &["healthcheck"], &variables);
        assert!(checked.status.success(), "{checked:?}");
        let asked = answering.join().unwrap();
        assert!(asked.starts_with(begins), "{asked:?}");
    }
}

#[test]
fn a_server_listens_answers_and_leaves_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_belfry"));
    command.args(["serve", "--listen", "127.0.0.1:0"]).current_dir(folder.path()).env_clear();
    let mut server = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(server.stderr.take().unwrap()).lines();
    let listening = log.find(|line| line.as_ref().unwrap().contains("listening")).unwrap().unwrap();
    let address = listening.split_once("address=").unwrap().1;

    let variables = [("BELFRY__HTTP__LISTEN", address)];
    let checked = belfry(folder.path(), &["healthcheck"], &variables);
    assert!(checked.status.success(), "{checked:?}");
    let taken = belfry(folder.path(), &["serve", "--listen", address], &[]);
    assert_eq!(taken.status.code(), Some(1));
    assert!(told(&taken.stderr).contains(&format!("cannot listen on {address}")), "{taken:?}");

    let kill = Command::new("kill").arg(server.id().to_string()).status().unwrap();
    assert!(kill.success());
    assert_eq!(server.wait().unwrap().code(), Some(0), "{:?}", log.collect::<Vec<_>>());
}
