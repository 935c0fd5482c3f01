"""How fast it is, what it needs, and how near that is to what the machine can do."""
