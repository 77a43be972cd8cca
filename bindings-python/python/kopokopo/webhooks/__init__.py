"""Adapters that verify webhooks and result callbacks straight from a framework's own request.

- `kopokopo.webhooks.django`
- `kopokopo.webhooks.flask`
- `kopokopo.webhooks.starlette`, for FastAPI too
- `kopokopo.webhooks.aws_lambda`

Each has `verify`, which returns the event or raises, and `webhook`, a decorator that responds with 401 and 400
alone. A framework is imported only with its adapter. What a framework refuses by its own limits gets
its own response.
"""
