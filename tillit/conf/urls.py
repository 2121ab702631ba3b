"""Every page of the installation."""

from django.urls import include, path

urlpatterns = [
    path("", include("tillit.console.urls")),
    path("", include("tillit.api.urls")),
    path("account/", include("allauth.urls")),
    path("", include("tillit.public.urls")),
]
