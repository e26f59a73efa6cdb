`default_nettype none
// Stops whoever elaborates a parameter that is out of range, naming the instance and the range.
//
// Holds no logic and costs nothing. One instance a parameter, named u_<name>_range:
//
//     sparsesim_parameter_range #(.NAME("window"), .VALUE(WINDOW), .LOW(1), .HIGH(64)) u_window_range ();
//
// With WINDOW = 80 Verilator (unless it was told -Wno-fatal) and Yosys stop as they elaborate,
// Icarus at time 0, before any clock, and each says
//
//     window 80 is out of range; use 1 to 64
//
// after (Verilator: before) the instance's path: the same sentence as Python's SpecError.
//
// Twin: sparsesim/spec. Test: tests/rtl/test_rtl_parameters.py.
module sparsesim_parameter_range #(
    // What the sentence calls the parameter: the accelerator's field where there is one.
    parameter NAME = "parameter",
    // Its value.
    parameter VALUE = 0,
    // The lowest legal value.
    parameter LOW = 0,
    // The highest legal value.
    parameter HIGH = 0
) ();
  generate
    if (VALUE < LOW || VALUE > HIGH) begin : g_stop
`ifdef VERILATOR
      $fatal(1, "%0s %0d is out of range; use %0d to %0d", NAME, VALUE, LOW, HIGH);
`elsif YOSYS
      // Yosys fills in no numbers in $fatal: it prints the sentence, then stops at what isn't
      // there.
      initial $display("%m: %0s %0d is out of range; use %0d to %0d", NAME, VALUE, LOW, HIGH);
      a_parameter_is_out_of_range stop ();
`else
      initial $fatal(1, "%m: %0s %0d is out of range; use %0d to %0d", NAME, VALUE, LOW, HIGH);
`endif
    end
  endgenerate
endmodule
`default_nettype wire
