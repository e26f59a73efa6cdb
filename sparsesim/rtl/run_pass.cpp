// Passes on the Verilated accelerator, from whole arrays to whole arrays: no step of it in Python.
//
// The Verilog decides everything. This file hands the next window to each stream that took the last
// one, and puts what comes out where it belongs; it knows the order of tiles, and no timing.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "Vtop.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

namespace {

int words(int bits) { return (bits + 31) / 32; }

// The bits of a port, 32 at a time, whatever type Verilator gave its width.
class Bits {
 public:
  explicit Bits(size_t bytes = 0) : at_(bytes / 4 + 4), bytes_(bytes) {}
  void put(int offset, const uint32_t* source, int count) {
    for (; count > 0; count -= 32, offset += 32, ++source) {
      const uint64_t keep = count >= 32 ? 0xffffffffu : (1u << count) - 1;
      uint64_t both;
      std::memcpy(&both, &at_[offset >> 5], 8);
      const int shift = offset & 31;
      both = (both & ~(keep << shift)) | ((*source & keep) << shift);
      std::memcpy(&at_[offset >> 5], &both, 8);
    }
  }
  uint64_t get(int offset, int count) const {  // up to 64 bits
    uint64_t found;
    std::memcpy(&found, &at_[offset >> 5], 8);
    const int shift = offset & 31;
    found >>= shift;
    if (shift) found |= uint64_t(at_[(offset >> 5) + 2]) << (64 - shift);
    return count == 64 ? found : found & ((uint64_t(1) << count) - 1);
  }
  int64_t get_signed(int offset, int count) const {
    return int64_t(get(offset, count) << (64 - count)) >> (64 - count);
  }
  bool operator[](int n) const { return (at_[n >> 5] >> (n & 31)) & 1; }
  void set(int n, bool value) {
    at_[n >> 5] = (at_[n >> 5] & ~(1u << (n & 31))) | (uint32_t(value) << (n & 31));
  }
  bool any() const {
    for (uint32_t word : at_)
      if (word) return true;
    return false;
  }
  template <class Port>
  void to(Port& port) const {
    std::memcpy(&port, at_.data(), sizeof port);
  }
  template <class Port>
  void from(const Port& port) {
    std::memcpy(at_.data(), &port, sizeof port);
  }

 private:
  std::vector<uint32_t> at_;
  size_t bytes_;
};

template <class Port>
Bits like(const Port& port) {
  return Bits(sizeof port);
}

struct Build {  // the parameters that the model was built with
  int32_t rows, cols, window, act_w, weight_w, acc_w, value_w, beat_w, positions_inner;
};

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

}  // namespace

