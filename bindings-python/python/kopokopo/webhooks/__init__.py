"""Adapters that verify webhooks and result callbacks in the request of a framework.

- `kopokopo.webhooks.django`
- `kopokopo.webhooks.flask`
- `kopokopo.webhooks.starlette`, also for FastAPI
- `kopokopo.webhooks.aws_lambda`

Each adapter has `verify`, which returns the event or raises an error. It also has `webhook`, a decorator that responds
with 401 or 400 if the verification fails. Importing an adapter imports its framework, and no other. If a framework
rejects a request because of its own limits, the framework sends the response.
"""
