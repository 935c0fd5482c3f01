"""What an augmentation does to pixels, masks and boxes."""
