"""What happens to photographs, a file a transform."""
