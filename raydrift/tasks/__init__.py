"""The user's own model, and what it gets right."""
