"""What the ways out of the house say about themselves."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from notifications.enums import ChannelKind
from notifications.messages import register


def words(params: dict[str, Any]) -> dict[str, Any]:
    kind = params.get("kind", "")
    return {"kind": ChannelKind(kind).label if kind in ChannelKind.values else kind}


register(
    "channel.broken",
    title=_("A channel does not work: %(name)s"),
    body=_("%(kind)s answered %(code)s. What waits goes by other channels; it is tried again by itself."),
    words=words,
)
register("channel.test", title=_("Test letter from the desk"), body=_("Mail of the desk arrives here."))
register(
    "channel.works",
    title=_("A channel works again: %(name)s"),
    body=_("It did not work since %(since_at)s; %(moved)s messages went another way meanwhile."),
)
register(
    "channel.disabled",
    title=_("A channel was switched off: %(name)s"),
    body=_("%(kind)s did not take messages any more (%(code)s). Put it right, then switch it on again."),
    words=words,
)
