`default_nettype none
// Proves of select: lane l has the (l+1)-th set bit from the bottom if there is one; the rest is
// the mask without the bits taken, and empty tells whether nothing is left.
module select_properties #(
    parameter WINDOW = 8,
    parameter LANES = 2,
    parameter INDEX_W = WINDOW > 1 ? $clog2(WINDOW) : 1
) (
    input wire [WINDOW-1:0] mask_i
);
  wire [LANES-1:0] valid;
  wire [LANES*INDEX_W-1:0] index;
  wire [WINDOW-1:0] rest;
  wire empty;
  sparsesim_select #(
      .WINDOW(WINDOW),
      .LANES (LANES)
  ) u_select (
      .mask_i (mask_i),
      .valid_o(valid),
      .index_o(index),
      .rest_o (rest),
      .empty_o(empty)
  );
  reg [WINDOW-1:0] left;
  reg found;
  reg [INDEX_W-1:0] at;
  integer lane, k;
  always @* begin
    left = mask_i;
    for (lane = 0; lane < LANES; lane = lane + 1) begin
      found = 1'b0;
      at = {INDEX_W{1'b0}};
      for (k = WINDOW - 1; k >= 0; k = k - 1)
        if (left[k]) begin
          found = 1'b1;
          at = k;
        end
      assert (valid[lane] == found);
      if (found) begin
        assert (index[lane*INDEX_W+:INDEX_W] == at);
        left[at] = 1'b0;
      end
    end
    assert (rest == left);
    assert (empty == (left == 0));
  end
endmodule
`default_nettype wire
