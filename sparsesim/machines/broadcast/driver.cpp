// The driver of broadcast, behind sparsesim/rtl/shell.cpp.
//
// It offers rows of activations turn after turn, is the stores of weights, and puts what comes out of the
// units where it belongs; it knows the order of turns, and no timing but the stores' two cycles.
//
// Operands, see packing.py: activations as [positions][rows][mask words, value words]; pointers as
// [tiles][columns][PES][entries, address]; all entries; where each PE's begin. Ends: [turns][rows][PES].

#include <algorithm>

namespace {

using namespace parameters;

constexpr int MASK_WORDS = words(PES);
constexpr int ROW_WORDS = MASK_WORDS + words(PES * ACT_W);
constexpr int ENTRY_BITS = ENTRY_RUN_BITS + WEIGHT_W;
constexpr int bits_of(int most) { return most ? 1 + bits_of(most >> 1) : 0; }
constexpr int COUNT_BITS = bits_of(PE_SUMS);  // $clog2(PE_SUMS + 1)
constexpr int POINTER_BITS = COUNT_BITS + ENTRY_ADDRESS_W;
constexpr int TILE = PES * PE_SUMS;

struct Turn {  // by its tile and position
  int tile = 0, position = 0;
  void next(int tiles) {
    if (++tile == tiles) tile = 0, ++position;
  }
};

// Results of a unit in their order: of each turn the rows, of each row the unit's PEs.
struct Results {
  Turn turn;
  int row = 0, pe = 0;
};

class Broadcast final : public Driver {
 public:
  explicit Broadcast(Vtop& top)
      : top_(top),
        mask_(like(top.act_mask_i)),
        values_(like(top.act_values_i)),
        column_(like(top.column_o)),
        pointers_(like(top.pointers_i)),
        addresses_(like(top.entry_addresses_o)),
        entries_(like(top.entries_i)),
        done_(like(top.done_o)),
        units_(top) {}

  void rest() override {
    const Bits none(sizeof top_.out_ready_i);
    top_.act_valid_i = 0;
    none.to(top_.out_ready_i);
  }

  void begin(const Pass& pass, const Layer& layer) override {
    pass_ = &pass;
    units_.begin(pass, layer);
    acts_ = static_cast<const uint32_t*>(pass.operands[0]);
    columns_ = static_cast<const uint32_t*>(pass.operands[1]);
    stored_ = static_cast<const uint32_t*>(pass.operands[2]);
    begins_ = static_cast<const int64_t*>(pass.operands[3]);
    rows_ = (pass.reduction + PES - 1) / PES;
    tiles_ = (pass.filters + TILE - 1) / TILE;
    const int last = pass.filters - (tiles_ - 1) * TILE;
    // Words of the shape: broadcast_pass_shape.v.
    top_.pass_i[0] = rows_;
    top_.pass_i[1] = tiles_;
    top_.pass_i[2] = pass.positions;
    top_.pass_i[3] = last / PES;
    top_.pass_i[4] = last % PES;
    top_.pass_i[5] = (last % PES + UNITS - 1) / UNITS;
    top_.pass_i[6] = pass.drains;
    Bits ready = like(top_.out_ready_i);
    for (int u = 0; u < UNITS; ++u) ready.set(u, true);
    ready.to(top_.out_ready_i);
    offered_ = Turn{};
    row_ = 0;
    for (int u = 0; u < UNITS; ++u) {
      sums_[u] = Results{{}, 0, u};
      settle(sums_[u], u);
    }
    column_1_ = column_2_ = 0;
    std::fill_n(address_1_, PES, 0), std::fill_n(address_2_, PES, 0);
    std::fill_n(ended_, PES, Ended{});
    for (int n = 0; n < PES; ++n) find(ended_[n]);
  }

  void offer() override {
    offer_pointers();
    offer_entries();
    const bool valid = offered_.position < pass_->positions;
    takes_ = valid && top_.act_ready_o;
    top_.act_valid_i = valid;
    if (!valid) return;
    const uint32_t* row = acts_ + (int64_t(offered_.position) * rows_ + row_) * ROW_WORDS;
    mask_.put(0, row, PES);
    values_.put(0, row + MASK_WORDS, PES * ACT_W);
    mask_.to(top_.act_mask_i);
    values_.to(top_.act_values_i);
  }

