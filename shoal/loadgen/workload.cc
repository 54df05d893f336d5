#include "shoal/loadgen/workload.h"

namespace shoal::loadgen {
namespace {

/// So many keys are drawn until one suits.
constexpr int draws_max = 16;

KeyChooser chooser_of(const LoadOptions& options, std::uint64_t count) {
  return options.zipf_exponent ? KeyChooser::zipf(count, *options.zipf_exponent) : KeyChooser::uniform(count);
}

}  // namespace

std::optional<Operation> PutEach::next() {
  if (next_ == states_.size()) return std::nullopt;
  return Operation{OperationKind::put, next_++};
}

std::optional<Operation> RemoveEach::next() {
  while (next_ < states_.size() && !states_.may_exist(next_)) ++next_;
  if (next_ == states_.size()) return std::nullopt;
  return Operation{OperationKind::remove, next_++};
}

Workload::Workload(const LoadOptions& options, const KeyStates& states, std::uint64_t seed)
    : options_(options), states_(states), random_(seed), chooser_(chooser_of(options, states.size())) {
  for (double weight : options.weights) weight_sum_ += weight;
}

OperationKind Workload::next_kind() {
  double left = random_.unit() * weight_sum_;
  OperationKind last = OperationKind::get;
  for (OperationKind kind : operation_kinds) {
    double weight = options_.weight_of(kind);
    if (weight <= 0) continue;
    last = kind;
    if (left < weight) break;
    left -= weight;
  }
  return last;
}

std::optional<Operation> Workload::next() {
  OperationKind kind = next_kind();
  bool needs_object = kind != OperationKind::put && kind != OperationKind::list && options_.writes();
  std::uint64_t key = chooser_(random_);
  for (int draw = 1; draw < draws_max && needs_object && !states_.surely_exists(key); ++draw) key = chooser_(random_);
  // There are more objects than connections, so one is free.
  while (is_write(kind) && states_.is_being_written(key)) key = (key + 1) % states_.size();
  return Operation{kind, key};
}

}  // namespace shoal::loadgen
