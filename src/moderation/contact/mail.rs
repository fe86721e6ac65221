//! E-mail addresses, with the sign in words, brackets or blanks, and in pieces.

use std::ops::Range;

use super::{
    Contact, Contacts,
    host::{
        has_top, host, is_closing, is_host_of, is_opening, is_parted, is_strewn, loose_host, skip,
        skip_back,
    },
};
use crate::moderation::{
    fold::numeral,
    found::Found,
    text::{Break, Char, JOINT, Text, kind},
    token::View,
};

/// The longest name before the sign (RFC 5321, section 4.5.3.1).
const LOCAL_MAX: usize = 64;
/// So many signs may stand together among the letters of a name.
const LOOSE_GAP: usize = 2;
/// How long a host is that is known without its dot.
const DOTLESS_MIN: usize = 5;
const DOTLESS_MAX: usize = 12;
/// What is no more than this is no name before a sign that is none.
const LOCAL_MIN: usize = 4;
/// A host begins with at most so many numerals: 163, 126.
const DIGITS_MAX: usize = 4;

impl Contacts {
    /// Addresses of people; those of offices (`.gov.cn`) are published with every announcement.
    pub(super) fn emails(&self, found: &Found<'_>, contacts: &mut Vec<Contact>) {
        let text = found.text;
        let signs = (0..text.len()).filter(|at| text.at(*at) == Some('@')).map(|at| at..at + 1);
        let badges = text.chars().iter().zip(0..).filter(|(char, _)| is_badge(char));
        for (_, at) in badges {
            let (host, end) = host(text, at + 1);
            let start = local(text, at).filter(|start| at - start >= LOCAL_MIN);
            let start = start.filter(|_| self.hosts_mail.contains(&host));
            contacts.extend(start.map(|start| email(start..end)));
        }
        let words = found.of(self.at_sign).map(|token| token.at.clone());
        for sign in signs.chain(words) {
            let sign = widened(text, sign);
            let (host, end) = spoken(text, sign.end).unwrap_or_else(|| host(text, sign.end));
            let is_public =
                || is_host_of(&self.hosts_public, &host) && !is_host_of(&self.hosts_mail, &host);
            if has_top(&host) || self.is_dotless(&host) {
                let start = local(text, sign.start).or_else(|| told(text, sign.start));
                let start = start.filter(|_| !is_public());
                contacts.extend(start.map(|start| email(start..end)));
            } else if let Some((host, end)) = loose_host(text, sign.end)
                && is_host_of(&self.hosts_mail, &host.replace('-', ""))
            {
                contacts.extend(loose_local(text, sign.start).map(|start| email(start..end)));
            }
        }
    }

    /// Whether a host is one that everybody knows without its dot: qqcom.
    fn is_dotless(&self, host: &str) -> bool {
        let is = |known: &str| known.split('.').flat_map(str::chars).eq(host.chars());
        (DOTLESS_MIN..=DOTLESS_MAX).contains(&host.len())
            && self.hosts_mail.iter().any(|known| is(known))
    }

    /// The address that ends with a mail host at `host`, where something else stands for the sign.
    pub(super) fn odd_email(&self, text: &Text, name: &str, at: &Range<usize>) -> Option<Contact> {
        if !self.hosts_mail.iter().any(|known| known == name) {
            return None;
        }
        let end = skip_back(text, at.start);
        let sign = end.checked_sub(1)?;
        let is_odd = |c: char| {
            matches!(c, '在' | '圈') || (kind(c) == Break::Sign && !"./_-=&?%~".contains(c))
        };
        text.at(sign).filter(|c| is_odd(*c))?;
        // zhou(a)qq.com.
        let is_letter = is_closing(text.at(sign)?) && text.at(sign.checked_sub(1)?) == Some('a');
        let sign = if is_letter { sign.checked_sub(2)? } else { sign };
        let end = skip_back(text, sign);
        let start = local(text, end).filter(|start| end - start >= LOCAL_MIN)?;
        Some(email(start..at.end))
    }
}

/// 🅰: a letter on a badge, which stands for the sign.
fn is_badge(char: &Char) -> bool {
    char.c == 'a' && char.end - char.start == 4
}

fn email(at: Range<usize>) -> Contact {
    Contact::new(at, "contact.email", "电子邮箱", 90, View::Text)
}

/// A sign with its brackets and the blanks around it.
fn widened(text: &Text, sign: Range<usize>) -> Range<usize> {
    let before = skip_back(text, sign.start);
    let opening = before.checked_sub(1).filter(|at| text.at(*at).is_some_and(is_opening));
    let after = skip(text, sign.end);
    let is_closed = text.at(after).is_some_and(is_closing);
    let start = opening.map_or(before, |at| skip_back(text, at));
    let end = if is_closed { skip(text, after + 1) } else { after };
    start..end
}

/// Where the name begins that ends at `end`, when blanks and signs are strewn among its letters.
fn loose_local(text: &Text, end: usize) -> Option<usize> {
    let (mut start, mut letters, mut gap) = (end, 0, 0);
    for at in (end.saturating_sub(LOCAL_MAX)..end).rev() {
        match text.at(at) {
            Some(c) if c.is_ascii_alphanumeric() => {
                (start, gap) = (at, 0);
                letters += 1;
            }
            Some(c) if gap < LOOSE_GAP && (is_strewn(c) || c == '_') => gap += 1,
            _ => break,
        }
    }
    (letters >= LOCAL_MIN).then_some(start)
}

/// The host that begins with numerals, 一二六点com, and where it ends.
fn spoken(text: &Text, from: usize) -> Option<(String, usize)> {
    let from = skip(text, from);
    let digit = |at: &usize| text.at(*at).and_then(numeral);
    let mut name: String = (from..from + DIGITS_MAX).map_while(|at| digit(&at)).collect();
    let dot = skip(text, from + name.len());
    let is_dot = text.at(dot).is_some_and(|c| matches!(c, '.' | '。' | '点'));
    if name.is_empty() || !is_dot {
        return None;
    }
    let (top, end) = host(text, skip(text, dot + 1));
    name.push('.');
    name.push_str(&top);
    Some((name, end))
}

/// Where the numerals begin that are the name before `end`.
fn told(text: &Text, end: usize) -> Option<usize> {
    let is_part =
        |at: &usize| text.at(*at).is_some_and(|c| c.is_ascii_digit() || numeral(c).is_some());
    let length = (end.saturating_sub(LOCAL_MAX)..end).rev().take_while(is_part).count();
    (length > LOCAL_MIN).then_some(end - length)
}

/// Where the name begins that ends at `end`.
fn local(text: &Text, end: usize) -> Option<usize> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c);
    let length = (1..=LOCAL_MAX)
        .take_while(|far| {
            let at = end.checked_sub(*far);
            // Blanks stand within an address only when they part each of its letters.
            at.is_some_and(|at| {
                text.at(at).is_some_and(|c| is_part(c) || (c == ' ' && is_parted(text, at)))
            })
        })
        .count();
    let mut letters = end - length..end;
    letters.find(|at| text.at(*at).is_some_and(|c| c != ' ' && c != JOINT))
}
