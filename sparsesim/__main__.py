"""`python -m sparsesim VERB`: the command line where its script is not on the path."""

from sparsesim.cli import main

main()
