"""Filesystems, shards and their commit, the zip, and the merge of it all."""
