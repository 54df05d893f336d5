#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/disk.h"
#include "shoal/storage/segment_format.h"

namespace shoal::storage {

/// What the header of a later segment says about this one.
struct StatementAboutEnd {
  SegmentId by;
  std::uint64_t end = 0;
  std::uint64_t durable_end = 0;
};

/// A segment file as its first and last page show it.
struct SurveyedSegment {
  enum class State : std::uint8_t {
    sealed,  ///< it has a footer
    ended,   ///< it has none, but the header of its successor says where it ends
    open,    ///< neither: its writer appends to it, or was interrupted
    unused,  ///< made and never written to
  };

  SegmentId id;
  std::string path;
  std::uint64_t file_bytes = 0;
  State state = State::open;
  std::optional<SegmentHeader> header;
  std::optional<SegmentFooter> footer;
  std::vector<StatementAboutEnd> statements;
  std::vector<std::string> problems;  ///< of its two pages and of the statements about it

  /// Nothing when neither header nor footer can be read: then no record can be told from noise.
  std::optional<std::uint64_t> salt() const;
  /// Every record before this must be intact.
  std::uint64_t durable_end() const;
  /// Nothing behind this is a record.
  std::uint64_t limit() const;
};

std::string_view to_string(SurveyedSegment::State state);

struct DirectorySurvey {
  std::optional<DirectoryFormat> format;
  std::vector<SurveyedSegment> segments;  ///< by id
  std::vector<std::string> problems;      ///< of the directory as a whole
  std::vector<std::string> foreign;       ///< names in segments/ that are none of ours
  bool in_use = false;                    ///< a process has it open: what is read may change meanwhile
};

/// Looks at a data directory and changes nothing. no_such_file if there is none, not_supported if a newer version wrote
/// it; whatever is damaged is told in the survey.
Task<Result<DirectorySurvey>> survey_directory(io::Disk* disk, std::string directory);

}  // namespace shoal::storage
