#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/model/body.h"
#include "shoal/rados/head_record.h"
#include "shoal/rados/pool.h"
#include "shoal/rados/rados_options.h"

namespace shoal::rados {

/// What one read of a head brings.
struct HeadRead {
  HeadRecord record;
  Body body;  ///< the first bytes of one that is in the head: all of them if they are no more than whole_bytes_max
  bool is_unchanged = false;  ///< it has the version that the caller knows; nothing else was read
};

/// The heads of objects: all that is known of one, and its body when that is small, in one RADOS object. One loop.
class Heads {
 public:
  /// Both outlive this.
  Heads(Pool& pool, const RadosOptions& options) : pool_(pool), options_(options) {}

  /// Nothing if there is none; one that says that the object was removed is there.
  Task<Result<std::optional<HeadRecord>>> look(std::string bucket_id, std::string name);
  /// The same with a body, in one read. Nothing also when the object was removed.
  Task<Result<std::optional<HeadRead>>> read(std::string bucket_id, std::string name, std::optional<Version> known);
  /// The bytes [offset, offset + length) of a body that is in the head. conflict when the head is another one by now.
  Task<Result<Body>> read_body(std::string bucket_id, std::string name, Version version, std::uint64_t offset,
                               std::uint64_t length);
  /// Replaces the head that has the version `present`, or makes it if there is none: precondition_failed otherwise.
  Task<Result<void>> write(std::string bucket_id, std::string name, std::optional<Version> present,
                           WriteOperation operation);
  /// Removes the head that has this version, if it still has it.
  Task<Result<void>> erase(std::string bucket_id, std::string name, Version version);

 private:
  /// The record when it is not in the attributes.
  Task<Result<std::optional<HeadRecord>>> read_record(std::string bucket_id, std::string name, HeadPlace place);
  Task<Result<BufferRef>> scratch();
  Task<Result<Body>> take_body(BufferRef scratch, std::uint64_t bytes);
  void put_back(BufferRef scratch);

  static constexpr std::size_t idle_scratch_max = 8;

  Pool& pool_;
  const RadosOptions& options_;
  std::vector<BufferRef> idle_scratch_;  // of whole_bytes_max: nobody knows how large a body is before it is read
};

}  // namespace shoal::rados
