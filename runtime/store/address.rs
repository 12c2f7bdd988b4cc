//! Addresses that hold a password: what may be shown of one, and whether its password stands where it is read as one.

use url::Url;

/// What is said of a store whose address may be nothing but a secret: a password that stands alone in a file that should hold all of
/// it, say.
const UNTOLD: &str = "what stands in `store.url`";
/// Behind the `?` of a store's address an `@` may stand in these.
const MAY_HOLD_AT: [&str; 4] = ["password", "user", "options", "application_name"];

/// What of a store's address is surely no secret: the scheme and the host, the path of a file, or nothing.
pub fn shown(url: &str) -> String {
    let path = url.strip_prefix("sqlite://");
    if url == "memory:" || path.is_some_and(|path| !path.contains(['@', '?'])) {
        return url.to_owned();
    }
    let parsed = Url::parse(url).ok().filter(|parsed| !is_misread(parsed));
    let place = parsed
        .as_ref()
        .and_then(|parsed| Some((parsed.scheme(), parsed.host_str()?)));
    match place {
        Some((scheme, host)) if !host.is_empty() => format!("{scheme}://{host}"),
        _ => UNTOLD.to_owned(),
    }
}

/// Whether an `@` stands behind the place where an address has its host: then it ends early, at a `/`, `?` or `#` of its password,
/// and what is read as host, port or path is a part of that.
pub fn is_misread(url: &Url) -> bool {
    let behind = [Some(url.path()), url.fragment()];
    let settings = url.query().into_iter().flat_map(|query| query.split('&'));
    behind.into_iter().flatten().any(|part| part.contains('@'))
        || settings.into_iter().any(|setting| {
            let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
            key.contains('@') || (value.contains('@') && !MAY_HOLD_AT.contains(&key))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_surely_no_secret_is_shown() {
        for (url, told) in [
            (
                "postgres://user:secret@db.example:5432/shop",
                "postgres://db.example",
            ),
            ("postgres://secret@db/shop", "postgres://db"),
            ("postgres://db/shop?password=secret", "postgres://db"),
            ("postgres://u:secret@db/s?password=se@cret", "postgres://db"),
            ("mysql://user:secret@db/shop", "mysql://db"),
            ("sqlite://.kurant/state.db", "sqlite://.kurant/state.db"),
            ("sqlite://user:secret@db/shop", "sqlite://db"),
            ("memory:", "memory:"),
            // A password that isn't written as an address has it.
            ("postgres://user:se@cret/@db/shop", UNTOLD),
            ("postgres://user:12/34@db/shop", UNTOLD),
            ("postgres://user:12?34@db/shop", UNTOLD),
            ("postgres://user:12?a=34@db/shop", UNTOLD),
            ("postgres://user:12#34@db/shop", UNTOLD),
            ("postgres://user:secret@db:notaport/shop", UNTOLD),
            // A password alone.
            ("secret", UNTOLD),
            ("se:cret", UNTOLD),
            ("se/cr?et", UNTOLD),
            ("se@cret", UNTOLD),
            ("", UNTOLD),
        ] {
            assert_eq!(shown(url), told, "{url}");
        }
    }

    #[test]
    fn an_address_is_misread_only_where_its_host_is_none() {
        for url in [
            "amqp://shop:secret@rabbit/%2f",
            "postgres://shop:se%40cr%2Fet@db/shop",
            "postgres://db/shop?user=a@b&password=@",
            "smtp://a%40b:secret@mail:587",
        ] {
            assert!(!is_misread(&Url::parse(url).unwrap()), "{url}");
        }
    }
}
