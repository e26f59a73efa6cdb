"""Parts that any machine may have, with the tables of their synthesis: a file a part."""
