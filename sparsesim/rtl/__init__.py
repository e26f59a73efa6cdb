"""The Verilog of `hdl/` from Python: its files and parameters, its simulators, built and cached.

Not the simulation itself: that is `sparsesim.rtl.simulator`. Needs `pip install 'sparsesim[rtl]'`.
"""
