//! Alert channels against real receivers on loopback.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod house;
mod memory;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use house::{House, ask};
use medward_api::{Role, deliver_round};
use medward_model::Severity;
use medward_monitor::{Event, EventKind};
use memory::NOW;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;

async fn house() -> (House, String) {
    let house = House::with(|config| config.private_outgoing = true);
    house.person("ada", Role::Administrator, None).await;
    let token = house.token("ada", Role::Administrator, &[], None).await;
    (house, token)
}

async fn channel(house: &House, token: &str, body: Value) -> String {
    let told = house.send(ask("POST", "/api/v1/channels").bearer(token).body(body)).await;
    assert_eq!(told.status, 201, "{}", told.text);
    told.json()["id"].as_str().unwrap().to_owned()
}

fn happen(house: &House, number: u64, severity: Severity) {
    house.store.lock().events.push(Event {
        number,
        at: NOW,
        site: "north".to_owned(),
        kind: EventKind::Missing,
        severity,
        device: None,
        title: format!("event {number}"),
        details: BTreeMap::new(),
    });
}

type Got = (HeaderMap, String);

/// A receiver that refuses as long as it is told to.
async fn receiver(refusals: usize) -> (String, mpsc::UnboundedReceiver<Got>) {
    let (give, take) = mpsc::unbounded_channel();
    let left = Arc::new(std::sync::atomic::AtomicUsize::new(refusals));
    let handler = move |State(give): State<mpsc::UnboundedSender<Got>>, headers: HeaderMap, body: String| {
        let left = left.clone();
        async move {
            use std::sync::atomic::Ordering::SeqCst;
            give.send((headers, body)).unwrap();
            let refuse = left.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1)).is_ok();
            if refuse { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
        }
    };
    let router = Router::new().route("/hook", axum::routing::post(handler)).with_state(give);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}/hook"), take)
}

fn webhook(url: &str) -> Value {
    json!({ "name": "hook", "threshold": "medium", "kind": "webhook", "config": { "url": url }, "secret": "key" })
}

