"""Trainings of generative networks: in this process, or in several of Ray Train."""
