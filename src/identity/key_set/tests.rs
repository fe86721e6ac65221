//! Key sets in files and behind addresses, and every way to mix their algorithms up.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::KeySize,
    signature::{
        self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaKeyPair,
        RsaPublicKeyComponents,
    },
};
use axum::{Router, http::StatusCode, routing::get};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    clock::Clock,
    config::value::{Secret, Span},
    identity::{Flaw, Identity, TokenFault},
};

/// A private key and what a set publishes of it.
struct Pair {
    key: EncodingKey,
    jwk: Value,
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn rsa() -> Pair {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    let text = STANDARD.encode(pkcs8.as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    Pair {
        key: EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(),
        jwk: json!({"kty": "RSA", "n": b64(public.n), "e": b64(public.e)}),
    }
}

fn ec(algorithm: &'static EcdsaSigningAlgorithm, curve: &str) -> Pair {
    let pair = EcdsaKeyPair::generate(algorithm).unwrap();
    let point = &pair.public_key().as_ref()[1..];
    let (x, y) = point.split_at(point.len() / 2);
    Pair {
        key: EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref()),
        jwk: json!({"kty": "EC", "crv": curve, "x": b64(x), "y": b64(y)}),
    }
}

fn p256() -> Pair {
    ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256")
}

fn ed25519() -> Pair {
    let pair = Ed25519KeyPair::generate().unwrap();
    Pair {
        key: EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref()),
        jwk: json!({"kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key())}),
    }
}

fn oct(secret: &[u8]) -> Pair {
    Pair { key: EncodingKey::from_secret(secret), jwk: json!({"kty": "oct", "k": b64(secret)}) }
}

impl Pair {
    /// What a set says of the key beside the key itself.
    fn with(mut self, more: Value) -> Self {
        if let (Value::Object(jwk), Value::Object(more)) = (&mut self.jwk, more) {
            jwk.extend(more);
        }
        self
    }

    fn token(&self, algorithm: Algorithm, kid: Option<&str>) -> String {
        token(&self.key, algorithm, kid)
    }
}

fn token(key: &EncodingKey, algorithm: Algorithm, kid: Option<&str>) -> String {
    let mut header = Header::new(algorithm);
    header.kid = kid.map(str::to_owned);
    jsonwebtoken::encode(&header, &json!({"sub": "u"}), key).unwrap()
}

fn set_of(pairs: &[&Pair]) -> String {
    json!({"keys": pairs.iter().map(|pair| &pair.jwk).collect::<Vec<_>>()}).to_string()
}

fn config(jwks: &str) -> config::Identity {
    config::Identity {
        jwks: jwks.to_owned(),
        jwks_min_interval: Span::seconds(0),
        ..config::Identity::default()
    }
}

fn identity(config: &config::Identity) -> Identity {
    Identity::new(config, Clock::set(0)).unwrap()
}

async fn outcome(identity: &Identity, token: &str) -> Result<(), TokenFault> {
    identity.verify_connection(token).await.map(|_| ())
}

/// A folder with a key set; gone with the value.
struct File(tempfile::TempDir);

impl File {
    fn new(text: &str) -> Self {
        let file = Self(tempfile::tempdir().unwrap());
        file.write(text);
        file
    }

    fn write(&self, text: &str) {
        std::fs::write(self.path(), text).unwrap();
    }

    fn path(&self) -> String {
        self.0.path().join("jwks.json").to_str().unwrap().to_owned()
    }
}

fn from_file(pairs: &[&Pair]) -> (Identity, File) {
    let file = File::new(&set_of(pairs));
    (identity(&config(&file.path())), file)
}

/// An issuer on the loopback interface, and how often it was asked.
struct Issuer {
    address: String,
    answer: Arc<Mutex<(StatusCode, String)>>,
    asked: Arc<AtomicUsize>,
    _stop: tokio_util::sync::DropGuard,
}

impl Issuer {
    async fn new(text: String) -> Self {
        let answer = Arc::new(Mutex::new((StatusCode::OK, text)));
        let asked = Arc::new(AtomicUsize::new(0));
        let (told, counted) = (answer.clone(), asked.clone());
        let tell = move || async move {
            counted.fetch_add(1, Ordering::SeqCst);
            told.lock().unwrap().clone()
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/keys", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let server = axum::serve(listener, Router::new().route("/keys", get(tell)));
        tokio::spawn(stop.clone().run_until_cancelled_owned(server.into_future()));
        Self { address, answer, asked, _stop: stop.drop_guard() }
    }

    fn says(&self, status: StatusCode, text: &str) {
        *self.answer.lock().unwrap() = (status, text.to_owned());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn every_algorithm_verifies_with_a_key_of_its_type() {
    let pairs = [rsa(), p256(), ed25519(), oct(&[7; 64])];
    let p384 = ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, "P-384");
    let [rsa, p256, ed, secret] = &pairs;
    let (identity, _file) = from_file(&[rsa, p256, ed, secret, &p384]);
    let signed = [
        (rsa, Algorithm::RS256),
        (rsa, Algorithm::RS384),
        (rsa, Algorithm::RS512),
        (rsa, Algorithm::PS256),
        (p256, Algorithm::ES256),
        (&p384, Algorithm::ES384),
        (ed, Algorithm::EdDSA),
        (secret, Algorithm::HS256),
        (secret, Algorithm::HS512),
    ];
    for (pair, algorithm) in signed {
        assert_eq!(outcome(&identity, &pair.token(algorithm, None)).await, Ok(()), "{algorithm:?}");
    }
}

#[tokio::test]
async fn a_signature_by_another_key_of_the_type_does_not_match() {
    let (identity, _file) = from_file(&[&rsa(), &p256(), &ed25519()]);
    let forged =
        [(rsa(), Algorithm::RS256), (p256(), Algorithm::ES256), (ed25519(), Algorithm::EdDSA)];
    for (pair, algorithm) in forged {
        let forged = pair.token(algorithm, None);
        assert_eq!(outcome(&identity, &forged).await, Err(Flaw::Signature.into()));
    }
}

#[tokio::test]
async fn a_public_key_is_never_taken_for_a_shared_secret() {
    let pair = rsa().with(json!({"kid": "k"}));
    let (identity, _file) = from_file(&[&pair]);
    let n = URL_SAFE_NO_PAD.decode(pair.jwk["n"].as_str().unwrap()).unwrap();
    let texts = [n, pair.jwk.to_string().into_bytes(), pair.jwk["n"].to_string().into_bytes()];
    for text in texts {
        for kid in [None, Some("k")] {
            let forged = token(&EncodingKey::from_secret(&text), Algorithm::HS256, kid);
            assert_eq!(outcome(&identity, &forged).await, Err(Flaw::Key.into()));
        }
    }
}

#[tokio::test]
async fn a_key_is_used_with_the_algorithm_it_names_alone() {
    let pair = rsa().with(json!({"alg": "RS512"}));
    let (identity, _file) = from_file(&[&pair]);
    assert_eq!(outcome(&identity, &pair.token(Algorithm::RS512, None)).await, Ok(()));
    for algorithm in [Algorithm::RS256, Algorithm::PS512] {
        let other = pair.token(algorithm, None);
        assert_eq!(outcome(&identity, &other).await, Err(Flaw::Key.into()));
    }
}

#[tokio::test]
async fn the_key_id_chooses_among_keys() {
    let (one, two) = (p256().with(json!({"kid": "1"})), p256().with(json!({"kid": "2"})));
    let (identity, _file) = from_file(&[&one, &two]);
    let signed = |kid| two.token(Algorithm::ES256, kid);
    assert_eq!(outcome(&identity, &signed(Some("2"))).await, Ok(()));
    assert_eq!(outcome(&identity, &signed(None)).await, Ok(()));
    assert_eq!(outcome(&identity, &signed(Some("1"))).await, Err(Flaw::Signature.into()));
    assert_eq!(outcome(&identity, &signed(Some("3"))).await, Err(Flaw::Key.into()));
}

#[test]
fn keys_for_other_ends_are_passed_over() {
    let usable = ed25519();
    let strangers = [
        rsa().with(json!({"use": "enc"})),
        rsa().with(json!({"key_ops": ["encrypt"]})),
        rsa().with(json!({"alg": "RSA-OAEP"})),
        rsa().with(json!({"alg": "HS256"})),
        p256().with(json!({"alg": "RS256"})),
        p256().with(json!({"crv": "secp256k1"})),
        oct(b"short"),
        oct(b""),
    ];
    let count = |pairs: &[&Pair]| {
        let keys = parse(set_of(pairs).as_bytes(), Key::from_file);
        keys.map(|keys| keys.len()).map_err(|fault| fault.to_string())
    };
    for stranger in &strangers {
        assert_eq!(count(&[stranger, &usable]), Ok(1), "{}", stranger.jwk);
        assert!(count(&[stranger]).unwrap_err().contains("no key"));
    }
    let secret = set_of(&[&oct(&[1; 32]), &usable]);
    assert_eq!(parse(secret.as_bytes(), Key::from_file).unwrap().len(), 2);
    assert_eq!(parse(secret.as_bytes(), Key::from_address).unwrap().len(), 1);
    for algorithm in ["HS256", "HS384", "HS512"] {
        let named = set_of(&[&oct(&[1; 64]).with(json!({"alg": algorithm}))]);
        assert_eq!(parse(named.as_bytes(), Key::from_file).unwrap().len(), 1, "{algorithm}");
        assert!(parse(named.as_bytes(), Key::from_address).is_err(), "{algorithm}");
    }
    assert_eq!(count(&vec![&usable; KEYS_MAX]), Ok(KEYS_MAX));
    assert!(count(&vec![&usable; KEYS_MAX + 1]).is_err());
}

#[tokio::test]
async fn a_rotated_file_is_read_again_when_a_key_id_is_unknown() {
    let (old, new) = (p256().with(json!({"kid": "old"})), p256().with(json!({"kid": "new"})));
    let file = File::new(&set_of(&[&old]));
    let identity = identity(&config(&file.path()));
    let signed = new.token(Algorithm::ES256, Some("new"));
    assert_eq!(outcome(&identity, &signed).await, Err(Flaw::Key.into()));
    file.write(&set_of(&[&old, &new]));
    assert_eq!(outcome(&identity, &signed).await, Ok(()));
    file.write("{ half a fi");
    let unknown = new.token(Algorithm::ES256, Some("newer"));
    assert_eq!(outcome(&identity, &unknown).await, Err(TokenFault::Unavailable));
    assert_eq!(outcome(&identity, &signed).await, Ok(()), "the old set is kept");
}

#[test]
fn a_file_without_a_key_is_found_at_start() {
    for text in ["", "{}", r#"{"keys": []}"#, r#"{"keys": [{}]}"#, "[]"] {
        let file = File::new(text);
        assert!(Identity::new(&config(&file.path()), Clock::set(0)).is_err(), "{text}");
    }
    assert!(Identity::new(&config("no/such/file.json"), Clock::set(0)).is_err());
}

#[test]
fn with_a_key_set_no_secret_is_made() {
    let file = File::new(&set_of(&[&p256()]));
    let secret_file = format!("{}.secret", file.path());
    identity(&config::Identity { secret_file: secret_file.clone(), ..config(&file.path()) });
    assert!(!Path::new(&secret_file).exists());
}

#[tokio::test]
async fn an_address_is_asked_once_however_many_wait() {
    let pair = p256().with(json!({"kid": "k"}));
    let issuer = Issuer::new(set_of(&[&pair])).await;
    let config =
        config::Identity { jwks_min_interval: Span::seconds(3_600), ..config(&issuer.address) };
    let identity = identity(&config);
    let known = pair.token(Algorithm::ES256, Some("k"));
    let all = (0..50).map(|_| outcome(&identity, &known));
    assert!(futures_util::future::join_all(all).await.iter().all(|outcome| *outcome == Ok(())));
    assert_eq!(issuer.asked(), 1);
    let unknown = pair.token(Algorithm::ES256, Some("other"));
    for _ in 0..10 {
        assert_eq!(outcome(&identity, &unknown).await, Err(TokenFault::Unavailable));
    }
    assert_eq!(issuer.asked(), 1, "unknown key ids cause no storm");
}

#[tokio::test]
async fn a_set_that_cannot_be_fetched_leaves_the_old_one_in_force() {
    let (old, new) = (ed25519().with(json!({"kid": "1"})), ed25519().with(json!({"kid": "2"})));
    let issuer = Issuer::new(set_of(&[&old])).await;
    let identity = identity(&config(&issuer.address));
    let by_old = old.token(Algorithm::EdDSA, Some("1"));
    let by_new = new.token(Algorithm::EdDSA, Some("2"));
    assert_eq!(outcome(&identity, &by_old).await, Ok(()));
    assert_eq!(outcome(&identity, &by_new).await, Err(Flaw::Key.into()), "asked, and not there");
    let long = format!("{}{}", " ".repeat(BODY_BYTES_MAX), set_of(&[&new]));
    let elsewhere = "moved";
    let faults = [
        (StatusCode::INTERNAL_SERVER_ERROR, "oops"),
        (StatusCode::FOUND, elsewhere),
        (StatusCode::OK, "<html>"),
        (StatusCode::OK, r#"{"keys": []}"#),
        (StatusCode::OK, &long),
    ];
    for (status, text) in faults {
        issuer.says(status, text);
        assert_eq!(outcome(&identity, &by_new).await, Err(TokenFault::Unavailable), "{status}");
        assert_eq!(outcome(&identity, &by_old).await, Ok(()));
    }
    issuer.says(StatusCode::OK, &set_of(&[&new]));
    assert_eq!(outcome(&identity, &by_new).await, Ok(()));
}

#[tokio::test]
async fn no_shared_secret_is_taken_from_an_address() {
    let secret = oct(&[9; 64]).with(json!({"kid": "k"}));
    let strong = oct(&[9; 64]).with(json!({"kid": "k", "alg": "HS512"}));
    let issuer = Issuer::new(set_of(&[&secret, &strong, &p256()])).await;
    let identity = identity(&config(&issuer.address));
    for algorithm in [Algorithm::HS256, Algorithm::HS512] {
        let signed = secret.token(algorithm, Some("k"));
        assert_eq!(outcome(&identity, &signed).await, Err(Flaw::Key.into()));
    }
    assert_eq!(issuer.asked(), 0, "an address cannot hold it, so it is not even asked");
}

#[tokio::test]
async fn a_token_leads_nowhere() {
    let pair = rsa();
    let theirs = Issuer::new(set_of(&[&pair])).await;
    let (identity, _file) = from_file(&[&rsa()]);
    let mut header = Header::new(Algorithm::RS256);
    header.jku = Some(theirs.address.clone());
    header.x5u = Some(theirs.address.clone());
    header.jwk = Some(serde_json::from_value(pair.jwk.clone()).unwrap());
    let forged = jsonwebtoken::encode(&header, &json!({"sub": "u"}), &pair.key).unwrap();
    assert_eq!(outcome(&identity, &forged).await, Err(Flaw::Signature.into()));
    assert_eq!(theirs.asked(), 0);
}

#[tokio::test]
async fn tending_fetches_the_set_before_it_is_needed_and_ends_when_told() {
    let pair = p256();
    let issuer = Issuer::new(set_of(&[&pair])).await;
    let identity = identity(&config(&issuer.address));
    let stop = CancellationToken::new();
    let tending = tokio::spawn({
        let (identity, stop) = (identity.clone(), stop.clone());
        async move { identity.tend(stop).await }
    });
    let is_fetched = async {
        while identity.0.ring.set().unwrap().keys().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), is_fetched).await.unwrap();
    assert_eq!(issuer.asked(), 1);
    stop.cancel();
    tending.await.unwrap();
}

#[tokio::test]
async fn secrets_and_a_key_set_work_side_by_side() {
    let pair = ed25519();
    let file = File::new(&set_of(&[&pair]));
    let hmac_secret = Secret::new("a secret of thirty-two bytes ...");
    let both = identity(&config::Identity { hmac_secret, ..config(&file.path()) });
    assert_eq!(outcome(&both, &pair.token(Algorithm::EdDSA, None)).await, Ok(()));
    let minted = both.mint(&crate::identity::Claims { sub: "u".into(), ..Default::default() });
    assert_eq!(outcome(&both, &minted.unwrap()).await, Ok(()));
    let public_only = identity(&config(&file.path()));
    assert!(public_only.mint(&crate::identity::Claims::default()).is_err());
}

#[tokio::test]
async fn fetches_are_counted_by_outcome() {
    let issuer = Issuer::new(set_of(&[&p256()])).await;
    let metrics = Metrics::new();
    let set = KeySet::new(&config(&issuer.address), &metrics).unwrap().unwrap();
    assert_eq!(set.renew(&set.keys()).await, Renewal::Done);
    issuer.says(StatusCode::NOT_FOUND, "");
    assert_eq!(set.renew(&set.keys()).await, Renewal::Failed);
    for outcome in ["done", "failed"] {
        let line = format!("belfry_key_set_fetches_total{{outcome=\"{outcome}\"}} 1\n");
        assert!(metrics.encode().contains(&line), "{outcome}");
    }
}
