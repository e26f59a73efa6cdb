// Raw Verilator: a C++ main that clocks the accelerator with windows it has at hand, and looks at
// nothing. What co-simulation is measured against; see cosimulation.py.
//
//     accelerator CYCLES DENSITY_PERCENT_OF_WEIGHTS OF_ACTIVATIONS

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

#include "Vtop.h"
#include "verilated.h"

namespace {

constexpr int LINES = 8, WINDOW = 16, WEIGHT_W = 8, ACT_W = 9, KINDS = 64;

template <class Port>
void put(Port& port, int offset, const unsigned char* bits, int count) {
  auto* to = reinterpret_cast<unsigned char*>(&port);
  for (int n = 0; n < count; ++n) {
    const int at = offset + n;
    const unsigned char mask = 1 << (at & 7);
    to[at >> 3] = bits[n] ? to[at >> 3] | mask : to[at >> 3] & ~mask;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const long cycles = std::atol(argv[1]);
  const double density[2] = {std::atof(argv[2]) / 100, std::atof(argv[3]) / 100};
  VerilatedContext context;
  Vtop top(&context);
  std::mt19937 random(1);

  // All ports are prepared: KINDS random settings of masks and values, taken in turn.
  static std::remove_reference_t<decltype(top.weight_mask_i)> weight_mask[KINDS];
  static std::remove_reference_t<decltype(top.act_mask_i)> act_mask[KINDS];
  static std::remove_reference_t<decltype(top.weight_values_i)> weight_values[KINDS];
  static std::remove_reference_t<decltype(top.act_values_i)> act_values[KINDS];
  for (int kind = 0; kind < KINDS; ++kind)
    for (int line = 0; line < LINES; ++line)
      for (int side = 0; side < 2; ++side) {
        const int width = side ? ACT_W : WEIGHT_W;
        unsigned char mask[WINDOW], values[WINDOW * ACT_W];
        for (int k = 0; k < WINDOW; ++k) {
          mask[k] = random() < density[side] * 4294967295.0;
          for (int b = 0; b < width; ++b)
            values[k * width + b] = mask[k] && (b == 0 || (random() & 1));
        }
        if (side) {
          put(act_mask[kind], line * WINDOW, mask, WINDOW);
          put(act_values[kind], line * WINDOW * ACT_W, values, WINDOW * ACT_W);
        } else {
          put(weight_mask[kind], line * WINDOW, mask, WINDOW);
          put(weight_values[kind], line * WINDOW * WEIGHT_W, values, WINDOW * WEIGHT_W);
        }
      }
  auto tick = [&] {
    top.clk_i = 0;
    top.eval();
    top.clk_i = 1;
    top.eval();
  };
  top.rst_ni = 0;
  for (int n = 0; n < 16; ++n) tick();
  top.rst_ni = 1;
  const int shape[] = {36, 60000, 60000, LINES, LINES, WINDOW, 1};  // inner_join_pass_shape.v
  for (int n = 0; n < 7; ++n) top.pass_i[n] = shape[n];
  top.raw_i = 1;
  std::memset(&top.out_ready_i, 0xff, sizeof top.out_ready_i);
  std::memset(&top.weight_valid_i, 0xff, sizeof top.weight_valid_i);
  std::memset(&top.act_valid_i, 0xff, sizeof top.act_valid_i);
  top.start_i = 1;
  tick();
  top.start_i = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (long n = 0; n < cycles; ++n) {
    const int kind = n % KINDS;
    std::memcpy(&top.weight_mask_i, &weight_mask[kind], sizeof top.weight_mask_i);
    std::memcpy(&top.act_mask_i, &act_mask[kind], sizeof top.act_mask_i);
    std::memcpy(&top.weight_values_i, &weight_values[kind], sizeof top.weight_values_i);
    std::memcpy(&top.act_values_i, &act_values[kind], sizeof top.act_values_i);
    tick();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%g\n", cycles / took.count());
  return top.busy_o ? 0 : 1;
}
