#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shoal/base/task.h"
#include "shoal/model/body.h"
#include "shoal/model/checksum.h"
#include "shoal/origin/origin_answer.h"

namespace shoal::origin {

/// One request to the origin, as S3 thinks of it; how it looks on the wire is RequestHeads' part.
struct OriginRequest {
  /// When it may be made again.
  enum class Repeat : std::uint8_t {
    always,      ///< it changes nothing, or the same thing to the same
    if_refused,  ///< only when the origin surely did nothing: otherwise its outcome is unknown, and that is the error
  };

  std::string method;
  std::string bucket;                                        ///< empty: the service
  std::string key;                                           ///< empty: the bucket
  std::vector<std::pair<std::string, std::string>> query;    ///< not encoded; a name without a value has an empty one
  std::vector<std::pair<std::string, std::string>> headers;  ///< beyond those that every request has
  Body body;
  Repeat repeat = Repeat::always;
  /// Of a request whose body is streamed: the checksum that is sent behind it.
  std::optional<ChecksumAlgorithm> trailer;

  /// Besides 2xx, answers with these are no errors.
  std::vector<int> accepted;
  bool relays_refusals = false;  ///< Nor those that tell whoever asks that he asked for the wrong thing.
  /// What of the answer's body is read. A longer one is an error, or is cut there if `cut` says so.
  std::uint64_t answer_bytes_max = 8 << 20;
  bool cut = false;
  /// Whether the body of an answer, all else of which is there, is left for the caller to read. Null: never.
  std::function<bool(const OriginAnswer&)> leaves_open;
  /// Whether the answer is what it claims to be; one that is not is treated as a broken transfer.
  std::function<Result<void>(const OriginAnswer&)> check;
  /// The same of its bytes, after that.
  std::function<Task<Result<void>>(const OriginAnswer&)> verify;
};

}  // namespace shoal::origin
