`default_nettype none
// Registers of any accelerator: an AXI4-Lite slave of 32-bit words, in which a machine has words of
// its own.
//
//   offset  name                   bits         meaning
//   0x000   ID                     32           0x5350534d
//   0x004   VERSION                32           1
//   0x008   CONTROL                2, write     bit 0 start: a pass; bit 1 clear: STATUS.overflow
//   0x00c   STATUS                 2, read      bit 0 busy; bit 1 overflow: since the last clear
//   0x010                          32, read     the machine's parameters, PARAMETERS words
//   0x080                          the machine's  the shape of a pass, SHAPE words; behind them
//           RELU                   1
//           THRESHOLD              VALUE_W + 1  unsigned, in output steps
//           ZERO_POINT             VALUE_W + 1  signed, of the output
//           LOW                    VALUE_W + 1  signed, lowest output value
//           HIGH                   VALUE_W + 1  signed, highest; LOW or more
//           RAW                    1            results are sums
//           ACTIVATION_ZERO_POINT  VALUE_W + 1  signed
//           ACTIVATION_SIGNED      1            activations are stored signed
//           WEIGHT_ZERO_POINT      VALUE_W + 1  signed
//           WEIGHT_SIGNED          1            weights are stored signed
//           PARAM_INDEX            16           the filter whose parameters are written
//           PARAM_BIAS             32           signed
//           PARAM_MULTIPLIER       32           unsigned
//           PARAM_SHIFT            6            writing its lowest byte stores bias, multiplier and
//                                               shift, and adds 1 to PARAM_INDEX
//   0x100   CYCLES                 48, read     of the pass; bits 47 to 32 in the word behind
//   0x108                          48, read     slots by class, likewise, CLASSES pairs of words
//
// Registers from 0x080 on keep their bits and read back, zero-extended. Byte strobes count. What
// lies outside the map answers DECERR. A write answers SLVERR, and changes nothing: to a read-only
// register; while busy, unless it is a clear alone; as a start with a shape that the machine does
// not take.
//
// Cycle contract: a write takes effect 2 cycles behind the later of its address and data, and 3
// behind the write before it at the earliest; start_o and param_we_o are high for one cycle. A read
// answers 3 cycles behind its address. Writes and reads do not wait for each other. CYCLES and
// classes are final when busy falls.
//
// Example: PARAM_INDEX <- 5, PARAM_BIAS <- 7, PARAM_MULTIPLIER <- 2^31, PARAM_SHIFT <- 31: filter 5
// adds 7 and scales by 1. A machine's map: inner_join_registers.v.
//
// Twin: sim_tests/register_map.py. Test: test_sparsesim_registers.py.
module sparsesim_registers #(
    // Words that tell the machine's parameters, 1 to 27.
    parameter PARAMETERS = 1,
    // Words of a pass's shape, 1 to 17; a flip-flop for each bit that they have.
    parameter SHAPE = 1,
    // Classes that the machine counts slots by, 1 to 14.
    parameter CLASSES = 1,
    // Width of an encoded value, in bits. 2 to 16.
    parameter VALUE_W = 8
) (
    input  wire              clk_i,
    input  wire              rst_ni,
    // AXI4-Lite slave. Addresses in bytes; the lowest two bits do not count. No protection bits.
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire              s_axil_awvalid,
    output wire              s_axil_awready,
    input  wire [      11:0] s_axil_awaddr,
    input  wire              s_axil_wvalid,
    output wire              s_axil_wready,
    input  wire [      31:0] s_axil_wdata,
    input  wire [       3:0] s_axil_wstrb,
    output wire              s_axil_bvalid,
    input  wire              s_axil_bready,
    output wire [       1:0] s_axil_bresp,
    input  wire              s_axil_arvalid,
    output wire              s_axil_arready,
    input  wire [      11:0] s_axil_araddr,
    output wire              s_axil_rvalid,
    input  wire              s_axil_rready,
    output wire [      31:0] s_axil_rdata,
    output wire [       1:0] s_axil_rresp,
    /* verilator lint_on UNUSEDSIGNAL */
    // Of the machine, constant: its parameters; which bits each word of a shape has. Word n is at
    // [32*n +: 32].
    input  wire [32*PARAMETERS-1:0] parameters_i,
    input  wire [     32*SHAPE-1:0] shape_bits_i,
    // A pass starts; its shape; whether the machine takes such a one, in the same cycle or a cycle
    // behind a change of the shape.
    output wire              start_o,
    output wire [32*SHAPE-1:0] shape_o,
    input  wire              legal_i,
    // Post-processing of a layer.
    output wire              relu_o,
    output wire [ VALUE_W:0] threshold_o,
    output wire [ VALUE_W:0] zero_point_o,
    output wire [ VALUE_W:0] low_o,
    output wire [ VALUE_W:0] high_o,
    output wire              raw_o,
    // Operands as they are stored.
    output wire [ VALUE_W:0] activation_zero_point_o,
    output wire              activation_signed_o,
    output wire [ VALUE_W:0] weight_zero_point_o,
    output wire              weight_signed_o,
    // Writes the parameters of a filter.
    output wire              param_we_o,
    output wire [      15:0] param_index_o,
    output wire [      31:0] param_bias_o,
    output wire [      31:0] param_multiplier_o,
    output wire [       5:0] param_shift_o,
    // From the accelerator: a pass is under way, a sum has overflowed; what the pass took.
    input  wire              busy_i,
    input  wire              overflow_i,
    input  wire [      47:0] cycles_i,
    input  wire [48*CLASSES-1:0] counters_i
);
  sparsesim_parameter_range #(.NAME("parameters"), .VALUE(PARAMETERS), .LOW(1), .HIGH(27)) u_parameters_range ();
  sparsesim_parameter_range #(.NAME("shape"), .VALUE(SHAPE), .LOW(1), .HIGH(17)) u_shape_range ();
  sparsesim_parameter_range #(.NAME("classes"), .VALUE(CLASSES), .LOW(1), .HIGH(14)) u_classes_range ();
  sparsesim_parameter_range #(.NAME("value_bits"), .VALUE(VALUE_W), .LOW(2), .HIGH(16)) u_value_bits_range ();

  localparam [1:0] OKAY = 2'b00, SLVERR = 2'b10, DECERR = 2'b11;
  // The map in words: constants, then what is kept, then counts.
  localparam CONSTANTS = 4 + PARAMETERS, KEPT_AT = 32, KEPT = SHAPE + 14, COUNTS_AT = 64;
  localparam COUNTS = 2 + 2 * CLASSES;
  localparam CONTROL = 2, PARAM_SHIFT = KEPT_AT + SHAPE + 13;
  localparam [31:0] VALUE_BITS = (1 << (VALUE_W + 1)) - 1;
  // Bits that the kept registers have, the last one first.
  wire [32*KEPT-1:0] bits = {
    32'h3f, 32'hffffffff, 32'hffffffff, 32'hffff, 32'd1, VALUE_BITS, 32'd1, VALUE_BITS, 32'd1,
    VALUE_BITS, VALUE_BITS, VALUE_BITS, VALUE_BITS, 32'd1, shape_bits_i
  };

  reg [32*KEPT-1:0] kept_q, kept_d;
  reg start_q, param_we_q, legal_q, overflow_q, overflowed_q;
  wire busy = busy_i || start_q;

  // Writes: address and data wait for each other here, one write at a time. What it changed is
  // known to legal_q before the next one.
  reg aw_valid_q, w_valid_q, b_valid_q, answered_q;
  reg [9:0] aw_word_q;
  reg is_kept_q, is_fixed_q, is_control_q;
  reg [31:0] w_data_q;
  reg [3:0] w_strobe_q;
  reg [1:0] b_resp_q, b_resp_d;
  assign s_axil_awready = !aw_valid_q;
  assign s_axil_wready = !w_valid_q;
  assign s_axil_bvalid = b_valid_q;
  assign s_axil_bresp = b_resp_q;
  wire writes = aw_valid_q && w_valid_q && !b_valid_q && !answered_q;
  wire [31:0] word = {22'd0, aw_word_q};
  wire [31:0] next_word = {22'd0, s_axil_awaddr[11:2]};
  wire starts = is_control_q && w_data_q[0] && w_strobe_q[0];
  wire clears = is_control_q && w_data_q[1] && w_strobe_q[0];
  wire accepted = writes && b_resp_d == OKAY;
  always @* begin
    b_resp_d = OKAY;
    if (!is_kept_q && !is_fixed_q && !is_control_q) b_resp_d = DECERR;
    else if (is_fixed_q || (busy && (is_kept_q || starts)) || (starts && !legal_q)) b_resp_d = SLVERR;
  end

  // Kept registers.
  wire [31:0] strobe = {{8{w_strobe_q[3]}}, {8{w_strobe_q[2]}}, {8{w_strobe_q[1]}}, {8{w_strobe_q[0]}}};
  integer n;
  always @* begin
    kept_d = kept_q;
    for (n = 0; n < KEPT; n = n + 1)
      if (accepted && word == n + KEPT_AT)
        kept_d[32*n+:32] = (w_data_q & strobe) | (kept_q[32*n+:32] & ~strobe);
    if (param_we_q) kept_d[32*(SHAPE+10)+:16] = param_index_o + 16'd1;
    kept_d = kept_d & bits;
  end
  assign {param_shift_o, param_multiplier_o, param_bias_o, param_index_o} = {
    kept_q[32*(SHAPE+13)+:6], kept_q[32*(SHAPE+12)+:32], kept_q[32*(SHAPE+11)+:32],
    kept_q[32*(SHAPE+10)+:16]
  };
  assign weight_signed_o = kept_q[32*(SHAPE+9)];
  assign weight_zero_point_o = kept_q[32*(SHAPE+8)+:VALUE_W+1];
  assign activation_signed_o = kept_q[32*(SHAPE+7)];
  assign activation_zero_point_o = kept_q[32*(SHAPE+6)+:VALUE_W+1];
  assign raw_o = kept_q[32*(SHAPE+5)];
  assign high_o = kept_q[32*(SHAPE+4)+:VALUE_W+1];
  assign low_o = kept_q[32*(SHAPE+3)+:VALUE_W+1];
  assign zero_point_o = kept_q[32*(SHAPE+2)+:VALUE_W+1];
  assign threshold_o = kept_q[32*(SHAPE+1)+:VALUE_W+1];
  assign relu_o = kept_q[32*SHAPE];
  assign shape_o = kept_q[32*SHAPE-1:0];
  assign start_o = start_q;
  assign param_we_o = param_we_q;

  // Reads, one at a time: a word of each third of the map, then the third.
  wire [32*COUNTS-1:0] counts;
  genvar c;
  generate
    for (c = 0; c < CLASSES; c = c + 1) begin : g_count
      assign counts[64*(c+1)+:64] = {16'd0, counters_i[48*c+:48]};
    end
  endgenerate
  assign counts[63:0] = {16'd0, cycles_i};
  wire [32*CONSTANTS-1:0] constants = {
    parameters_i, 30'd0, overflow_q, busy, 32'd0, 32'd1, 32'h5350534d
  };
  wire [32*32-1:0] third_0 = {{32 * (32 - CONSTANTS) {1'b0}}, constants};
  wire [32*32-1:0] third_1 = {{32 * (32 - KEPT) {1'b0}}, kept_q};
  wire [32*32-1:0] third_2 = {{32 * (32 - COUNTS) {1'b0}}, counts};
  reg ar_valid_q, read_valid_q, read_mapped_q, r_valid_q;
  reg [9:0] ar_word_q;
  reg [1:0] read_third_q;
  reg [31:0] read_0_q, read_1_q, read_2_q, r_data_q;
  reg [1:0] r_resp_q;
  wire [31:0] read_word = {22'd0, ar_word_q};
  wire read_mapped = read_word < CONSTANTS || (read_word >= KEPT_AT && read_word < KEPT_AT + KEPT) ||
      (read_word >= COUNTS_AT && read_word < COUNTS_AT + COUNTS);
  assign s_axil_arready = !ar_valid_q && !read_valid_q && !r_valid_q;
  assign s_axil_rvalid  = r_valid_q;
  assign s_axil_rdata   = r_data_q;
  assign s_axil_rresp   = r_resp_q;

  always @(posedge clk_i) begin
    if (s_axil_awready) begin
      aw_word_q <= s_axil_awaddr[11:2];
      is_kept_q <= next_word >= KEPT_AT && next_word < KEPT_AT + KEPT;
      is_control_q <= next_word == CONTROL;
      is_fixed_q <= (next_word < CONSTANTS && next_word != CONTROL) ||
          (next_word >= COUNTS_AT && next_word < COUNTS_AT + COUNTS);
    end
    if (s_axil_wready) {w_strobe_q, w_data_q} <= {s_axil_wstrb, s_axil_wdata};
    if (s_axil_arready) ar_word_q <= s_axil_araddr[11:2];
    if (writes) b_resp_q <= b_resp_d;
    read_third_q <= ar_word_q[6:5];
    read_mapped_q <= read_mapped;
    read_0_q <= third_0[32*ar_word_q[4:0]+:32];
    read_1_q <= third_1[32*ar_word_q[4:0]+:32];
    read_2_q <= third_2[32*ar_word_q[4:0]+:32];
    if (read_valid_q) begin
      r_resp_q <= read_mapped_q ? OKAY : DECERR;
      r_data_q <= !read_mapped_q ? 32'd0 :
          read_third_q == 2'd0 ? read_0_q : read_third_q == 2'd1 ? read_1_q : read_2_q;
    end
    aw_valid_q <= aw_valid_q ? !writes : s_axil_awvalid;
    w_valid_q <= w_valid_q ? !writes : s_axil_wvalid;
    b_valid_q <= writes || (b_valid_q && !s_axil_bready);
    ar_valid_q <= s_axil_arready && s_axil_arvalid;
    read_valid_q <= ar_valid_q;
    r_valid_q <= read_valid_q || (r_valid_q && !s_axil_rready);

    kept_q <= kept_d;
    start_q <= accepted && starts;
    param_we_q <= accepted && word == PARAM_SHIFT && w_strobe_q[0];
    legal_q <= legal_i;
    answered_q <= b_valid_q;
    overflowed_q <= overflow_i;
    if (accepted && clears) overflow_q <= 1'b0;
    if (overflow_i && !overflowed_q) overflow_q <= 1'b1;
    if (!rst_ni) begin
      {aw_valid_q, w_valid_q, b_valid_q, answered_q} <= 4'd0;
      {ar_valid_q, read_valid_q, r_valid_q} <= 3'd0;
      {start_q, param_we_q, legal_q, overflow_q, overflowed_q} <= 5'd0;
      kept_q <= {32 * KEPT{1'b0}};
    end
  end
endmodule
`default_nettype wire
