//! Files on their way in, at rest and on their way out; the database and the disk are real.

use std::{fs, ops::Range, path::Path, sync::Arc};

use bytes::Bytes;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::{
    link::{Form, Ticket},
    row::Purpose,
    *,
};
use crate::{
    config::value::{Size, Span},
    error::Code,
    ids::UserId,
    operation::{
        Caller, Catalogue, Operation, Refusal, Role,
        upload::{Feeder, Upload},
    },
    store::Statement,
    telemetry::Health,
};

const NOW_MS: i64 = 1_800_000_000_000;

/// Media on a folder of their own, with the catalogue that leads to them.
struct House {
    media: Media,
    catalogue: Arc<Catalogue>,
    clock: Clock,
    store: Store,
    metrics: Metrics,
    folder: TempDir,
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/media").join(name)).unwrap()
}

fn user(id: &str) -> Caller {
    Caller::new(id, Role::User)
}

impl House {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut config::media::Media)) -> Self {
        let folder = TempDir::new().unwrap();
        let metrics = Metrics::new();
        let clock = Clock::set(NOW_MS);
        let section = config::store::Store::sqlite(&folder.path().join("media.db"));
        let store = Store::open(&section, &metrics, Health::default().part("store")).await.unwrap();
        let mut config = config::media::Media {
            url: format!("file:{}", folder.path().join("files").display()),
            ..config::media::Media::default()
        };
        change(&mut config);
        let signer = Signer::new(&[Zeroizing::new([7; 32])], "", config.link_ttl);
        let needs =
            Needs { store: store.clone(), signer, clock: clock.clone(), metrics: metrics.clone() };
        let media = Media::open(config, needs).unwrap();
        let mut catalogue = Catalogue::default();
        catalogue.add(operations::operations(&media));
        Self { media, catalogue: Arc::new(catalogue), clock, store, metrics, folder }
    }

    /// Uploads bytes in small pieces.
    async fn upload(&self, caller: &Caller, (purpose, key): (&str, &str), bytes: &[u8]) -> Answer {
        let (feeder, upload) = Upload::pair(Some(bytes.len() as u64));
        let input = json!({"purpose": purpose, "client_id": key}).to_string();
        let calling =
            self.catalogue.call_with(caller.clone(), "media.upload", &input, Some(upload));
        let (answer, ()) = tokio::join!(calling, feed(feeder, bytes));
        answer.map(|json| serde_json::from_str(json.get()).unwrap())
    }

    async fn picture(&self, key: &str) -> Value {
        self.upload(&user("user1"), ("consult", key), &sample("gps.jpg")).await.unwrap()
    }

    async fn link(&self, caller: &Caller, id: &str) -> Answer {
        let input = json!({"id": id}).to_string();
        let answer = self.catalogue.call(caller.clone(), "media.link", &input).await;
        answer.map(|json| serde_json::from_str(json.get()).unwrap())
    }

    /// What a link leads to: media type and bytes.
    async fn follow(&self, url: &str) -> Result<(&'static str, Vec<u8>), Lost> {
        let (path, query) = url.split_once('?').unwrap();
        let field = |name: &str| {
            query
                .split('&')
                .find_map(|it| it.split_once('=').filter(|it| it.0 == name))
                .map(|it| it.1)
        };
        let id = MediaId::from(path.strip_prefix("/media/").unwrap());
        let ticket = Ticket {
            id: &id,
            form: Form::of_word(field("k")).unwrap(),
            expires_at: field("e").unwrap().parse().unwrap(),
            signature: field("s").unwrap(),
        };
        let lent = self.media.lend(&ticket).await?;
        Ok((lent.media_type, self.read(&lent, 0..lent.length).await))
    }

    async fn read(&self, lent: &Lent, range: Range<u64>) -> Vec<u8> {
        let mut pieces = self.media.read(lent, range).await.unwrap();
        let mut bytes = Vec::new();
        while let Some(piece) =
            std::future::poll_fn(|context| pieces.as_mut().poll_next(context)).await
        {
            bytes.extend_from_slice(&piece.unwrap());
        }
        bytes
    }

    /// The files on the disk, by name.
    fn files(&self) -> usize {
        let folders = fs::read_dir(self.folder.path().join("files")).unwrap();
        folders.map(|folder| fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
    }

    async fn sweep(&self) {
        self.media.sweep(&CancellationToken::new()).await.unwrap();
    }

    async fn claim(&self, statement: Statement) -> bool {
        self.store.commit(vec![statement]).await.is_ok()
    }
}

