// The driver of stream, behind sparsesim/rtl/shell.cpp.
//
// It deals the streamed vectors to rows as docs/machines/stream.md says, hands each row its next
// entry and the loader its next word, and puts what comes out of the units where it belongs; it knows
// the order, and no timing.
//
// Operands: weights as int16 [filters][K], activations likewise by position. Ends:
// [tiles][blocks][LANES filters][LANES positions].

#include <algorithm>
#include <numeric>

namespace {

using namespace parameters;

constexpr bool WEIGHTS = !STREAMS_ACTIVATIONS;  // are streamed
constexpr int ENTRY_W = WEIGHTS ? WEIGHT_W : ACT_W, HELD_W = WEIGHTS ? ACT_W : WEIGHT_W;
constexpr int bits_of(int count) { return count > 1 ? 1 + bits_of((count + 1) / 2) : 0; }
constexpr int INDEX_W = bits_of(DEPTH), ROW_W = ROWS > 1 ? bits_of(ROWS) : 1;
constexpr int WORD = words(LANES * HELD_W);
constexpr Wrong TOO_LARGE = "has no counters for so many vectors, blocks or tiles in a pass";

int parts(int all, int of) { return (all + of - 1) / of; }

struct Entry {
  uint32_t index;
  uint32_t value;
  bool last;
};

struct Item {
  int vector, block;
};

struct Row {  // what it gets for each tile of the held operand, and where it is
  std::vector<Entry> entries;
  std::vector<Item> items;
  std::vector<int> leaving;  // vectors, in the order in which their results leave
  size_t entry = 0;
  int tile = 0;  // of entries
  int64_t ended = 0, left = 0;
};

class Stream final : public Driver {
 public:
  explicit Stream(Vtop& top)
      : top_(top),
        valid_(like(top.entry_valid_i)),
        ready_(like(top.entry_ready_o)),
        index_(like(top.entry_index_i)),
        value_(like(top.entry_value_i)),
        last_(like(top.entry_last_i)),
        word_(like(top.word_i)),
        room_(like(top.out_ready_i)),
        done_(like(top.done_o)),
        sum_row_(like(top.sum_row_o)),
        units_(top) {}

  void rest() override {
    const Bits none(4096);
    none.to(top_.entry_valid_i);
    none.to(top_.out_ready_i);
    top_.word_valid_i = 0;
    continues_ = false;
  }

  void begin(const Pass& pass, const Layer& layer) override {
    pass_ = &pass;
    for (int n = 0; n < 2; ++n) operand_[n] = static_cast<const int16_t*>(pass.operands[n]);
    streamed_ = operand_[!WEIGHTS], held_ = operand_[WEIGHTS];
    vectors_ = WEIGHTS ? pass.filters : pass.positions;
    lines_ = WEIGHTS ? pass.positions : pass.filters;
    blocks_ = parts(pass.reduction, DEPTH);
    block_ = parts(pass.reduction, blocks_);
    tiles_ = parts(lines_, LANES);
    rounds_ = parts(vectors_, ROWS);
    const bool whole = pass.drains && !continues_;
    chunked_ = !whole || blocks_ > 1;
    chunk_ = chunked_ ? STASH : rounds_;
    sorted_ = WEIGHTS && whole;
    deal();
    const int last_rows = vectors_ - (rounds_ - 1) * ROWS;
    const int last_block = pass.reduction - (blocks_ - 1) * block_;
    // Words of the shape: stream_pass_shape.v.
    top_.pass_i[0] = block_;
    top_.pass_i[1] = last_block;
    top_.pass_i[2] = blocks_;
    top_.pass_i[3] = rounds_;
    top_.pass_i[4] = last_rows;
    top_.pass_i[5] = tiles_;
    top_.pass_i[6] = lines_ - (tiles_ - 1) * LANES;
    top_.pass_i[7] = pass.drains | chunked_ << 1 | continues_ << 2 |
                     (sorted_ && rounds_ % 2 == 0) << 3;
    for (int u = 0; u < UNITS; ++u) room_.set(u, true);
    room_.to(top_.out_ready_i);
    for (int i = 0; i < ROWS; ++i) hand(i);
    loading_ = 0, load_chunk_ = 0, element_ = 0;
    words_of_tile();
    units_.begin(pass, layer);
    continues_ = !pass.drains;
  }

