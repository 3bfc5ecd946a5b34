import os

import pytest

from opinion_desk import local


def test_keys_are_made_once_and_are_the_owners_alone(tmp_path):
    first = local.ensure_keys(tmp_path / "var")

    assert local.ensure_keys(tmp_path / "var") == first
    assert sorted(first) == ["FIELD_ENCRYPTION_KEYS", "SECRET_KEY"]
    assert (tmp_path / "var" / "secrets.env").stat().st_mode & 0o777 == 0o600


def test_a_desk_is_a_demo_unless_asked_otherwise(tmp_path):
    assert local.settle_demo(tmp_path, "") is True


def test_an_empty_desk_stays_empty_at_the_next_start(tmp_path):
    local.settle_demo(tmp_path, "0")

    assert local.settle_demo(tmp_path, "") is False


def test_an_empty_desk_never_becomes_a_demo(tmp_path):
    local.settle_demo(tmp_path, "0")

    with pytest.raises(local.LocalError, match="started as 'empty' and stays so"):
        local.settle_demo(tmp_path, "1")


def test_a_wrong_demo_switch_is_named(tmp_path):
    with pytest.raises(local.LocalError, match="DEMO must be 1 or 0, not 'perhaps'"):
        local.settle_demo(tmp_path, "perhaps")


def test_two_desks_cannot_share_a_folder(tmp_path):
    with local.only_desk(tmp_path), pytest.raises(local.LocalError, match="already running"), local.only_desk(tmp_path):
        pass


def test_a_running_desk_is_found_only_while_it_runs(tmp_path):
    addresses = {"DATABASE_URL": "postgresql://desk@/x?host=/s", "PORT": "8000"}
    with local.only_desk(tmp_path), local.announced(tmp_path, addresses):
        assert local.running_desk(tmp_path) == addresses

    assert local.running_desk(tmp_path) == {}


def test_addresses_a_killed_desk_left_behind_are_not_believed(tmp_path):
    with local.only_desk(tmp_path):
        pass
    (tmp_path / "run.env").write_text("DATABASE_URL=postgresql://gone\n", encoding="utf-8")

    assert local.running_desk(tmp_path) == {}


def test_the_environment_wins_over_what_the_folder_holds(tmp_path, monkeypatch):
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    monkeypatch.setenv("SECRET_KEY", "given")
    monkeypatch.setenv("FIELD_ENCRYPTION_KEYS", "")
    made = local.ensure_keys(tmp_path)

    local.adopt_environment()

    assert os.environ["SECRET_KEY"] == "given"
    assert os.environ["FIELD_ENCRYPTION_KEYS"] == made["FIELD_ENCRYPTION_KEYS"]
