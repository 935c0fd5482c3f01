"""How the shards of a run become its result: a finisher for each setting ``write.container``."""
