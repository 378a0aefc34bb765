"""What requests are answered with: the champions of now, and what of them is made only when somebody asks.

Features from raw events, what-if and plans take their time and are not for several threads: they are asked one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from features.online import Online
from serving.answers.by_events import score_events
from serving.answers.champions import Champions
from serving.answers.messages import AnswerList, NearestAnswer, PlanAnswer, WhatIfAnswer
from serving.answers.plan import Offers, gather_offers, plan_for
from serving.answers.requests import AskNearest, AskPlan, AskWhatIf, ScoreEvents
from serving.answers.what_if import answer_nearest, answer_what_if
from serving.live.watch import Live
from serving.what_if.ask import WhatIf


@dataclass
class Made:
    """What was made for one champions."""

    champions: Champions
    online: Online | None = None
    what_if: WhatIf | None = None
    offers: Offers | None = None


@dataclass
class Room:
    """One for a process. All but `champions` is asked by one thread."""

    live: Live
    _made: Made | None = field(default=None)

    @property
    def champions(self) -> Champions:
        """What answers now; what was made for another is let go."""
        champions = self.live.champions
        if self._made is not None and self._made.champions is not champions:
            self._made = None
        return champions

    def by_events(self, asked: ScoreEvents) -> AnswerList:
        """See `score_events`."""
        made = self._now()
        return score_events(made.champions, _online(made), asked)

    def what_if(self, asked: AskWhatIf) -> WhatIfAnswer:
        """See `answer_what_if`."""
        made = self._now()
        return answer_what_if(made.champions, _what_if(made), asked)

    def nearest(self, asked: AskNearest) -> NearestAnswer:
        """See `answer_nearest`."""
        made = self._now()
        return answer_nearest(made.champions, _what_if(made), asked)

    def plan(self, asked: AskPlan) -> PlanAnswer:
        """See `plan_for`."""
        made = self._now()
        made.offers = made.offers or gather_offers(made.champions)
        return plan_for(made.champions, made.offers, asked)

    def _now(self) -> Made:
        """What was made for the champions of now; others need their own."""
        champions = self.live.champions
        made = self._made  # between two lines the other thread may let it go
        if made is None or made.champions is not champions:
            made = self._made = Made(champions)
        return made


def _online(made: Made) -> Online:
    release = made.champions.release
    made.online = made.online or Online(release.words, release.project.cohort, release.reach, release.project.project.currency)
    return made.online


def _what_if(made: Made) -> WhatIf:
    release, customers = made.champions.release, made.champions.known()
    made.what_if = made.what_if or WhatIf(release.scorer, customers.manifest, release.project, release.section, _online(made))
    return made.what_if
