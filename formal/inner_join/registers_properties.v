`default_nettype none
// Proves of inner_join's registers: the AXI4-Lite channels keep their promise and answer each request
// exactly once, in order, with the response that the map says; a kept register reads back what was
// written to it; a pass starts only with a legal shape, while none is under way, and its shape then
// stays.
//
// Free: the master, and when the accelerator is busy. One bit of one kept register is watched.
module registers_properties #(
    parameter ROWS = 2,
    parameter COLS = 3,
    parameter WINDOW = 4,
    parameter VALUE_W = 4,
    parameter MAX_FILTERS = 5
) (
    input wire        clk_i,
    input wire        rst_ni,
    input wire        awvalid_i,
    input wire [11:0] awaddr_i,
    input wire        wvalid_i,
    input wire [31:0] wdata_i,
    input wire [ 3:0] wstrb_i,
    input wire        bready_i,
    input wire        arvalid_i,
    input wire [11:0] araddr_i,
    input wire        rready_i,
    input wire        busy_i,
    input wire        overflow_i
);
  localparam KEPT = 21, PARAM_INDEX = 17;
  localparam [1:0] OKAY = 2'b00, SLVERR = 2'b10, DECERR = 2'b11;
  (* anyconst *) wire [4:0] kept, place;  // the register and the bit that are watched
  reg started_q = 1'b0;
  always @(posedge clk_i) started_q <= 1'b1;
  // Bits of each kept register, as the map says; PARAM_INDEX also counts by itself.
  function [5:0] bits(input [4:0] at);
    case (at)
      5'd0, 5'd1, 5'd2, 5'd17: bits = 6'd16;
      5'd3, 5'd4: bits = 6'd11;
      5'd5: bits = 6'd7;
      5'd6, 5'd7, 5'd12, 5'd14, 5'd16: bits = 6'd1;
      5'd18, 5'd19: bits = 6'd32;
      5'd20: bits = 6'd6;
      default: bits = VALUE_W + 1;
    endcase
  endfunction
  always @* begin
    if (!started_q) assume (!rst_ni);
    assume (kept < KEPT && kept != PARAM_INDEX);
  end

  wire awready, wready, bvalid, arready, rvalid, start, raw, param_we;
  wire [1:0] bresp, rresp;
  wire [31:0] rdata;
  wire [223:0] pass;
  wire [15:0] windows = pass[0+:16], filter_tiles = pass[32+:16], position_tiles = pass[64+:16];
  wire [10:0] last_filters = pass[96+:11], last_positions = pass[128+:11];
  wire [6:0] last_length = pass[160+:7];
  wire drains = pass[192];
  // Inside: for induction, which has to start from any state that these equalities allow.
  (* hierconn *) wire [32*KEPT-1:0] \u_registers.u_registers.kept_q ;
  (* hierconn *) wire [9:0] \u_registers.u_registers.aw_word_q ;
  (* hierconn *) wire [31:0] \u_registers.u_registers.w_data_q ;
  (* hierconn *) wire [3:0] \u_registers.u_registers.w_strobe_q ;
  (* hierconn *) wire [9:0] \u_registers.u_registers.ar_word_q ;
  (* hierconn *) wire \u_registers.u_registers.is_kept_q , \u_registers.u_registers.is_fixed_q , \u_registers.u_registers.is_control_q ;
  inner_join_registers #(
      .ROWS       (ROWS),
      .COLS       (COLS),
      .WINDOW     (WINDOW),
      .VALUE_W    (VALUE_W),
      .MAX_FILTERS(MAX_FILTERS)
  ) u_registers (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .s_axil_awvalid  (awvalid_i),
      .s_axil_awready  (awready),
      .s_axil_awaddr   (awaddr_i),
      .s_axil_wvalid   (wvalid_i),
      .s_axil_wready   (wready),
      .s_axil_wdata    (wdata_i),
      .s_axil_wstrb    (wstrb_i),
      .s_axil_bvalid   (bvalid),
      .s_axil_bready   (bready_i),
      .s_axil_bresp    (bresp),
      .s_axil_arvalid  (arvalid_i),
      .s_axil_arready  (arready),
      .s_axil_araddr   (araddr_i),
      .s_axil_rvalid   (rvalid),
      .s_axil_rready   (rready_i),
      .s_axil_rdata    (rdata),
      .s_axil_rresp    (rresp),
      .start_o         (start),
      .pass_o          (pass),
      .raw_o           (raw),
      .param_we_o      (param_we),
      .busy_i          (busy_i),
      .overflow_i      (overflow_i),
      .cycles_i        (48'd0),
      .counters_i      (336'd0)
  );
  stream_properties #(
      .WIDTH(2)
  ) u_write_response (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .valid_i(bvalid),
      .ready_i(bready_i),
      .data_i (bresp)
  );
  stream_properties #(
      .WIDTH(34)
  ) u_read_response (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .valid_i(rvalid),
      .ready_i(rready_i),
      .data_i ({rresp, rdata})
  );

  // Writes: what was taken and not answered, at most one address and one word beside the answer.
  reg has_address_q, has_data_q, answered_q;
  reg [9:0] word_q;
  reg [31:0] data_q;
  reg [3:0] strobe_q;
  wire answers = bvalid && !answered_q;  // the first cycle of an answer
  wire is_kept = word_q >= 32 && word_q < 32 + KEPT;
  wire is_control = word_q == 2;
  wire is_read_only = (word_q < 18 && !is_control) || (word_q >= 64 && word_q < 80);
  wire starts = is_control && data_q[0] && strobe_q[0];
  // As it was when the write was done: in the cycle before the answer.
  wire legal = windows != 0 && filter_tiles != 0 && position_tiles != 0
      && last_filters >= 1 && last_filters <= ROWS && last_positions >= 1 && last_positions <= COLS
      && last_length >= 1 && last_length <= WINDOW
      && (drains || (filter_tiles == 1 && position_tiles == 1))
      && (raw || (filter_tiles - 32'd1) * ROWS + last_filters <= MAX_FILTERS);
  reg busy_q, legal_q, rst_q, start_q, bit_q, bit_1_q, bit_2_q;
  reg [89:0] shape_q;
  reg [3:0] waits_q, read_waits_q;
  wire [89:0] shape = {
    windows, filter_tiles, position_tiles, last_filters, last_positions, last_length, drains, raw
  };
  wire takes_bit = is_kept && word_q == 32 + kept && strobe_q[place[4:3]];
  // Reads likewise.
  reg has_read_q, read_answered_q;
  reg [9:0] read_word_q;
  wire read_answers = rvalid && !read_answered_q;
  wire read_mapped = read_word_q < 18 || (read_word_q >= 32 && read_word_q < 32 + KEPT)
      || (read_word_q >= 64 && read_word_q < 80);
  wire written_bit = answers && bresp == OKAY && takes_bit ? data_q[place] && place < bits(kept) : bit_q;
  always @(posedge clk_i) begin
    rst_q <= rst_ni;
    if (awvalid_i && awready) {has_address_q, word_q} <= {1'b1, awaddr_i[11:2]};
    else if (answers) has_address_q <= 1'b0;
    if (wvalid_i && wready) {has_data_q, data_q, strobe_q} <= {1'b1, wdata_i, wstrb_i};
    else if (answers) has_data_q <= 1'b0;
    answered_q <= bvalid && !bready_i;
    waits_q <= has_address_q && has_data_q && !bvalid ? waits_q + 4'd1 : 4'd0;
    if (arvalid_i && arready) {has_read_q, read_word_q} <= {1'b1, araddr_i[11:2]};
    else if (read_answers) has_read_q <= 1'b0;
    read_answered_q <= rvalid && !rready_i;
    read_waits_q <= has_read_q && !rvalid ? read_waits_q + 4'd1 : 4'd0;
    busy_q <= busy_i || start;
    legal_q <= legal;
    start_q <= start;
    shape_q <= shape;
    bit_q <= written_bit;
    bit_1_q <= written_bit;
    bit_2_q <= bit_1_q;
    if (!rst_ni) begin
      {has_address_q, has_data_q, answered_q, has_read_q, read_answered_q} <= 5'd0;
      {waits_q, read_waits_q, bit_q, busy_q, start_q} <= 11'd0;
    end
  end

  always @* begin
    if (rst_ni && started_q && rst_q) begin
      assert (!answers || (has_address_q && has_data_q));
      assert (!read_answers || has_read_q);
      // Three cycles behind both at the latest, or behind the answer before; a read likewise.
      assert (awready == !(has_address_q && !answers) && wready == !(has_data_q && !answers));
      if (has_address_q && !answers) begin
        assert (\u_registers.u_registers.aw_word_q == word_q);
        assert (\u_registers.u_registers.is_kept_q == is_kept && \u_registers.u_registers.is_control_q == is_control);
        assert (\u_registers.u_registers.is_fixed_q == is_read_only);
      end
      if (has_data_q && !answers) begin
        assert (\u_registers.u_registers.w_data_q == data_q && \u_registers.u_registers.w_strobe_q == strobe_q);
      end
      if (has_read_q) assert (\u_registers.u_registers.ar_word_q == read_word_q);
      assert (arready == !(has_read_q || rvalid));
      assert (!has_read_q || !read_answered_q);
      assert (waits_q <= 3);
      assert (read_waits_q <= 2);
      if (answers) begin
        if (!is_kept && !is_control && !is_read_only) assert (bresp == DECERR);
        else if (is_read_only || (is_kept && busy_q) || (starts && (busy_q || !legal_q)))
          assert (bresp == SLVERR);
        else assert (bresp == OKAY);
      end
      assert (start == (answers && bresp == OKAY && starts));
      assert (param_we == (answers && bresp == OKAY && word_q == 52 && strobe_q[0]));
      if (start) assert (legal && !start_q);
      if (busy_q) assert (shape == shape_q);
      assert (\u_registers.u_registers.kept_q [32*kept+place] == written_bit);
      if (read_answers) begin
        assert (rresp == (read_mapped ? OKAY : DECERR));
        if (!read_mapped) assert (rdata == 0);
        if (read_word_q == 32 + kept) assert (rdata[place] == bit_2_q);
      end
    end
  end
  always @(posedge clk_i) begin
    cover (started_q && rst_ni && start);
    cover (started_q && rst_ni && answers && bresp == SLVERR && starts);
    cover (started_q && rst_ni && read_answers && read_word_q == 32 + kept && rdata[place]);
  end
endmodule
`default_nettype wire
