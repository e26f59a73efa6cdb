`default_nettype none
// Proves of choose: the form that is simulated and the form that is synthesised (renamed to
// choose_synthesis by choose.sby) are one function, and it is the value at the index.
module choose_properties #(
    parameter WINDOW = 4,
    parameter VALUE_W = 2,
    parameter INDEX_W = WINDOW > 1 ? $clog2(WINDOW) : 1
) (
    input wire [WINDOW*VALUE_W-1:0] values_i,
    input wire [       INDEX_W-1:0] index_i
);
  wire [VALUE_W-1:0] simulated, synthesised;
  sparsesim_choose #(
      .WINDOW (WINDOW),
      .VALUE_W(VALUE_W)
  ) u_simulated (
      .values_i(values_i),
      .index_i (index_i),
      .value_o (simulated)
  );
  choose_synthesis #(
      .WINDOW (WINDOW),
      .VALUE_W(VALUE_W)
  ) u_synthesised (
      .values_i(values_i),
      .index_i (index_i),
      .value_o (synthesised)
  );
  reg [VALUE_W-1:0] expected;
  integer k;
  always @* begin
    expected = {VALUE_W{1'b0}};
    for (k = 0; k < WINDOW; k = k + 1)
      if (index_i == k) expected = values_i[k*VALUE_W+:VALUE_W];
    if (index_i < WINDOW) begin
      assert (simulated == expected);
      assert (synthesised == expected);
    end
  end
endmodule
`default_nettype wire
