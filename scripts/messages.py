"""Translations without GNU gettext: `update` .po from the sources, `compile` to .mo, `check` that nothing is missing.

Message ids are English. Simplified Chinese is written by people, in `locale/zh_Hans`; Traditional Chinese is made from
it by OpenCC and put right by `locale/zh_Hant.overrides.yaml`. Compiling needs Babel only, so it runs wherever the
product runs.
"""

import io
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
OVERRIDES = LOCALE / "zh_Hant.overrides.yaml"
NO_PRODUCT = {"tests", "bench", "scripts", "var", "node_modules"}
_CONTEXT = (1, "c")
_SINGULAR: dict[str, Any] = dict.fromkeys(("_", "_lazy", "gettext", "gettext_lazy", "gettext_noop"))
_PLURAL = dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2))
_IN_CONTEXT = dict.fromkeys(("pgettext", "pgettext_lazy"), (_CONTEXT, 2))
_PLURAL_IN_CONTEXT = dict.fromkeys(("npgettext", "npgettext_lazy"), (_CONTEXT, 2, 3))
KEYWORDS: dict[str, Any] = _SINGULAR | _PLURAL | _IN_CONTEXT | _PLURAL_IN_CONTEXT


def po_path(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


# ---- extract -----------------------------------------------------------------------------------


def template() -> Catalog:
    """Every message of the sources, with the files it stands in."""
    catalog = Catalog(project="Opinion Desk", charset="utf-8")
    for path, source in _sources():
        found = extract("python", io.BytesIO(source.encode()), keywords=KEYWORDS, comment_tags=("Translators:",))
        for _line, message, comments, context in found:
            name = path.relative_to(ROOT).as_posix()
            catalog.add(message, locations=[(name, 0)], auto_comments=comments, context=context)
    return catalog


def _sources() -> Iterator[tuple[Path, str]]:
    packages = [path.parent for path in sorted(ROOT.glob("*/__init__.py")) if path.parent.name not in NO_PRODUCT]
    for package in packages:
        for path in sorted(package.rglob("*.py")):
            yield path, path.read_text(encoding="utf-8")
    folders = [ROOT / "templates", *(package / "templates" for package in packages)]
    for path in sorted(path for folder in folders for path in folder.rglob("*.*")):
        if path.suffix in {".html", ".txt"}:
            yield path, _as_python(path)


def _as_python(path: Path) -> str:
    """Django blanks out all of a template but its messages; the bracket keeps indentation from mattering."""
    from django.utils.translation.template import templatize  # noqa: PLC0415 -- compiling must not need Django

    return "(\n" + str(templatize(path.read_text(encoding="utf-8"), origin=str(path))) + "\n)"


# ---- update ------------------------------------------------------------------------------------


def update() -> None:
    """Bring both .po files up to date: translations are kept, what nobody says any more is dropped."""
    sources = template()
    simplified = read("zh_Hans")
    _merge(simplified, sources)
    write("zh_Hans", simplified)
    write("zh_Hant", traditional(simplified))


def read(language: str) -> Catalog:
    path = po_path(language)
    if not path.exists():
        return _new(language)
    with path.open("rb") as handle:
        return read_po(handle, locale=language)


def _new(language: str) -> Catalog:
    return Catalog(
        locale=language,
        project="Opinion Desk",
        version="1",
        header_comment="# Opinion Desk. Written by `make messages`; translations are kept.",
        msgid_bugs_address="-",
        last_translator="Opinion Desk",
        language_team="Opinion Desk",
        revision_date=datetime.now(UTC),
        charset="utf-8",
        fuzzy=False,
    )


def _merge(catalog: Catalog, sources: Catalog) -> None:
    catalog.update(sources, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()


def traditional(simplified: Catalog) -> Catalog:
    from opencc import OpenCC  # noqa: PLC0415 -- needed by translators only

    overrides = yaml.safe_load(OVERRIDES.read_text(encoding="utf-8")) if OVERRIDES.exists() else {}
    terms, fixed = overrides.get("terms") or {}, overrides.get("messages") or {}
    to_taiwan = OpenCC("s2twp").convert

    def convert(text: str) -> str:
        made = to_taiwan(text)
        for wrong, right in terms.items():
            made = made.replace(wrong, right)
        return str(made)

    catalog = _new("zh_Hant")
    catalog.creation_date, catalog.revision_date = simplified.creation_date, simplified.revision_date
    for message in simplified:
        if message.id:
            text = fixed.get(first_form(message.id)) or _each(message.string or "", convert)
            catalog.add(message.id, text, locations=message.locations, flags=message.flags, context=message.context)
    return catalog


def first_form(text: str | tuple[str, ...] | list[str]) -> str:
    return text if isinstance(text, str) else text[0]


def _each(text: str | tuple[str, ...] | list[str], convert: Callable[[str], str]) -> str | tuple[str, ...]:
    return convert(text) if isinstance(text, str) else tuple(convert(part) for part in text)


def write(language: str, catalog: Catalog) -> None:
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=110, sort_output=True, ignore_obsolete=True, include_lineno=False)
    path = po_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())


