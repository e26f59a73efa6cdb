// The driver of systolic, behind sparsesim/rtl/shell.cpp.
//
// It hands the next step's operands to whichever edge takes them, and puts what comes out of the
// units where it belongs; it knows the order of folds and of results, and no timing.
//
// Operands: the words of the shape, weights, activations, as packing.py lays them out. Ends: [tiles
// and folds in order][columns], or [tiles][columns][rows].

#include <algorithm>

namespace {

using namespace parameters;

constexpr bool SUMS_STAY = OUTPUT_STATIONARY;
constexpr int CHOICE_W = BLOCK > 4 ? 3 : BLOCK > 2 ? 2 : 1;
constexpr int POSITIONS = SUMS_STAY ? ROWS : DEPTH;  // of a tile
constexpr int PLACES = SUMS_STAY ? ROWS * COLS : COLS;
constexpr int WEIGHT_WORDS = words(COLS * WEIGHT_W), CHOICE_WORDS = words(COLS * CHOICE_W);
constexpr int ACT_WORDS = words(ROWS * BLOCK * ACT_W);
constexpr int SHAPE_WORDS = 13, DRAINS = 10;

// Where in a pass an edge is: tiles of all filters for each of the positions, folds, steps.
struct Walk {
  int folds = 0, filter_tiles = 0, position_tiles = 0;
  int fold = 0, filter_tile = 0, position_tile = 0, step = 0;

  bool done() const { return position_tile == position_tiles; }
  void next(int steps) {
    if (++step < steps) return;
    step = 0;
    if (++fold < folds) return;
    fold = 0;
    if (++filter_tile < filter_tiles) return;
    filter_tile = 0;
    ++position_tile;
  }
};

// What a unit gives: a position's results of its own columns, position by position, tile by tile.
struct Results {
  int unit = 0, filter_tile = 0, position_tile = 0, position = 0, share = 0;
};

class Systolic final : public Driver {
 public:
  explicit Systolic(Vtop& top)
      : top_(top),
        weight_(like(top.weight_i)),
        choice_(like(top.choice_i)),
        act_(like(top.act_i)),
        ready_(like(top.out_ready_i)),
        done_(like(top.done_o)),
        units_(top) {}

  void rest() override {
    top_.weight_valid_i = top_.act_valid_i = 0;
    const Bits none(sizeof top_.out_ready_i);
    none.to(top_.out_ready_i);
  }

  void begin(const Pass& pass, const Layer& layer) override {
    pass_ = &pass;
    units_.begin(pass, layer);
    const uint32_t* shape = static_cast<const uint32_t*>(pass.operands[0]);
    for (int n = 0; n < SHAPE_WORDS; ++n) top_.pass_i[n] = shape[n];
    top_.pass_i[DRAINS] = pass.drains;
    elements_ = shape[3];
    weights_ = acts_ = Walk{int(shape[0]), int(shape[1]), int(shape[2])};
    top_.weight_valid_i = top_.act_valid_i = 1;
    for (int u = 0; u < UNITS; ++u) {
      ready_.set(u, true);
      sums_[u] = Results{u};
      if (!there(sums_[u])) sums_[u].position_tile = acts_.position_tiles;
    }
    ready_.to(top_.out_ready_i);
    folds_ = int64_t(acts_.folds) * acts_.filter_tiles * acts_.position_tiles;
    std::fill_n(ended_, PLACES, 0);
  }

  // What is taken depends on state alone: what the last clock left is what this cycle takes.
  void offer() override {
    takes_weight_ = top_.weight_take_o && !weights_.done();
    takes_act_ = top_.act_take_o && !acts_.done();
    if (takes_weight_) {
      const int64_t steps = SUMS_STAY ? elements_ : int64_t(weights_.folds) * ROWS;
      const int64_t step = SUMS_STAY ? weights_.step : weights_.fold * ROWS + weights_.step;
      const uint32_t* weight = static_cast<const uint32_t*>(pass_->operands[1]) +
                               (weights_.filter_tile * steps + step) * (WEIGHT_WORDS + CHOICE_WORDS);
      weight_.put(0, weight, COLS * WEIGHT_W);
      choice_.put(0, weight + WEIGHT_WORDS, COLS * CHOICE_W);
      weight_.to(top_.weight_i);
      choice_.to(top_.choice_i);
    }
    if (takes_act_) {
      const int64_t line = SUMS_STAY
                               ? int64_t(acts_.position_tile) * elements_ + acts_.step
                               : int64_t(acts_.fold) * pass_->positions +
                                     acts_.position_tile * POSITIONS + acts_.step;
      act_.put(0, static_cast<const uint32_t*>(pass_->operands[2]) + line * ACT_WORDS,
               ROWS * BLOCK * ACT_W);
      act_.to(top_.act_i);
    }
  }

  void note(int64_t cycle) override {
    done_.from(top_.done_o);
    for (int n = 0; n < PLACES; ++n)
      if (done_[n] && ended_[n] < folds_) pass_->ends[ended_[n]++ * PLACES + n] = cycle;
  }

  Wrong take() override {
    if (takes_weight_) weights_.next(SUMS_STAY ? elements_ : ROWS);
    if (takes_act_) acts_.next(SUMS_STAY ? elements_ : positions(acts_.position_tile));
    return units_.take(top_, [this](int u) { return taken(sums_[u]); });
  }

  Wrong end() override { return units_.end(); }

 private:
  int positions(int tile) const { return std::min(POSITIONS, pass_->positions - tile * POSITIONS); }

  static int filter(const Results& at) {
    return at.filter_tile * COLS + at.unit + at.share * UNITS;
  }
  // A unit has columns of the array, and filters of the pass.
  bool there(const Results& at) const {
    return at.unit + at.share * UNITS < COLS && filter(at) < pass_->filters;
  }
  int64_t place(const Results& at) const {
    return int64_t(filter(at)) * pass_->positions + at.position_tile * POSITIONS + at.position;
  }

  // The last tile may have no filter of a unit at all.
  void next(Results& at) const {
    ++at.share;
    if (there(at)) return;
    at.share = 0;
    if (++at.position < positions(at.position_tile)) return;
    at.position = 0;
    if (++at.filter_tile < acts_.filter_tiles && there(at)) return;
    at.filter_tile = 0;
    ++at.position_tile;
  }

  // Where a unit's next result belongs; below 0 there is none.
  int64_t taken(Results& at) const {
    if (at.position_tile == acts_.position_tiles) return -1;
    const int64_t found = place(at);
    next(at);
    return found;
  }

  Vtop& top_;
  const Pass* pass_ = nullptr;
  int elements_ = 0;
  Walk weights_, acts_;
  bool takes_weight_ = false, takes_act_ = false;
  Results sums_[UNITS];
  int64_t folds_ = 0;       // of all tiles
  int64_t ended_[PLACES];  // folds on which each place ended its work
  Bits weight_, choice_, act_, ready_, done_;
  Units<UNITS, ACC_W, VALUE_W> units_;
};

std::unique_ptr<Driver> make_driver(Vtop& top) { return std::make_unique<Systolic>(top); }

}  // namespace
