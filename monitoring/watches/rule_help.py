"""The help of the rule language: every example is run by a test."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Example:
    """A rule, what it says, a text it finds and one it leaves alone."""

    rule: str
    words: Promise
    finds: str
    leaves: str


def examples() -> tuple[Example, ...]:
    return _EXAMPLES


_EXAMPLES = (
    Example("云栖家居", _("A word or phrase."), "云栖家居的床垫塌了", "远山家居的床垫塌了"),
    Example("云栖 | 云溪", _("Any of these: a bar, or a new line."), "云溪的客服不理人", "客服不理人"),
    Example(
        "云栖 +漏水", _("All of these: a plus directly before the word."), "云栖装的热水器漏水", "云栖的热水器很好"
    ),
    Example("云栖 -招聘", _("None of these: a minus directly before the word."), "云栖的床塌了", "云栖招聘店长"),
    Example(
        "云栖 {云栖大会, 云栖小镇}",
        _("Except inside these phrases."),
        "云栖大会旁边的云栖门店漏水",
        "云栖大会今天开幕",
    ),
    Example(
        "[near 10: 退款 | 退货, 客服]",
        _("Near: at most 10 characters between them, in either order."),
        "要求退货，客服不理",
        "退款到账了。过了很久以后又来问了一次的是新来的客服",
    ),
    Example("[exact: 小米]", _("Exactly as written: no disguised spellings."), "小米手机坏了", "小·米手机坏了"),
    Example('"C++ | Rust"', _("Quotes, where a phrase holds a sign of the language."), "学C++ | Rust的人", "学C++的人"),
    Example(
        "[@: 云栖家居, 云栖官方]", _("One of our accounts is addressed."), "求助 @云栖家居 漏水", "求助 @云栖家居粉丝团"
    ),
    Example(
        "[regex: 赔.{0,5}\\d+元]",
        _("A regular expression, of lower-case, half-width, Simplified text."),
        "只肯赔偿３００元",
        "只肯赔礼道歉",
    ),
)
