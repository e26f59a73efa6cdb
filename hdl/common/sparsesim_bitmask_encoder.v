`default_nettype none
// Bitmask encoder: gathers elements, one a cycle, into windows of a mask and the packed values of
// the elements whose mask bit is set.
//
// A beat is {mask, values}: bit k of the mask is the window's element k; value slot n, at
// [n*VALUE_W +: VALUE_W], is the value of its n-th set element. Slots and mask bits behind are 0. A
// beat closes with WINDOW elements, or earlier with an element that comes with last_i.
//
// Cycle contract: an element is taken in a cycle where valid_i and ready_o are high; the beat that
// it closes stands at the output from 2 cycles later on. An element a cycle goes in without a
// bubble: ready_o falls only while a finished beat waits behind one that is not taken.
//
// A reset clears the beat at the output, too.
//
// Example, WINDOW = 4, VALUE_W = 8: (7,1) (0,0) (9,1) (0,0) give mask 0101, values 00 00 09 07.
//
// Twin: sim_tests/encoded.py. Test: test_sparsesim_bitmask_encoder.py.
module sparsesim_bitmask_encoder #(
    // Elements of a window; 2 * (VALUE_W + 1) registers each. 1 to 64.
    parameter WINDOW = 16,
    // Width of a value, in bits. 2 to 16.
    parameter VALUE_W = 8
) (
    input  wire                          clk_i,
    input  wire                          rst_ni,
    // An element: value, mask bit (clear: the value is dropped), whether the window ends here.
    input  wire                          valid_i,
    output wire                          ready_o,
    input  wire [           VALUE_W-1:0] value_i,
    input  wire                          mask_i,
    input  wire                          last_i,
    // A beat: taken in a cycle where both are high; last_o: it was closed by last_i.
    output wire                          valid_o,
    input  wire                          ready_i,
    output wire [WINDOW*(1+VALUE_W)-1:0] beat_o,
    output wire                          last_o,
    // Elements or beats are inside.
    output wire                          busy_o
);
  sparsesim_parameter_range #(.NAME("window"), .VALUE(WINDOW), .LOW(1), .HIGH(64)) u_window_range ();
  sparsesim_parameter_range #(.NAME("value_bits"), .VALUE(VALUE_W), .LOW(2), .HIGH(16)) u_value_range ();

  localparam COUNT_W = $clog2(WINDOW + 1);

  // The window that is being filled: elements and values in it. Closed, it waits for the output.
  reg [COUNT_W-1:0] elements_q, set_q;
  reg [WINDOW-1:0] mask_q;
  reg [WINDOW*VALUE_W-1:0] values_q;
  reg closed_q, last_q;
  // The beat at the output.
  reg valid_q, out_last_q;
  reg [WINDOW*(1+VALUE_W)-1:0] beat_q;

  wire moves = closed_q && (!valid_q || ready_i);
  wire takes = valid_i && ready_o;
  assign ready_o = !closed_q || moves;

  // A window that moved leaves an empty one: all is cleared but what the next element, which may
  // come at once, writes.
  wire clears = moves || !rst_ni;
  wire [COUNT_W-1:0] elements = closed_q ? {COUNT_W{1'b0}} : elements_q;
  wire [COUNT_W-1:0] set = closed_q ? {COUNT_W{1'b0}} : set_q;
  wire closes = last_i || elements == WINDOW[COUNT_W-1:0] - 1'b1;
  wire writes = takes && mask_i;
  integer k;
  always @(posedge clk_i) begin
    // Element 0 and slot 0 alone can be written while all is cleared.
    if (clears || (takes && elements_q == {COUNT_W{1'b0}})) mask_q[0] <= writes && rst_ni;
    if (clears || (writes && set_q == {COUNT_W{1'b0}}))
      values_q[VALUE_W-1:0] <= value_i & {VALUE_W{writes && rst_ni}};
    for (k = 1; k < WINDOW; k = k + 1) begin
      if (clears) mask_q[k] <= 1'b0;
      else if (takes && elements_q == k[COUNT_W-1:0]) mask_q[k] <= mask_i;
      if (clears) values_q[k*VALUE_W+:VALUE_W] <= {VALUE_W{1'b0}};
      else if (writes && set_q == k[COUNT_W-1:0]) values_q[k*VALUE_W+:VALUE_W] <= value_i;
    end

    if (!rst_ni) begin
      elements_q <= {COUNT_W{1'b0}};
      set_q <= {COUNT_W{1'b0}};
    end else if (takes) begin
      elements_q <= elements + 1'b1;
      set_q <= set + {{COUNT_W - 1{1'b0}}, mask_i};
    end else if (moves) begin
      elements_q <= {COUNT_W{1'b0}};
      set_q <= {COUNT_W{1'b0}};
    end
    if (takes) last_q <= last_i;
    closed_q <= rst_ni && (takes ? closes : closed_q && !moves);

    if (!rst_ni) beat_q <= {WINDOW * (1 + VALUE_W) {1'b0}};
    else if (moves) beat_q <= {mask_q, values_q};
    if (moves) out_last_q <= last_q;
    valid_q <= rst_ni && (moves || (valid_q && !ready_i));
  end
  assign valid_o = valid_q;
  assign beat_o  = beat_q;
  assign last_o  = out_last_q;
  assign busy_o  = valid_q || elements_q != {COUNT_W{1'b0}};
endmodule
`default_nettype wire
