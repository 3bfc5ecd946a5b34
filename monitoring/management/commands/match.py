"""`manage.py match --rules FILE`: which watch rules texts fulfil, and where."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from language.jsonlines import text_of
from language.matching import Matcher
from language.rules import Rule, RuleError, parse_rule
from monitoring.management.commands._jsonlines import stream


class Command(BaseCommand):
    """JSON lines {"id", "text"} → {"id", "watches": [{"id", "spans", "suspected"}]}."""

    help = "Read JSON lines with a text from standard input, write which rules of a file they fulfil."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rules", required=True, type=Path, help='a file of JSON lines {"id", "rule"}')

    def handle(self, *args: Any, **options: Any) -> None:
        names, rules = self._read(options["rules"])
        matcher = Matcher(rules)

        def matched(texts: list[str]) -> Iterator[dict[str, Any]]:
            found = matcher.match_all(texts)
            for number in range(len(texts)):
                hits = found.get(number, ())
                yield {"watches": [{"id": names[h.id], "spans": h.spans, "suspected": h.suspected} for h in hits]}

        stream(text_of, matched, self.stdout)

    def _read(self, path: Path) -> tuple[dict[str, Any], dict[str, Rule]]:
        """Rules by their place in the file, and the ids they go by. A bad rule is named and left out."""
        names: dict[str, Any] = {}
        rules: dict[str, Rule] = {}
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as problem:
            raise CommandError(f"The rules cannot be read: {problem}") from None
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                item = json.loads(line)
                rule = item["rule"]
                rules[str(number)] = Rule.from_dict(rule) if isinstance(rule, dict) else parse_rule(rule)
                names[str(number)] = item["id"]
            except RuleError as problem:
                self.stderr.write(f"{path.name}:{number}: left out: {problem}")
            except (ValueError, KeyError, TypeError):
                self.stderr.write(f'{path.name}:{number}: left out: not a JSON object with "id" and "rule"')
        return names, {key: rule for key, rule in rules.items() if key in names}
