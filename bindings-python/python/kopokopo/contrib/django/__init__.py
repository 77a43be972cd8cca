"""A Django app for payments and payouts that happen once.

Add `kopokopo.contrib.django` to `INSTALLED_APPS`, set `KOPOKOPO`, and include `kopokopo.contrib.django.urls`. The
guide is docs/django.md.

- `kopokopo.contrib.django.models`: `Payment`, `Transfer`, `Event`
- `kopokopo.contrib.django.signals`: what happened, once, inside of a transaction
- `kopokopo.contrib.django.client`: `get_client`, a `KopoKopo` whose journal is in Django's database
"""
