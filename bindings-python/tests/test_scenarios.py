"""Runs every scenario of tests/scenarios with the blocking and the asyncio client."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness import TESTS
from scenario import AsyncEngine, ScenarioRunner, SyncEngine

SCENARIOS = [json.loads(path.read_text()) for path in sorted((TESTS / "scenarios").glob("*.json"))]


@pytest.mark.parametrize("engine_type", [SyncEngine, AsyncEngine], ids=["sync", "async"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
def test_scenario(scenario: dict[str, Any], engine_type: type[SyncEngine] | type[AsyncEngine]) -> None:
    engine = engine_type()
    try:
        ScenarioRunner(scenario, engine).run()
    finally:
        engine.close()


def test_scenarios_are_found() -> None:
    assert len(SCENARIOS) > 100
