"""What `inner_join` is made of: its parts with their tables, its clock, its dense arrays.

`sparsesim.area` prices with it, and `sparsesim.synth` synthesises the same parts.
"""