  int index(int filter) override { return WEIGHTS ? place_[filter] : filter; }

  void offer() override {
    ready_.from(top_.entry_ready_o);
    valid_.to(top_.entry_valid_i);
    index_.to(top_.entry_index_i);
    value_.to(top_.entry_value_i);
    last_.to(top_.entry_last_i);
    top_.word_valid_i = loading_ < tiles_;
    if (loading_ < tiles_) {
      word_.put(0, &words_[size_t(element_) * WORD], LANES * HELD_W);
      word_.to(top_.word_i);
    }
    // Whether an entry is taken hangs on the entry that is offered.
    top_.clk_i = 0;
    top_.eval();
    ready_.from(top_.entry_ready_o);
    takes_word_ = top_.word_ready_o && loading_ < tiles_;
  }

  void note(int64_t cycle) override {
    done_.from(top_.done_o);
    const int strips = parts(vectors_, LANES);
    for (int i = 0; i < ROWS; ++i) {
      Row& row = rows_[i];
      if (!done_[i] || row.ended >= int64_t(row.items.size()) * tiles_) continue;
      const Item item = row.items[row.ended % row.items.size()];
      const int tile = row.ended++ / row.items.size();
      const int64_t at = int64_t(tile) * strips + item.vector / LANES;
      int64_t* ends = pass_->ends + (at * blocks_ + item.block) * LANES * LANES;
      const int v = item.vector % LANES, lanes = std::min(LANES, lines_ - tile * LANES);
      for (int h = 0; h < lanes; ++h) ends[WEIGHTS ? v * LANES + h : h * LANES + v] = cycle;
    }
  }

  Wrong take() override {
    if (too_large_) return TOO_LARGE;
    for (int i = 0; i < ROWS; ++i)
      if (ready_[i] && valid_[i]) {
        Row& row = rows_[i];
        if (++row.entry == row.entries.size()) row.entry = 0, ++row.tile;
        hand(i);
      }
    if (takes_word_ && ++element_ == pass_->reduction) {
      element_ = 0;
      if (++load_chunk_ == parts(rounds_, chunk_)) {
        load_chunk_ = 0;
        if (++loading_ < tiles_) words_of_tile();
      }
    }
    sum_row_.from(top_.sum_row_o);
    return units_.take(top_, [this](int u) { return next(sum_row_.get(u * ROW_W, ROW_W)); });
  }

  Wrong end() override { return units_.end(); }

 private:
  const int16_t* vector(int v) const { return streamed_ + int64_t(v) * pass_->reduction; }

  // Entries of a vector in a block: its non-zeros, or one filler; where zeros are not skipped, all.
  int count(int v, int block) const {
    const int from = block * block_, to = std::min(from + block_, pass_->reduction);
    if (!SKIPS) return to - from;
    const int16_t* values = vector(v);
    int found = 0;
    for (int k = from; k < to; ++k) found += values[k] != 0;
    return std::max(found, 1);
  }

  void deal() {
    std::vector<int> order(vectors_);
    std::iota(order.begin(), order.end(), 0);
    if (sorted_) {
      std::vector<int> load(vectors_);
      for (int v = 0; v < vectors_; ++v)
        for (int b = 0; b < blocks_; ++b) load[v] += count(v, b);
      std::stable_sort(order.begin(), order.end(),
                       [&](int a, int b) { return load[a] > load[b]; });
    }
    place_.assign(vectors_, 0);
    std::vector<int> at(size_t(rounds_) * ROWS, -1);  // vector of each round and row
    for (int n = 0; n < vectors_; ++n) {
      const int round = n / ROWS, row = n % ROWS;
      const int place = round * ROWS + (sorted_ && round % 2 ? ROWS - 1 - row : row);
      at[place] = order[n];
      place_[order[n]] = place;
    }
    for (int i = 0; i < ROWS; ++i) {
      Row& row = rows_[i];
      row.entries.clear(), row.items.clear(), row.leaving.clear();
      row.entry = row.tile = row.ended = row.left = 0;
      for (int first = 0; first < rounds_; first += chunk_)
        for (int b = 0; b < blocks_; ++b) {
          const int rounds = std::min(chunk_, rounds_ - first);
          for (int n = 0; n < rounds; ++n) {
            const int round = first + (b % 2 ? rounds - 1 - n : n);
            const int v = at[size_t(round) * ROWS + i];
            if (v < 0) continue;
            row.items.push_back({v, b});
            if (b == blocks_ - 1) row.leaving.push_back(v);
            list(row, v, b);
          }
        }
    }
    // Counters of 16 bits, or of a round.
    too_large_ = vectors_ > 65536 || blocks_ > 65535 || tiles_ > 65535;
  }

