"""Evaluators measure models and data; they know nothing of the registry and can be used from a notebook."""
