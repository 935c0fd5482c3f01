"""``python -m raydrift``: the command line, installed or not."""

from raydrift.cli import main

main()
