`default_nettype none
// The lowest set bits of a mask, up to one a lane: which pairs a PE multiplies in this cycle.
//
// Combinational. Lane l gets the (l+1)-th set bit from the bottom; `rest_o` is the mask without
// all bits taken. Bits are looked at in groups of four, and then the groups: a short path, and no
// carry chain.
//
// Example, WINDOW = 8, LANES = 2, mask_i = 8'b0110_1000: lane 0 takes 3, lane 1 takes 5,
// rest_o = 8'b0100_0000, and is not empty: one cycle later lane 0 takes 6, lane 1 nothing.
//
// Twin: ceil(q / lanes) cycles for q bits. Test: test_sparsesim_select.py.
module sparsesim_select #(
    // Bits of the mask, 1 to 64. Costs about two LUT a bit and lane.
    parameter WINDOW = 16,
    // Bits taken at once, 1 to 64, at most WINDOW; the path grows with it.
    parameter LANES = 1,
    // Width of an index; derived, leave it.
    parameter INDEX_W = WINDOW > 1 ? $clog2(WINDOW) : 1
) (
    // Pairs still to multiply.
    input  wire [WINDOW-1:0]        mask_i,
    // For each lane: whether it has a pair, and which; no matter which where it has none.
    output wire [LANES-1:0]         valid_o,
    output wire [LANES*INDEX_W-1:0] index_o,
    // The pairs that are left behind this cycle; there are none.
    output wire [WINDOW-1:0]        rest_o,
    output wire                     empty_o
);
  sparsesim_parameter_range #(.NAME("window"), .VALUE(WINDOW), .LOW(1), .HIGH(64)) u_window_range ();
  sparsesim_parameter_range #(.NAME("lanes"), .VALUE(LANES), .LOW(1), .HIGH(64)) u_lanes_range ();
  generate
    if (LANES > WINDOW) begin : g_lanes_window
      sparsesim_parameter_relation #(.NAME("lanes"), .VALUE(LANES), .OTHER("window"), .GIVEN(WINDOW),
          .USE("window or less")) u_stop ();
    end
  endgenerate

  localparam GROUPS = (WINDOW + 3) / 4;
  localparam PADDED = GROUPS * 4;
  localparam GROUP_W = GROUPS > 1 ? $clog2(GROUPS) : 1;

  genvar lane, g, b;
  generate
    for (lane = 0; lane < LANES; lane = lane + 1) begin : g_lane
      // What the lanes before leave, and this one.
      wire [PADDED-1:0] from, left;
      if (lane == 0) begin : g_mask
        assign from = {{PADDED - WINDOW{1'b0}}, mask_i};
      end else begin : g_rest
        assign from = g_lane[lane-1].left;
      end
      // Of each group: a bit is set, a second one is, a lower group has one; the index within it.
      wire [GROUPS-1:0] any, more, lower, index0, index1;
      for (g = 0; g < GROUPS; g = g + 1) begin : g_group
        wire [3:0] m = from[4*g+:4];
        wire [3:0] under = {m[2] | m[1] | m[0], m[1] | m[0], m[0], 1'b0};
        assign any[g] = m != 4'd0;
        assign more[g] = (m & under) != 4'd0;
        assign index0[g] = !m[0] && (m[1] || !m[2]);
        assign index1[g] = !m[0] && !m[1];
        if (g == 0) begin : g_first
          assign lower[0] = 1'b0;
        end else begin : g_other
          assign lower[g] = any[g-1:0] != {g{1'b0}};
        end
        assign left[4*g+:4] = m & (under | {4{lower[g]}});
      end
      wire [GROUP_W-1:0] group;
      for (b = 0; b < GROUP_W; b = b + 1) begin : g_bit
        wire [GROUPS-1:0] chosen;
        for (g = 0; g < GROUPS; g = g + 1) begin : g_having
          assign chosen[g] = ((g >> b) & 1) == 1 && any[g] && !lower[g];
        end
        assign group[b] = chosen != {GROUPS{1'b0}};
      end
      wire [GROUP_W+1:0] index = {group, index1[group], index0[group]};
      assign index_o[lane*INDEX_W+:INDEX_W] = index[INDEX_W-1:0];
      assign valid_o[lane] = any != {GROUPS{1'b0}};
      if (lane == LANES - 1) begin : g_last
        assign rest_o = left[WINDOW-1:0];
        assign empty_o = more == {GROUPS{1'b0}} && (any & lower) == {GROUPS{1'b0}};
      end
      // Of all lanes but the last, and of a window that is no power of two.
      wire unused = &{1'b0, more, index, left};
    end
  endgenerate
endmodule
`default_nettype wire
