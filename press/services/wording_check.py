from press import wording
from press.models import WordingRule


def check_wording(text: str) -> list[wording.Finding]:
    """What the rules in use say about a text; one query."""
    return wording.find(text, [rule.as_rule() for rule in WordingRule.objects.filter(is_active=True)])
