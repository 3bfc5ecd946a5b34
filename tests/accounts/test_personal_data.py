import base64
from io import StringIO
from typing import Any, cast

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import call_command
from django.db import connection

from accounts.enums import AccessAction
from accounts.errors import Invalid
from accounts.fields import Undecipherable, blind_index, keyring
from accounts.masking import mask_phone
from accounts.models import AccessLog, User
from accounts.personal_data import PersonalData
from accounts.services import reveal
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

OLD, NEW = (base64.urlsafe_b64encode(bytes([n]) * 32).decode() for n in (1, 2))


class Known(User, PersonalData):
    """A person whose phone is personal data, as complainants and journalists are."""

    personal_fields = {"phone": mask_phone}

    class Meta:
        proxy = True
        app_label = "accounts"


@pytest.fixture
def known(agent) -> Known:
    User.objects.filter(pk=agent.pk).update(phone="13800138000")
    row: Any = Known.objects.get(pk=agent.pk)
    return cast("Known", row)


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM accounts_user WHERE phone <> ''")
        return str(cursor.fetchone()[0])


def test_the_database_never_sees_the_text_in_clear_nor_the_same_cipher_twice():
    user = UserFactory(phone="13800138000")
    first = stored()
    user.save()

    assert first != stored()
    assert "13800138000" not in first
    assert User.objects.get(pk=user.pk).phone == "13800138000"


def test_empty_stays_empty_and_can_be_asked_for():
    UserFactory(username="silent")
    UserFactory(username="reachable", phone="13800138000")

    assert User.objects.get(phone="").username == "silent"
    assert User.objects.exclude(phone="").get().username == "reachable"


@pytest.mark.parametrize("lookup", ["phone", "phone__contains", "phone__in", "phone__startswith", "phone__gt"])
def test_an_encrypted_field_refuses_to_be_searched(lookup):
    with pytest.raises(FieldError, match="blind index"):
        list(User.objects.filter(**{lookup: "138"}))


def test_a_new_key_encrypts_while_the_old_one_still_opens(settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    user = UserFactory(phone="13800138000")
    index = blind_index("13800138000", purpose="phone")

    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    assert User.objects.get(pk=user.pk).phone == "13800138000"
    assert blind_index("13800138000", purpose="phone") == index

    call_command("rotate_field_keys", stdout=(out := StringIO()))
    assert "accounts.User.phone: 1 encrypted anew." in out.getvalue()
    assert stored().startswith(keyring().current)
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert User.objects.get(pk=user.pk).phone == "13800138000"


def test_a_lost_key_or_a_changed_text_is_said_so(settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    cipher = keyring().encrypt("13800138000")
    with pytest.raises(Undecipherable, match="changed or cut off"):
        keyring().decrypt(cipher[:-4] + "AAA=")

    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(Undecipherable, match="No key"):
        keyring().decrypt(cipher)


@pytest.mark.parametrize("key", ["short", "", "ünïcode", base64.urlsafe_b64encode(b"x" * 31).decode()])
def test_a_key_of_the_wrong_size_is_refused(settings, key):
    settings.FIELD_ENCRYPTION_KEYS = [key]

    with pytest.raises(ImproperlyConfigured, match="32 bytes"):
        keyring()


def test_a_blind_index_is_the_same_for_the_same_and_apart_per_purpose():
    assert blind_index("138", purpose="phone") == blind_index("138", purpose="phone")
    assert blind_index("138", purpose="phone") != blind_index("138", purpose="login")
    assert blind_index("138", purpose="phone") != blind_index("139", purpose="phone")
    assert blind_index("", purpose="phone") == ""


def test_screens_show_the_mask(known):
    assert known.masked("phone") == "138****8000"
    known.phone = ""
    assert known.masked("phone") == ""


def test_revealing_gives_the_clear_text_and_logs_the_look(known, supervisor, now):
    assert reveal(supervisor, known, "phone", reason=" call back ", ip="203.0.113.7", now=now) == "13800138000"

    look = AccessLog.objects.get()
    assert (look.user, look.action, look.subject) == (supervisor, AccessAction.VIEW_PERSONAL, f"known:{known.pk}")
    assert (look.field, look.reason, look.ip, look.at) == ("phone", "call back", "203.0.113.7", now)


@pytest.mark.parametrize("reason", ["", "   "])
def test_revealing_without_a_reason_is_refused_and_shows_nothing(known, supervisor, now, reason):
    with pytest.raises(Invalid) as refusal:
        reveal(supervisor, known, "phone", reason=reason, ip=None, now=now)

    assert refusal.value.code == "reason_required"
    assert list(refusal.value.fields) == ["reason"]
    assert AccessLog.objects.count() == 0


@pytest.mark.parametrize("field", ["password", "username", "nonsense"])
def test_only_personal_fields_can_be_revealed(known, supervisor, now, field):
    with pytest.raises(Invalid, match="not personal data"):
        reveal(supervisor, known, field, reason="curious", ip=None, now=now)
