//! Ways to reach somebody elsewhere: accounts of messengers, e-mail addresses, links, codes.

use std::ops::Range;

use super::{
    found::{Class, Found},
    number::Run,
    rules::Rules,
    text::{Break, JOINT, kind},
    token::{Token, View},
    verdict::Category,
};

/// What stands between a name and the account, beside signs and blanks.
const FILLERS: &str = "是为号群的我加搜找叫同呢哦名或者就发到";
/// At most so many characters stand between a name and the account.
const FILLERS_MAX: usize = 8;
/// The longest account of WeChat.
const ACCOUNT_MAX: usize = 20;
/// The longest parts of an address that are looked at (RFC 5321, section 4.5.3.1).
const LOCAL_MAX: usize = 64;
const DOMAIN_MAX: usize = 255;

/// The recognisers of contacts, with the words that introduce them.
#[derive(Debug)]
pub(super) struct Contacts {
    /// Names of a messenger whose accounts begin with a letter, and of what may be one.
    wechat: Class,
    wechat_like: Class,
    qq: Class,
    code: Class,
    add: Class,
    at_sign: Class,
    link: Class,
    hosts_public: Vec<String>,
    hosts_pay: Vec<String>,
    hosts_contact: Vec<String>,
}

/// What was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contact {
    pub(super) at: Range<usize>,
    /// From the word that introduces it to its end.
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
}

impl Contacts {
    /// Takes the words of a rule set; `list` gives the words of a class as they are written.
    pub(super) fn new(rules: &Rules, list: impl Fn(&str) -> Vec<String>) -> Self {
        Self {
            wechat: rules.class("wechat"),
            wechat_like: rules.class("wechat-like"),
            qq: rules.class("qq"),
            code: rules.class("code"),
            add: rules.class("add"),
            at_sign: rules.class("at-sign"),
            link: rules.class("link"),
            hosts_public: list("hosts-public"),
            hosts_pay: list("hosts-pay"),
            hosts_contact: list("hosts-contact"),
        }
    }

    /// The contacts of a text.
    pub(super) fn judge(&self, found: &Found<'_>, runs: &[Run]) -> Vec<Contact> {
        let mut contacts = Vec::new();
        for (class, least) in [(self.wechat, 50), (self.wechat_like, 80)] {
            for name in found.of(class).filter(|name| name.certainty >= least) {
                contacts.extend(account(found, name));
            }
        }
        for name in found.of(self.qq).filter(|name| name.certainty >= 50) {
            let number = digits(found, runs, &name.at, 5..=11, false);
            let hit = |at| Contact::new(at, "contact.qq", "QQ号", 85, name.view);
            contacts.extend(number.map(hit));
            contacts.extend(account(found, name));
        }
        for name in found.of(self.code).filter(|name| name.certainty >= 50) {
            let number =
                digits(found, runs, &name.at, 4..=8, true).filter(|at| !counts(found, at.end));
            let hit = |at| Contact::new(at, "contact.code", "验证码", 85, name.view);
            contacts.extend(number.map(hit));
        }
        // x+y is a sum: a plus that stands for 加 introduces nothing by itself.
        let is_word = |name: &&Token| found.text.at(name.at.start) != Some('+');
        for name in found.of(self.add).filter(|name| name.certainty >= 85).filter(is_word) {
            contacts.extend(added(found, name));
        }
        self.emails(found, &mut contacts);
        self.links(found, &mut contacts);
        contacts
    }

