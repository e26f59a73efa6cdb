"""What `stream` is made of, and its dense arrays."""