extern "C" {

struct Pass {
  int32_t filters, positions, windows, last_length, drains;
  int64_t weight_stride, act_stride;  // 32-bit words from one vector to the next
  int64_t cycle_limit;
};

struct Layer {
  int32_t relu, threshold, zero_point, low, high, raw;
};

struct Found {
  int64_t cycles;
  int64_t counters[7];
  int64_t clocked;  // cycles simulated, those behind the pass's end too
};

enum Status { OK = 0, HANGS = 1, TOO_MANY = 2, LAST_IS_WRONG = 3, TOO_FEW = 4 };

struct Machine {
  VerilatedContext context;
  std::unique_ptr<Vtop> top;
  Build build;
  uint64_t cycles = 0;  // clocked since it was made
  Bits weight_valid, weight_ready, weight_mask, weight_values;
  Bits act_valid, act_ready, act_mask, act_values;
  Bits done;
  Bits sum_valid, sum_last, sum, sum_overflow, out_valid, out_last, out_data, out_ready, counters;
  std::vector<Line> rows, cols;
  std::vector<Column> sums, outputs;
  std::vector<uint32_t> nothing;
#if VM_TRACE
  VerilatedVcdC trace;
#endif

  explicit Machine(const Build& made) : top(new Vtop(&context)), build(made) {
    weight_valid = like(top->weight_valid_i), weight_ready = like(top->weight_ready_o);
    weight_mask = like(top->weight_mask_i), weight_values = like(top->weight_values_i);
    act_valid = like(top->act_valid_i), act_ready = like(top->act_ready_o);
    act_mask = like(top->act_mask_i), act_values = like(top->act_values_i);
    sum_valid = like(top->sum_valid_o), sum_last = like(top->sum_last_o);
    sum = like(top->sum_o), sum_overflow = like(top->sum_overflow_o);
    out_valid = like(top->out_valid_o), out_last = like(top->out_last_o);
    out_data = like(top->out_data_o), out_ready = like(top->out_ready_i);
    counters = like(top->counters_o), done = like(top->done_o);
    rows.resize(build.rows), cols.resize(build.cols);
    sums.resize(build.cols), outputs.resize(build.cols);
  }
  void tick() {
    top->clk_i = 0;
    top->eval();
#if VM_TRACE
    if (trace.isOpen()) trace.dump(2 * cycles);
#endif
    top->clk_i = 1;
    top->eval();
#if VM_TRACE
    if (trace.isOpen()) trace.dump(2 * cycles + 1);
#endif
    ++cycles;
  }
};

Machine* machine_make(const Build* build) { return new Machine(*build); }

void machine_drop(Machine* machine) {
  machine->top->final();
  delete machine;
}

int machine_trace(Machine* machine, const char* path) {
#if VM_TRACE
  machine->context.traceEverOn(true);
  machine->top->trace(&machine->trace, 99);
  machine->trace.open(path);
  return machine->trace.isOpen();
#else
  return 0;
#endif
}

void machine_trace_end(Machine* machine) {
#if VM_TRACE
  machine->trace.close();
#endif
}

void machine_reset(Machine* machine) {
  Vtop& top = *machine->top;
  top.rst_ni = 0;
  top.start_i = 0;
  top.param_we_i = 0;
  Bits none(4096);
  none.to(top.weight_valid_i);
  none.to(top.act_valid_i);
  none.to(top.out_ready_i);
  for (int n = 0; n < 256; ++n) machine->tick();  // longer than any line of registers
  top.rst_ni = 1;
}

// Parameters of filters 0 to count - 1, and those of the layer.
void machine_layer(Machine* machine, const Layer* layer, int32_t count, const int32_t* bias,
                   const uint32_t* multiplier, const uint8_t* shift) {
  Vtop& top = *machine->top;
  const uint32_t keep = (2u << machine->build.value_w) - 1;
  top.relu_i = layer->relu;
  top.threshold_i = layer->threshold & keep;
  top.zero_point_i = layer->zero_point & keep;
  top.low_i = layer->low & keep;
  top.high_i = layer->high & keep;
  top.raw_i = layer->raw;
  for (int n = 0; n < count; ++n) {
    top.param_we_i = 1;
    top.param_index_i = n;
    top.param_bias_i = bias[n];
    top.param_multiplier_i = multiplier[n];
    top.param_shift_i = shift[n];
    machine->tick();
  }
  top.param_we_i = 0;
}

// weights: [filters][windows][mask words, value words], activations likewise by position; sums,
// overflows and values: [filters][positions]; values are unused where raw. ends, unless null: the
// cycle in which each PE ended each window of the pass, [rows][cols][windows of all tiles].
int machine_run(Machine* machine, const Pass* pass, const Layer* layer, const uint32_t* weights,
                const uint32_t* acts, int64_t* sums, uint8_t* overflows, int16_t* values,
                int64_t* ends, Found* found) {
  Machine& m = *machine;
  Vtop& top = *m.top;
  const Build& b = m.build;
  const int mask_words = words(b.window);
  const int weight_bits = b.window * b.weight_w, act_bits = b.window * b.act_w;
  const int weight_words = mask_words + words(weight_bits);
  const int act_words = mask_words + words(act_bits);
  const int filter_tiles = (pass->filters + b.rows - 1) / b.rows;
  const int position_tiles = (pass->positions + b.cols - 1) / b.cols;
  const bool inner = b.positions_inner;

  top.windows_i = pass->windows;
  top.filter_tiles_i = filter_tiles;
  top.position_tiles_i = position_tiles;
  top.last_filters_i = pass->filters - (filter_tiles - 1) * b.rows;
  top.last_positions_i = pass->positions - (position_tiles - 1) * b.cols;
  top.last_length_i = pass->last_length;
  top.drains_i = pass->drains;
  for (int j = 0; j < b.cols; ++j) m.out_ready.set(j, true);
  m.out_ready.to(top.out_ready_i);

  auto hand_weight = [&](int i) {
    Line& line = m.rows[i];
    m.weight_valid.set(i, !line.walk.done);
    if (line.walk.done) return;
    const uint32_t* window =
        weights + line.walk.vector * pass->weight_stride + int64_t(line.window) * weight_words;
    m.weight_mask.put(i * b.window, window, b.window);
    m.weight_values.put(i * weight_bits, window + mask_words, weight_bits);
  };
  auto hand_act = [&](int j) {
    Line& line = m.cols[j];
    m.act_valid.set(j, !line.walk.done);
    if (line.walk.done) return;
    const uint32_t* window =
        acts + line.walk.vector * pass->act_stride + int64_t(line.window) * act_words;
    m.act_mask.put(j * b.window, window, b.window);
    m.act_values.put(j * act_bits, window + mask_words, act_bits);
  };
  auto hand_over = [&] {
    m.weight_valid.to(top.weight_valid_i);
    m.weight_mask.to(top.weight_mask_i);
    m.weight_values.to(top.weight_values_i);
    m.act_valid.to(top.act_valid_i);
    m.act_mask.to(top.act_mask_i);
    m.act_values.to(top.act_values_i);
  };
  auto took = [&](Line& line) {
    if (++line.window < pass->windows) return;
    line.window = 0;
    line.walk.next_tile();
  };

  for (int i = 0; i < b.rows; ++i) {
    m.rows[i] = Line{{i, b.rows, pass->filters, position_tiles, !inner}};
    m.rows[i].walk.start();
    hand_weight(i);
  }
  for (int j = 0; j < b.cols; ++j) {
    m.cols[j] = Line{{j, b.cols, pass->positions, filter_tiles, inner}};
    m.cols[j].walk.start();
    hand_act(j);
    m.sums[j] = Column{m.cols[j].walk};
    m.outputs[j] = Column{m.cols[j].walk};
    if (!pass->drains) m.sums[j].walk.done = m.outputs[j].walk.done = true;
  }
  // The filters that a column gives next at its position; with the filters inside, all tiles of a
  // position follow each other.
  auto next_tile = [&](Column& column) {
    column.row = 0;
    column.tile = column.tile + 1;
    if (inner) {
      const int before = column.walk.repeat;
      column.walk.next_tile();
      column.tile = column.walk.repeat == before ? column.tile - 1 : column.walk.repeat;
    } else {
      column.walk.next_tile();
      if (column.tile == filter_tiles) column.tile = 0;
    }
  };
  auto tile_rows = [&](const Column& column) {
    return std::min(b.rows, pass->filters - column.tile * b.rows);
  };

  const int64_t sequence = int64_t(filter_tiles) * position_tiles * pass->windows;
  std::vector<int64_t> ended(ends ? b.rows * b.cols : 0);
  const uint64_t begin = m.cycles;
  top.start_i = 1;
  hand_over();
  m.tick();
  top.start_i = 0;
  while (top.busy_o) {
    if (m.cycles - begin > uint64_t(pass->cycle_limit)) return HANGS;
    // Readiness depends on state alone: what the last clock left is what this cycle takes.
    if (ends) {  // of the cycle that the coming clock ends, whose number is its distance from start
      hand_over();
      top.clk_i = 0;
      top.eval();
      m.done.from(top.done_o);
      for (int n = 0; n < b.rows * b.cols; ++n)
        if (m.done[n] && ended[n] < sequence)
          ends[n * sequence + ended[n]++] = m.cycles - begin - 1;
    }
    m.weight_ready.from(top.weight_ready_o);
    m.act_ready.from(top.act_ready_o);
    hand_over();
    m.tick();
    for (int i = 0; i < b.rows; ++i)
      if (m.weight_ready[i] && !m.rows[i].walk.done) {
        took(m.rows[i]);
        hand_weight(i);
      }
    for (int j = 0; j < b.cols; ++j)
      if (m.act_ready[j] && !m.cols[j].walk.done) {
        took(m.cols[j]);
        hand_act(j);
      }
    m.sum_valid.from(top.sum_valid_o);
    if (m.sum_valid.any()) {
      m.sum.from(top.sum_o);
      m.sum_last.from(top.sum_last_o);
      m.sum_overflow.from(top.sum_overflow_o);
      for (int j = 0; j < b.cols; ++j) {
        if (!m.sum_valid[j]) continue;
        Column& column = m.sums[j];
        if (column.walk.done) return TOO_MANY;
        const int64_t at =
            int64_t(column.tile * b.rows + column.row) * pass->positions + column.walk.vector;
        sums[at] = m.sum.get_signed(j * b.acc_w, b.acc_w);
        overflows[at] = m.sum_overflow[j];
        const bool last = ++column.row == tile_rows(column);
        if (last != m.sum_last[j]) return LAST_IS_WRONG;
        if (last) next_tile(column);
      }
    }
    m.out_valid.from(top.out_valid_o);
    if (!m.out_valid.any()) continue;
    m.out_data.from(top.out_data_o);
    m.out_last.from(top.out_last_o);
    for (int j = 0; j < b.cols; ++j) {
      if (!m.out_valid[j] || layer->raw) continue;
      Column& column = m.outputs[j];
      int value = b.window;  // values lie packed behind the mask, which is on top
      const int base = j * b.beat_w;
      const int mask_at = base + b.window * b.value_w;
      value = 0;
      bool closed = false;
      for (int k = 0; k < b.window && !closed; ++k) {
        if (column.walk.done) return TOO_MANY;
        const int64_t at =
            int64_t(column.tile * b.rows + column.row) * pass->positions + column.walk.vector;
        values[at] = layer->zero_point;
        if (m.out_data[mask_at + k]) {
          const int where = base + value++ * b.value_w;
          values[at] = layer->low < 0 ? m.out_data.get_signed(where, b.value_w)
                                      : int64_t(m.out_data.get(where, b.value_w));
        }
        if (++column.row < tile_rows(column)) continue;
        // A position's channels end with its last tile, or with every tile where positions are inner.
        closed = inner || column.tile == filter_tiles - 1;
        next_tile(column);
      }
      if (closed != m.out_last[j]) return LAST_IS_WRONG;
    }
  }
  found->cycles = top.cycles_o;
  m.counters.from(top.counters_o);
  for (int n = 0; n < 7; ++n) found->counters[n] = m.counters.get(48 * n, 48);
  found->clocked = m.cycles - begin;
  for (const Column& column : m.sums)
    if (!column.walk.done) return TOO_FEW;
  for (const Column& column : m.outputs)
    if (!layer->raw && !column.walk.done) return TOO_FEW;
  return OK;
}
}
