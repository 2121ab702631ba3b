from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "tillit.delivery"
    label = "delivery"

    def ready(self) -> None:
        from tillit.delivery import moments  # noqa: PLC0415  models are there by now, not before
        from tillit.people import timeline  # noqa: PLC0415  models are there by now, not before

        timeline.register("delivery.mails", moments.mails, kinds=("mail",))
        timeline.register("delivery.events", moments.events, kinds=("mail",))