# ---- compile -----------------------------------------------------------------------------------


def compile_all() -> list[Path]:
    """Write every .mo that is missing or older than its .po; returns those written."""
    written = []
    for po in sorted(LOCALE.glob("*/LC_MESSAGES/django.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime_ns > po.stat().st_mtime_ns:
            continue
        draft = mo.with_suffix(f".{os.getpid()}")  # a server that starts meanwhile must not read half a file
        with draft.open("wb") as target:
            write_mo(target, _translated_part(read(po.parent.parent.name)))
        draft.replace(mo)
        written.append(mo)
    return written


def _translated_part(catalog: Catalog) -> Catalog:
    """An empty plural form would be shown as nothing at all; without it the English one is."""
    for message in [message for message in catalog if message.id and not all(_forms(message))]:
        catalog.delete(message.id, context=message.context)
    return catalog


# ---- check -------------------------------------------------------------------------------------


def problems() -> list[str]:
    """What keeps the screens from being wholly in Chinese, one sentence each."""
    sources = template()
    simplified, hant = read("zh_Hans"), read("zh_Hant")
    found = [*_gaps("zh_Hans", simplified, sources), *_gaps("zh_Hant", hant, sources)]
    made = {_key(message): message.string for message in traditional(simplified) if message.id}
    stale = [message for message in hant if message.id and made.get(_key(message)) != message.string]
    return found + [f"zh_Hant: not as made from zh_Hans: {first_form(message.id)!r}" for message in stale]


def _gaps(language: str, catalog: Catalog, sources: Catalog) -> Iterator[str]:
    known = {_key(message): message for message in catalog if message.id}
    wanted = {_key(message) for message in sources if message.id}
    for message in sources:
        if message.id and _key(message) not in known:
            yield f"{language}: not in the file: {first_form(message.id)!r}"
    for key, message in known.items():
        if key not in wanted:
            yield f"{language}: nobody says it any more: {first_form(message.id)!r}"
        if message.fuzzy:
            yield f"{language}: fuzzy: {first_form(message.id)!r}"
        if not all(_forms(message)):
            yield f"{language}: untranslated: {first_form(message.id)!r}"
        for error in message.check(catalog):
            yield f"{language}: {error}: {first_form(message.id)!r}"


def _forms(message: Message) -> list[str]:
    """Its translation, or one for each plural form."""
    return [message.string or ""] if isinstance(message.string, str | None) else list(message.string)


def _key(message: Message) -> tuple[str, str | None]:
    return first_form(message.id), message.context


def main() -> int:
    verb = sys.argv[1] if len(sys.argv) == 2 else ""
    if verb == "update":
        update()
    elif verb == "compile":
        compile_all()
    elif verb == "check":
        found = problems()
        print("\n".join(found) or "Every message is translated.")
        return bool(found)
    else:
        print("usage: messages.py update | compile | check", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
