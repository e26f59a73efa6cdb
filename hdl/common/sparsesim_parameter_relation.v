`default_nettype none
// Stops whoever elaborates two parameters that do not go together, naming the instance, both of
// them, and what may be taken.
//
// It is there only where they don't: no instance, no name and no count of a synthesis changes
// elsewhere. One a relation, under the condition that breaks it:
//
//     generate
//       if (LANES > WINDOW) begin : g_lanes_window
//         sparsesim_parameter_relation #(.NAME("lanes"), .VALUE(LANES), .OTHER("window"),
//             .GIVEN(WINDOW), .USE("window or less")) u_stop ();
//       end
//     endgenerate
//
// With LANES = 5 and WINDOW = 4 Verilator (unless it was told -Wno-fatal) and Yosys stop as they
// elaborate, Icarus at time 0, before any clock, and each says
//
//     lanes 5 does not go with window 4; use window or less
//
// after (Verilator: before) the instance's path. The range of a parameter by itself is for
// sparsesim_parameter_range.v.
//
// Test: test_sparsesim_parameter_relation.py, tests/rtl/test_rtl_relations.py.
module sparsesim_parameter_relation #(
    // What the sentence calls the parameter: the accelerator's field where there is one.
    parameter NAME = "parameter",
    // Its value.
    parameter VALUE = 0,
    // What the sentence calls the parameter that it has to go with.
    parameter OTHER = "other",
    // The value of that one.
    parameter GIVEN = 0,
    // What may be taken beside it, in words.
    parameter USE = "another"
) ();
  generate
    if (1) begin : g_stop
`ifdef VERILATOR
      $fatal(1, "%0s %0d does not go with %0s %0d; use %0s", NAME, VALUE, OTHER, GIVEN, USE);
`elsif YOSYS
      // As in sparsesim_parameter_range.v: the sentence, then a stop at what isn't there.
      initial $display("%m: %0s %0d does not go with %0s %0d; use %0s", NAME, VALUE, OTHER, GIVEN, USE);
      a_parameter_does_not_go_with_another stop ();
`else
      initial $fatal(1, "%m: %0s %0d does not go with %0s %0d; use %0s", NAME, VALUE, OTHER, GIVEN, USE);
`endif
    end
  endgenerate
endmodule
`default_nettype wire
