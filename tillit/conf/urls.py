"""Every page of the installation."""

from django.urls import include, path

urlpatterns = [
    path("account/", include("allauth.urls")),
]
