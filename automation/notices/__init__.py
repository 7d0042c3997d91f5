"""Telling people outside of the pages what needs them.

Apps hand down what is the matter (`concerns`), the engine compares it with what stood
there a minute ago, and each channel is told once that a cause is there and once that
it is over. A message is a run, so it is tried again and can be looked at.
"""
