"""Networks that are trained on pictures, and what they get right."""
