"""The screens of runbooks: everybody reads, administrators edit, nothing is lost on the way through the form."""

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from escalation import drafts
from escalation import runbooks as library
from escalation.models import Run, Runbook, RunbookVersion
from escalation.runbook_differences import differences
from escalation.runbook_forms import editor_of
from escalation.runbook_text import text_of

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def body_of(code: str) -> dict[str, Any]:
    found: dict[str, Any] = deepcopy(library.current_version(code).body)
    return found


def posted(draft: drafts.Draft) -> dict[str, list[str]]:
    """As a browser would send the editor."""
    data = dict(draft.head)
    for kind in drafts.LISTS:
        for place, raw in enumerate(draft.rows(kind)):
            data |= {f"{kind}-{place}-{name}": values for name, values in raw.items()}
    return data


def saved_by(client: Client, draft: drafts.Draft, *, code: str = "media", base: int = 1, **more: str) -> Any:
    data: dict[str, Any] = posted(draft) | {"base": str(base), "note": "because"} | more
    return client.post(reverse("escalation:runbook_edit", args=[code]), data)


# ---- differences in words -----------------------------------------------------------------------
def test_two_versions_differ_in_words(runbooks: None) -> None:
    old, new = body_of("media"), body_of("media")
    steps = new["steps"]
    steps[1]["due"]["after"] = "20m"
    steps[1]["supporting"] = []
    steps[6]["title"]["zh-hans"] = "答复媒体"
    del steps[2]
    steps[4], steps[3] = steps[3], steps[4]
    steps.append(steps[0] | {"code": "thanks", "due": {"after": "7wd", "from": "step:reply"}, "lead": "unit"})
    for place, step in enumerate(steps, start=1):
        step["position"] = place
    new["ladder"]["warnings"] = [80]
    new["ladder"]["repeat"] = {"every": "10m", "at_most": 6}

    with translation.override("en"):
        reply = "the end of “Reply to the outlet”"
        assert differences(old, old) == []
        assert differences(old, new) == [
            "Ladder: warnings at 50 %, 80 % → 80 %",
            "Ladder: says it again nothing → every 10 min, at most 6 times",
            "Step “Get the outline of questions” is gone",
            f"Step “Receive the media” is new: 7 working days after {reply}, led by the unit itself",
            "Step “Issue the reply script” now comes after “Settle how the complaint is resolved”",
            "Step “Report the risk”: deadline 30 min → 20 min after the start",
            "Step “Report the risk”: supported by Public opinion team of the branch → nothing",
            "Step “Reply to the outlet”: name (简体中文) “回复媒体单位” → “答复媒体”",
        ]
    with translation.override("zh-hans"):
        assert len(differences(old, new)) == 8


def test_the_form_of_a_deadline_is_told_when_it_changes(runbooks: None) -> None:
    old, new = body_of("media"), body_of("media")
    new["steps"][3]["due"] = {"after": {"1": "1h", "2": "2h", "3": "3h", "4": "4h"}, "from": "start"}

    with translation.override("en"):
        before, _arrow, after = differences(old, new)[0].partition(" → ")
    assert before.endswith("deadline 6 h after the start, or at the reporter's deadline if that is earlier")
    assert after == "1 h / 2 h / 3 h / 4 h after the start"


# ---- the draft ----------------------------------------------------------------------------------
def test_every_runbook_goes_through_the_form_unchanged(runbooks: None) -> None:
    for version in RunbookVersion.objects.select_related("runbook"):
        draft = drafts.of_post(posted(drafts.of_body(version.body)).items())
        assert drafts.body_of(draft, code=version.runbook.code) == version.body


def test_rows_are_added_moved_and_removed(runbooks: None) -> None:
    draft = drafts.of_body(body_of("media"))
    first, second = draft.steps[0], draft.steps[1]

    assert drafts.acted(draft, "down:steps:0") == ("steps", 1)
    assert draft.steps[:2] == [second, first]
    assert drafts.acted(draft, "up:steps:0") == ("steps", 0)
    assert drafts.acted(draft, "remove:steps:1") == ("steps", 0)
    assert len(draft.steps) == 7
    assert drafts.acted(draft, "add:climbs") == ("climbs", 6)
    for odd in ("add:cases", "up:steps:99", "remove:steps:x9", "", "x"):
        drafts.acted(draft, odd)


