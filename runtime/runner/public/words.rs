//! What the pages say, in the languages that they speak.

use kurant_engine::definition::{Tracking, Whose};

/// What the pages say in one language. `{name}` is who sends, `{channel}` by which channel.
#[derive(Debug)]
pub(super) struct Words {
    /// The language, as HTML names it.
    pub(super) language: &'static str,
    pub(super) unsubscribe_title: &'static str,
    pub(super) unsubscribe_question: &'static str,
    pub(super) unsubscribe_button: &'static str,
    pub(super) is_out: &'static str,
    pub(super) what_still_comes: &'static str,
    pub(super) preferences_link: &'static str,
    pub(super) preferences_title: &'static str,
    pub(super) channels: &'static str,
    pub(super) topics: &'static str,
    /// Whether it may be noticed how messages are read; then what is.
    pub(super) tracking: &'static str,
    noticed_links: &'static str,
    noticed_opens: &'static str,
    noticed_both: &'static str,
    pub(super) save: &'static str,
    pub(super) saved: &'static str,
    /// By name; other channels are called as in `kurant.yaml`.
    channel_names: &'static [(&'static str, &'static str)],
}

const ENGLISH: Words = Words {
    language: "en",
    unsubscribe_title: "Unsubscribe",
    unsubscribe_question: "Do you want no more news and offers from {name} by {channel}?",
    unsubscribe_button: "Unsubscribe",
    is_out: "You get no more news and offers from {name} by {channel}.",
    what_still_comes: "Messages about your orders and your account still come.",
    preferences_link: "Choose what you get",
    preferences_title: "What you get from {name}",
    channels: "News and offers by",
    topics: "About",
    tracking: "May we notice how you read our messages?",
    noticed_links: "Yes, which links I follow",
    noticed_opens: "Yes, whether I open them",
    noticed_both: "Yes, whether I open them and which links I follow",
    save: "Save",
    saved: "Saved.",
    channel_names: &[
        ("email", "email"),
        ("sms", "SMS"),
        ("viber", "Viber"),
        ("telegram", "Telegram"),
        ("push", "push notification"),
    ],
};

const UKRAINIAN: Words = Words {
    language: "uk",
    unsubscribe_title: "Відписатися",
    unsubscribe_question: "Більше не отримувати новини та пропозиції від {name} ({channel})?",
    unsubscribe_button: "Відписатися",
    is_out: "Ви більше не отримуєте новини та пропозиції від {name} ({channel}).",
    what_still_comes: "Повідомлення про ваші замовлення та обліковий запис надходитимуть і далі.",
    preferences_link: "Обрати, що отримувати",
    preferences_title: "Що ви отримуєте від {name}",
    channels: "Новини та пропозиції",
    topics: "Теми",
    tracking: "Чи можна нам помічати, як ви читаєте наші повідомлення?",
    noticed_links: "Так, за якими посиланнями я переходжу",
    noticed_opens: "Так, чи я їх відкриваю",
    noticed_both: "Так, чи я їх відкриваю і за якими посиланнями переходжу",
    save: "Зберегти",
    saved: "Збережено.",
    channel_names: &[
        ("email", "електронна пошта"),
        ("sms", "SMS"),
        ("viber", "Viber"),
        ("telegram", "Telegram"),
        ("push", "push-сповіщення"),
    ],
};

impl Words {
    /// The words for a customer's locale, else for the workspace's, else English.
    pub(super) fn of(locale: Option<&str>, workspace: &str) -> &'static Self {
        let language = |locale: &str| {
            let short = locale.split(['-', '_']).next().unwrap_or_default();
            let mut known = [&ENGLISH, &UKRAINIAN].into_iter();
            known.find(|words| words.language.eq_ignore_ascii_case(short))
        };
        let own = locale.and_then(language);
        own.or_else(|| language(workspace)).unwrap_or(&ENGLISH)
    }

    /// What is noticed of those who say yes, and of nobody who says no.
    pub(super) fn tracked(&self, tracking: Tracking) -> &'static str {
        let Tracking { links, opens } = tracking;
        match [links, opens].map(|own| own != Whose::Off) {
            [true, false] => self.noticed_links,
            [false, _] => self.noticed_opens,
            [true, true] => self.noticed_both,
        }
    }

    /// What a channel is called.
    pub(super) fn channel<'c>(&self, name: &'c str) -> &'c str
    where
        'static: 'c,
    {
        let mut known = self.channel_names.iter();
        let known = known.find(|(own, _)| *own == name);
        known.map_or(name, |(_, words)| words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_spoken_to_in_a_language_of_theirs() {
        for (own, workspace, language) in [
            (Some("uk-UA"), "en", "uk"),
            (Some("en_GB"), "uk", "en"),
            (Some("de"), "uk", "uk"),
            (None, "uk", "uk"),
            (None, "de", "en"),
        ] {
            assert_eq!(Words::of(own, workspace).language, language, "{own:?}");
        }
    }
}
