//! The headers by which mail programs offer to unsubscribe: RFC 2369 names the page, RFC 8058 says that one click is enough.

use std::error::Error;

use lettre::message::header::{Header, HeaderName, HeaderValue};
use url::Url;

use super::email::is_unfit;

/// The longest link, in bytes: a line of a message has no more than 998.
const LONGEST: usize = 900;

/// `List-Unsubscribe: <https://...>`.
#[derive(Clone)]
pub(super) struct ListUnsubscribe(String);

/// `List-Unsubscribe-Post: List-Unsubscribe=One-Click`.
#[derive(Clone)]
pub(super) struct OneClick;

impl ListUnsubscribe {
    /// The header with a link. What comes of a template may hold whatever a customer wrote.
    ///
    /// # Errors
    /// Why it can't stand in a header, without anything personal.
    pub(super) fn to(link: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("unfit: the link to unsubscribe {why}");
        if is_unfit(link) {
            return Err(wrong("holds a line break, or a character that isn't seen"));
        }
        let url = Url::parse(link.trim()).ok();
        let url = url.filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
        let url = url.ok_or_else(|| wrong("is no address on the web"))?;
        // Written anew, it is plain ASCII; what would end the header's brackets is not left in it.
        let text = url.as_str().replace('<', "%3C").replace('>', "%3E");
        if text.len() > LONGEST {
            return Err(wrong(&format!("is longer than {LONGEST} bytes")));
        }
        Ok(Self(format!("<{text}>")))
    }
}

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        as_it_stands::<Self>(&self.0)
    }
}

impl Header for OneClick {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        as_it_stands::<Self>("List-Unsubscribe=One-Click")
    }
}

/// In one line: signatures over lines that were folded are got wrong now and then.
fn as_it_stands<H: Header>(text: &str) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(H::name(), text.to_owned(), text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_an_address_comes_into_the_header() {
        for (link, header) in [
            (
                "https://shop.example/u?id=c1",
                "<https://shop.example/u?id=c1>",
            ),
            (
                "https://shop.example/u?id=a b",
                "<https://shop.example/u?id=a%20b>",
            ),
            (
                "https://shop.example/?a=>,<mailto:x@y.example",
                "<https://shop.example/?a=%3E,%3Cmailto:x@y.example>",
            ),
            ("https://shop.example/#a>b", "<https://shop.example/#a%3Eb>"),
            (
                "https://крамниця.укр/вихід",
                "<https://xn--80aesqfwu5f.xn--j1amh/%D0%B2%D0%B8%D1%85%D1%96%D0%B4>",
            ),
        ] {
            let own = ListUnsubscribe::to(link).map(|own| own.0);
            assert!(own.as_ref().is_ok_and(|own| own.is_ascii()), "{own:?}");
            if link.is_ascii() {
                assert_eq!(own.as_deref(), Ok(header));
            }
        }
        for link in [
            "",
            "c1",
            "mailto:out@shop.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://",
            "https://shop.example/u\r\nBcc: x@y.example",
            "https://shop.example/u\nX: y",
            "https://shop.example/\u{0}",
            "https://shop.example/\u{202e}gpj",
            &format!("https://shop.example/{}", "x".repeat(900)),
        ] {
            let why = ListUnsubscribe::to(link).err().expect("it is none");
            assert!(
                why.starts_with("unfit: the link") && !why.contains("shop"),
                "{why}"
            );
        }
    }
}