def test_what_is_odd_in_a_post_becomes_a_fault_and_never_a_crash(runbooks: None) -> None:
    odd = {
        "steps-0-due_kind": ["earlier_of"],
        "steps-0-lead": ["wizards:"],
        "steps-0-from_a": ["\x00"],
        "climbs-0-after": ["0m"],
        "climbs-0-tell": ["person"],
        "warnings": ["x"],
    }

    draft = drafts.of_post(odd.items())
    body = drafts.body_of(draft, code="media")
    editor = editor_of(draft, library.faults_of(body))

    assert str(editor.steps[0].errors["lead"][0]).startswith("“wizards” is not a department")
    assert editor.head.errors["warnings"] == ["a warning stands between 1 and 99 percent, not at x"]
    assert editor.faults == []


# ---- screens ------------------------------------------------------------------------------------
def test_everybody_reads_and_only_administrators_edit(
    runbooks: None, sign_in: SignIn, agent: User, administrator: User, client: Client
) -> None:
    page = reverse("escalation:runbook", args=["regulator"])
    assert client.get(page).status_code == 302
    reader = sign_in(agent)
    content = reader.get(page).content.decode()
    assert "7 working days after the start" in content
    assert "60 natural days after the end of" in content
    assert content.count("to be checked") == 3
    assert reader.get(reverse("escalation:runbooks")).status_code == 200
    assert reader.get(reverse("escalation:runbook_text", args=["media", 1])).content.decode() == text_of(
        body_of("media")
    )
    for name in ("runbook_edit", "runbook_import", "runbook_copy"):
        assert reader.get(reverse(f"escalation:{name}", args=["media"])).status_code == 403
        assert sign_in(administrator).get(reverse(f"escalation:{name}", args=["media"])).status_code == 200
    assert reader.get(reverse("escalation:runbook", args=["none"])).status_code == 404


def test_an_edit_saves_a_version_that_new_runs_walk(
    start: Callable[..., Run], sign_in: SignIn, administrator: User
) -> None:
    draft = drafts.of_body(body_of("media"))
    draft.steps[1]["after_a"] = ["20m"]

    answer = saved_by(sign_in(administrator), draft)

    assert (answer.status_code, answer["Location"]) == (302, reverse("escalation:runbook", args=["media"]))
    version = library.current_version("media")
    assert (version.number, version.author, version.note) == (2, administrator, "because")
    assert start("media").body["steps"][1]["due"]["after"] == "20m"


def test_faults_stand_beside_their_fields_and_nothing_typed_is_lost(
    runbooks: None, sign_in: SignIn, administrator: User
) -> None:
    draft = drafts.of_body(body_of("media"))
    draft.steps[1] |= {"after_a": ["soon"], "lead": [""]}
    draft.steps[2]["code"] = ["report"]

    answer = saved_by(sign_in(administrator), draft, note="")

    assert answer.status_code == 422
    editor = answer.context["editor"]
    assert list(editor.steps[1].errors) == ["after_a", "lead"]
    assert editor.steps[2].errors["code"] == ["the code “report” is there twice; give this one another"]
    assert editor.steps[1]["after_a"].value() == "soon"
    assert answer.context["note_form"].errors["note"]
    assert library.current_version("media").number == 1


def test_a_row_button_changes_the_page_and_saves_nothing(runbooks: None, sign_in: SignIn, administrator: User) -> None:
    draft = drafts.of_body(body_of("media"))

    answer = saved_by(sign_in(administrator), draft, do="add:steps")

    assert (answer.status_code, len(answer.context["editor"].steps), answer.context["look"]) == (200, 9, "steps-8")
    assert library.current_version("media").number == 1


