//! Calls to a listener at this machine, where names lead wherever a test wants.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::web::LookUp;
use super::*;

/// A listener that answers each connection once, and how many there were.
async fn listener() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let connections = Arc::new(AtomicUsize::new(0));
    let own = connections.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            own.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
                let _ = stream.write_all(answer).await;
            });
        }
    });
    (port, connections)
}

fn post(url: String) -> Call {
    Call {
        method: Method::POST,
        url,
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Some(Bytes::from_static(b"{}")),
        patience: Duration::from_secs(5),
    }
}

fn web(hosts: &[String], look_up: LookUp) -> Web {
    Web::looking_up(hosts, look_up).expect("a client")
}

type Looking = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;

fn found(texts: &[&str]) -> Looking {
    let addresses = texts.iter().filter_map(|text| text.parse().ok()).collect();
    Box::pin(async move { Ok(addresses) })
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_called() {
    let leading: [LookUp; 4] = [
        |_| found(&["127.0.0.1"]),
        |_| found(&["93.184.215.14", "127.0.0.1"]),
        |_| found(&["169.254.169.254"]),
        |_| found(&["::ffff:10.0.0.1"]),
    ];
    for look_up in leading {
        let called = web(&[], look_up)
            .call(post("https://harmless.example/".to_owned()))
            .await;
        let is_forbidden = matches!(&called, Err(Failed::Forbidden(why)) if why.contains("inside"));
        assert!(is_forbidden, "{called:?}");
    }
}

#[tokio::test]
async fn a_name_is_looked_at_again_with_each_connection_and_called_where_it_was_looked_at() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let (port, connections) = listener().await;
    // First where it may, and then where it must not.
    let web = web(&["crm.internal".to_owned()], |_| {
        match ASKED.fetch_add(1, Ordering::SeqCst) {
            0 => found(&["127.0.0.1"]),
            _ => found(&["169.254.169.254"]),
        }
    });
    let url = format!("http://crm.internal:{port}/");
    let first = web.call(post(url.clone())).await;
    assert_eq!(first.map(|came| came.status).ok(), Some(200));
    assert_eq!(ASKED.load(Ordering::SeqCst), 1, "looked up once");
    let second = web.call(post(url)).await;
    assert!(matches!(second, Err(Failed::Forbidden(_))), "{second:?}");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_nobodys_fault() {
    let look_up: LookUp = |_| Box::pin(async { Err(std::io::Error::other("nobody knows it")) });
    let called = web(&[], look_up)
        .call(post("https://nobody.example/".to_owned()))
        .await;
    assert_eq!(called, Err(Failed::NotThere("nobody knows it".to_owned())));
}

#[test]
fn when_to_come_again_is_told_in_seconds_or_as_a_date() {
    let now = Instant::parse("2026-11-30T10:00:00Z").expect("an instant");
    for (text, seconds) in [
        ("30", Some(30)),
        (" 0 ", Some(0)),
        ("Mon, 30 Nov 2026 10:01:00 GMT", Some(60)),
        ("Mon, 30 Nov 2026 09:00:00 GMT", Some(0)),
        ("soon", None),
        ("-1", None),
        ("", None),
    ] {
        assert_eq!(wait(text, now), seconds, "{text}");
    }
}
