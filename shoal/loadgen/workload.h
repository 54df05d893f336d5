#pragma once

#include <cstdint>
#include <optional>

#include "shoal/base/random.h"
#include "shoal/loadgen/key_chooser.h"
#include "shoal/loadgen/key_states.h"
#include "shoal/loadgen/load_options.h"
#include "shoal/loadgen/operation.h"

namespace shoal::loadgen {

/// What a worker does next. Keys count within the worker. One owner at a time.
class OperationSource {
 public:
  virtual ~OperationSource() = default;
  /// Nothing when all is done. No write of a key that is being written.
  virtual std::optional<Operation> next() = 0;
};

/// Puts every object once.
class PutEach final : public OperationSource {
 public:
  explicit PutEach(const KeyStates& states) : states_(states) {}
  std::optional<Operation> next() override;

 private:
  const KeyStates& states_;
  std::uint64_t next_ = 0;
};

/// Removes every object that may exist, once.
class RemoveEach final : public OperationSource {
 public:
  explicit RemoveEach(const KeyStates& states) : states_(states) {}
  std::optional<Operation> next() override;

 private:
  const KeyStates& states_;
  std::uint64_t next_ = 0;
};

/// The load itself: kinds by their weights, keys as the options have it. Reads and removals look for objects that
/// exist, but not for long.
class Workload final : public OperationSource {
 public:
  Workload(const LoadOptions& options, const KeyStates& states, std::uint64_t seed);
  std::optional<Operation> next() override;

 private:
  OperationKind next_kind();

  const LoadOptions& options_;
  const KeyStates& states_;
  Random random_;
  KeyChooser chooser_;
  double weight_sum_ = 0;
};

}  // namespace shoal::loadgen
