"""Personal data as everybody may see it. Masks are made on the server; the clear text needs a reason and a log row.

Free text is searched in a copy with full-width characters folded one to one, so that positions stay those of the
original. Order, parcel and transaction numbers stay readable: an agent lives by them.
"""

import re
from collections.abc import Callable
from datetime import date

STAR = "*"
COMPOUND_SURNAMES = (
    "欧阳", "歐陽", "司马", "司馬", "上官", "诸葛", "諸葛", "东方", "東方", "皇甫", "尉迟", "尉遲",
    "公孙", "公孫", "慕容", "令狐", "长孙", "長孫", "宇文", "司徒", "夏侯", "端木", "百里", "南宫", "南宮",
)  # fmt: skip

FOLD = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x2013: 0x2D, 0x2014: 0x2D}

# ASCII borders: Chinese characters count as letters for \b, but end a number for a reader.
_BEFORE, _AFTER = r"(?<![0-9A-Za-z])(?<![0-9A-Za-z][-_.#/])", r"(?![0-9A-Za-z])(?![-_/][0-9A-Za-z])"
_GAP = r"[ -]?"
EMAIL = re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
ID_NUMBER = re.compile(rf"{_BEFORE}[1-8][0-9]{{5}}(?:19|20)[0-9]{{9}}[0-9Xx]{_AFTER}")
MOBILE = re.compile(
    rf"{_BEFORE}(?:(?:\+|00)?86{_GAP})?1[3-9][0-9](?:[0-9]{{8}}|{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}){_AFTER}"
)
LANDLINE = re.compile(rf"{_BEFORE}\(?0[0-9]{{2,3}}(?:\)|-| )[0-9]{{7,8}}{_AFTER}")
CARD = re.compile(rf"{_BEFORE}(?:62|4|5[1-5])[0-9](?:{_GAP}[0-9]){{12,16}}{_AFTER}")
# A number introduced as one of these is the trade's, whatever it looks like.
BUSINESS_NUMBER = re.compile(
    r"(?:订单|訂單|单号|單號|运单|運單|快递|快遞|物流|流水|交易|工单|工單|案件|编号|編號|发票|發票|order|tracking|invoice)"
    r"[号號码碼]?(?: ?(?:no|number|id))?[\s.:#为為是，,]*$",
    re.IGNORECASE,
)
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def mask_name(name: str) -> str:
    """张*; the number of stars says nothing about the length."""
    name = name.strip()
    if not name:
        return ""
    kept = 2 if len(name) > 2 and name.startswith(COMPOUND_SURNAMES) else 1
    return name[:kept] + STAR


def mask_phone(phone: str) -> str:
    """138****8000; a country code stays, other numbers keep their last digits only."""
    digits = re.sub(r"[^0-9]", "", phone.translate(FOLD))
    if (country := re.match(r"(?:00)?86(?=1[3-9][0-9]{9}$)", digits)) is not None:
        return f"+86 {mask_phone(digits[country.end() :])}"
    if len(digits) >= 10:
        return f"{digits[:3]}{STAR * 4}{digits[-4:]}"
    return _tail(digits, 4) if len(digits) >= 7 else STAR * 4 if phone.strip() else ""


def mask_email(email: str) -> str:
    """t***t@example.com"""
    local, at, domain = email.strip().rpartition("@")
    if not at or not local:
        return STAR * 3 if email.strip() else ""
    return f"{local[0]}***{local[-1] if len(local) > 2 else ''}@{domain}"


def mask_id_number(number: str) -> str:
    """110101********1234: the date of birth goes."""
    number = number.strip()
    if len(number) < 11:
        return STAR * len(number)
    return f"{number[:6]}{STAR * (len(number) - 10)}{number[-4:]}"


def mask_card(number: str) -> str:
    """Only the last four digits."""
    digits = re.sub(r"[^0-9]", "", number.translate(FOLD))
    return _tail(digits, 4) if len(digits) >= 8 else STAR * 4 if number.strip() else ""


def mask_address(address: str) -> str:
    """Province, city and district stay; street and door go."""
    address = address.strip()
    if not address:
        return ""
    found = re.match(r".{1,24}?(?:区|區|县|縣|旗)(?!域)|.{1,16}?(?:市|州|盟)", address)
    kept = found.group() if found else address[: min(3, len(address) // 2)]
    return kept + STAR * 3


def mask_free_text(text: str) -> str:
    """Mail addresses, identity numbers, phones and bank cards inside a text; everything else stays as it was."""
    folded = text.translate(FOLD)
    for pattern, mask in _FINDERS:
        text, folded = _replaced(text, folded, pattern, mask)
    return text


def _replaced(text: str, folded: str, pattern: re.Pattern[str], mask: Callable[[str], str]) -> tuple[str, str]:
    parts: list[tuple[str, str]] = []
    end = 0
    for match in pattern.finditer(folded):
        masked = mask(match.group())
        if not masked or BUSINESS_NUMBER.search(folded, max(0, match.start() - 24), match.start()):
            continue
        parts += [(text[end : match.start()], folded[end : match.start()]), (masked, masked)]
        end = match.end()
    parts.append((text[end:], folded[end:]))
    return "".join(original for original, _copy in parts), "".join(copy for _original, copy in parts)


def _id_in_text(number: str) -> str:
    """Empty unless it is one: a real date and the right check digit, which one order number in thousands has."""
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return ""
    total = sum(int(digit) * weight for digit, weight in zip(number, ID_WEIGHTS, strict=False))
    return mask_id_number(number) if "10X98765432"[total % 11] == number[-1].upper() else ""


def _card_in_text(number: str) -> str:
    digits = [int(digit) for digit in number if digit.isdigit()]
    doubled = [sum(divmod(digit * 2, 10)) for digit in digits[-2::-2]]
    return mask_card(number) if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 else ""


def _tail(digits: str, kept: int) -> str:
    return STAR * (len(digits) - kept) + digits[-kept:]


_FINDERS: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (EMAIL, mask_email),
    (ID_NUMBER, _id_in_text),
    (CARD, _card_in_text),
    (MOBILE, mask_phone),
    (LANDLINE, mask_phone),
)
