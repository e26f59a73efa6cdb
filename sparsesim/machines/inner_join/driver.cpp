// The driver of inner_join, behind sparsesim/rtl/shell.cpp.
//
// It hands the next window to each stream that took the last one, and puts what comes out of the
// columns where it belongs; it knows the order of tiles, and no timing.
//
// Operands: weights as [filters][windows][mask words, value words], activations likewise by
// position. Ends: [windows of all tiles in order][rows][cols].

#include <algorithm>

namespace {

using namespace parameters;

constexpr int BEAT_W = std::max(WINDOW * (1 + VALUE_W), ACC_W);  // of an output, as in the Verilog
constexpr int MASK_WORDS = words(WINDOW);
constexpr bool INNER = POSITIONS_INNER;
constexpr Wrong LAST_IS_WRONG = "marks the wrong results as a tile's last";

// Where a line is in the pass: its vectors are first, first + step, ... below `vectors`, `repeats`
// times each (outer axis) or all of them `repeats` times over (inner axis).
struct Walk {
  int first = 0, step = 0, vectors = 0, repeats = 0;
  bool inner = false;
  int vector = 0, repeat = 0;
  bool done = false;

  void start() {
    vector = first, repeat = 0;
    done = first >= vectors;
  }
  void next_tile() {
    if (inner) {
      vector += step;
      if (vector < vectors) return;
      vector = first;
      done = ++repeat == repeats;
    } else if (++repeat == repeats) {
      repeat = 0;
      vector += step;
      done = vector >= vectors;
    }
  }
};

struct Line {  // a stream of windows
  Walk walk;
  int window = 0;
};

struct Column {  // what comes out of a column: sums, then encoded values, each in its own place
  Walk walk;     // over its positions
  int tile = 0, row = 0;
};

// All rows' streams, or all columns'.
template <int LINES, int VALUE_BITS>
class Streams {
 public:
  template <class Valid, class Mask, class Values>
  Streams(const Valid& valid, const Mask& mask, const Values& values)
      : valid_(like(valid)), ready_(like(valid)), mask_(like(mask)), values_(like(values)) {}

  void begin(const void* windows, int windows_of_vector, int vectors, int repeats, bool inner) {
    operand_ = static_cast<const uint32_t*>(windows);
    windows_ = windows_of_vector;
    for (int n = 0; n < LINES; ++n) {
      lines[n] = Line{{n, LINES, vectors, repeats, inner}};
      lines[n].walk.start();
      hand(n);
    }
  }
  // Readiness depends on state alone: what the last clock left is what this cycle takes.
  template <class Ready, class Valid, class Mask, class Values>
  void offer(const Ready& ready, Valid& valid, Mask& mask, Values& values) {
    ready_.from(ready);
    valid_.to(valid);
    mask_.to(mask);
    values_.to(values);
  }
  void take() {
    for (int n = 0; n < LINES; ++n) {
      Line& line = lines[n];
      if (!ready_[n] || line.walk.done) continue;
      if (++line.window == windows_) {
        line.window = 0;
        line.walk.next_tile();
      }
      hand(n);
    }
  }

  Line lines[LINES];

 private:
  static constexpr int BITS = WINDOW * VALUE_BITS;
  static constexpr int WORDS = MASK_WORDS + words(BITS);

  void hand(int n) {
    const Line& line = lines[n];
    valid_.set(n, !line.walk.done);
    if (line.walk.done) return;
    const uint32_t* window =
        operand_ + (int64_t(line.walk.vector) * windows_ + line.window) * WORDS;
    mask_.put(n * WINDOW, window, WINDOW);
    values_.put(n * BITS, window + MASK_WORDS, BITS);
  }

  Bits valid_, ready_, mask_, values_;
  const uint32_t* operand_ = nullptr;
  int windows_ = 0;
};

class InnerJoin final : public Driver {
 public:
  explicit InnerJoin(Vtop& top)
      : top_(top),
        weights_(top.weight_valid_i, top.weight_mask_i, top.weight_values_i),
        acts_(top.act_valid_i, top.act_mask_i, top.act_values_i),
        done_(like(top.done_o)),
        sum_valid_(like(top.sum_valid_o)),
        sum_last_(like(top.sum_last_o)),
        sum_(like(top.sum_o)),
        sum_overflow_(like(top.sum_overflow_o)),
        out_valid_(like(top.out_valid_o)),
        out_last_(like(top.out_last_o)),
        out_data_(like(top.out_data_o)),
        out_ready_(like(top.out_ready_i)) {}

  void rest() override {
    const Bits none(4096);
    none.to(top_.weight_valid_i);
    none.to(top_.act_valid_i);
    none.to(top_.out_ready_i);
  }

