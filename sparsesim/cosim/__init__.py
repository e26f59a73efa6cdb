"""Co-simulation: real layers through the Verilog, compared with the model pass by pass."""
