//! A server that is reached over TLS.

use kurant_store::{Durability, Error, Postgres, Store};

use crate::servers::POSTGRES;

/// Opens a store as soon as the server has taken its certificate up.
async fn open(url: &str) -> Result<Postgres, Error> {
    let mut opened = Postgres::open(url, Durability::Required).await;
    for _ in 0..50 {
        let is_early = matches!(&opened, Err(error) if error.to_string().contains("support TLS"));
        if !is_early {
            break;
        }
        tokio::task::yield_now().await;
        opened = Postgres::open(url, Durability::Required).await;
    }
    opened
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_reached_over_tls_and_only_if_it_is_the_one_that_was_meant() {
    let own = POSTGRES.start("encrypted");
    let required = format!("{}?sslmode=require", own.url);
    let error = Postgres::open(&required, Durability::Required).await;
    let told = error.err().expect("it has no certificate yet").to_string();
    assert!(told.contains("TLS"), "{told}");
    let certificate = own.said(&["encrypt", "encrypted"]);
    let known = format!(
        "{}?sslmode=verify-full&sslrootcert={}",
        own.url,
        certificate.trim()
    );
    let store = open(&known).await.expect("the certificate is the one");
    assert_eq!(store.totals().await.expect("it answers").customers, 0);
    // A certificate that nobody vouches for is not taken for another one.
    let strange = format!("{}?sslmode=verify-full", own.url);
    let told = open(&strange)
        .await
        .err()
        .expect("nobody knows it")
        .to_string();
    assert!(told.contains("certificate"), "{told}");
}
