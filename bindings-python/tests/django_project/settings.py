"""Settings of the tests' project."""

from __future__ import annotations

import os
import tempfile
from typing import Any
from urllib.parse import urlsplit

SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
TIME_ZONE = "Africa/Nairobi"
ROOT_URLCONF = "urls"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "kopokopo.contrib.django",
    "orders",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
MIGRATION_MODULES = {"orders": None}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def database() -> dict[str, Any]:
    kind = os.environ.get("K2_TEST_DATABASE", "memory")
    if kind == "postgres":
        server = urlsplit(os.environ["K2_TEST_POSTGRES"])
        return {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": server.hostname,
            "PORT": server.port,
            "USER": server.username,
            "NAME": server.path.lstrip("/"),
            "TEST": {"NAME": f"django_{os.getpid()}"},
        }
    place = os.path.join(os.environ.get("K2_TEST_FOLDER", tempfile.gettempdir()), "k2-django")
    test_name = {"file": f"{place}-test.db", "memory": None}[kind]
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": f"{place}.db",
        "OPTIONS": {"timeout": 60},
        "TEST": {"NAME": test_name},
    }


DATABASES = {"default": database()}

# The tests replace it with the credentials of a sandbox.
KOPOKOPO = {
    "CLIENT_ID": "id",
    "CLIENT_SECRET": "secret",
    "API_KEY": "key",
    "TILL_NUMBER": "K000000",
    "CALLBACK_URL": "https://shop.example/k2/events/",
}
