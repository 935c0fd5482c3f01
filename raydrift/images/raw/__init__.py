"""Raw files to mosaics: those of cameras, and those that the settings declare."""
