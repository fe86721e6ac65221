//! Hosts as people write them: dots in words and brackets, blanks and the edges of messages between.

use crate::moderation::text::{Break, JOINT, Text, kind};

/// The longest host that is looked at (RFC 5321, section 4.5.3.1).
const HOST_MAX: usize = 255;
/// The longest host that is read among signs.
const LOOSE_MAX: usize = 48;
/// So many blanks may stand on each side of a dot or a sign.
const BLANKS_MAX: usize = 2;

/// The host from `from` on, its dots as dots however they are written, and where it ends.
pub(super) fn host(text: &Text, from: usize) -> (String, usize) {
    let (mut host, mut at, mut end) = (String::new(), from, from);
    while host.len() < HOST_MAX {
        let Some(c) = text.at(at) else { break };
        if c.is_ascii_alphanumeric() {
            host.push(c);
            at += 1;
            end = at;
        } else if let Some(after) = dot(text, at, &host) {
            host.push('.');
            at = after;
        } else if (c == JOINT && !has_top(&host))
            || (c == ' ' && (host.is_empty() || is_parted(text, at)))
        {
            at += 1;
        } else if c == '-' && !host.is_empty() {
            host.push(c);
            at += 1;
        } else {
            break;
        }
    }
    host.truncate(host.trim_end_matches(['.', '-']).len());
    (host, end)
}

/// The host from `from` on when blanks and signs are strewn among its letters; `None` when it ends
/// as no host does.
pub(super) fn loose_host(text: &Text, from: usize) -> Option<(String, usize)> {
    let (mut host, mut at, mut gap) = (String::new(), from, 0);
    let mut best = None;
    while host.len() < LOOSE_MAX && gap <= BLANKS_MAX {
        let Some(c) = text.at(at) else { break };
        if c.is_ascii_alphanumeric() || (matches!(c, '.' | '-') && !host.ends_with(['.', '-'])) {
            host.push(c);
            gap = 0;
            let is_inner = text.at(at + 1).is_some_and(|c| c.is_ascii_alphanumeric());
            if !is_inner && has_top(&host) {
                best = Some((host.clone(), at + 1));
            }
        } else if is_strewn(c) {
            gap += 1;
        } else {
            break;
        }
        at += 1;
    }
    best
}

/// Whether `c` is a blank or a sign that hosts and names do not have.
pub(super) fn is_strewn(c: char) -> bool {
    matches!(kind(c), Break::Blank | Break::Sign) && !"@/\\:_".contains(c)
}

/// Where the dot at `at` ends, if one stands there and a letter follows it. A word for it (点) ends a
/// host that is whole already: 看gov.cn点app is no longer one.
fn dot(text: &Text, at: usize, host: &str) -> Option<usize> {
    if host.is_empty() || host.ends_with(['.', '-']) {
        return None;
    }
    let begin = skip(text, at);
    let is_open = text.at(begin).is_some_and(is_opening);
    let from = if is_open { skip(text, begin + 1) } else { begin };
    let word = |word: &str| word.chars().zip(from..).all(|(c, at)| text.at(at) == Some(c));
    let is_apart = from > at || is_open;
    let length = match text.at(from)? {
        '.' => 1,
        '。' | '点' | '·' | '•' if !has_top(host) => 1,
        'd' if is_apart && word("dot") => 3,
        'd' if is_apart && word("dian") => 4,
        _ => return None,
    };
    let mut end = skip(text, from + length);
    if is_open {
        text.at(end).filter(|c| is_closing(*c))?;
        end = skip(text, end + 1);
    } else if length > 1 && end == from + length {
        return None;
    }
    text.at(end).is_some_and(|c| c.is_ascii_alphanumeric()).then_some(end)
}

/// Past the blanks at `at`.
pub(super) fn skip(text: &Text, at: usize) -> usize {
    let is_blank = |at: &usize| text.at(*at).is_some_and(|c| c == ' ' || c == JOINT);
    at + (at..at + BLANKS_MAX).take_while(is_blank).count()
}

/// Before the blanks that end at `end`.
pub(super) fn skip_back(text: &Text, end: usize) -> usize {
    let is_blank = |at: &usize| text.at(*at).is_some_and(|c| c == ' ' || c == JOINT);
    end - (end.saturating_sub(BLANKS_MAX)..end).rev().take_while(is_blank).count()
}

/// Whether `c` opens a bracket that people put around a sign.
pub(super) fn is_opening(c: char) -> bool {
    matches!(c, '(' | '[' | '{' | '<' | '【' | '《' | '「' | '『' | '〔')
}

/// Whether `c` closes one.
pub(super) fn is_closing(c: char) -> bool {
    matches!(c, ')' | ']' | '}' | '>' | '】' | '》' | '」' | '』' | '〕')
}

/// Whether the blank at `at` is one of those that part single letters.
pub(super) fn is_parted(text: &Text, at: usize) -> bool {
    let is_blank =
        |at: Option<usize>| at.and_then(|at| text.at(at)).is_none_or(|c| kind(c) != Break::Word);
    is_blank(at.checked_sub(2)) && is_blank(at.checked_add(2)) && at > 0
}

/// Whether a host ends as hosts do.
pub(super) fn has_top(host: &str) -> bool {
    const TOPS: [&str; 26] = [
        "com", "c0m", "corn", "cn", "net", "org", "top", "xyz", "vip", "cc", "me", "io", "co",
        "info", "site", "club", "shop", "app", "link", "online", "fun", "pro", "tv", "hk", "ltd",
        "tech",
    ];
    host.rsplit_once('.').is_some_and(|(name, top)| {
        !name.is_empty()
            && name.bytes().any(|byte| byte.is_ascii_alphanumeric())
            && TOPS.contains(&top)
    })
}

/// Whether a host is one of these or below it.
pub(super) fn is_host_of(hosts: &[String], host: &str) -> bool {
    hosts.iter().any(|known| {
        host.strip_suffix(known.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_is_read_however_it_is_written() {
        for written in [
            "tiku.top",
            "tiku . top",
            "tiku点top",
            "tiku 点 top",
            "tiku[.]top",
            "tiku（点）top",
            "tiku dot top",
            "tiku[dot]top",
            "t i k u . t o p",
            "tiku。top",
            "tiku·top",
        ] {
            let text = Text::new(written);
            assert_eq!(host(&text, 0), ("tiku.top".to_owned(), text.len()), "{written}");
        }
    }

    #[test]
    fn words_behind_a_host_are_no_part_of_it() {
        let text = Text::new("rsj.gov.cn点app里看");
        assert_eq!(host(&text, 0), ("rsj.gov.cn".to_owned(), 10));
        let text = Text::new("tiku-dot-");
        assert_eq!(host(&text, 0), ("tiku-dot".to_owned(), 8));
    }
}
