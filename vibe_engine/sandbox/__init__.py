"""A local Spotify: a program of its own, reached over HTTP only.

It knows nothing of the product and runs without Django:
`python -m vibe_engine.sandbox`.
"""