type Answer = Result<Value, Refusal>;

async fn feed(feeder: Feeder, bytes: &[u8]) {
    for piece in bytes.chunks(100) {
        if feeder.feed(Bytes::copy_from_slice(piece)).await.is_err() {
            return;
        }
    }
    feeder.end().await;
}

fn code(answer: Answer) -> Code {
    answer.unwrap_err().code()
}

fn holds(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|window| window == words)
}

#[tokio::test]
async fn a_picture_is_kept_clean_and_shown_with_a_preview() {
    let house = House::new().await;
    let uploaded = house.picture("k1").await;
    let media = &uploaded["media"];
    assert_eq!(uploaded["kind"], "image");
    assert_eq!((&media["width"], &media["height"]), (&json!(32), &json!(48)), "it is on its side");
    assert_eq!(uploaded["claim_before"], NOW_MS + 3_600_000);
    let (media_type, bytes) = house.follow(media["url"].as_str().unwrap()).await.unwrap();
    assert_eq!((media_type, bytes.len() as i64), ("image/jpeg", media["bytes"].as_i64().unwrap()));
    assert!(!holds(&bytes, b"SECRET") && !holds(&bytes, &[0x88, 0x25]));
    let (media_type, preview) = house.follow(media["thumb_url"].as_str().unwrap()).await.unwrap();
    assert_eq!(media_type, "image/jpeg");
    let preview = image::load_from_memory(&preview).unwrap();
    assert_eq!((preview.width(), preview.height()), (32, 48), "and the preview stands");
    assert_eq!(house.files(), 2);
}

#[tokio::test]
async fn every_kind_of_picture_decodes_as_it_did_and_stays_within_the_preview() {
    let house = House::with(|config| config.preview_max = 16).await;
    for (key, name) in ["gps.jpg", "gps.png", "gps.webp", "plain.webp", "cmyk.jpg", "moving.png"]
        .iter()
        .enumerate()
    {
        let sent = sample(name);
        let uploaded =
            house.upload(&user("user1"), ("consult", &key.to_string()), &sent).await.unwrap();
        let url = uploaded["media"]["url"].as_str().unwrap();
        let (_, kept) = house.follow(url).await.unwrap();
        let pixels = |bytes: &[u8]| image::load_from_memory(bytes).unwrap().to_rgba8();
        assert_eq!(pixels(&kept), pixels(&sent), "{name}");
        let url = uploaded["media"]["thumb_url"].as_str().unwrap();
        let (_, preview) = house.follow(url).await.unwrap();
        assert!(pixels(&preview).width().max(pixels(&preview).height()) <= 16, "{name}");
    }
}

#[tokio::test]
async fn a_voice_says_how_long_it_lasts_and_is_read_in_stretches() {
    let house = House::new().await;
    let uploaded = house.upload(&user("user1"), ("live", "k1"), &sample("opus.ogg")).await.unwrap();
    let media = &uploaded["media"];
    assert_eq!((&uploaded["kind"], &media["type"]), (&json!("voice"), &json!("audio/ogg")));
    assert!((1_490..1_530).contains(&media["duration_ms"].as_i64().unwrap()), "{media}");
    assert!(media.get("thumb_url").is_none());
    let url = media["url"].as_str().unwrap();
    let (_, whole) = house.follow(url).await.unwrap();
    let item = house.media.find(&media["id"].as_str().unwrap().into()).await.unwrap().unwrap();
    assert_eq!(item.hash, blake3::hash(&whole).as_bytes());
    let links = house.media.signer().links(&item.id, false, NOW_MS);
    let signature = links.url.split_once("&s=").unwrap().1;
    let ticket =
        Ticket { id: &item.id, form: Form::Whole, expires_at: links.expires_at, signature };
    let lent = house.media.lend(&ticket).await.unwrap();
    assert_eq!(house.read(&lent, 100..300).await, whole[100..300]);
}

