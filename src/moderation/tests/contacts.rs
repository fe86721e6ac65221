//! Accounts, addresses and links, however they are written, and what only looks like them.

use super::{found, judge};

#[track_caller]
fn hits(rule: &str, texts: &[&str]) {
    for text in texts {
        let found = found(text);
        assert!(found.iter().any(|hit| hit.starts_with(&format!("{rule}: "))), "{text}: {found:?}");
    }
}

#[test]
fn a_mail_address_is_found_with_its_signs_in_words_brackets_and_blanks() {
    hits(
        "contact.email",
        &[
            "简历投 zhou.min @ 163 . com",
            "邮箱zhoumin88[at]gmail[dot]com",
            "邮箱zhoumin88（at）foxmail（点）com",
            "zhoumin at qq dot com",
            "zhoumin88 小老鼠 126 点 com",
            "邮箱 zhou_min#qq.com，把井号换掉",
            "我的邮箱zhoumin88在163.com",
            "z h o u @ q q . c o m",
            "资料发 zhoumin@sina.com",
            "📧 zhou_min🅰️qq.com",
            "邮 箱 是 z h oumin.xu@ foxm ail. com， 麻 烦",
            "邮*箱z|houmin·.xu@f·o-xm~ai*l.-com，麻烦",
        ],
    );
    for text in [
        "邮箱 rsks@hefei.gov.cn 咨询",
        "@全体同学 今晚8点开课",
        "打开 www.sina.com 看新闻",
        "早上8点com课",
    ] {
        assert_eq!(found(text), [""; 0], "{text}");
    }
}

#[test]
fn a_link_is_found_with_its_dots_in_words_and_by_its_scheme() {
    hits(
        "link.other",
        &[
            "网址 tikuziliao 点 xyz 自己输",
            "浏览器打开 tikuziliao[.]top",
            "进 www . tikuziliao . com 报名",
            "tikuziliao.top?from=3 免费",
            "hxxp://tikuziliao.top/a",
            "看 www.tiku zi-liao.t o p /gk",
            "h ttp s:// tiku zi liao. to p/a",
        ],
    );
    hits("link.pay", &["alipays://platformapi/startapp?appId=2026", "付款 wxp://f2f0QwErTy"]);
    hits("link.contact", &["weixin://dl/chat?zhou", "tg://resolve?domain=zhou"]);
}

#[test]
fn an_account_is_found_glued_to_its_name_and_before_it() {
    hits(
        "contact.qq",
        &["qq2837465109加我", "2837465109 是我的QQ", "Q：2837465109", "28374651 qq"],
    );
    hits(
        "contact.wechat",
        &["zhou_9527是我微信", "zhou9527，这是我微信号", "9527zhou 是我v", "微信号zhou 9527"],
    );
    hits(
        "contact.code",
        &["382910 这是验证码", "382910，您要的验证码", "38 29 10是刚收到的验证码"],
    );
    for text in [
        "30011001 是QQ群里说的那个岗吗",
        "12306的验证码收不到",
        "95588，验证码短信一直不来",
        "手机是mate60 微信打不开",
        "我报了2026，QQ群里没人",
        "微信2026新版本更新了吗",
        "Q：行测和申论各多少分",
        "第12345题是q吗",
    ] {
        assert_eq!(found(text), [""; 0], "{text}");
    }
}

#[test]
fn what_introduces_an_account_may_stand_in_the_message_before() {
    use crate::moderation::{Action, Question, tests::engine};
    for (earlier, text) in [
        (["邮箱zhoumin88", "@163"], ".com"),
        (["浏览器打开", "tikuziliao"], ".top"),
        (["老师", "验证码"], "382910"),
        (["你记一下", "382910"], "是验证码"),
    ] {
        let question = Question { earlier: &earlier, ..super::question(text) };
        assert_eq!(engine().judge(question).action, Action::Warn, "{earlier:?} {text}");
        assert_eq!(judge(text).action, Action::Allow, "{text}");
    }
}
