"""LUTs, flip-flops, DSPs, block RAMs and clock of the Verilog, from Yosys and nextpnr.

Not a model of them: that is `sparsesim.area`, which is fitted to what comes out here. Needs
`pip install 'sparsesim[synth]'`.
"""