#[tokio::test]
async fn the_same_upload_is_kept_once() {
    let house = House::new().await;
    let first = house.picture("k1").await;
    assert_eq!(house.picture("k1").await, first);
    assert_eq!(house.files(), 2);
    let user1 = user("user1");
    let other = house.upload(&user1, ("consult", "k1"), &sample("gps.png")).await;
    assert_eq!(code(other), Code::Conflict);
    let elsewhere = house.upload(&user1, ("live", "k1"), &sample("opus.ogg")).await;
    assert_eq!(code(elsewhere), Code::Conflict);
    let same = sample("gps.jpg");
    let theirs = house.upload(&user("user2"), ("consult", "k1"), &same).await.unwrap();
    assert_ne!(theirs["media"]["id"], first["media"]["id"], "keys belong to their owner");
}

#[tokio::test]
async fn two_devices_that_upload_the_same_at_once_get_one_file() {
    let house = House::new().await;
    let (one, other) = tokio::join!(house.picture("k1"), house.picture("k1"));
    assert_eq!(one["media"]["id"], other["media"]["id"]);
    assert_eq!(house.files(), 2);
}

#[tokio::test]
async fn what_a_server_that_died_had_begun_is_done_again() {
    let house = House::new().await;
    let first = house.picture("k1").await;
    let sql = Statement::new("UPDATE media SET state = 'arriving'");
    house.store.commit(vec![sql]).await.unwrap();
    let url = first["media"]["url"].as_str().unwrap();
    assert!(matches!(house.follow(url).await, Err(Lost::Nothing)), "half a file is none");
    assert_eq!(house.picture("k1").await, first);
    assert!(house.follow(url).await.is_ok());
}

#[tokio::test]
async fn what_is_not_taken_is_told_with_what_is() {
    let house = House::with(|config| {
        config.picture_max = Size(1_800);
        config.voice_max = Size(3_000);
        config.voice_seconds_max = 1;
        config.pixels_max = 48 * 32;
    })
    .await;
    let send = async |purpose, bytes: &[u8]| {
        house.upload(&user("user1"), (purpose, "k"), bytes).await.unwrap_err().to_string()
    };
    let html = send("consult", b"<html><script>alert(1)</script></html>").await;
    assert!(html.starts_with("unsupported_media") && html.contains("image/webp"), "{html}");
    let picture = send("live", &sample("gps.png")).await;
    assert!(picture.starts_with("unsupported_media") && !picture.contains("image/"), "{picture}");
    let gif = send("consult", &sample("still.gif")).await;
    assert!(gif.contains("GIF is not taken"), "{gif}");
    assert_eq!(send("consult", &sample("gps.jpg")).await, r#"too_large {"max":1800}"#);
    assert_eq!(send("live", &sample("aac.m4a")).await, r#"too_large {"max":3000}"#);
    assert!(send("consult", b"\x89PNG\r\n\x1a\n then nothing").await.starts_with("unusable_media"));
    let mut bomb = sample("gps.png");
    // The header says 65 535 pixels by as many; its checksum is made to fit.
    bomb[16..24].copy_from_slice(&[0, 0, 255, 255, 0, 0, 255, 255]);
    let crc = png_crc(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.to_be_bytes());
    let bomb = send("consult", &bomb).await;
    assert!(bomb.contains("too many pixels") && bomb.contains("1536"), "{bomb}");
    let long = sample("narrow.amr");
    let long = [&long[..], &long[6..]].concat();
    let long = send("live", &long).await;
    assert!(long.contains("too long") && long.contains("seconds_max"), "{long}");
    assert_eq!(house.files(), 0);
}

/// Of the PNG specification, section 5.5.
fn png_crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
    })
}

