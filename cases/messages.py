"""What people are told about cases. Titles of cases never travel: the number does, the gate decides who opens it."""

from django.utils.translation import gettext_lazy as _

from notifications.messages import register

register("case.assigned", title=_("%(number)s is yours"), body=_("%(by)s assigned the case to you."))
register("case.plan_waiting", title=_("A plan of %(number)s waits for you"), body=_("%(by)s submitted it."))
register("case.plan_approved", title=_("The plan of %(number)s is approved"), body=_("%(by)s approved it."))
register("case.plan_rejected", title=_("The plan of %(number)s came back"), body=_("%(by)s rejected it with a reason."))
register("case.handed_over", title=_("%(number)s was handed over to you"), body=_("%(by)s handed it over."))
register("case.named", title=_("You are named on %(number)s"), body=_("%(by)s named you."))
register(
    "task.asked",
    title=_("A task for %(unit)s, to be answered by %(due_at)s"),
    body=_("%(by)s asks. Open it to read the question and to answer."),
)
register("task.answered", title=_("%(unit)s has answered"), body=_("%(by)s answered the task. Open it to read."))
register(
    "task.passed_on",
    title=_("A task was passed on to %(unit)s"),
    body=_("%(by)s passed it on, with a reason. It is still due by %(due_at)s."),
)
register("task.assigned", title=_("A task for %(unit)s is yours"), body=_("%(by)s gave it to you. Due by %(due_at)s."))
register("task.dated", title=_("A task for %(unit)s has another time"), body=_("%(by)s set it: due by %(due_at)s."))
register("task.withdrawn", title=_("A task for %(unit)s was withdrawn"), body=_("%(by)s needs no answer any more."))
