// The driver of serial.v. Operands: weights [filters][K], activations [positions][K], 32 bits each.
// Ends: [tiles][K][lanes].

#include <algorithm>

namespace {

using namespace parameters;

class Serial final : public Driver {
 public:
  explicit Serial(Vtop& top)
      : top_(top), there_(like(top.there_i)), weights_(like(top.weight_i)), sums_(like(top.sum_o)) {}

  void rest() override { top_.there_i = 0; }

  void begin(const Pass& pass, const Layer&) override {
    pass_ = &pass;
    tiles_ = (pass.filters + LANES - 1) / LANES;
    top_.beats_i = pass.reduction;
    top_.tiles_i = tiles_ * pass.positions;
    top_.drains_i = pass.drains;
    tile_ = beat_ = 0;
  }

  void offer() override {
    takes_ = top_.take_o;
    const int filter = tile_ % tiles_ * LANES;
    for (int n = 0; n < LANES; ++n) there_.set(n, filter + n < pass_->filters);
    there_.to(top_.there_i);
    if (!takes_) return;
    const uint32_t* weights = static_cast<const uint32_t*>(pass_->operands[0]);
    const uint32_t* acts = static_cast<const uint32_t*>(pass_->operands[1]);
    top_.act_i = acts[tile_ / tiles_ * pass_->reduction + beat_] & ((1u << ACT_W) - 1);
    for (int n = 0; n < LANES && filter + n < pass_->filters; ++n)
      weights_.put(n * WEIGHT_W, weights + (filter + n) * pass_->reduction + beat_, WEIGHT_W);
    weights_.to(top_.weight_i);
  }

  void note(int64_t cycle) override {
    if (!takes_) return;
    int64_t* ends = pass_->ends + (int64_t(tile_) * pass_->reduction + beat_) * LANES;
    for (int n = 0; n < LANES; ++n)
      if (there_[n]) ends[n] = cycle;
  }

  Wrong take() override {
    if (takes_) ++beat_;
    if (!top_.sum_valid_o) return nullptr;
    if (tile_ == tiles_ * pass_->positions) return TOO_MANY;
    sums_.from(top_.sum_o);
    const int filter = tile_ % tiles_ * LANES;
    for (int n = 0; n < LANES && filter + n < pass_->filters; ++n)
      pass_->sums[(filter + n) * pass_->positions + tile_ / tiles_] =
          sums_.get_signed(n * ACC_W, ACC_W);
    ++tile_, beat_ = 0;
    return nullptr;
  }

  Wrong end() override {
    return pass_->drains && tile_ < tiles_ * pass_->positions ? TOO_FEW : nullptr;
  }

 private:
  Vtop& top_;
  const Pass* pass_ = nullptr;
  Bits there_, weights_, sums_;
  bool takes_ = false;
  int tiles_ = 0, tile_ = 0, beat_ = 0;  // tiles of a position; of the pass
};

std::unique_ptr<Driver> make_driver(Vtop& top) { return std::make_unique<Serial>(top); }

}  // namespace