    /// Addresses of people; those of offices (`.gov.cn`) are published with every announcement.
    fn emails(&self, found: &Found<'_>, contacts: &mut Vec<Contact>) {
        let text = found.text;
        let signs = (0..text.len()).filter(|at| text.at(*at) == Some('@')).map(|at| at..at + 1);
        let words = found.of(self.at_sign).map(|token| token.at.clone());
        for sign in signs.chain(words) {
            let is_local = |c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c);
            let local = (1..=LOCAL_MAX)
                .take_while(|far| {
                    let c = sign.start.checked_sub(*far).and_then(|at| text.at(at));
                    // Blanks stand within an address only when they part each of its letters.
                    c.is_some_and(|c| {
                        is_local(c) || (c == ' ' && is_parted(found, sign.start - far))
                    })
                })
                .count();
            let (domain, end) = domain(found, sign.end);
            let local = text.slice(sign.start - local..sign.start);
            let is_public = is_host_of(&self.hosts_public, &domain);
            if !local.trim().is_empty() && has_top(&domain) && !is_public {
                let start = sign.start - local.trim_start().chars().count();
                contacts.push(Contact::new(
                    start..end,
                    "contact.email",
                    "电子邮箱",
                    90,
                    View::Text,
                ));
            }
        }
    }

    /// Whether a word says that one should go there.
    fn is_led_to(&self, found: &Found<'_>, at: &Range<usize>) -> bool {
        found.near(self.link, at, 12, |token| token.certainty >= 85)
    }

    /// Links that lead to payment, to a contact, or somewhere else off the platform.
    fn links(&self, found: &Found<'_>, contacts: &mut Vec<Contact>) {
        let text = found.text;
        let mut at = 0;
        while at < text.len() {
            let is_begin = text.at(at).is_some_and(|c| c.is_ascii_alphanumeric())
                && !at
                    .checked_sub(1)
                    .and_then(|at| text.at(at))
                    .is_some_and(|c| c.is_ascii_alphanumeric() || "@._-".contains(c));
            if !is_begin {
                at += 1;
                continue;
            }
            let scheme = scheme(found, at);
            let (host, end) = domain(found, at + scheme);
            if !has_top(&host) || text.at(end) == Some('@') {
                at = end.max(at + 1);
                continue;
            }
            let whole = at..end + path(found, end);
            if is_host_of(&self.hosts_pay, &host) {
                let category = Category::Property;
                contacts.push(Contact {
                    category,
                    ..Contact::new(whole.clone(), "link.pay", "收款或短链接", 95, View::Text)
                });
            } else if is_host_of(&self.hosts_contact, &host) {
                contacts.push(Contact::new(
                    whole.clone(),
                    "link.contact",
                    "加好友或进群的链接",
                    95,
                    View::Text,
                ));
            } else if !is_host_of(&self.hosts_public, &host)
                && (scheme > 0 || text.at(end) == Some('/') || self.is_led_to(found, &whole))
            {
                contacts.push(Contact::new(
                    whole.clone(),
                    "link.other",
                    "平台外的链接",
                    60,
                    View::Text,
                ));
            }
            at = whole.end;
        }
    }
}

/// The account behind a messenger's name.
fn account(found: &Found<'_>, name: &Token) -> Option<Contact> {
    let text = found.text;
    let (from, said) = fill(found, name.at.end);
    let (at, letters) = run(found, from)?;
    let is_number = letters.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = letters.bytes().all(|byte| byte.is_ascii_alphabetic());
    let fits = if is_number {
        (5..=11).contains(&letters.len()) && !letters.starts_with('0') && !counts(found, at.end)
    } else {
        letters.starts_with(|c: char| c.is_ascii_alphabetic())
            && (6..=ACCOUNT_MAX).contains(&letters.len())
            // Plain words are passed over unless they are introduced.
            && (!is_word || said)
    };
    // 加vip2026班: the name is the beginning of a longer word.
    let is_latin = |at: usize| text.at(at).is_some_and(|c| c.is_ascii_alphabetic());
    let is_longer = from == name.at.end && is_latin(name.at.end - 1) && is_latin(from) && !said;
    let said = name.at.start..at.end;
    let contact = || Contact::new(at, "contact.wechat", "微信号", 85, name.view);
    (fits && !is_longer).then(|| Contact { said, ..contact() })
}

/// What is to be added or searched for, when it looks like an account.
fn added(found: &Found<'_>, name: &Token) -> Option<Contact> {
    let (from, _) = fill(found, name.at.end);
    let (at, letters) = run(found, from)?;
    let has = |is: fn(&u8) -> bool| letters.bytes().any(|byte| is(&byte));
    let is_account = letters.starts_with(|c: char| c.is_ascii_alphabetic())
        && (6..=ACCOUNT_MAX).contains(&letters.len())
        && (has(u8::is_ascii_digit) || letters.contains(['_', '-']));
    let is_formula = found.text.at(at.end).is_some_and(|c| "+=([*^/\\".contains(c));
    let said = name.at.start..at.end;
    let contact = || Contact::new(at, "contact.account", "平台外的账号", 60, View::Text);
    (is_account && !is_formula).then(|| Contact { said, ..contact() })
}

/// Where the account begins behind a name that ends at `end`, and whether a word introduces it.
fn fill(found: &Found<'_>, end: usize) -> (usize, bool) {
    let (mut at, mut said) = (end, false);
    while at < end + FILLERS_MAX {
        match found.text.at(at) {
            Some(c) if FILLERS.contains(c) => said = true,
            Some(':' | '=') => said = true,
            Some(c) if kind(c) == Break::Word || c == '\n' => break,
            Some(_) => {}
            None => break,
        }
        at += 1;
    }
    (at, said)
}

