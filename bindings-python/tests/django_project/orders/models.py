"""Orders that are credited by the signals of payments."""

from __future__ import annotations

from django.db import models


class Order(models.Model):
    number: models.CharField[str, str] = models.CharField(max_length=20, primary_key=True)
    credits: models.IntegerField[int, int] = models.IntegerField(default=0)
