"""Every scenario of tests/scenarios, through the blocking and the asyncio client."""

from __future__ import annotations

import json
from typing import Any

import pytest
from scenario import Async, Play, Sync
from stage import TESTS

SCENARIOS = [json.loads(path.read_text()) for path in sorted((TESTS / "scenarios").glob("*.json"))]


@pytest.mark.parametrize("engine_type", [Sync, Async], ids=["sync", "async"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
def test_scenario(scenario: dict[str, Any], engine_type: type[Sync] | type[Async]) -> None:
    engine = engine_type()
    try:
        Play(scenario, engine).run()
    finally:
        engine.close()


def test_there_are_scenarios() -> None:
    assert len(SCENARIOS) > 100
