import pytest
from django.core.exceptions import ImproperlyConfigured

from opinion_desk.environment import database_from_url, env_bool, env_int, env_list, env_str, url_of_database


def test_a_variable_may_come_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("from the file\n", encoding="utf-8")
    monkeypatch.setenv("THING_FILE", str(tmp_path / "secret"))

    assert env_str("THING", "default") == "from the file"


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("THING", "")

    assert (env_str("THING", "default"), env_bool("THING", True), env_int("THING", 7)) == ("default", True, 7)


@pytest.mark.parametrize(("text", "value"), [("1", True), ("Yes", True), ("0", False), ("off", False)])
def test_a_switch_is_read_as_people_write_it(monkeypatch, text, value):
    monkeypatch.setenv("THING", text)

    assert env_bool("THING", not value) is value


@pytest.mark.parametrize("read", [lambda: env_bool("THING", False), lambda: env_int("THING", 1)])
def test_a_wrong_value_stops_the_start_and_is_named(monkeypatch, read):
    monkeypatch.setenv("THING", "maybe")

    with pytest.raises(ImproperlyConfigured, match=r"THING must be .* not 'maybe'"):
        read()


def test_a_list_drops_blanks(monkeypatch):
    monkeypatch.setenv("THING", " a, ,b ")

    assert env_list("THING") == ["a", "b"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://u:p%40w@db:5433/desk?sslmode=require",
            ("desk", "u", "p@w", "db", "5433", {"sslmode": "require"}),
        ),
        ("postgresql://desk@/desk?host=/run/sockets", ("desk", "desk", "", "/run/sockets", "", {})),
        ("postgres://%2Frun%2Fpg/desk", ("desk", "", "", "/run/pg", "", {})),
        ("postgresql:///", ("opinion_desk", "", "", "", "", {})),
    ],
)
def test_a_database_address_may_name_a_server_or_a_socket(url, expected):
    read = database_from_url(url)

    assert tuple(read[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")) == expected


@pytest.mark.parametrize(
    "url", ["postgresql://u:p%40w@db:5433/desk?sslmode=require", "postgresql://desk@/desk?host=/run/sockets"]
)
def test_a_database_address_survives_being_handed_on(url):
    read = database_from_url(url)

    assert database_from_url(url_of_database(read)) == read


def test_a_database_of_another_kind_is_refused():
    with pytest.raises(ImproperlyConfigured, match="postgresql://"):
        database_from_url("sqlite:///desk.db")
