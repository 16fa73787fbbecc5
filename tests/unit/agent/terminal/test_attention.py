"""Attention is where somebody typed last, for a while."""

import pytest

from sandbox_image.agent.terminal import attention
from sandbox_image.agent.terminal.attention import LASTS_SEC, Attention


def test_attention_is_elsewhere_for_a_while(monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr(attention.time, "monotonic", lambda: now)
    given, here, there = Attention(), object(), object()
    assert not given.is_elsewhere(here)
    given.give(there)
    assert given.is_elsewhere(here)
    assert not given.is_elsewhere(there)
    now += LASTS_SEC
    assert not given.is_elsewhere(here)