def test_a_late_save_shows_both_and_can_be_repeated(
    runbooks: None, sign_in: SignIn, administrator: User, now: datetime
) -> None:
    theirs, ours = body_of("media"), drafts.of_body(body_of("media"))
    theirs["steps"][1]["due"]["after"] = "10m"
    ours.steps[1]["after_a"] = ["20m"]
    book = Runbook.objects.get(code="media")
    library.save_version(book, theirs, base=1, note="theirs", actor=administrator, now=now)
    client = sign_in(administrator)

    answer = saved_by(client, ours)

    assert answer.status_code == 412
    stale = answer.context["stale"]
    assert stale["theirs"] == ["Step “Report the risk”: deadline 30 min → 10 min after the start"]
    assert stale["ours"] == ["Step “Report the risk”: deadline 10 min → 20 min after the start"]
    assert saved_by(client, ours, base=answer.context["base"]).status_code == 302
    assert library.current_version("media").number == 3


def test_the_text_form_is_saved_or_refused_with_lines(runbooks: None, sign_in: SignIn, administrator: User) -> None:
    client, page = sign_in(administrator), reverse("escalation:runbook_import", args=["alert"])
    text = text_of(body_of("alert"))

    wrong = client.post(page, {"text": text.replace("lead:", "led:"), "note": "x", "base": "1"})
    assert wrong.status_code == 422
    assert [fault.partition(",")[0].split(" ")[0] for fault in wrong.context["faults"]] == ["line", "line"]
    upload = SimpleUploadedFile("alert.yaml", text.replace("15m", "20m").encode())
    assert client.post(page, {"file": upload, "note": "x", "base": "1"}).status_code == 302
    assert library.current_version("alert").body["steps"][0]["due"]["after"]["2"] == "20m"
    late = client.post(page, {"text": text, "note": "x", "base": "1"})
    assert late.status_code == 412
    broken = SimpleUploadedFile("alert.yaml", b"\xff\xfe\x00")
    assert client.post(page, {"file": broken, "note": "x", "base": "2"}).context["faults"] == [
        "the file is not UTF-8 text; save it as UTF-8 and try again"
    ]


def test_history_copies_and_decisions(runbooks: None, sign_in: SignIn, administrator: User, now: datetime) -> None:
    client, book = sign_in(administrator), Runbook.objects.get(code="hotline_12345")
    names = {"title_zh_hans": "深圳", "title_zh_hant": "深圳", "title_en": "Shenzhen"}
    copied = client.post(
        reverse("escalation:runbook_copy", args=[book.code]), names | {"code": "shenzhen", "note": "ours"}
    )
    assert copied["Location"] == reverse("escalation:runbook_edit", args=["shenzhen"])

    changed = body_of(book.code)
    changed["steps"][0]["due"] = {"after": "10wd", "from": "start"}
    library.save_version(book, changed, base=1, note="our city", actor=administrator, now=now)
    shown = client.get(reverse("escalation:runbook_history", args=[book.code]), {"from": "1", "to": "2"})
    assert "10 working days after the start" in shown.content.decode()

    def decided(what: str, **data: str) -> int:
        return client.post(reverse("escalation:runbook_decide", args=[book.code, what]), data).status_code

    assert decided("restore", number="1", base="2", note="back") == 302
    assert decided("reset", base="3", note="as shipped") == 302
    assert decided("retire", note="gone") == 302
    assert decided("bring-back", note="here") == 302
    assert decided("retire", note="") == 422
    assert library.current_version(book.code).number == 4


@pytest.mark.parametrize("copies", [1, 3])
def test_the_list_costs_the_same_for_one_and_three(
    runbooks: None, sign_in: SignIn, administrator: User, copies: int, now: datetime
) -> None:
    source = library.current_version("alert")
    for number in range(copies):
        library.copy_runbook(
            source, code=f"copy{number}", title=source.body["title"], note="x", actor=administrator, now=now
        )
    client = sign_in(administrator)
    client.get(reverse("escalation:runbooks"))

    with CaptureQueriesContext(connection) as asked:
        client.get(reverse("escalation:runbooks"))

    assert len(asked) == LIST_QUERIES


LIST_QUERIES = 14
