"""Django's entry for this app."""

from django.apps import AppConfig


class CompaniesConfig(AppConfig):
    name = "companies"

    def ready(self) -> None:
        from alliance.selectors.notices import WORDS
        from alliance.services.notices import TELLERS
        from companies.selectors import notices as words
        from companies.services import notices as tellers

        TELLERS.update({"sheet": tellers.sheet, "evidence": tellers.evidence})
        WORDS.update({"sheet": words.sheets, "evidence": words.evidence})
