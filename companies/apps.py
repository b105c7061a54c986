"""Django's entry for this app."""

from django.apps import AppConfig


class CompaniesConfig(AppConfig):
    name = "companies"

    def ready(self) -> None:
        from alliance.selectors.history import TELLINGS
        from alliance.selectors.notices import WORDS
        from alliance.services.notices import TELLERS
        from companies.selectors import notices as words
        from companies.selectors.telling import capability_telling
        from companies.services import notices as tellers

        TELLINGS.update({"capability": capability_telling, "facility": capability_telling})
        TELLERS.update({"sheet": tellers.sheet, "evidence": tellers.evidence})
        WORDS.update({"sheet": words.sheets, "evidence": words.evidence})
