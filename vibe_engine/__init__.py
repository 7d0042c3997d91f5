"""Vibe Engine, the project package."""