#[tokio::test]
async fn a_webhook_is_told_what_is_grave_enough_and_signed_so_that_it_can_check() {
    let (house, token) = house().await;
    let (url, mut got) = receiver(0).await;
    channel(&house, &token, webhook(&url)).await;
    happen(&house, 10, Severity::Low);
    happen(&house, 11, Severity::High);
    deliver_round(&house.app).await.unwrap();
    let (headers, body) = got.recv().await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["event"]["number"], 11);
    let sent = headers["x-medward-timestamp"].to_str().unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"key");
    let tag = ring::hmac::sign(&key, format!("{sent}.{body}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(headers["x-medward-signature"], format!("sha256={hex}"));
    assert!(got.try_recv().is_err(), "told once");
}

#[tokio::test]
async fn what_was_not_taken_is_sent_again_after_a_wait_and_nothing_is_left_out() {
    let (house, token) = house().await;
    let (url, mut got) = receiver(1).await;
    let id = channel(&house, &token, webhook(&url)).await;
    happen(&house, 10, Severity::High);
    happen(&house, 11, Severity::High);
    deliver_round(&house.app).await.unwrap();
    let list = house.send(ask("GET", "/api/v1/channels").bearer(&token)).await.json();
    let state = &list["items"][0]["state"];
    assert_eq!((&state["waiting"], state["last_error"].is_string()), (&json!(2), true), "{id} {state}");
    deliver_round(&house.app).await.unwrap();
    house.pass(6);
    deliver_round(&house.app).await.unwrap();
    let mut numbers = Vec::new();
    while let Ok((_, body)) = got.try_recv() {
        numbers.push(serde_json::from_str::<Value>(&body).unwrap()["event"]["number"].as_u64().unwrap());
    }
    assert_eq!(numbers, [10, 10, 11]);
}

#[tokio::test]
async fn a_channel_begins_with_what_happens_after_it_was_made() {
    let (house, token) = house().await;
    happen(&house, 10, Severity::High);
    let (url, mut got) = receiver(0).await;
    channel(&house, &token, webhook(&url)).await;
    deliver_round(&house.app).await.unwrap();
    assert!(got.try_recv().is_err());
}

#[tokio::test]
async fn more_than_a_page_of_events_goes_out_in_one_round() {
    let (house, token) = house().await;
    let (url, mut got) = receiver(0).await;
    channel(&house, &token, webhook(&url)).await;
    for number in 10..140 {
        happen(&house, number, Severity::High);
    }
    deliver_round(&house.app).await.unwrap();
    let mut count = 0;
    while got.try_recv().is_ok() {
        count += 1;
    }
    assert_eq!(count, 130);
}

#[tokio::test]
async fn a_webhook_inside_the_house_is_refused_unless_it_was_allowed() {
    let house = House::new();
    house.person("ada", Role::Administrator, None).await;
    let token = house.token("ada", Role::Administrator, &[], None).await;
    for url in ["http://127.0.0.1:1/", "http://169.254.169.254/latest", "http://[::1]/", "ftp://x/"] {
        let told = house.send(ask("POST", "/api/v1/channels").bearer(&token).body(webhook(url))).await;
        assert_eq!(told.status, 422, "{url}");
    }
    let id = channel(&house, &token, webhook("http://localhost:1/")).await;
    let tried = house.send(ask("POST", &format!("/api/v1/channels/{id}/test")).bearer(&token)).await.json();
    assert!(tried["error"].as_str().unwrap().contains("loopback"), "{tried}");
}

#[tokio::test]
async fn a_secret_does_not_follow_a_channel_to_another_receiver() {
    let (house, token) = house().await;
    let id = channel(&house, &token, webhook("https://hooks.example/a")).await;
    let mut body = webhook("https://evil.example/a");
    body.as_object_mut().unwrap().remove("secret");
    let told =
        house.send(ask("PUT", &format!("/api/v1/channels/{id}")).bearer(&token).body(body)).await.json();
    assert_eq!(told["has_secret"], false);
}

#[tokio::test]
async fn syslog_goes_out_over_udp_and_over_tcp_with_its_length() {
    let (house, token) = house().await;
    let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for (carrier, port) in
        [("udp", udp.local_addr().unwrap().port()), ("tcp", tcp.local_addr().unwrap().port())]
    {
        let config = json!({ "host": "127.0.0.1", "port": port, "carrier": carrier });
        let body = json!({ "name": carrier, "threshold": "info", "kind": "syslog", "config": config });
        channel(&house, &token, body).await;
    }
    happen(&house, 10, Severity::High);
    let (round, line) = tokio::join!(deliver_round(&house.app), async {
        let (mut stream, _) = tcp.accept().await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    });
    round.unwrap();
    let mut datagram = [0; 2048];
    let length = udp.recv(&mut datagram).await.unwrap();
    let datagram = std::str::from_utf8(&datagram[..length]).unwrap();
    assert!(datagram.starts_with("<107>1 2026-11-22T12:00:00Z - medward - missing "), "{datagram}");
    assert_eq!(line, format!("{} {datagram}", datagram.len()));
}

/// A mail server that takes one mail.
async fn take_mail(listener: TcpListener) -> String {
    let (stream, _) = listener.accept().await.unwrap();
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 here\r\n").await.unwrap();
    let mut mail = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        match line.split_whitespace().next().unwrap_or_default() {
            "DATA" => {
                write.write_all(b"354 go\r\n").await.unwrap();
                while let Some(line) = lines.next_line().await.unwrap() {
                    if line == "." {
                        break;
                    }
                    mail.push_str(&line);
                    mail.push('\n');
                }
                write.write_all(b"250 taken\r\n").await.unwrap();
            }
            "QUIT" => break,
            _ => write.write_all(b"250 ok\r\n").await.unwrap(),
        }
    }
    mail
}

#[tokio::test]
async fn a_mail_tells_the_event_to_everybody_named() {
    let (house, token) = house().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = json!({ "host": "127.0.0.1", "port": listener.local_addr().unwrap().port(), "security": "none",
        "from": "medward@hospital.example", "to": ["it@hospital.example", "mt@hospital.example"] });
    let body = json!({ "name": "mail", "threshold": "high", "kind": "email", "config": config });
    channel(&house, &token, body).await;
    happen(&house, 10, Severity::High);
    let server = tokio::spawn(take_mail(listener));
    deliver_round(&house.app).await.unwrap();
    // The client keeps its connection for a while: the server ends with it.
    drop(house);
    let mail = tokio::time::timeout(std::time::Duration::from_secs(20), server).await.unwrap().unwrap();
    assert!(mail.contains("Subject: [Medward] high: event 10"), "{mail}");
    assert!(mail.contains("it@hospital.example, mt@hospital.example"), "{mail}");
}
