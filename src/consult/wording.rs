//! What the house says to people, in Chinese and in English.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::moderation::Category;

/// One sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Words {
    /// Chinese, shown first.
    pub(super) zh: Cow<'static, str>,
    /// English.
    pub(super) en: Cow<'static, str>,
}

const fn words(zh: &'static str, en: &'static str) -> Words {
    Words { zh: Cow::Borrowed(zh), en: Cow::Borrowed(en) }
}

/// Shown at the opening of every session with an institution.
pub(super) const REFERENCE_ONLY: Words = words(
    "咨询结果仅供参考，由提供咨询的机构负责。平台会存档并监管全部会话，且不会向机构提供您的个人信息。",
    "The advice is for reference only; the institution is responsible for it. The platform archives \
     and supervises every conversation and gives the institution no personal information about you.",
);

/// Shown at the opening of every session with the platform's own customer service.
pub(super) const SUPPORT_OPENED: Words = words(
    "您正在联系平台客服，会话记录将存档，用于处理您的问题与投诉。",
    "You are talking to the platform's customer service; the conversation is archived to resolve \
     your question or complaint.",
);

/// What the author of a held text is told.
pub(super) fn advice(category: Category) -> Words {
    match category {
        Category::Privacy => words(
            "消息疑似包含手机号、证件号、账号等个人隐私。平台建议不要向机构提供，您可以修改后发送，或确认仍要发送。",
            "The message seems to contain private data such as a phone, ID or account number. We \
             advise against giving it to the institution: edit it, or confirm that you want to send it.",
        ),
        Category::Property => words(
            "消息疑似涉及转账、付款等财产内容。请勿在平台外付款，您可以修改后发送，或确认仍要发送。",
            "The message seems to be about transfers or payments. Do not pay outside the platform: \
             edit it, or confirm that you want to send it.",
        ),
        Category::Sensitive => words(
            "消息疑似包含敏感内容，请修改后发送，或确认仍要发送。",
            "The message seems to contain sensitive content: edit it, or confirm that you want to \
             send it.",
        ),
    }
}

/// What stands in place of a hidden text.
pub(super) fn safety_notice(category: Category) -> Words {
    match category {
        Category::Privacy => words(
            "该消息涉及个人隐私或站外联系方式，已不予显示。请勿泄露个人信息，谨防诈骗。",
            "This message was about private data or contact outside the platform and is not \
             displayed. Do not give away personal data; beware of fraud.",
        ),
        Category::Property => words(
            "该消息涉及转账、付款等财产内容，已不予显示。请勿在平台外付款，谨防诈骗。",
            "This message was about transfers or payments and is not displayed. Do not pay outside \
             the platform; beware of fraud.",
        ),
        Category::Sensitive => words(
            "该消息包含敏感内容，已不予显示。",
            "This message contained sensitive content and is not displayed.",
        ),
    }
}

/// What stands in place of a message that was withdrawn.
pub(super) fn withdrawn(category: Category) -> Words {
    match category {
        Category::Privacy => words(
            "该消息与后续消息合起来涉及个人隐私或站外联系方式，已撤下。请勿泄露个人信息，谨防诈骗。",
            "Together with a later one this message was about private data or contact outside the \
             platform; it was withdrawn. Do not give away personal data; beware of fraud.",
        ),
        Category::Property => words(
            "该消息与后续消息合起来涉及转账、付款等财产内容，已撤下。请勿在平台外付款，谨防诈骗。",
            "Together with a later one this message was about transfers or payments; it was \
             withdrawn. Do not pay outside the platform; beware of fraud.",
        ),
        Category::Sensitive => words(
            "该消息与后续消息合起来包含敏感内容，已撤下。",
            "Together with a later one this message contained sensitive content; it was withdrawn.",
        ),
    }
}

/// What a tutor is called whom the directory no longer knows.
pub(super) const UNKNOWN_TUTOR: &str = "老师";
