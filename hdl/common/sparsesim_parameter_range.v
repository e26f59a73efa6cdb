`default_nettype none
// Stops whoever elaborates a parameter that is out of range, or does not go with another one,
// naming the instance and what may be taken.
//
// Holds no logic and costs nothing. One instance a parameter, named u_<name>_range, before all that
// could trip over its value:
//
//     sparsesim_parameter_range #(.NAME("window"), .VALUE(WINDOW), .LOW(1), .HIGH(64)) u_window_range ();
//     sparsesim_parameter_range #(.NAME("lanes"), .VALUE(LANES), .LOW(1), .HIGH(64), .OTHER("window"),
//         .GIVEN(WINDOW), .HOLDS(LANES <= WINDOW), .USE("window or less")) u_lanes_range ();
//
// With WINDOW = 80, or with WINDOW = 4 and LANES = 5, Verilator (unless it was told -Wno-fatal) and
// Yosys stop as they elaborate, Icarus at time 0, before any clock, and each says
//
//     window 80 is out of range; use 1 to 64
//     lanes 5 does not go with window 4; use window or less
//
// after (Verilator: before) the instance's path: the first is the same sentence as Python's
// SpecError. Of a parameter that is out of range the other sentence is not said.
//
// Twin: sparsesim/spec/accelerator.py. Test: tests/rtl/test_rtl_parameters.py,
// test_rtl_relations.py.
module sparsesim_parameter_range #(
    // What the sentence calls the parameter: the accelerator's field where there is one.
    parameter NAME = "parameter",
    // Its value.
    parameter VALUE = 0,
    // The lowest legal value.
    parameter LOW = 0,
    // The highest legal value.
    parameter HIGH = 0,
    // What the sentence calls the parameter that it has to go with, if there is one.
    parameter OTHER = "other",
    // The value of that one.
    parameter GIVEN = 0,
    // Whether they go together; 0 stops.
    parameter HOLDS = 1,
    // What may be taken beside it, in words.
    parameter USE = "another"
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
    end else if (!HOLDS) begin : g_stop
`ifdef VERILATOR
      $fatal(1, "%0s %0d does not go with %0s %0d; use %0s", NAME, VALUE, OTHER, GIVEN, USE);
`elsif YOSYS
      initial $display("%m: %0s %0d does not go with %0s %0d; use %0s", NAME, VALUE, OTHER, GIVEN, USE);
      a_parameter_does_not_go_with_another stop ();
`else
      initial $fatal(1, "%m: %0s %0d does not go with %0s %0d; use %0s", NAME, VALUE, OTHER, GIVEN, USE);
`endif
    end
  endgenerate
endmodule
`default_nettype wire
