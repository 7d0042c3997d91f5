"""Fixtures of every test; the services behind them are in `vibe_engine/testing/`."""

pytest_plugins = ["vibe_engine.testing.fixtures"]
