#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/disk.h"
#include "shoal/storage/damage.h"
#include "shoal/storage/directory_survey.h"
#include "shoal/storage/segment_audit.h"

namespace shoal::storage {

struct InspectOptions {
  std::optional<SegmentId> only;  ///< one segment instead of all
  bool heads = true;              ///< read the heads of the records; without, only the pages of the segments
  /// Called with every record whose head is good, and every stretch where none is; may be empty.
  std::function<void(const SurveyedSegment&, const AuditItem&)> visit;
  /// Called about every 256 KiB with how many bytes of all were passed; may be empty.
  std::function<void(std::uint64_t bytes, std::uint64_t bytes_total)> progress;
};

struct RecordCounts {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
};

struct InspectedSegment {
  SurveyedSegment survey;
  // Of what the heads say:
  std::map<RecordKind, RecordCounts> kinds;
  RecordCounts all;
  Sequence first_sequence;
  Sequence last_sequence;
  std::uint64_t damaged_bytes = 0;          ///< of stretches in which no head is good
  std::optional<std::uint64_t> live_bytes;  ///< of records that are still needed
};

struct Inspection {
  DirectorySurvey survey;  ///< without the segments, which are below
  std::vector<InspectedSegment> segments;
  // Known only when the heads of all segments were read, and all is there:
  std::optional<std::uint64_t> objects;
  std::uint64_t buckets = 0;
  std::uint64_t uploads = 0;
  std::string live_unknown;  ///< why objects and live bytes are not known, if they are not
};

/// What is in a data directory. Changes nothing, and may run beside a server; then what is written meanwhile is not
/// seen. Takes as much memory as the index of the store when it reads the heads of all segments. The errors are those
/// of survey_directory(), and no_such_file if `only` is not there.
Task<Result<Inspection>> inspect_directory(io::Disk* disk, std::string directory, InspectOptions options);

}  // namespace shoal::storage
