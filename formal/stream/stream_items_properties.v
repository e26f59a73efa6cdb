`default_nettype none
// Proves of a row's items (stream_items.v): an entry is taken only from a half that was loaded, and
// each half is given back once; an item that may take the entry which is offered may until it does;
// only an item that is captured waits for the registers, and what was fetched is taken once.
//
// Free: entries, segments (one with the last chunk's flag closes a tile), fetches, registers. Halves
// are loaded as stream_loader_properties.v proves.
module stream_items_properties #(
    parameter STASH = 2
) (
    input wire       clk_i,
    input wire       rst_ni,
    input wire       loads_i,
    input wire [7:0] next_i,
    input wire       valid_i,
    input wire       last_i,
    input wire       fetch_done_i,
    input wire       free_i,
    input wire [7:0] pass_i
);
  // The pass: whatever stood there in reset.
  reg [7:0] pass_q;
  always @(posedge clk_i) if (!rst_ni) pass_q <= pass_i;
  wire drains = pass_q[0], chunked = pass_q[1], continues = pass_q[2];
  wire one_round = pass_q[3], in_last = pass_q[4];
  wire [2:0] before_last = pass_q[7:5];
  reg started_q = 1'b0;
  always @(posedge clk_i) started_q <= 1'b1;
  always @* if (!started_q) assume (!rst_ni);

  // Halves: at most two are loaded and not given back.
  reg [1:0] loaded_q;
  reg load_half_q;
  reg [7:0] segment_q, coming_q;
  wire [1:0] done;
  wire loads = loads_i && loaded_q[load_half_q] == done[load_half_q];
  wire [1:0] loaded_next = loaded_q ^ {loads && load_half_q, loads && !load_half_q};
  always @(posedge clk_i) begin
    loaded_q <= loaded_next;
    if (loads) begin
      load_half_q <= !load_half_q;
      segment_q <= coming_q;
      coming_q <= next_i;
    end
    if (!rst_ni) begin
      loaded_q <= 2'b00;
      load_half_q <= 1'b0;
    end
  end

  wire ready, take, half, here, skip, from_fetched, fetch, last, ends, capture;
  reg fetched_q, free_q;
  stream_items #(
      .STASH  (STASH),
      .ROUND_W(3)
  ) u_items (
      .clk_i         (clk_i),
      .rst_ni        (rst_ni),
      .begins_i      (1'b0),
      .drains_i      (drains),
      .chunked_i     (chunked),
      .continues_i   (continues),
      .one_round_i   (one_round),
      .before_last_i (before_last),
      .in_last_i     (in_last),
      .loaded_next_i (loaded_next),
      .segment_i     (segment_q),
      .coming_i      (coming_q),
      .done_o        (done),
      .entry_valid_i (valid_i),
      .entry_last_i  (last_i),
      .entry_ready_o (ready),
      .fetched_i     (fetched_q),
      .free_i        (free_q),
      .take_o        (take),
      .half_o        (half),
      .here_o        (here),
      .skip_o        (skip),
      .from_fetched_o(from_fetched),
      .fetch_o       (fetch),
      .last_o        (last),
      .ends_o        (ends),
      .capture_o     (capture)
  );
  // Registers that are free stay so until something is captured; what is fetched stays until taken.
  always @(posedge clk_i) begin
    free_q <= !rst_ni || (!capture && (free_q || free_i));
    fetched_q <= rst_ni && !from_fetched && (fetched_q || fetch_done_i);
  end

  reg [1:0] done_before_q;
  reg waited_q, last_q;
  always @(posedge clk_i) begin
    done_before_q <= done;
    waited_q <= rst_ni && ready && !valid_i;
    last_q <= last_i;
  end
  wire [1:0] turned = done ^ done_before_q;
  reg gave_q;
  reg gave_half_q;
  always @(posedge clk_i) begin
    gave_q <= rst_ni && (ends || (here && skip));
    gave_half_q <= half;
  end
  always @* if (started_q && rst_ni) begin
    if (take) assert (loaded_q[half] != done[half]);
    assert (take == (valid_i && ready));
    if (from_fetched) assert (take && fetched_q);
    if (capture) assert (last && free_q);
    if (waited_q && last_q == last_i) assert (ready);
    if (gave_q) assert (turned == (gave_half_q ? 2'b10 : 2'b01));
  end
  reg known_q;
  always @(posedge clk_i) known_q <= rst_ni;
  always @* if (started_q && rst_ni && known_q && !gave_q) assert (turned == 2'b00);
  always @(posedge clk_i) cover (started_q && fetch && gave_q);
endmodule
`default_nettype wire