#[tokio::test]
async fn bytes_that_break_off_leave_nothing() {
    let house = House::new().await;
    let (feeder, upload) = Upload::pair(None);
    let input = r#"{"purpose":"consult","client_id":"k1"}"#;
    let calling = house.catalogue.call_with(user("user1"), "media.upload", input, Some(upload));
    let breaking = async {
        feeder.feed(Bytes::from(sample("gps.jpg")[..500].to_vec())).await.unwrap();
        drop(feeder);
    };
    let (answer, ()) = tokio::join!(calling, breaking);
    assert!(answer.unwrap_err().to_string().contains("broke off"));
    assert_eq!(house.files(), 0);
    assert!(house.picture("k1").await["media"]["id"].is_string());
}

#[tokio::test]
async fn a_slow_sender_is_told_and_gives_their_place_back() {
    let house = House::with(|config| {
        config.uploads_per_user = 1;
        config.upload_timeout = Span::milliseconds(20);
    })
    .await;
    let (feeder, upload) = Upload::pair(None);
    feeder.feed(Bytes::from_static(b"\xFF\xD8\xFF")).await.unwrap();
    let input = r#"{"purpose":"consult","client_id":"k1"}"#;
    let slow = house.catalogue.call_with(user("user1"), "media.upload", input, Some(upload)).await;
    assert!(slow.unwrap_err().to_string().contains("did not arrive in time"));
    drop(feeder);
    assert!(house.media.0.slots.enter(&UserId::from("user1")).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_sender_who_stops_or_trickles_is_told_long_before_the_time_is_up() {
    let media = House::new().await.media;
    let fault = async |pieces: usize| {
        let (feeder, upload) = Upload::pair(None);
        let trickling = async {
            feeder.feed(Bytes::from(sample("opus.ogg")[..100].to_vec())).await.unwrap();
            for _ in 0..pieces {
                tokio::time::advance(Duration::from_secs(1)).await;
                if feeder.feed(Bytes::from(vec![0; 1_000])).await.is_err() {
                    break;
                }
            }
            // Stays, and says nothing more.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            received = media.receive(Purpose::Live, upload) => received.map(drop).unwrap_err(),
            () = trickling => unreachable!("it stays"),
        }
        .to_string()
    };
    assert!(fault(0).await.contains("no bytes came"));
    assert!(fault(60).await.contains("come too slowly"));
}

#[tokio::test]
async fn a_day_has_its_measure() {
    let house = House::with(|config| config.user_day_max = Size(100)).await;
    house.picture("k1").await;
    let refused = house.upload(&user("user1"), ("consult", "k3"), &sample("gps.jpg")).await;
    let refusal = refused.unwrap_err();
    assert_eq!(refusal.code(), Code::RateLimited);
    assert_eq!(refusal.detail()["retry_ms"], 86_400_000);
    assert!(house.upload(&user("user2"), ("consult", "k1"), &sample("gps.jpg")).await.is_ok());
    house.clock.advance_ms(86_400_001);
    assert!(house.upload(&user("user1"), ("consult", "k3"), &sample("gps.jpg")).await.is_ok());
}

#[tokio::test]
async fn a_link_ends_and_the_owner_alone_gets_another() {
    let house = House::new().await;
    let uploaded = house.picture("k1").await;
    let (id, url) = (&uploaded["media"]["id"], uploaded["media"]["url"].as_str().unwrap());
    house.clock.advance_ms(600_001);
    assert!(matches!(house.follow(url).await, Err(Lost::Over)));
    let id = id.as_str().unwrap();
    let fresh = house.link(&user("user1"), id).await.unwrap();
    assert!(house.follow(fresh["media"]["url"].as_str().unwrap()).await.is_ok());
    assert_eq!(code(house.link(&user("user2"), id).await), Code::NotInScope);
    assert_eq!(code(house.link(&user("user1"), "nothing").await), Code::NotInScope);
    assert_eq!(code(house.link(&user("user1"), &"x".repeat(999)).await), Code::NotInScope);
    let forged = url.replace("&s=", "&s=A");
    assert!(matches!(house.follow(&forged).await, Err(Lost::Nothing)));
}

#[tokio::test]
async fn a_file_is_taken_once_by_its_owner_for_its_purpose() {
    let house = House::new().await;
    let uploaded = house.picture("k1").await;
    let id = MediaId::from(uploaded["media"]["id"].as_str().unwrap());
    let (owner, other) = (UserId::from("user1"), UserId::from("user2"));
    assert!(!house.claim(claim::show(&id, &other, Purpose::Consult)).await);
    assert!(!house.claim(claim::show(&id, &owner, Purpose::Live)).await);
    assert!(house.claim(claim::show(&id, &owner, Purpose::Consult)).await);
    assert!(!house.claim(claim::show(&id, &owner, Purpose::Consult)).await);
    let url = uploaded["media"]["url"].as_str().unwrap();
    assert!(house.follow(url).await.is_ok());
    assert!(house.claim(claim::withdraw(&id)).await);
    assert!(house.claim(claim::withdraw(&id)).await, "twice is once");
    assert!(matches!(house.follow(url).await, Err(Lost::Nothing)));
    assert_eq!(code(house.link(&user("user1"), id.as_str()).await), Code::NotInScope);
    let again = house.upload(&user("user1"), ("consult", "k1"), &sample("gps.jpg")).await;
    assert_eq!(code(again), Code::Gone);
    assert_eq!(house.files(), 2, "the archive keeps what was taken back");
    let concealed = house.picture("k2").await;
    let id = MediaId::from(concealed["media"]["id"].as_str().unwrap());
    assert!(house.claim(claim::conceal(&id, &owner, Purpose::Consult)).await);
    let url = concealed["media"]["url"].as_str().unwrap();
    assert!(matches!(house.follow(url).await, Err(Lost::Nothing)));
}

#[tokio::test]
async fn what_nobody_sends_is_deleted_and_what_was_sent_stays() {
    let house = House::with(|config| config.unclaimed_ttl = Span::seconds(60)).await;
    let (kept, lost) = (house.picture("k1").await, house.picture("k2").await);
    let id = MediaId::from(kept["media"]["id"].as_str().unwrap());
    assert!(house.claim(claim::show(&id, &"user1".into(), Purpose::Consult)).await);
    house.sweep().await;
    assert_eq!(house.files(), 4, "not yet");
    house.clock.advance_ms(60_001);
    house.sweep().await;
    assert_eq!(house.files(), 2);
    assert_eq!(house.metrics.media_expired.number(), 1);
    assert!(house.follow(kept["media"]["url"].as_str().unwrap()).await.is_ok());
    let id = MediaId::from(lost["media"]["id"].as_str().unwrap());
    assert_eq!(house.media.find(&id).await.unwrap(), None);
    house.clock.advance_ms(25 * 3_600_000);
    house.sweep().await;
    let anew = house.picture("k1").await;
    assert_ne!(anew["media"]["id"], kept["media"]["id"], "a key is forgotten after a day");
}

#[tokio::test]
async fn over_a_connection_no_bytes_come() {
    let house = House::new().await;
    let input = r#"{"purpose":"consult","client_id":"k1"}"#;
    let refused = house.catalogue.call(user("user1"), "media.upload", input).await.unwrap_err();
    assert!(refused.to_string().contains("POST /api/v1/media.upload"), "{refused}");
    let named: Vec<_> = house.catalogue.iter().map(|it: &Operation| it.name).collect();
    assert_eq!(named, ["media.link", "media.upload"]);
}
