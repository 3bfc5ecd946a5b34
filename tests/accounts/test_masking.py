import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.masking import (
    mask_address,
    mask_card,
    mask_email,
    mask_free_text,
    mask_id_number,
    mask_name,
    mask_phone,
)


@pytest.mark.parametrize(
    ("mask", "clear", "masked"),
    [
        (mask_phone, "13800138000", "138****8000"),
        (mask_phone, "138 0013 8000", "138****8000"),
        (mask_phone, "+86 138-0013-8000", "+86 138****8000"),
        (mask_phone, "１３８００１３８０００", "138****8000"),
        (mask_phone, "021-64331234", "021****1234"),
        (mask_phone, "64331234", "****1234"),
        (mask_phone, "12345", "****"),
        (mask_phone, "", ""),
        (mask_id_number, "11010119900307123X", "110101********123X"),
        (mask_id_number, "110101199003071234", "110101********1234"),
        (mask_id_number, "E12345678", "*********"),
        (mask_name, "张三", "张*"),
        (mask_name, "张三丰", "张*"),
        (mask_name, "欧阳娜娜", "欧阳*"),
        (mask_name, "欧阳", "欧*"),
        (mask_name, "John Smith", "J*"),
        (mask_name, " ", ""),
        (mask_email, "test@example.com", "t***t@example.com"),
        (mask_email, "ab@example.com", "a***@example.com"),
        (mask_email, "nonsense", "***"),
        (mask_email, "", ""),
        (mask_card, "6222021234567890123", "***************0123"),
        (mask_card, "6222 0212 3456 7890 123", "***************0123"),
        (mask_address, "上海市浦东新区金桥路100弄3号501室", "上海市浦东新区***"),
        (mask_address, "江苏省昆山市花桥镇1号", "江苏省昆山市***"),
        (mask_address, "金桥路100弄", "金桥路***"),
        (mask_address, "", ""),
    ],
)
def test_masks_are_exactly_these(mask, clear, masked):
    assert mask(clear) == masked


@pytest.mark.parametrize(
    ("clear", "masked"),
    [
        ("电话13800138000请回电", "电话138****8000请回电"),
        ("电话:138-0013-8000。", "电话:138****8000。"),
        ("我的手机是１３８００１３８０００，快点", "我的手机是138****8000，快点"),
        ("call +8613800138000 now", "call +86 138****8000 now"),
        ("座机021-64331234转8", "座机021****1234转8"),
        ("身份证11010119900307109X已核", "身份证110101********109X已核"),
        ("卡号 6222021234567890128 已退款", "卡号 ***************0128 已退款"),
        ("写信到 Li.Ming+a@mail.example.cn。", "写信到 L***a@mail.example.cn。"),
        ("两个号13800138000、13912345678都不通", "两个号138****8000、139****5678都不通"),
    ],
)
def test_personal_data_inside_a_text_is_masked(clear, masked):
    assert mask_free_text(clear) == masked


@pytest.mark.parametrize(
    "text",
    [
        "订单号 JQ-2611-08817",
        "订单号：13800138000",
        "订单13800138000一直不发货",
        "运单号SF1380013800012",
        "单号为 6222021234567890128",
        "case KS-20261121-0042",
        "交易流水 4200001234202611211234567890",
        "淘宝订单 2613800138000123456",
        "编号11010119900307109X",
        "拨打 400-820-8820 或 12315",
        "2026-11-21 10:00 花了3860.50元",
        "ID A13800138000B",
        "身份证样的数字110101199003071091",
        "𠮷林省 👍 全角　空格",
        "",
    ],
)
def test_what_is_no_personal_data_stays_as_it_was(text):
    assert mask_free_text(text) == text


@given(st.text(), st.text())
def test_a_phone_between_any_two_texts_without_digits_or_letters_never_shows(before, after):
    import re

    before, after = (re.sub(r"[0-9A-Za-z０-９Ａ-Ｚａ-ｚ@＠号號单單]", "", text) for text in (before, after))
    text = f"{before}，13800138000，{after}"

    assert "13800138000" not in mask_free_text(text)


@given(st.text())
def test_masking_twice_is_masking_once(text):
    once = mask_free_text(text)

    assert mask_free_text(once) == once
