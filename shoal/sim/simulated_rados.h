#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shoal/rados/pool.h"

namespace shoal::sim {

/// A RADOS pool in memory that fails when it is told to. Other coroutines of the loop run before each operation takes
/// effect, so that what must hold in between is tried. One loop.
class SimulatedRados final : public rados::Pool {
 public:
  SimulatedRados() = default;
  SimulatedRados(const SimulatedRados&) = delete;
  SimulatedRados& operator=(const SimulatedRados&) = delete;

  Task<Result<rados::ReadAnswer>> read(std::string object, rados::ReadOperation operation) override;
  Task<Result<void>> write(std::string object, rados::WriteOperation operation) override;

  /// What goes wrong at a write. timed_out is all that its caller gets to know.
  struct Fault {
    std::uint64_t write = 1;  ///< 1 is the next one
    bool done = false;        ///< it took effect all the same
    bool for_good = false;    ///< and nothing gets here any more, reads neither, until recover()
  };
  void fail_at(Fault fault) { fault_ = fault; }
  void recover();
  /// Whether the fault has happened.
  bool failed() const { return failed_; }

  std::uint64_t reads() const { return reads_; }
  std::uint64_t writes() const { return writes_; }
  std::vector<std::string> object_names() const;

 private:
  struct StoredObject {
    std::string data;
    std::map<std::string, std::string> attributes;
    std::map<std::string, std::string> omap;
  };

  Result<rados::ReadAnswer> read_now(const std::string& object, const rados::ReadOperation& operation) const;
  Result<void> write_now(const std::string& object, const rados::WriteOperation& operation);

  std::map<std::string, StoredObject> objects_;
  std::optional<Fault> fault_;
  bool failed_ = false;
  bool unreachable_ = false;
  std::uint64_t reads_ = 0;
  std::uint64_t writes_ = 0;
};

}  // namespace shoal::sim
