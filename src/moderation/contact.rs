//! Ways to reach somebody elsewhere: e-mail addresses, accounts of messengers, codes to sign in.

use crate::moderation::{
    fold::Folded,
    verdict::{Category, Hit},
};

/// What stands between a name and the account, and at most how many of them.
const FILLERS: &[char] = &[
    ' ', ':', '：', '是', '为', '号', '群', '的', '我', '加', '搜', '=', '(', '（', '"', '“', '，',
    ',', '+',
];
const FILLERS_MAX: usize = 6;
/// The longest parts of an address that are looked at (RFC 5321, section 4.5.3.1).
const LOCAL_BYTES_MAX: usize = 64;
const DOMAIN_BYTES_MAX: usize = 255;

/// An account that stands after one of its names.
struct Account {
    names: &'static [&'static str],
    /// How long the account at the beginning of a text is; 0 when there is none.
    len: fn(&str) -> usize,
    rule: &'static str,
    reason: &'static str,
}

const ACCOUNTS: [Account; 3] = [
    Account {
        names: &["微信", "weixin", "wechat", "vx", "wx", "v信", "薇信", "加v", "私我v"],
        len: wechat,
        rule: "contact.wechat",
        reason: "微信号",
    },
    Account { names: &["qq", "扣扣", "企鹅号"], len: qq, rule: "contact.qq", reason: "QQ号" },
    Account {
        names: &["验证码", "短信码", "动态码", "校验码", "动态密码"],
        len: code,
        rule: "contact.code",
        reason: "验证码",
    },
];

/// Adds the contacts of a text.
pub(super) fn judge(text: &Folded, hits: &mut Vec<Hit<'_>>) {
    for account in &ACCOUNTS {
        for name in account.names {
            for (at, _) in text.text().match_indices(name) {
                account.judge(text, at, at + name.len(), hits);
            }
        }
    }
    emails(text, hits);
}

impl Account {
    /// Adds the account after the name that stands from `at` to `end`.
    fn judge(&self, text: &Folded, at: usize, end: usize, hits: &mut Vec<Hit<'_>>) {
        let (before, after) = text.text().split_at(end);
        let is_latin = |c: char| c.is_ascii_alphanumeric();
        if before[at..].starts_with(is_latin) && before[..at].ends_with(is_latin) {
            return;
        }
        let mut rest = after;
        for _ in 0..FILLERS_MAX {
            rest = rest.strip_prefix(FILLERS).unwrap_or(rest);
        }
        // 加vip is no name followed by an account.
        let is_longer_word = rest.len() == after.len()
            && before.ends_with(|c: char| c.is_ascii_alphabetic())
            && rest.starts_with(|c: char| c.is_ascii_alphabetic());
        let len = (self.len)(rest);
        if len > 0 && !is_longer_word {
            let start = text.text().len() - rest.len();
            let at = text.original(start..start + len);
            hits.push(hit(at, self.rule, self.reason));
        }
    }
}

fn hit(at: std::ops::Range<usize>, rule: &'static str, reason: &'static str) -> Hit<'static> {
    Hit { at, rule, reason, category: Category::Privacy, score: 85 }
}

/// A letter, then 5 to 19 letters, digits, `_` and `-`. Plain words are passed over: what is no
/// word has a digit or a sign in it.
fn wechat(text: &str) -> usize {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let account = text.chars().take(21).take_while(|c| is_part(*c)).count();
    let is_word = text[..account].chars().all(|c| c.is_ascii_alphabetic());
    let is_account = text.starts_with(|c: char| c.is_ascii_alphabetic()) && !is_word;
    if is_account && (6..=20).contains(&account) { account } else { 0 }
}

/// 5 to 11 digits that do not begin with 0.
fn qq(text: &str) -> usize {
    let digits = digits(text, 12);
    if (5..=11).contains(&digits) && !text.starts_with('0') { digits } else { 0 }
}

/// 4 to 8 digits that count nothing.
fn code(text: &str) -> usize {
    let digits = digits(text, 9);
    let counts = text[digits..].starts_with(['位', '年', '次', '秒', '分', '元']);
    if (4..=8).contains(&digits) && !counts { digits } else { 0 }
}

fn digits(text: &str, max: usize) -> usize {
    text.bytes().take(max).take_while(u8::is_ascii_digit).count()
}

/// Addresses of people; those of offices (`.gov.cn`) are published with every announcement.
fn emails(text: &Folded, hits: &mut Vec<Hit<'_>>) {
    for (at, _) in text.text().match_indices('@') {
        let bytes = text.text().as_bytes();
        let is_local = |byte: &&u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(byte);
        let is_domain = |byte: &&u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
        let local = bytes[..at].iter().rev().take(LOCAL_BYTES_MAX).take_while(is_local).count();
        let domain = bytes[at + 1..].iter().take(DOMAIN_BYTES_MAX).take_while(is_domain).count();
        let domain = text.text()[at + 1..at + 1 + domain].trim_end_matches(['.', '-']);
        let is_address = domain.rsplit_once('.').is_some_and(|(name, top)| {
            !name.is_empty() && top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic())
        });
        if local > 0 && is_address && !domain.ends_with(".gov.cn") {
            let at = text.original(at - local..at + 1 + domain.len());
            hits.push(hit(at, "contact.email", "电子邮箱"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, &'static str)> {
        let mut hits = Vec::new();
        let folded = Folded::new(text);
        judge(&folded, &mut hits);
        let rule = |rule: &str| match rule {
            "contact.wechat" => "wechat",
            "contact.qq" => "qq",
            "contact.code" => "code",
            _ => "email",
        };
        hits.iter().map(|hit| (&text[hit.at.clone()], rule(hit.rule))).collect()
    }

    #[test]
    fn accounts_are_found_after_their_names() {
        assert_eq!(found("加我微信 gk_teacher_2026 ，"), [("gk_teacher_2026", "wechat")]);
        assert_eq!(found("ＶＸ：ｇｋ－８８ｌｉ"), [("ｇｋ－８８ｌｉ", "wechat")]);
        assert_eq!(found("QQ 2837465109"), [("2837465109", "qq")]);
        assert_eq!(found("扣扣群：123456"), [("123456", "qq")]);
        assert_eq!(found("验证码是482917，"), [("482917", "code")]);
    }

    #[test]
    fn words_that_follow_a_name_are_no_accounts() {
        for text in [
            "QQ浏览器打不开",
            "微信小程序",
            "微信windows版",
            "加vip2026班",
            "swx123456",
            "qq音乐123456789012",
            "验证码收到了6位",
            "验证码1234位",
            "扣扣题目细节",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn addresses_of_people_are_found_and_those_of_offices_are_not() {
        assert_eq!(found("发我邮箱li.hua2026@163.com."), [("li.hua2026@163.com", "email")]);
        assert_eq!(found("报名材料发rsj@hangzhou.gov.cn"), []);
        for text in ["@老师", "a@b", "a@.com", "5@6.7", "@@@@"] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
