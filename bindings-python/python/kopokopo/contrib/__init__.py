"""Integrations with frameworks. Importing one imports its framework, and no other.

- `kopokopo.contrib.django`
"""
