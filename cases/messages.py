"""What people are told about cases. Titles of cases never travel: the number does, the gate decides who opens it."""

from django.utils.translation import gettext_lazy as _

from notifications.messages import register

register("case.assigned", title=_("%(number)s is yours"), body=_("%(by)s assigned the case to you."))
register("case.plan_waiting", title=_("A plan of %(number)s waits for you"), body=_("%(by)s submitted it."))
register("case.plan_approved", title=_("The plan of %(number)s is approved"), body=_("%(by)s approved it."))
register("case.plan_rejected", title=_("The plan of %(number)s came back"), body=_("%(by)s rejected it with a reason."))
register("case.handed_over", title=_("%(number)s was handed over to you"), body=_("%(by)s handed it over."))
register("case.named", title=_("You are named on %(number)s"), body=_("%(by)s named you."))
