`default_nettype none
// What a row works on: its items in order, segment by segment, and when it takes an entry.
//
// Cycle contract: docs/machines/stream.md, "Cycles of a pass": an item's first entry is taken in the
// cycle `start` at the earliest, the last one of an item that is captured in a cycle with free_i.
// entry_ready_o looks at entry_last_i, which belongs to the entry that is offered.
//
// Halves. A half of the store has a turn, which is turned over when the half has been loaded:
// loaded_next_i is as it will be in the next cycle. done_o has one likewise, turned over when the row
// is through with the half, which is the row's where the two differ. segment_i says what the segment
// is that was loaded last, coming_i of the one that is loaded, or is next: see stream_loader.v.
//
// Rounds. A row's vector of round r is r; in an odd block rounds fall. A chunk is STASH rounds, the
// row's part of it STASH places of its stash.
//
// Example, two blocks, STASH = 2, rounds 0 and 1: rounds 0, 1 (zero, zero: the second goes on), then
// 1, 0 (goes on, fetched), of which each is captured but the second.
//
// Twin: tests/naive_stream.py. Test: test_stream_items.py.
module stream_items #(
    // Sums of a lane in the stash, a power of two, 1 to 256.
    parameter STASH = 16,
    // Width of a round.
    parameter ROUND_W = 12,
    // Width of a place in the stash; derived, leave it.
    parameter PLACE_W = STASH > 1 ? $clog2(STASH) : 1
) (
    input  wire               clk_i,
    input  wire               rst_ni,
    // The pass, from its first cycle on: it begins in this cycle; a segment has STASH rounds at most;
    // sums start from the stash; the row has one vector; the number of its last round but one.
    input  wire               begins_i,
    input  wire               drains_i,
    input  wire               chunked_i,
    input  wire               continues_i,
    input  wire               one_round_i,
    input  wire [ROUND_W-1:0] before_last_i,
    input  wire               in_last_i,
    // Halves of the store.
    input  wire [        1:0] loaded_next_i,
    input  wire [        7:0] segment_i,
    input  wire [        7:0] coming_i,
    output wire [        1:0] done_o,
    // Entries.
    input  wire               entry_valid_i,
    input  wire               entry_last_i,
    output wire               entry_ready_o,
    // The next fetched sum is there; the result registers are free for another.
    input  wire               fetched_i,
    input  wire               free_i,
    // Of this cycle: an entry is taken, from this half; an item may take one; the row has a half; it
    // skips a segment without an item of its own.
    output wire               take_o,
    output wire               half_o,
    output wire               item_ready_o,
    output wire               here_o,
    output wire               skip_o,
    // The entry is the first of an item whose sum starts anew, and takes what was fetched.
    output wire               from_start_o,
    output wire               from_fetched_o,
    // Such an item begins, and a fetch follows: of the sum at this place, which was the last to be
    // stashed.
    output wire               fetch_o,
    output wire               fetch_recent_o,
    output wire [PLACE_W-1:0] fetch_place_o,
    // The entry is an item's last, and the segment's of this row; the item is captured, of this
    // round, on its way to a unit.
    output wire               last_o,
    output wire               ends_o,
    output wire               capture_o,
    output wire               to_unit_o,
    output wire [ROUND_W-1:0] round_o,
    // Of the segment: its tile is an edge tile; the number of its tile, modulo 4.
    output wire               edge_o,
    output wire [        1:0] tile_o
);
  localparam [ROUND_W-1:0] PLACES = STASH[ROUND_W-1:0] - 1'b1;
  localparam [ROUND_W-1:0] ONE = {{ROUND_W - 1{1'b0}}, 1'b1};
  localparam [ROUND_W-1:0] BEFORE = PLACES - ONE;
  localparam SINGLE = STASH == 1 ? 1 : 0;

  // Where the row is; the item in work, or the next: the first of its segment, the last.
  reg half_q, here_q, other_here_q, mid_q, first_q, ends_q;
  reg [1:0] done_q;
  reg [7:0] segment_q;
  reg [ROUND_W-1:0] round_q;
  wire is_first_block = segment_q[0];
  wire is_last_block = segment_q[1];
  wire falls = segment_q[2];
  wire is_last_chunk = segment_q[3];
  // Halves are done in turn: half 1 has half 0's turn until half 0 has been done once more.
  wire here_next = half_q ? loaded_next_i[1] == done_q[0] : loaded_next_i[0] != done_q[0];
  wire other_here_next = loaded_next_i[!half_q] != done_q[0];
  wire skip = segment_q[5];
  wire [7:0] next_loaded = other_here_q ? segment_i : coming_i;
  wire [7:0] next_segment = {next_loaded[7:6], next_loaded[5] && !in_last_i, next_loaded[4:0]};

  wire goes_on = first_q && !is_first_block;
  wire is_fetched = !goes_on && !from_zero_q;
  wire is_captured = is_last_block || !ends_q;

  // The next entry may be taken: at once, in an item or as one begins; or with a fetched sum.
  reg at_once_q, from_zero_q;
  wire may_take = at_once_q || (fetched_i && !skip);
  wire item_ready = here_q && may_take;
  wire entry_ready = item_ready && (!entry_last_i || !is_captured || free_i);
  wire take = entry_valid_i && entry_ready;
  wire last = take && entry_last_i;
  wire begins = take && !mid_q;
  wire leaves_segment = (last && ends_q) || (here_q && skip);

  // The next item. Its round: one on or back; the same where a vector goes on; the next chunk's first
  // or the next tile's. It is its segment's last: a vector that goes on, where there is no other.
  wire next_chunk = ends_q && is_last_block;
  wire next_tile = is_last_block && is_last_chunk;
  wire back = falls && !next_chunk;
  wire [ROUND_W-1:0] from = falls && next_chunk ? round_q | PLACES : round_q;
  // The round but one before the last; where rounds fall, one of its chunk, which it ends.
  reg [ROUND_W-1:0] before_last_q;
  wire [ROUND_W-1:0] differs = round_q ^ before_last_q;
  wire is_before_last = (differs & ~PLACES) == {ROUND_W{1'b0}} &&
      (falls ? &(before_last_q | ~PLACES) : (differs & PLACES) == {ROUND_W{1'b0}});
  wire is_first_of_tile_last = one_round_i || (chunked_i && SINGLE);
  wire [ROUND_W-1:0] place = round_q & PLACES;
  reg ends_d;
  always @* begin
    if (ends_q && !is_last_block) ends_d = first_q;
    else if (ends_q) ends_d = is_before_last || SINGLE;
    else if (falls) ends_d = place == ONE;
    else ends_d = is_before_last || (chunked_i && place == BEFORE);
  end
  always @(posedge clk_i) begin
    if (take) mid_q <= !entry_last_i;
    if (last) begin
      first_q <= 1'b0;
      ends_q  <= ends_d;
      if (!ends_q || is_last_block) round_q <= from + {{ROUND_W - 1{back}}, 1'b1};
    end
    if (leaves_segment) begin
      first_q <= 1'b1;
      half_q  <= !half_q;
      done_q  <= half_q ? {~done_q[1], done_q[0]} : {done_q[1], ~done_q[0]};
    end
    if (begins_i || (leaves_segment && next_tile)) begin
      round_q <= {ROUND_W{1'b0}};
      ends_q  <= is_first_of_tile_last;
    end
    here_q <= leaves_segment ? other_here_next : here_next;
    other_here_q <= other_here_next && !leaves_segment;
    if (leaves_segment || !here_q) begin
      segment_q <= next_segment;
      from_zero_q <= next_segment[0] && !continues_i;
      at_once_q <= !next_segment[5] && !(next_segment[0] && continues_i);
    end else if (take) at_once_q <= !entry_last_i || from_zero_q;
    before_last_q <= before_last_i;
    if (!rst_ni) begin
      {half_q, here_q, other_here_q, mid_q, done_q} <= 6'd0;
      first_q <= 1'b1;
    end
  end

  // The fetch that follows: the next item's of this block, else, behind the vector that goes on, the
  // one before.
  wire [ROUND_W-1:0] neighbour = round_q + {{ROUND_W - 1{ends_q ^ falls}}, 1'b1};
  assign fetch_o = begins && !goes_on && (ends_q ? !is_last_block && !first_q : !from_zero_q);
  assign fetch_recent_o = ends_q;
  assign fetch_place_o = neighbour[PLACE_W-1:0];
  wire unused = &{1'b0, neighbour};

  assign done_o = done_q;
  assign entry_ready_o = entry_ready;
  assign take_o = take;
  assign half_o = half_q;
  assign item_ready_o = item_ready;
  assign here_o = here_q;
  assign skip_o = skip;
  assign from_start_o = begins && !goes_on;
  assign from_fetched_o = begins && is_fetched;
  assign last_o = last;
  assign ends_o = last && ends_q;
  assign capture_o = last && is_captured;
  assign to_unit_o = is_last_block && drains_i;
  assign round_o = round_q;
  assign edge_o = segment_q[4];
  assign tile_o = segment_q[7:6];
endmodule
`default_nettype wire
