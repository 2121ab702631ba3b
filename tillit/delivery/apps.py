from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "tillit.delivery"
    label = "delivery"
