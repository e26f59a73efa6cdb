`default_nettype none
// Bitmask decoder: turns encoded beats into windows of operands for a feeder.
//
// A beat is {mask, values}, as bitmask_encoder makes them: value slot n is the stored value of the
// n-th set element. Operand k of the window is that value less the zero point where bit k is set,
// else 0.
//
// Cycle contract: a beat is taken in a cycle where valid_i and ready_o are high; its window stands
// at the output from 2 cycles later on; a beat a cycle. Behind the first register each value has
// its zero point taken off and each element knows its slot; behind the second it is there.
//
// Example, WINDOW = 4, signed 8-bit values, zero point 5: mask 0101, values 00 00 09 07 give mask
// 0101 and operands 2, 0, 4, 0 (element 0 first).
//
// Twin: sim_tests/encoded.py. Test: test_sparsesim_bitmask_decoder.py.
module sparsesim_bitmask_decoder #(
    // Elements of a window; the multiplexers grow with its square. 1 to 64.
    parameter WINDOW = 16,
    // Width of a stored value, in bits. 2 to 16.
    parameter VALUE_W = 8,
    // Width of an operand, in bits, signed; a value less its zero point has to fit, which
    // VALUE_W + 1 always does. 2 to 18.
    parameter OPERAND_W = 9
) (
    input  wire                          clk_i,
    input  wire                          rst_ni,
    // Values are signed; the zero point, signed, so that either kind fits. Static while beats pass.
    input  wire                          signed_i,
    input  wire [             VALUE_W:0] zero_point_i,
    // An encoded beat.
    input  wire                          valid_i,
    output wire                          ready_o,
    input  wire [WINDOW*(1+VALUE_W)-1:0] beat_i,
    // A window: operand k at [k*OPERAND_W +: OPERAND_W], signed.
    output wire                          valid_o,
    input  wire                          ready_i,
    output wire [            WINDOW-1:0] mask_o,
    output wire [  WINDOW*OPERAND_W-1:0] operands_o
);
  sparsesim_parameter_range #(.NAME("window"), .VALUE(WINDOW), .LOW(1), .HIGH(64)) u_window_range ();
  sparsesim_parameter_range #(.NAME("value_bits"), .VALUE(VALUE_W), .LOW(2), .HIGH(16)) u_value_range ();
  sparsesim_parameter_range #(.NAME("operand_bits"), .VALUE(OPERAND_W), .LOW(2), .HIGH(18)) u_operand_range ();

  localparam SLOT_W = WINDOW > 1 ? $clog2(WINDOW) : 1;
  // Wide enough for every difference, and for the operand that is cut from it.
  localparam WIDE_W = (OPERAND_W > VALUE_W + 2 ? OPERAND_W : VALUE_W + 2);

  reg slots_valid_q, valid_q;
  reg [WINDOW-1:0] mask_q;
  wire moves = !valid_q || ready_i;
  assign ready_o = !slots_valid_q || moves;

  // First register: mask; operands by slot; beside each element (below) its slot, the number of set
  // bits under its own.
  wire [WINDOW-1:0] mask = beat_i[WINDOW*VALUE_W+:WINDOW];
  reg [WINDOW-1:0] slots_mask_q;
  reg [WINDOW*OPERAND_W-1:0] slots_d, slots_q;
  reg [WINDOW*SLOT_W-1:0] ranks;
  /* verilator lint_off UNUSEDSIGNAL */
  reg [WIDE_W-1:0] wide;  // its bits above an operand's are the operand's sign
  /* verilator lint_on UNUSEDSIGNAL */
  integer n;
  always @* begin
    ranks = {WINDOW * SLOT_W{1'b0}};
    for (n = 0; n < WINDOW; n = n + 1) begin
      wide = {{WIDE_W - VALUE_W{signed_i && beat_i[n*VALUE_W+VALUE_W-1]}}, beat_i[n*VALUE_W+:VALUE_W]} -
          {{WIDE_W - VALUE_W - 1{zero_point_i[VALUE_W]}}, zero_point_i};
      slots_d[n*OPERAND_W+:OPERAND_W] = wide[OPERAND_W-1:0];
      if (n > 0)
        ranks[n*SLOT_W+:SLOT_W] = ranks[(n-1)*SLOT_W+:SLOT_W] + {{SLOT_W - 1{1'b0}}, mask[n-1]};
    end
  end
  always @(posedge clk_i) begin
    if (ready_o) begin
      slots_valid_q <= valid_i;
      slots_mask_q <= mask;
      slots_q <= slots_d;
    end
    if (moves) begin
      valid_q <= slots_valid_q;
      mask_q  <= slots_mask_q;
    end
    if (!rst_ni) {slots_valid_q, valid_q} <= 2'b00;
  end

  // Second register: each operand at its place. Element k is in one of the first k + 1 slots;
  // chosen bit by bit, so that synthesis sees multiplexers.
  genvar k, b, slot;
  generate
    for (k = 0; k < WINDOW; k = k + 1) begin : g_element
      localparam RANK_W = k > 0 ? $clog2(k + 1) : 1;
      reg [RANK_W-1:0] rank_q;
      reg [OPERAND_W-1:0] operand_q;
      wire [OPERAND_W-1:0] operand;
      for (b = 0; b < OPERAND_W; b = b + 1) begin : g_bit
        wire [(1<<RANK_W)-1:0] choice;
        for (slot = 0; slot < 1 << RANK_W; slot = slot + 1) begin : g_slot
          assign choice[slot] = slots_q[(slot<k?slot : k)*OPERAND_W+b];
        end
        assign operand[b] = choice[rank_q];
      end
      always @(posedge clk_i) begin
        if (ready_o) rank_q <= ranks[k*SLOT_W+:RANK_W];
        if (moves) operand_q <= slots_mask_q[k] ? operand : {OPERAND_W{1'b0}};
      end
      assign operands_o[k*OPERAND_W+:OPERAND_W] = operand_q;
    end
  endgenerate
  assign valid_o = valid_q;
  assign mask_o  = mask_q;
endmodule
`default_nettype wire