  void begin(const Pass& pass, const Layer& layer) override {
    pass_ = &pass, layer_ = &layer;
    const int windows = tiles(pass.reduction, WINDOW);
    filter_tiles_ = tiles(pass.filters, ROWS);
    const int position_tiles = tiles(pass.positions, COLS);
    // Words of the shape: inner_join_pass_shape.v.
    top_.pass_i[0] = windows;
    top_.pass_i[1] = filter_tiles_;
    top_.pass_i[2] = position_tiles;
    top_.pass_i[3] = pass.filters - (filter_tiles_ - 1) * ROWS;
    top_.pass_i[4] = pass.positions - (position_tiles - 1) * COLS;
    top_.pass_i[5] = pass.reduction - (windows - 1) * WINDOW;
    top_.pass_i[6] = pass.drains;
    for (int j = 0; j < COLS; ++j) out_ready_.set(j, true);
    out_ready_.to(top_.out_ready_i);
    weights_.begin(pass.operands[0], windows, pass.filters, position_tiles, !INNER);
    acts_.begin(pass.operands[1], windows, pass.positions, filter_tiles_, INNER);
    for (int j = 0; j < COLS; ++j) {
      sums_[j] = outputs_[j] = Column{acts_.lines[j].walk};
      if (!pass.drains) sums_[j].walk.done = outputs_[j].walk.done = true;
    }
    sequence_ = int64_t(filter_tiles_) * position_tiles * windows;
    std::fill_n(ended_, ROWS * COLS, 0);
  }

  void offer() override {
    weights_.offer(top_.weight_ready_o, top_.weight_valid_i, top_.weight_mask_i,
                   top_.weight_values_i);
    acts_.offer(top_.act_ready_o, top_.act_valid_i, top_.act_mask_i, top_.act_values_i);
  }

  void note(int64_t cycle) override {
    done_.from(top_.done_o);
    for (int n = 0; n < ROWS * COLS; ++n)
      if (done_[n] && ended_[n] < sequence_) pass_->ends[ended_[n]++ * ROWS * COLS + n] = cycle;
  }

  Wrong take() override {
    weights_.take();
    acts_.take();
    if (Wrong wrong = take_sums()) return wrong;
    return take_outputs();
  }

  Wrong end() override {
    for (const Column& column : sums_)
      if (!column.walk.done) return TOO_FEW;
    for (const Column& column : outputs_)
      if (!layer_->raw && !column.walk.done) return TOO_FEW;
    return nullptr;
  }

 private:
  static int tiles(int lines, int of) { return (lines + of - 1) / of; }

  int tile_rows(const Column& column) const {
    return std::min(ROWS, pass_->filters - column.tile * ROWS);
  }

  int64_t place(const Column& column) const {
    return int64_t(column.tile * ROWS + column.row) * pass_->positions + column.walk.vector;
  }

  // The filters that a column gives next at its position; with the filters inside, all tiles of a
  // position follow each other.
  void next_tile(Column& column) const {
    column.row = 0;
    if (INNER) {
      column.walk.next_tile();
      column.tile = column.walk.repeat;
    } else {
      column.walk.next_tile();
      if (++column.tile == filter_tiles_) column.tile = 0;
    }
  }

  Wrong take_sums() {
    sum_valid_.from(top_.sum_valid_o);
    if (!sum_valid_.any()) return nullptr;
    sum_.from(top_.sum_o);
    sum_last_.from(top_.sum_last_o);
    sum_overflow_.from(top_.sum_overflow_o);
    for (int j = 0; j < COLS; ++j) {
      if (!sum_valid_[j]) continue;
      Column& column = sums_[j];
      if (column.walk.done) return TOO_MANY;
      const int64_t at = place(column);
      pass_->sums[at] = sum_.get_signed(j * ACC_W, ACC_W);
      pass_->overflows[at] = sum_overflow_[j];
      const bool last = ++column.row == tile_rows(column);
      if (last != sum_last_[j]) return LAST_IS_WRONG;
      if (last) next_tile(column);
    }
    return nullptr;
  }

  Wrong take_outputs() {
    out_valid_.from(top_.out_valid_o);
    if (layer_->raw || !out_valid_.any()) return nullptr;
    out_data_.from(top_.out_data_o);
    out_last_.from(top_.out_last_o);
    for (int j = 0; j < COLS; ++j) {
      if (!out_valid_[j]) continue;
      Column& column = outputs_[j];
      int where = j * BEAT_W;  // values lie packed behind the mask, which is on top
      const int mask_at = where + WINDOW * VALUE_W;
      bool closed = false;
      for (int k = 0; k < WINDOW && !closed; ++k) {
        if (column.walk.done) return TOO_MANY;
        int16_t& value = pass_->values[place(column)];
        value = layer_->zero_point;
        if (out_data_[mask_at + k]) {
          value = layer_->low < 0 ? out_data_.get_signed(where, VALUE_W)
                                  : int64_t(out_data_.get(where, VALUE_W));
          where += VALUE_W;
        }
        if (++column.row < tile_rows(column)) continue;
        // A position's channels end with its last tile, or with every tile where positions are inner.
        closed = INNER || column.tile == filter_tiles_ - 1;
        next_tile(column);
      }
      if (closed != out_last_[j]) return LAST_IS_WRONG;
    }
    return nullptr;
  }

  Vtop& top_;
  const Pass* pass_ = nullptr;
  const Layer* layer_ = nullptr;
  int filter_tiles_ = 0;
  int64_t sequence_ = 0;  // windows of all tiles
  Streams<ROWS, WEIGHT_W> weights_;
  Streams<COLS, ACT_W> acts_;
  Column sums_[COLS], outputs_[COLS];
  int64_t ended_[ROWS * COLS];  // windows on which each PE ended its work
  Bits done_, sum_valid_, sum_last_, sum_, sum_overflow_;
  Bits out_valid_, out_last_, out_data_, out_ready_;
};

std::unique_ptr<Driver> make_driver(Vtop& top) { return std::make_unique<InnerJoin>(top); }

}  // namespace
