"""What the record says about the ways out of the house."""

from django.utils.translation import gettext_lazy as _

from timeline.verbs import register

register(
    {
        "channel.created": _("set a channel up"),
        "channel.changed": _("changed a channel"),
        "channel.tested": _("sent a test message"),
        "channel.broke": _("found that a channel does not work"),
        "channel.recovered": _("found that a channel works again"),
        "channel.disabled": _("switched a channel off"),
        "channel.enabled": _("switched a channel on"),
        "channel.paused": _("paused a channel"),
        "channel.secret_changed": _("gave a channel a new secret"),
        "outbox.replayed": _("sent messages again"),
        "person.wishes_changed": _("changed how they want to be told"),
    },
    big={"channel.recovered"},
    bad={"channel.broke", "channel.disabled"},
)
