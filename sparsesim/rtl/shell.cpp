// Passes on a Verilated accelerator, from whole arrays to whole arrays: no step of it in Python.
//
// The shell of every machine: reset, clock, time limit, post-processing's parameters, waveform. How
// the machine is fed and where what comes out belongs, its driver knows: a file that is compiled
// behind this one and defines `make_driver`. Both see the Verilog's parameters as constants of the
// namespace `parameters`. The Verilog decides everything.
//
// Ports that every top has: clk_i, rst_ni, start_i, busy_o, cycles_o, counters_o (48 bits for each
// class of slots, in the machine's order) and those of the post-processing.

#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "Vtop.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

namespace {

constexpr int words(int bits) { return (bits + 31) / 32; }

// The bits of a port, 32 at a time, whatever type Verilator gave its width.
class Bits {
 public:
  explicit Bits(size_t bytes = 0) : at_(bytes / 4 + 4) {}
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
};

template <class Port>
Bits like(const Port& port) {
  return Bits(sizeof port);
}

struct Layer {  // how sums are post-processed; raw: not at all
  int32_t relu = 0, threshold = 0, zero_point = 0, low = 0, high = 0, raw = 1;
};

struct Pass {
  int32_t filters, positions, reduction, drains;
  int64_t cycle_limit;
  const void* const* operands;  // arrays, as the machine packs them
  // [filters][positions] each; values are unused where the layer is raw.
  int64_t* sums;
  uint8_t* overflows;
  int16_t* values;
  // Unless null: the cycle in which each place ended its work, as the machine's timeline has it.
  int64_t* ends;
};

struct Found {
  int64_t cycles;
  int64_t clocked;  // cycles simulated, those behind the pass's end too
};

// What is wrong with a pass, behind "the Verilog"; null: nothing is.
using Wrong = const char*;
constexpr Wrong TOO_MANY = "gives more results than the pass has";
constexpr Wrong TOO_FEW = "gives fewer results than the pass has";
constexpr Wrong NO_SUM = "gives an output before its sum";

// What comes out of post-processing units, one sum and one value a unit and cycle at most: sums lie
// where the machine says, a unit's values in the order of its sums.
template <int UNITS, int ACC_BITS, int VALUE_BITS>
class Units {
 public:
  template <class Top>
  explicit Units(const Top& top)
      : sum_valid_(like(top.sum_valid_o)),
        sum_(like(top.sum_o)),
        out_valid_(like(top.out_valid_o)),
        out_value_(like(top.out_value_o)) {}

  void begin(const Pass& pass, const Layer& layer) {
    pass_ = &pass, layer_ = &layer;
    sums_left_ = pass.drains ? int64_t(pass.filters) * pass.positions : 0;
    for (auto& places : waiting_) places.clear();
  }

  // `next`: the place of a unit's next sum, filter * positions + position; below 0 there is none.
  template <class Top, class Next>
  Wrong take(const Top& top, Next next) {
    sum_valid_.from(top.sum_valid_o);
    if (sum_valid_.any()) {
      sum_.from(top.sum_o);
      for (int u = 0; u < UNITS; ++u) {
        if (!sum_valid_[u]) continue;
        const int64_t at = sums_left_ ? next(u) : -1;
        if (at < 0) return TOO_MANY;
        pass_->sums[at] = sum_.get_signed(u * ACC_BITS, ACC_BITS);
        pass_->overflows[at] = 0;  // there is no flag
        --sums_left_;
        if (!layer_->raw) waiting_[u].push_back(at);
      }
    }
    out_valid_.from(top.out_valid_o);
    if (!out_valid_.any()) return nullptr;
    out_value_.from(top.out_value_o);
    for (int u = 0; u < UNITS; ++u) {
      if (!out_valid_[u]) continue;
      if (waiting_[u].empty()) return layer_->raw ? TOO_MANY : NO_SUM;
      pass_->values[waiting_[u].front()] =
          layer_->low < 0 ? out_value_.get_signed(u * VALUE_BITS, VALUE_BITS)
                          : int64_t(out_value_.get(u * VALUE_BITS, VALUE_BITS));
      waiting_[u].pop_front();
    }
    return nullptr;
  }

  Wrong end() const {
    bool lacks = sums_left_ > 0;
    for (const auto& places : waiting_) lacks |= !places.empty();
    return lacks ? TOO_FEW : nullptr;
  }

 private:
  const Pass* pass_ = nullptr;
  const Layer* layer_ = nullptr;
  int64_t sums_left_ = 0;
  std::deque<int64_t> waiting_[UNITS];  // places whose value has not come
  Bits sum_valid_, sum_, out_valid_, out_value_;
};

// A machine's part. Of each cycle: `offer`, `note` where ends are asked for, a clock, `take`.
class Driver {
 public:
  virtual ~Driver() = default;
  // In reset: nothing is offered, nothing is taken.
  virtual void rest() = 0;
  // Before start_i: the pass's shape stands at the ports, and what is offered first.
  virtual void begin(const Pass& pass, const Layer& layer) = 0;
  // Behind `begin`: where the post-processing has the parameters of a filter of the pass.
  virtual int index(int filter) { return filter; }
  // Behind a clock: puts what is offered at the ports.
  virtual void offer() = 0;
  // All signals of a cycle have settled.
  virtual void note(int64_t cycle) = 0;
  // Behind the clock that ends a cycle: what it took makes place, what it gave is put in its place.
  virtual Wrong take() = 0;
  // Behind the pass.
  virtual Wrong end() = 0;
};

std::unique_ptr<Driver> make_driver(Vtop& top);

}  // namespace

