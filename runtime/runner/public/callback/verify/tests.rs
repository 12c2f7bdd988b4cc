use super::*;

const NOW: i64 = 1_614_265_330;

fn pairs(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    fields.iter().map(own).collect()
}

/// Whether a call with these headers is the provider's.
fn vouches(known: &Known, headers: &[(&str, &str)], body: &[u8], second: i64) -> bool {
    let header = |name: &str| {
        let own = headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        own.map(|(_, value)| (*value).to_owned())
    };
    known.vouches_for(&Call {
        url: "https://mail.shop.example/callback/sms",
        mark: None,
        header: &header,
        query: &[],
        form: &[],
        body,
        second,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn made(secret: &[u8], parts: &[u8]) -> Vec<u8> {
    let mut mac = keyed::<Hmac<Sha256>>(secret).expect("a key");
    mac.update(parts);
    mac.finalize().into_bytes().to_vec()
}

#[test]
fn the_published_example_of_twilio_is_vouched_for() {
    let known = Known::Form {
        header: "X-Twilio-Signature".to_owned(),
        secret: "12345".to_owned(),
    };
    let form = pairs(&[
        ("To", "+18005551212"),
        ("From", "+12349013030"),
        ("Digits", "1234"),
        ("Caller", "+12349013030"),
        ("CallSid", "CA1234567890ABCDE"),
    ]);
    let signed = "0/KCTR6DLpKmkAf8muzZqo1nDgQ=";
    let vouches = |url: &str, form: &[(String, String)], signature: &str| {
        let header = |name: &str| (name == "X-Twilio-Signature").then(|| signature.to_owned());
        known.vouches_for(&Call {
            url,
            mark: None,
            header: &header,
            query: &[],
            form,
            body: b"",
            second: NOW,
        })
    };
    let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    assert!(vouches(url, &form, signed));
    assert!(!vouches(
        "https://mycompany.com/myapp.php?foo=1",
        &form,
        signed
    ));
    assert!(!vouches(url, &form[1..], signed));
    for wrong in ["", "0/KCTR6DLpKmkAf8muzZqo1nDgU=", "no base64", "0/KCTR6D"] {
        assert!(!vouches(url, &form, wrong), "{wrong}");
    }
}

#[test]
fn the_published_example_of_standard_webhooks_is_vouched_for_while_it_is_fresh() {
    let secret = standard("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
    let known = Known::Standard(secret);
    let body = br#"{"test": 2432232314}"#;
    let at = NOW.to_string();
    let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let headers = |signature| {
        [
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", at.as_str()),
            ("webhook-signature", signature),
        ]
    };
    assert!(vouches(&known, &headers(signature), body, NOW));
    // One of several, as it is while secrets are changed.
    let several = format!("v1,AAAA v1a,x {signature}");
    assert!(vouches(&known, &headers(&several), body, NOW));
    for later in [300, -300] {
        assert!(vouches(&known, &headers(signature), body, NOW + later));
    }
    for later in [301, -301, 86_400] {
        assert!(!vouches(&known, &headers(signature), body, NOW + later));
    }
    assert!(!vouches(
        &known,
        &headers(signature),
        br#"{"test": 2}"#,
        NOW
    ));
    assert!(!vouches(&known, &headers(signature)[..2], body, NOW));
    for wrong in ["", "v1,", "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="] {
        assert!(!vouches(&known, &headers(wrong), body, NOW), "{wrong}");
    }
}

#[test]
fn a_signature_over_the_bytes_is_held_against_them_with_its_time_or_without() {
    let own = provider::Hmac {
        header: "X-Signature".to_owned(),
        secret: "s3cret".to_owned(),
        algorithm: Algorithm::Sha256,
        encoding: Encoding::Hex,
        prefix: "sha256=".to_owned(),
        timestamp: None,
    };
    let body = br#"{"id":"a","status":2}"#;
    let signature = format!("sha256={}", hex(&made(b"s3cret", body)));
    let known = Known::Hmac(own.clone());
    assert!(vouches(&known, &[("X-Signature", &signature)], body, NOW));
    assert!(!vouches(&known, &[("X-Signature", &signature)], b"{}", NOW));
    assert!(!vouches(
        &known,
        &[("X-Signature", &signature[7..])],
        body,
        NOW
    ));
    assert!(!vouches(&known, &[("X-Signature", "sha256=")], body, NOW));
    assert!(!vouches(&known, &[], body, NOW));
    let timed = Known::Hmac(provider::Hmac {
        encoding: Encoding::Base64,
        prefix: String::new(),
        timestamp: Some("X-Time".to_owned()),
        ..own
    });
    let at = NOW.to_string();
    let parts = [at.as_bytes(), b".", body].concat();
    let signature = STANDARD.encode(made(b"s3cret", &parts));
    let headers = [("X-Signature", signature.as_str()), ("X-Time", &at)];
    assert!(vouches(&timed, &headers, body, NOW + 299));
    assert!(!vouches(&timed, &headers, body, NOW + 301));
    assert!(!vouches(&timed, &headers[..1], body, NOW));
    let other = (NOW + 1).to_string();
    let moved = [headers[0], ("X-Time", other.as_str())];
    assert!(!vouches(&timed, &moved, body, NOW));
}

#[test]
fn a_secret_in_a_header_a_query_or_the_address_is_compared_whole() {
    let header = Known::Header {
        name: "X-Token".to_owned(),
        is: "t0k3n".to_owned(),
    };
    assert!(vouches(&header, &[("x-token", "t0k3n")], b"", NOW));
    for wrong in ["", "t0k3", "t0k3nn", "T0K3N"] {
        assert!(
            !vouches(&header, &[("x-token", wrong)], b"", NOW),
            "{wrong}"
        );
    }
    assert!(!vouches(&header, &[], b"", NOW));
    let call = |known: &Known, mark: Option<&str>, query: &[(&str, &str)]| {
        known.vouches_for(&Call {
            url: "",
            mark,
            header: &|_| None,
            query: &pairs(query),
            form: &[],
            body: b"",
            second: NOW,
        })
    };
    let query = Known::Query {
        name: "token".to_owned(),
        is: "t0k3n".to_owned(),
    };
    assert!(call(&query, None, &[("token", "t0k3n")]));
    assert!(!call(&query, None, &[("token", "x"), ("token", "t0k3n")]));
    assert!(!call(&query, Some("t0k3n"), &[]));
    let address = Known::Address("abcd".to_owned());
    assert!(call(&address, Some("abcd"), &[]));
    assert!(!call(&address, Some("abce"), &[]) && !call(&address, None, &[]));
}
