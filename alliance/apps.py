"""Django's entry for this app."""

from django.apps import AppConfig


class AllianceConfig(AppConfig):
    name = "alliance"

    def ready(self) -> None:
        from django.conf import settings

        from alliance.patience import step_back
        from alliance.selectors import notice_words as words
        from alliance.selectors.notices import WORDS
        from alliance.services.notices import TELLERS, joining, messages

        if settings.BACKGROUND:
            step_back()
        TELLERS.update(
            {
                "attachment": messages.attachment,
                "message": messages.message,
                "verification": joining.verification,
                "join request": joining.join_request,
                "invitation": joining.invitation,
            }
        )
        WORDS.update(
            {
                "verification": words.verifications,
                "join request": words.join_requests,
                "invitation": words.invitations,
            }
        )
