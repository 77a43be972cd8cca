"""URLs of the tests' project."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from orders.views import buy, buy_atomic

urlpatterns = [
    path("admin/", admin.site.urls),
    path("k2/", include("kopokopo.contrib.django.urls")),
    path("buy/", buy),
    path("buy-atomic/", buy_atomic),
]