  void note(int64_t) override {
    done_.from(top_.done_o);
    for (int n = 0; n < PES; ++n) {
      Ended& ended = ended_[n];
      if (!done_[n] || ended.turn.position == pass_->positions) continue;
      const int64_t turn = int64_t(ended.turn.position) * tiles_ + ended.turn.tile;
      pass_->ends[(turn * rows_ + ended.element / PES) * PES + n] = top_.cycle_o;
      ++ended.element;
      find(ended);
    }
  }

  Wrong take() override {
    if (takes_ && ++row_ == rows_) {
      row_ = 0;
      offered_.next(tiles_);
    }
    return units_.take(top_, [this](int u) { return taken(u); });
  }

  Wrong end() override { return units_.end(); }

 private:
  struct Ended {  // the next activation on which a PE ends its work
    Turn turn;
    int element = 0;
  };

  void offer_pointers() {
    column_.from(top_.column_o);
    const int64_t columns = int64_t(tiles_) * rows_ * PES;
    if (column_2_ < columns) {
      for (int n = 0; n < PES; ++n) {
        const uint32_t* pointer = columns_ + (column_2_ * PES + n) * 2;
        pointers_.put(n * POINTER_BITS, pointer + 1, ENTRY_ADDRESS_W);
        pointers_.put(n * POINTER_BITS + ENTRY_ADDRESS_W, pointer, COUNT_BITS);
      }
      pointers_.to(top_.pointers_i);
    }
    column_2_ = column_1_;
    column_1_ = column_.get(0, COLUMN_W);
  }

  void offer_entries() {
    addresses_.from(top_.entry_addresses_o);
    for (int n = 0; n < PES; ++n) {
      const int64_t at = begins_[n] + address_2_[n];
      if (at < begins_[n + 1]) entries_.put(n * ENTRY_BITS, stored_ + at, ENTRY_BITS);
      address_2_[n] = address_1_[n];
      address_1_[n] = addresses_.get(n * ENTRY_ADDRESS_W, ENTRY_ADDRESS_W);
    }
    entries_.to(top_.entries_i);
  }

  // On to an activation that is not zero, this one or behind.
  void find(Ended& ended) const {
    for (; ended.turn.position < pass_->positions; ended.turn.next(tiles_), ended.element = 0) {
      const uint32_t* act = acts_ + int64_t(ended.turn.position) * rows_ * ROW_WORDS;
      for (; ended.element < pass_->reduction; ++ended.element) {
        const int lane = ended.element % PES;
        const uint32_t word = act[ended.element / PES * ROW_WORDS + lane / 32];
        if (word >> (lane % 32) & 1) return;
      }
    }
  }

  bool is_over(const Results& results) const {
    return results.turn.position == pass_->positions;
  }

  int64_t filter(const Results& results) const {
    return int64_t(results.turn.tile) * TILE + results.row * PES + results.pe;
  }

  int64_t place(const Results& results) const {
    return filter(results) * pass_->positions + results.turn.position;
  }

  // Where a unit's next result belongs; below 0 there is none.
  int64_t taken(int u) {
    if (is_over(sums_[u])) return -1;
    const int64_t found = place(sums_[u]);
    sums_[u].pe += UNITS;
    settle(sums_[u], u);
    return found;
  }

  // On to a result that there is, this one or behind.
  void settle(Results& results, int u) const {
    while (!is_over(results)) {
      if (results.pe < PES && filter(results) < pass_->filters) return;
      results.pe = u;
      if (++results.row < PE_SUMS) continue;
      results.row = 0;
      results.turn.next(tiles_);
    }
  }

  Vtop& top_;
  const Pass* pass_ = nullptr;
  const uint32_t *acts_ = nullptr, *columns_ = nullptr, *stored_ = nullptr;
  const int64_t* begins_ = nullptr;
  int rows_ = 0, tiles_ = 0, row_ = 0;
  bool takes_ = false;
  Turn offered_;
  Results sums_[UNITS];
  Ended ended_[PES];
  int64_t column_1_ = 0, column_2_ = 0, address_1_[PES], address_2_[PES];
  Bits mask_, values_, column_, pointers_, addresses_, entries_;
  Bits done_;
  Units<UNITS, ACC_W, VALUE_W> units_;
};

std::unique_ptr<Driver> make_driver(Vtop& top) { return std::make_unique<Broadcast>(top); }

}  // namespace
