"""The storms, a module each with one function `rage`; loaded on prepared ground."""
