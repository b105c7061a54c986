"""Django's entry for this app."""

from django.apps import AppConfig


class MatchingConfig(AppConfig):
    name = "matching"

    def ready(self) -> None:
        from alliance.selectors.history import TELLINGS
        from alliance.templatetags.ui import BADGES
        from matching.selectors.introduced import count_turns
        from matching.selectors.telling import demand_telling

        BADGES["introductions"] = count_turns
        TELLINGS["demand"] = demand_telling
        self._notices()
        self._questions()
        self._suspending()

    def _suspending(self) -> None:
        from alliance.services.suspending import LEAVING, RETURNING
        from matching.services.demands import suspending

        LEAVING[suspending.NAME] = suspending.withdraw_all
        RETURNING[suspending.NAME] = suspending.publish_again

    def _questions(self) -> None:
        from alliance.selectors.questions import ABOUT, About
        from matching.selectors import questions

        ABOUT[questions.LINE] = About(questions.told_lines, questions.secrets_of_line)

    def _notices(self) -> None:
        from alliance.selectors.notices import WORDS
        from alliance.services.notices import STARTERS, TELLERS
        from alliance.services.webhooks.collecting import ANNOUNCERS
        from matching.selectors import notices as words
        from matching.services import announcing
        from matching.services import notices as tellers

        for kind in ("introduction", "answer", "project", "meeting", "run"):
            TELLERS[kind] = getattr(tellers, kind)
        TELLERS["action item"] = tellers.action_item
        ANNOUNCERS.update(
            {"introduction": announcing.introduction, "demand": announcing.demand, "run": announcing.run}
        )
        STARTERS.append(tellers.remember_matches)
        WORDS.update(
            {
                "introduction": words.introductions,
                "message": words.messages,
                "attachment": words.attachments,
                "answer": words.answers,
                "project": words.projects,
                "meeting": words.meetings,
                "action item": words.action_items,
                "demand matches": words.demand_matches,
                "capability matches": words.capability_matches,
                "offers matches": words.offers_matches,
                "site": words.sites,
            }
        )
