from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "tillit.webhooks"
    label = "webhooks"