extern "C" {

struct Shell {
  VerilatedContext context;
  std::unique_ptr<Vtop> top;
  std::unique_ptr<Driver> driver;
  Layer layer;
  std::vector<int32_t> bias;  // of the filters of a pass, as the next three
  std::vector<uint32_t> multiplier;
  std::vector<uint8_t> shift;
  std::vector<int> indices;  // where they were written; empty: nowhere yet
  uint64_t cycles = 0;  // clocked since it was made
  std::string wrong;
#if VM_TRACE
  VerilatedVcdC trace;
#endif

  Shell() : top(new Vtop(&context)), driver(make_driver(*top)) {}
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

Shell* shell_make() { return new Shell; }

void shell_drop(Shell* shell) {
  shell->top->final();
  delete shell;
}

int shell_trace(Shell* shell, const char* path) {
#if VM_TRACE
  shell->context.traceEverOn(true);
  shell->top->trace(&shell->trace, 99);
  shell->trace.open(path);
  return shell->trace.isOpen();
#else
  return 0;
#endif
}

void shell_trace_end(Shell* shell) {
#if VM_TRACE
  shell->trace.close();
#endif
}

void shell_reset(Shell* shell) {
  Vtop& top = *shell->top;
  top.rst_ni = 0;
  top.start_i = 0;
  top.param_we_i = 0;
  shell->driver->rest();
  for (int n = 0; n < 256; ++n) shell->tick();  // longer than any line of registers
  top.rst_ni = 1;
}

// Parameters of the layer, and those of filters 0 to count - 1, which the next pass writes.
void shell_layer(Shell* shell, const Layer* layer, int32_t count, const int32_t* bias,
                 const uint32_t* multiplier, const uint8_t* shift) {
  Vtop& top = *shell->top;
  shell->layer = *layer;
  const uint32_t keep = (2u << parameters::VALUE_W) - 1;
  top.relu_i = layer->relu;
  top.threshold_i = layer->threshold & keep;
  top.zero_point_i = layer->zero_point & keep;
  top.low_i = layer->low & keep;
  top.high_i = layer->high & keep;
  top.raw_i = layer->raw;
  shell->bias.assign(bias, bias + count);
  shell->multiplier.assign(multiplier, multiplier + count);
  shell->shift.assign(shift, shift + count);
  shell->indices.clear();
}

static void write_parameters(Shell* shell) {
  Vtop& top = *shell->top;
  const size_t count = shell->bias.size();
  std::vector<int> indices(count);
  for (size_t n = 0; n < count; ++n) indices[n] = shell->driver->index(n);
  if (indices == shell->indices) return;
  for (size_t n = 0; n < count; ++n) {
    top.param_we_i = 1;
    top.param_index_i = indices[n];
    top.param_bias_i = shell->bias[n];
    top.param_multiplier_i = shell->multiplier[n];
    top.param_shift_i = shell->shift[n];
    shell->tick();
  }
  top.param_we_i = 0;
  shell->indices = indices;
}

// Gives what is wrong, behind "the Verilog"; it stays until the next call. Null: nothing is.
const char* shell_run(Shell* shell, const Pass* pass, Found* found, int64_t* counters,
                      int32_t classes) {
  Vtop& top = *shell->top;
  Driver& driver = *shell->driver;
  driver.begin(*pass, shell->layer);
  if (pass->drains) write_parameters(shell);
  const uint64_t begin = shell->cycles;
  top.start_i = 1;
  driver.offer();
  shell->tick();
  top.start_i = 0;
  while (top.busy_o) {
    if (shell->cycles - begin > uint64_t(pass->cycle_limit)) {
      shell->wrong = "hangs: it is busy after " + std::to_string(pass->cycle_limit) +
                     " cycles, where the model is done after fewer than half";
      return shell->wrong.c_str();
    }
    driver.offer();
    if (pass->ends) {  // of the cycle that the coming clock ends; cycle 0 is the one behind start_i
      top.clk_i = 0;
      top.eval();
      driver.note(shell->cycles - begin - 1);
    }
    shell->tick();
    if (Wrong wrong = driver.take()) return wrong;
  }
  found->cycles = top.cycles_o;
  found->clocked = shell->cycles - begin;
  Bits counted = like(top.counters_o);
  counted.from(top.counters_o);
  for (int n = 0; n < classes; ++n) counters[n] = counted.get(48 * n, 48);
  return driver.end();
}
}