  void list(Row& row, int v, int block) {
    const int from = block * block_, to = std::min(from + block_, pass_->reduction);
    const int16_t* values = vector(v);
    const size_t first = row.entries.size();
    for (int k = from; k < to; ++k)
      if (!SKIPS || values[k])
        row.entries.push_back({uint32_t(k - from), uint32_t(int32_t(values[k])), false});
    if (row.entries.size() == first) row.entries.push_back({0, 0, false});
    row.entries.back().last = true;
  }

  void hand(int i) {
    const Row& row = rows_[i];
    const bool valid = row.tile < tiles_ && !row.entries.empty();
    valid_.set(i, valid);
    if (!valid) return;
    const Entry& entry = row.entries[row.entry];
    index_.put(i * INDEX_W, &entry.index, INDEX_W);
    value_.put(i * ENTRY_W, &entry.value, ENTRY_W);
    last_.set(i, entry.last);
  }

  // The words of the tile that is loaded: an edge tile's lanes are the last ones.
  void words_of_tile() {
    words_.assign(size_t(pass_->reduction) * WORD, 0);
    const int first = loading_ * LANES, lanes = std::min(LANES, lines_ - first);
    const uint64_t keep = (uint64_t(1) << HELD_W) - 1;
    for (int h = 0; h < lanes; ++h) {
      const int16_t* values = held_ + int64_t(first + h) * pass_->reduction;
      const int bit = (LANES - lanes + h) * HELD_W, at = bit >> 5, shift = bit & 31;
      const bool crosses = shift + HELD_W > 32;
      for (int k = 0; k < pass_->reduction; ++k) {
        const uint64_t value = (uint64_t(int64_t(values[k])) & keep) << shift;
        uint32_t* word = &words_[size_t(k) * WORD + at];
        word[0] |= uint32_t(value);
        if (crosses) word[1] |= uint32_t(value >> 32);
      }
    }
  }

  // Where a row's next result belongs: of each tile, of each item, of each lane.
  int64_t next(uint64_t number) {
    if (number >= ROWS || rows_[number].leaving.empty()) return -1;
    Row& row = rows_[number];
    const int64_t items = row.leaving.size();
    const int tile = row.left / (items * LANES);
    if (tile >= tiles_) return -1;
    const int lanes = std::min(LANES, lines_ - tile * LANES);
    const int64_t in_tile = row.left - tile * items * LANES;
    const int v = row.leaving[in_tile / lanes], h = tile * LANES + in_tile % lanes;
    row.left = in_tile + 1 == items * lanes ? (tile + 1) * items * LANES : row.left + 1;
    return WEIGHTS ? int64_t(v) * pass_->positions + h : int64_t(h) * pass_->positions + v;
  }

  Vtop& top_;
  const Pass* pass_ = nullptr;
  const int16_t* operand_[2] = {};
  const int16_t *streamed_ = nullptr, *held_ = nullptr;
  int vectors_ = 0, lines_ = 0;  // of the operand that is streamed, that is held
  int blocks_ = 0, block_ = 0, tiles_ = 0, rounds_ = 0, chunk_ = 0;
  bool chunked_ = false, sorted_ = false, too_large_ = false;
  bool continues_ = false;  // the pass before ended no tile
  std::vector<int> place_;  // round * ROWS + row of each streamed vector
  Row rows_[ROWS];
  std::vector<uint32_t> words_;
  int loading_ = 0, load_chunk_ = 0, element_ = 0;
  bool takes_word_ = false;
  Bits valid_, ready_, index_, value_, last_, word_, room_, done_, sum_row_;
  Units<UNITS, ACC_W, VALUE_W> units_;
};

std::unique_ptr<Driver> make_driver(Vtop& top) { return std::make_unique<Stream>(top); }

}  // namespace
