"""The tables and figures of Loroch et al. 2018, measured with sparsesim: `python -m paper`.

Measuring needs the data sets and leaves JSON in `measured/`; writing turns that into the pages of
`docs/paper/`. No number of the paper is among what is measured: those are in `published.toml`.
"""
