"""The network that looks at the images."""
