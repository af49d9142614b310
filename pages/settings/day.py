"""When the person's day begins and ends, and what its two moods are called."""

import asyncio
from datetime import time

from moodtracker import days, language
from moodtracker.language import gettext as _
from pages import choices, parts
from pages.sections import Section, Visit

# What the browser thinks of as home is offered where it is another zone; nothing is changed by it.
_OFFER_ZONE = """
const zone = document.getElementById("day-zone"), offer = document.getElementById("day-offer");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone.value !== here && [...zone.options].some((option) => option.value === here)) {
  offer.textContent = offer.dataset.words.replace("{zone}", here.replaceAll("_", " "));
  offer.hidden = false;
  offer.onclick = () => { zone.value = here; offer.hidden = true; zone.focus(); };
}
"""


async def _show(visit: Visit) -> None:
    person = visit.person
    with visit.form("day"):
        choices.one_of(
            visit,
            _("Time zone"),
            "zone",
            [(name, name.replace("_", " ")) for name in sorted(days.zone_names())],
            chosen=person.zone,
            help_text=_("It decides when your day and your year end."),
        )
        offer = parts.text("button", "").classes("plain")
        offer.props["id"] = "day-offer"
        offer.props["type"] = "button"
        offer.props["hidden"] = True
        offer.props["data-words"] = _("Your browser is in {zone}. Choose that?")
        choices.one_of(
            visit,
            _("My day ends at"),
            "day_end_hour",
            [
                (str(hour), language.time_of_day(time(hour)))
                for hour in range(days.LATEST_DAY_END_HOUR + 1)
            ],
            chosen=str(person.day_end_hour),
            help_text=_("For who goes to bed late: until then it is still today."),
        )
        choices.yes_or_no(
            visit,
            _("Call my two moods morning and evening"),
            "slot_labels",
            chosen=person.slot_labels,
        )
        parts.submit(_("Save"), "plain")
    parts.once_drawn(_OFFER_ZONE)


async def _set(visit: Visit) -> str:
    person = await asyncio.to_thread(visit.app.preferences.set_day, visit.who, visit.given)
    return _("Saved. It is {day} for you now.").format(day=language.full_day(person.today))


SECTION = Section("day", lambda: _("Your day"), _show, {"day": _set})
