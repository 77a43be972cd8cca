"""The URL that receives results and webhooks: `path("k2/", include("kopokopo.contrib.django.urls"))`."""

from __future__ import annotations

from django.urls import path

from kopokopo.contrib.django.views import receive

app_name = "kopokopo"

urlpatterns = [path("events/", receive, name="events")]
