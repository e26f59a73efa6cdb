`default_nettype none
// Proves of bitmask_encoder and bitmask_decoder behind one another: what is decoded is what was
// encoded, window by window, in order, none lost or doubled; beats have the stated form; and all
// streams keep their promise.
//
// Free: elements, ends of windows, idle cycles, back-pressure between the two and behind them. Of
// one window, chosen at an arbitrary time, one element, chosen too, is watched.
module bitmask_properties #(
    parameter WINDOW = 4,
    parameter VALUE_W = 2,
    parameter OPERAND_W = 3
) (
    input wire               clk_i,
    input wire               rst_ni,
    input wire               valid_i,
    input wire [VALUE_W-1:0] value_i,
    input wire               mask_i,
    input wire               last_i,
    input wire               passes_i,
    input wire               ready_i,
    input wire               watch_i
);
  localparam INDEX_W = WINDOW > 1 ? $clog2(WINDOW) : 1;
  (* anyconst *) wire is_signed;
  (* anyconst *) wire [VALUE_W:0] zero_point;
  (* anyconst *) wire [INDEX_W-1:0] element;
  reg started_q = 1'b0;
  always @(posedge clk_i) started_q <= 1'b1;
  always @* begin
    if (!started_q) assume (!rst_ni);
    assume (element < WINDOW);
  end

  wire ready, beat_valid, beat_ready, beat_last, busy, decoder_ready, window_valid;
  wire [WINDOW*(1+VALUE_W)-1:0] beat;
  wire [WINDOW-1:0] window_mask;
  wire [WINDOW*OPERAND_W-1:0] operands;
  assign beat_ready = decoder_ready && passes_i;
  sparsesim_bitmask_encoder #(
      .WINDOW (WINDOW),
      .VALUE_W(VALUE_W)
  ) u_encoder (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .valid_i(valid_i),
      .ready_o(ready),
      .value_i(value_i),
      .mask_i (mask_i),
      .last_i (last_i),
      .valid_o(beat_valid),
      .ready_i(beat_ready),
      .beat_o (beat),
      .last_o (beat_last),
      .busy_o (busy)
  );
  sparsesim_bitmask_decoder #(
      .WINDOW   (WINDOW),
      .VALUE_W  (VALUE_W),
      .OPERAND_W(OPERAND_W)
  ) u_decoder (
      .clk_i       (clk_i),
      .rst_ni      (rst_ni),
      .signed_i    (is_signed),
      .zero_point_i(zero_point),
      .valid_i     (beat_valid && passes_i),
      .ready_o     (decoder_ready),
      .beat_i      (beat),
      .valid_o     (window_valid),
      .ready_i     (ready_i),
      .mask_o      (window_mask),
      .operands_o  (operands)
  );
  stream_properties #(
      .WIDTH(WINDOW * (1 + VALUE_W) + 1)
  ) u_beats (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .valid_i(beat_valid),
      .ready_i(beat_ready),
      .data_i ({beat_last, beat})
  );
  stream_properties #(
      .WIDTH(WINDOW * (1 + OPERAND_W))
  ) u_windows (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .valid_i(window_valid),
      .ready_i(ready_i),
      .data_i ({window_mask, operands})
  );

  // Windows: how far the one that fills is, and how many are closed and inside: before the beats,
  // at the beats' stream, in the decoder.
  wire takes = valid_i && ready, closes = takes && (last_i || filled_q == WINDOW - 1);
  wire beat_goes = beat_valid && beat_ready, window_goes = window_valid && ready_i;
  reg [7:0] filled_q;
  reg [2:0] encoded_q, decoded_q, encoded_then_q, decoded_then_q;
  always @(posedge clk_i) begin
    filled_q <= closes ? 8'd0 : filled_q + {7'd0, takes};
    encoded_q <= encoded_q + {2'd0, closes} - {2'd0, beat_goes};
    decoded_q <= decoded_q + {2'd0, beat_goes} - {2'd0, window_goes};
    // Of those, what was closed or taken before the last cycle.
    encoded_then_q <= encoded_q - {2'd0, beat_goes};
    decoded_then_q <= decoded_q - {2'd0, window_goes};
    if (!rst_ni) begin
      filled_q <= 8'd0;
      {encoded_q, decoded_q, encoded_then_q, decoded_then_q} <= 12'd0;
    end
  end

  // The watched window: closed or not, windows before it, and its element.
  reg watched_q, closed_q, is_last_q, set_q;
  reg [2:0] before_q;
  reg [VALUE_W-1:0] value_q;
  wire fills = watched_q && !closed_q && takes;
  wire its_beat = beat_valid && watched_q && closed_q && before_q == decoded_q;
  wire its_turn = window_valid && watched_q && closed_q && before_q == 0;
  always @(posedge clk_i) begin
    if (!watched_q && watch_i && (closes || filled_q == 0 && !takes)) begin
      {watched_q, closed_q, set_q} <= 3'b100;
      before_q <= encoded_q + decoded_q + {2'd0, closes} - {2'd0, window_goes};
    end else if (watched_q) begin
      if (window_goes && before_q != 0) before_q <= before_q - 3'd1;
      if (window_goes && its_turn) watched_q <= 1'b0;
    end
    if (fills && filled_q == element) {set_q, value_q} <= {mask_i, value_i};
    if (fills && closes) {closed_q, is_last_q} <= {1'b1, last_i};
    if (!rst_ni) watched_q <= 1'b0;
  end

  // The form of a beat: the element's value stands in the slot of its rank; slots behind are 0.
  wire [WINDOW-1:0] beat_mask = beat[WINDOW*VALUE_W+:WINDOW];
  integer k;
  reg [7:0] rank, total;
  reg [VALUE_W-1:0] slot_value;
  reg empty_behind;
  always @* begin
    rank = 8'd0;
    total = 8'd0;
    for (k = 0; k < WINDOW; k = k + 1) begin
      if (k < element) rank = rank + {7'd0, beat_mask[k]};
      total = total + {7'd0, beat_mask[k]};
    end
    slot_value = {VALUE_W{1'b0}};
    empty_behind = 1'b1;
    for (k = 0; k < WINDOW; k = k + 1) begin
      if (k == rank) slot_value = beat[k*VALUE_W+:VALUE_W];
      if (k >= total && beat[k*VALUE_W+:VALUE_W] != 0) empty_behind = 1'b0;
    end
  end
  wire [OPERAND_W-1:0] operand = operands[element*OPERAND_W+:OPERAND_W];
  wire [OPERAND_W-1:0] zero = zero_point;
  wire [OPERAND_W-1:0] stored = {{(OPERAND_W - VALUE_W) {is_signed && value_q[VALUE_W-1]}}, value_q};
  always @* begin
    if (rst_ni && started_q) begin
      assert (busy == (encoded_q != 0 || filled_q != 0));
      // What was closed two cycles ago stands at the output; elements wait only for that.
      assert (beat_valid == (encoded_then_q != 0));
      if (!ready) assert (encoded_q == 2 && !beat_ready);
      assert (window_valid == (decoded_then_q != 0));
      if (!decoder_ready) assert (decoded_q == 2 && !ready_i);
      if (beat_valid) assert (empty_behind);
      if (its_beat) begin
        assert (beat_mask[element] == set_q && beat_last == is_last_q);
        if (set_q) assert (slot_value == value_q);
      end
      if (its_turn) begin
        assert (window_mask[element] == set_q);
        assert (operand == (set_q ? stored - zero : {OPERAND_W{1'b0}}));
      end
    end
  end
  always @(posedge clk_i) begin
    cover (rst_ni && started_q && its_turn && set_q && before_q == 0 && encoded_q == 2 && !ready);
    cover (rst_ni && started_q && its_beat && beat_mask == {WINDOW{1'b1}});
  end
endmodule
`default_nettype wire
