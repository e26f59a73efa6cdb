`default_nettype none
// Stops whoever elaborates a parameter that has to be a power of two and is none, naming the instance
// and what may be taken.
//
// It is there only where it isn't one: no instance, no name and no count of a synthesis changes
// elsewhere. One a parameter, under the condition that breaks it:
//
//     generate
//       if (DEPTH != 1 << $clog2(DEPTH)) begin : g_depth
//         sparsesim_parameter_power #(.NAME("depth"), .VALUE(DEPTH), .LOW(16), .HIGH(4096)) u_stop ();
//       end
//     endgenerate
//
// With DEPTH = 100 Verilator (unless it was told -Wno-fatal) and Yosys stop as they elaborate, Icarus
// at time 0, before any clock, and each says
//
//     depth 100 is no power of two; use one from 16 to 4096
//
// after (Verilator: before) the instance's path: the same sentence as Python's SpecError.
//
// Test: test_sparsesim_parameter_power.py, tests/rtl/test_rtl_relations.py.
module sparsesim_parameter_power #(
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
    if (1) begin : g_stop
`ifdef VERILATOR
      $fatal(1, "%0s %0d is no power of two; use one from %0d to %0d", NAME, VALUE, LOW, HIGH);
`elsif YOSYS
      // As in sparsesim_parameter_range.v: the sentence, then a stop at what isn't there.
      initial $display("%m: %0s %0d is no power of two; use one from %0d to %0d", NAME, VALUE, LOW, HIGH);
      a_parameter_is_no_power_of_two stop ();
`else
      initial $fatal(1, "%m: %0s %0d is no power of two; use one from %0d to %0d", NAME, VALUE, LOW, HIGH);
`endif
    end
  endgenerate
endmodule
`default_nettype wire
