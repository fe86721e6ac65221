//! Links that lead to payment, to a contact, or somewhere else off the platform.

use std::ops::Range;

use super::{
    Contact, Contacts,
    host::{has_top, host, is_host_of, is_parted, loose_host, skip},
};
use crate::moderation::{found::Found, text::Text, token::View, verdict::Category};

/// The longest path that is looked at.
const PATH_MAX: usize = 255;
/// The longest name of a scheme.
const SCHEME_MAX: usize = 24;
/// Schemes that open an app where one pays.
const SCHEMES_PAY: [&str; 9] =
    ["alipay", "alipays", "alipayqr", "wxp", "upwallet", "uppay", "unionpay", "cloudpay", "paypal"];

/// What stands before `://`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    None,
    /// `http`, `https`, `www.`, and `hxxp` where one must not write it.
    Web,
    /// An app where one pays.
    Pay,
    /// Another app.
    App,
}

impl Contacts {
    /// Links, and hosts that a word leads to.
    pub(super) fn links(&self, found: &Found<'_>, contacts: &mut Vec<Contact>) {
        let text = found.text;
        let mut at = 0;
        while at < text.len() {
            let is_inner = |c: char| c.is_ascii_alphanumeric() || "@._-".contains(c);
            let is_begin = text.at(at).is_some_and(|c| c.is_ascii_alphanumeric())
                && !at.checked_sub(1).and_then(|at| text.at(at)).is_some_and(is_inner);
            if !is_begin {
                at += 1;
                continue;
            }
            let (scheme, from) = scheme(text, at);
            if let Scheme::Pay | Scheme::App = scheme {
                let whole = at..from + path(text, from);
                at = whole.end.max(at + 1);
                if whole.end > from {
                    contacts.push(app(scheme, whole));
                }
                continue;
            }
            let (mut host, mut end) = host(text, from);
            let is_named = scheme == Scheme::Web || host.starts_with("www");
            if is_named
                && !has_top(&host)
                && let Some(loose) = loose_host(text, from)
            {
                (host, end) = loose;
            }
            if !has_top(&host) || text.at(end) == Some('@') {
                at = end.max(at + 1);
                continue;
            }
            let whole = at..end + path(text, end);
            at = whole.end;
            contacts.extend(self.odd_email(text, &host, &(from..end)));
            let leads = || {
                is_named
                    || matches!(text.at(end), Some('/' | '?'))
                    || found.near(self.link, &whole, 12, |token| token.certainty >= 85)
            };
            contacts.extend(self.link(&host, whole.clone(), leads));
        }
    }

    /// The link at `whole`; an unknown host is one only when something leads there.
    fn link(&self, host: &str, whole: Range<usize>, leads: impl Fn() -> bool) -> Option<Contact> {
        if is_host_of(&self.hosts_pay, host) {
            return Some(pay(whole));
        }
        if is_host_of(&self.hosts_contact, host) {
            return Some(contact(whole));
        }
        (leads() && !is_host_of(&self.hosts_public, host))
            .then(|| Contact::new(whole, "link.other", "平台外的链接", 60, View::Text))
    }
}

fn pay(at: Range<usize>) -> Contact {
    let category = Category::Property;
    Contact { category, ..Contact::new(at, "link.pay", "收款或短链接", 95, View::Text) }
}

fn contact(at: Range<usize>) -> Contact {
    Contact::new(at, "link.contact", "加好友或进群的链接", 95, View::Text)
}

fn app(scheme: Scheme, at: Range<usize>) -> Contact {
    if scheme == Scheme::Pay { pay(at) } else { contact(at) }
}

/// What scheme begins at `at`, and where it ends. Its letters and signs may be parted by blanks.
fn scheme(text: &Text, at: usize) -> (Scheme, usize) {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '-';
    let (mut name, mut end) = (String::new(), at);
    while let Some(c) = text.at(end).filter(|_| end < at + 2 * SCHEME_MAX) {
        if is_part(c) {
            name.push(c);
        } else if c != ' ' || !is_parted(text, end) {
            break;
        }
        end += 1;
    }
    let colon = skip(text, end);
    let slash = skip(text, colon + 1);
    let second = skip(text, slash + 1);
    let is_scheme =
        text.at(colon) == Some(':') && text.at(slash) == Some('/') && text.at(second) == Some('/');
    if !is_scheme || name.len() > SCHEME_MAX {
        return (Scheme::None, at);
    }
    let scheme = match name.as_str() {
        "http" | "https" | "hxxp" | "hxxps" | "ttp" | "ttps" | "ftp" => Scheme::Web,
        // h ttp s://: the rest of one that is parted.
        "p" | "s" | "ps" | "tp" | "tps" => Scheme::Web,
        _ if SCHEMES_PAY.contains(&name.as_str()) => Scheme::Pay,
        _ => Scheme::App,
    };
    (scheme, skip(text, second + 1))
}

/// How long the path at `end` is.
fn path(text: &Text, end: usize) -> usize {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "/-_?=&%.#:~".contains(c);
    let is_inside =
        |at: &usize| text.at(*at).is_some_and(|c| is_part(c) || (c == ' ' && is_parted(text, *at)));
    let whole = (end..end + PATH_MAX).take_while(is_inside).count();
    // A blank that nothing follows is none of the path.
    whole - (0..whole).rev().take_while(|far| text.at(end + far) == Some(' ')).count()
}
