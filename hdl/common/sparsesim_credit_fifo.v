`default_nettype none
// FIFO behind a pipeline that cannot stop: it grants credits for what may come.
//
// Cycle contract: what is pushed in cycle t stands at the output from t + 2 on. credit_o is high in
// a cycle only if there is place for everything that has arrived and not left, plus one entry for
// each of the LATENCY cycles before and one for this cycle: whoever sees it may send an entry,
// which arrives (arrive_i) up to LATENCY cycles later and is pushed whenever it comes out of the
// pipeline between.
//
// Example, DEPTH = 8, LATENCY = 2: credit_o is high up to 5 entries between arrival and departure;
// with the 6th it falls, and 2 more may be on their way.
//
// Test: test_sparsesim_credit_fifo.py.
module sparsesim_credit_fifo #(
    // Bits of an entry; 32 entries of 6 bits are 4 LUTs. 1 to 1024.
    parameter WIDTH = 33,
    // Entries, a power of two above LATENCY + 1. 4 to 1024.
    parameter DEPTH = 32,
    // Cycles from a credit to the arrival of what it let go, at most. 1 to 32.
    parameter LATENCY = 5
) (
    input  wire             clk_i,
    input  wire             rst_ni,
    // One more entry may be sent; one has arrived at the pipeline.
    output wire             credit_o,
    input  wire             arrive_i,
    // An entry comes out of the pipeline; there is always place for it.
    input  wire             push_i,
    input  wire [WIDTH-1:0] data_i,
    // The oldest entry: taken in a cycle where both are high.
    output wire             valid_o,
    input  wire             ready_i,
    output wire [WIDTH-1:0] data_o,
    // Something has arrived and not left.
    output wire             busy_o
);
  sparsesim_parameter_range #(.NAME("width"), .VALUE(WIDTH), .LOW(1), .HIGH(1024)) u_width_range ();
  sparsesim_parameter_range #(.NAME("depth"), .VALUE(DEPTH), .LOW(4), .HIGH(1024)) u_depth_range ();
  generate
    if (DEPTH <= LATENCY + 1 || DEPTH != 1 << $clog2(DEPTH)) begin : g_depth_latency
      sparsesim_parameter_relation #(.NAME("depth"), .VALUE(DEPTH), .OTHER("latency"), .GIVEN(LATENCY),
          .USE("a power of two above latency + 1")) u_stop ();
    end
  endgenerate
  sparsesim_parameter_range #(.NAME("latency"), .VALUE(LATENCY), .LOW(1), .HIGH(32)) u_latency_range ();

  localparam ADDRESS_W = $clog2(DEPTH);
  localparam MOST = DEPTH - LATENCY - 1;

  (* ram_style = "distributed" *)
  reg [WIDTH-1:0] memory[0:DEPTH-1];
  reg [ADDRESS_W:0] write_q, read_q, inside_q;
  reg valid_q, credit_q;
  reg [WIDTH-1:0] data_q;

  wire leaves = valid_q && ready_i;
  wire loads = write_q != read_q && (!valid_q || ready_i);
  wire [ADDRESS_W:0] inside_d = inside_q + {{ADDRESS_W{1'b0}}, arrive_i} - {{ADDRESS_W{1'b0}}, leaves};

  always @(posedge clk_i) begin
    if (push_i) memory[write_q[ADDRESS_W-1:0]] <= data_i;
    if (loads) data_q <= memory[read_q[ADDRESS_W-1:0]];
    write_q  <= write_q + {{ADDRESS_W{1'b0}}, push_i};
    read_q   <= read_q + {{ADDRESS_W{1'b0}}, loads};
    inside_q <= inside_d;
    credit_q <= inside_d <= MOST[ADDRESS_W:0];
    valid_q  <= loads || (valid_q && !ready_i);
    if (!rst_ni) begin
      {write_q, read_q, inside_q} <= {3 * ADDRESS_W + 3{1'b0}};
      {valid_q, credit_q} <= 2'b00;
    end
  end
  assign credit_o = credit_q;
  assign valid_o = valid_q;
  assign data_o = data_q;
  assign busy_o = inside_q != {ADDRESS_W + 1{1'b0}};
endmodule
`default_nettype wire
