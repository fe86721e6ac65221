//! Ways to reach somebody elsewhere: accounts of messengers, e-mail addresses, links, codes.

mod account;
mod host;
mod link;
mod mail;

use std::ops::Range;

pub(super) use self::account::is_device;
use self::account::{
    account, account_before, added, code_before, digits, lone_accounts, number_before, password,
};
use super::{
    found::{Class, Found},
    number::Run,
    rules::Rules,
    text::{Char, Text},
    token::{Token, View},
    verdict::Category,
};

/// How sure a code's name must be: digits right beside it say the rest.
const CODE_SURE: u32 = 45;
/// The fewest letters or digits of any contact.
const CONTACT_MIN: usize = 4;

/// The recognisers of contacts, with the words that introduce them.
#[derive(Debug)]
pub(super) struct Contacts {
    /// Names of a messenger whose accounts begin with a letter, and of what may be one.
    wechat: Class,
    wechat_like: Class,
    qq: Class,
    /// What is QQ only when so long a number stands behind it: a single letter.
    qq_like: Class,
    code: Class,
    password: Class,
    add: Class,
    at_sign: Class,
    link: Class,
    hosts_public: Vec<String>,
    hosts_mail: Vec<String>,
    hosts_pay: Vec<String>,
    hosts_contact: Vec<String>,
}

/// What was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contact {
    pub(super) at: Range<usize>,
    /// It with the word that introduces it.
    pub(super) said: Range<usize>,
    pub(super) rule: &'static str,
    pub(super) reason: &'static str,
    pub(super) category: Category,
    pub(super) score: u32,
    pub(super) view: View,
}

impl Contact {
    fn new(
        at: Range<usize>,
        rule: &'static str,
        reason: &'static str,
        score: u32,
        view: View,
    ) -> Self {
        let said = at.clone();
        Self { at, said, rule, reason, category: Category::Privacy, score, view }
    }

    /// The same, introduced by `name`.
    fn said_by(self, name: &Token) -> Self {
        let said = self.at.start.min(name.at.start)..self.at.end.max(name.at.end);
        Self { said, ..self }
    }
}

impl Contacts {
    /// Takes the words of a rule set; `list` gives the words of a class as they are written.
    pub(super) fn new(rules: &Rules, list: impl Fn(&str) -> Vec<String>) -> Self {
        Self {
            wechat: rules.class("wechat"),
            wechat_like: rules.class("wechat-like"),
            qq: rules.class("qq"),
            qq_like: rules.class("qq-like"),
            code: rules.class("code"),
            password: rules.class("password"),
            add: rules.class("add"),
            at_sign: rules.class("at-sign"),
            link: rules.class("link"),
            hosts_public: list("hosts-public"),
            hosts_mail: list("hosts-mail"),
            hosts_pay: list("hosts-pay"),
            hosts_contact: list("hosts-contact"),
        }
    }

    /// The classes of words that they need for this text: none when it holds neither letters nor
    /// digits enough for any contact.
    pub(super) fn wants(&self, text: &Text, runs: &[Run]) -> Vec<Class> {
        let is_letter = |char: &&Char| char.c.is_ascii_alphanumeric();
        let is_enough = text.chars().iter().filter(is_letter).nth(CONTACT_MIN - 1).is_some()
            || runs.iter().any(|run| run.length() >= CONTACT_MIN);
        let introducing = [self.wechat, self.wechat_like, self.qq, self.qq_like, self.code];
        let others = [self.password, self.add, self.at_sign, self.link];
        let classes = introducing.into_iter().chain(others);
        classes.filter(|_| is_enough).collect()
    }

    /// The contacts of a text.
    pub(super) fn judge(&self, found: &Found<'_>, runs: &[Run]) -> Vec<Contact> {
        let mut contacts = Vec::new();
        for (class, least) in [(self.wechat, 50), (self.wechat_like, 80)] {
            for name in found.of(class).filter(|name| name.certainty >= least) {
                contacts.extend(account(found, name));
                contacts.extend(account_before(found, name));
            }
        }
        contacts.extend(lone_accounts(found, self.wechat));
        for name in found.of(self.qq).filter(|name| name.certainty >= 50) {
            let number = digits(found, runs, name, 5..=11, false);
            let number = number.or_else(|| number_before(found, runs, name));
            let hit = |at| Contact::new(at, "contact.qq", "QQ号", 85, name.view).said_by(name);
            contacts.extend(number.map(hit));
            contacts.extend(account(found, name));
        }
        for name in found.of(self.qq_like).filter(|name| name.certainty >= 85) {
            let number = digits(found, runs, name, 7..=10, false);
            let hit = |at| Contact::new(at, "contact.qq", "QQ号", 85, name.view).said_by(name);
            contacts.extend(number.map(hit));
        }
        for name in found.of(self.code).filter(|name| name.certainty >= CODE_SURE) {
            let number = digits(found, runs, name, 4..=8, true);
            let number = number.or_else(|| code_before(found, runs, name));
            let hit = |at| Contact::new(at, "contact.code", "验证码", 85, name.view).said_by(name);
            contacts.extend(number.map(hit));
        }
        for name in found.of(self.password).filter(|name| name.certainty >= 85) {
            contacts.extend(password(found, name));
        }
        // x+y is a sum: a plus that stands for 加 introduces nothing by itself.
        let is_word = |name: &&Token| found.text.at(name.at.start) != Some('+');
        let is_sure = |name: &&Token| {
            name.certainty >= 85 || name.heard.is_some_and(|heard| heard.spelled == heard.syllables)
        };
        for name in found.of(self.add).filter(is_sure).filter(is_word) {
            contacts.extend(added(found, name));
        }
        self.emails(found, &mut contacts);
        self.links(found, &mut contacts);
        contacts
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        config,
        moderation::{Moderation, Place, Question, Side},
    };

    /// The rules that recognisers hit by, of a message behind `earlier`.
    fn found(earlier: &[&str], text: &str) -> Vec<String> {
        let moderation = Moderation::load(&config::moderation::Moderation::default()).unwrap();
        let question = Question { text, earlier, place: Place::Consult, side: Side::Institution };
        moderation.judge(question).spans.into_iter().map(|span| span.rule).collect()
    }

    #[test]
    fn contacts_are_read_with_their_signs_in_words_and_parted() {
        for (earlier, text, rule) in [
            (&[][..], "h t t p s : / / b m . x u e b a . t o p / r e g 登记", "link.other"),
            (&[], "邮箱：liulei88圈a一二六点com", "contact.email"),
            (&[], "三八二零一九四七 艾特qq点com", "contact.email"),
            (&[], "薇：liu下划线lei下划线88", "contact.wechat"),
            (&[], "加我微信 LiuLei·2019", "contact.wechat"),
            (&[], "燕正码 305729", "contact.code"),
            (&[], "验证码收到了 305729", "contact.code"),
            (&["有个扣扣群你们搜下", "382 019"], "47", "contact.qq"),
        ] {
            let rules = found(earlier, text);
            assert!(rules.iter().any(|it| it == rule), "{text}: {rules:?}");
        }
    }

    #[test]
    fn what_is_like_a_contact_is_none() {
        for text in [
            "第3题下划线的句子怎么理解",
            "wps.office2019能打开吗",
            "验证码等了5分钟",
            "手机是mate60，微信打不开",
        ] {
            assert_eq!(found(&[], text), [""; 0], "{text}");
        }
    }
}
