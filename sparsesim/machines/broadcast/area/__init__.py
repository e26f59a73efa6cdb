"""What `broadcast` is made of: its parts with their tables, and its clock.

`sparsesim.area` prices with it, and `sparsesim.synth` synthesises the same parts.
"""
