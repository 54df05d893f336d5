#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "shoal/model/object_store.h"
#include "shoal/model/pass_through.h"

namespace shoal::service {

/// Takes a body piece by piece and stores it as an object or a part: gathered in memory while it is small, so that it
/// costs one message and one log record, and through a writer from there on, so that memory does not grow with the
/// object.
///
/// Destroying a sink that did not commit leaves no trace. One call at a time, on one loop.
class ObjectSink {
 public:
  struct PartTarget {
    UploadKey upload;
    std::uint32_t part_number;
  };
  using Target = std::variant<ObjectKey, PartTarget>;

  struct Options {
    std::uint64_t gather_bytes_max = 1_MiB;  ///< a body above this goes through a writer
  };

  ObjectSink(ObjectStore& store, Target target, Options options);

  /// Before the first write: what commit() will say, as far as it is known, so that `pass_through` can send a large
  /// body on as it comes, once its size is known too. For parts only the checksums in `info` count.
  void announce(PassThrough& pass_through, ObjectInfo info, WriteCondition condition);
  void announce_size(std::uint64_t bytes) { announced_size_ = bytes; }

  Task<Result<void>> write(Body piece);
  /// The same where it needs no waiting, as while the body is gathered; otherwise false, and the piece is untouched.
  bool try_write(Body& piece);
  std::uint64_t size() const { return size_; }
  /// Completes the object or part; see ObjectWriter::commit. `info.size` is filled in. The condition is for objects
  /// only.
  Task<Result<ObjectInfoPtr>> commit(ObjectInfo info, WriteCondition condition);

 private:
  Task<Result<std::unique_ptr<ObjectWriter>>> begin();

  ObjectStore& store_;
  Target target_;
  Options options_;
  Body gathered_;
  std::unique_ptr<ObjectWriter> writer_;
  std::uint64_t size_ = 0;
  PassThrough* pass_through_ = nullptr;
  AnnouncedObject announced_;
  std::optional<std::uint64_t> announced_size_;
};

}  // namespace shoal::service
