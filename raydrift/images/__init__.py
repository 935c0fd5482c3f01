"""Image files to pixels and back: decoding, in a process of its own where it must, and resizing."""