/// The letters, digits, `_` and `-` from `from` on; single ones may be parted by single signs.
fn run(found: &Found<'_>, from: usize) -> Option<(Range<usize>, String)> {
    let text = found.text;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let is_lone =
        |at: usize| text.at(at).is_some_and(is_part) && !text.at(at + 1).is_some_and(is_part);
    let (mut letters, mut at, mut end) = (String::new(), from, from);
    // An account whose letters are parted is parted all along by the same sign; formulas are not.
    let sign = text.at(from + 1).filter(|sign| !"^=$+/".contains(*sign));
    let is_spaced = is_lone(from)
        && is_lone(from + 2)
        && is_lone(from + 4)
        && sign.is_some()
        && text.at(from + 3) == sign;
    while letters.len() <= ACCOUNT_MAX {
        match text.at(at) {
            Some(c) if is_part(c) => {
                letters.push(c);
                end = at + 1;
            }
            // An account may go on in the next message.
            Some(JOINT) => {}
            Some(c) if is_spaced && Some(c) == sign && kind(c) != Break::Sentence => {}
            _ => break,
        }
        at += 1;
    }
    let letters = letters.trim_end_matches(['-', '_']).to_owned();
    (!letters.is_empty()).then_some((from..end, letters))
}

/// Digits behind a name, so many of them and no more, however they are written.
fn digits(
    found: &Found<'_>,
    runs: &[Run],
    name: &Range<usize>,
    length: std::ops::RangeInclusive<usize>,
    may_begin_with_0: bool,
) -> Option<Range<usize>> {
    let (from, _) = fill(found, name.end);
    let run = runs.iter().find(|run| run.at().start == from)?;
    let digits = run.digits();
    let fits = length.contains(&digits.len()) && (may_begin_with_0 || !digits.starts_with('0'));
    let is_latin = |at: usize| found.text.at(at).is_some_and(|c| c.is_ascii_alphabetic());
    (fits && !is_latin(run.at().end)).then(|| run.at())
}

/// Whether what follows a number says that it counts something.
fn counts(found: &Found<'_>, end: usize) -> bool {
    found.text.at(end).is_some_and(|c| "位年次秒分元月日题页人个块".contains(c))
}

/// The host from `from` on, its dots as dots however they are written, and where it ends.
fn domain(found: &Found<'_>, from: usize) -> (String, usize) {
    let text = found.text;
    let (mut host, mut at) = (String::new(), from);
    while host.len() < DOMAIN_MAX {
        let is_letter = |at: usize| text.at(at).is_some_and(|c| c.is_ascii_alphanumeric());
        match text.at(at) {
            Some(c) if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') => host.push(c),
            Some('点' | '。') if is_letter(at + 1) && !host.is_empty() => host.push('.'),
            Some(' ') if host.is_empty() || host.ends_with('.') || is_parted(found, at) => {}
            Some(' ') if text.at(at + 1) == Some('.') => {}
            _ => break,
        }
        at += 1;
    }
    let trimmed = host.trim_end_matches(['.', '-']).len();
    let end = at - (host.len() - trimmed);
    host.truncate(trimmed);
    (host, end)
}

/// Whether the blank at `at` is one of those that part single letters.
fn is_parted(found: &Found<'_>, at: usize) -> bool {
    let is_blank = |at: Option<usize>| {
        at.and_then(|at| found.text.at(at)).is_none_or(|c| kind(c) != Break::Word)
    };
    is_blank(at.checked_sub(2)) && is_blank(at.checked_add(2)) && at > 0
}

/// Whether a host ends as hosts do.
fn has_top(host: &str) -> bool {
    const TOPS: [&str; 24] = [
        "com", "cn", "net", "org", "top", "xyz", "vip", "cc", "me", "io", "co", "info", "site",
        "club", "shop", "app", "link", "online", "fun", "pro", "tv", "hk", "ltd", "tech",
    ];
    host.rsplit_once('.').is_some_and(|(name, top)| {
        !name.is_empty()
            && name.bytes().any(|byte| byte.is_ascii_alphanumeric())
            && TOPS.contains(&top)
    })
}

/// Whether a host is one of these or below it.
fn is_host_of(hosts: &[String], host: &str) -> bool {
    hosts.iter().any(|known| {
        host.strip_suffix(known.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

fn scheme(found: &Found<'_>, at: usize) -> usize {
    let begins =
        |scheme: &str| scheme.chars().zip(at..).all(|(c, at)| found.text.at(at) == Some(c));
    ["https://", "http://", "www."]
        .into_iter()
        .find(|scheme| begins(scheme))
        .map_or(0, |scheme| if scheme == "www." { 4 } else { scheme.len() })
}

fn path(found: &Found<'_>, end: usize) -> usize {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "/-_?=&%.#:~".contains(c);
    (end..end + DOMAIN_MAX).take_while(|at| found.text.at(*at).is_some_and(is_part)).count()
}
