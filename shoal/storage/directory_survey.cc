#include "shoal/storage/directory_survey.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "shoal/storage/salvage_window.h"

namespace shoal::storage {
namespace {

constexpr std::uint64_t format_file_bytes_max = 64_KiB;

bool is_all_zero(ByteSpan bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

Task<bool> is_zero_from(SalvageWindow* window, std::uint64_t begin, std::uint64_t end) {
  for (std::uint64_t offset = begin; offset < end; offset += segment_page_bytes) {
    ByteSpan page = co_await window->at(offset, segment_page_bytes);
    if (!is_all_zero(page)) co_return false;
  }
  co_return true;
}

/// Reads FORMAT; a damaged one is a problem, no end.
Task<Result<void>> survey_format(io::Disk* disk, std::string directory, DirectorySurvey* survey) {
  Result<std::vector<std::byte>> text = co_await io::read_file(disk, directory + "/FORMAT", format_file_bytes_max);
  if (!text && text.error().code == ErrorCode::no_such_file) {
    co_return failure(ErrorCode::no_such_file, directory + " has no file FORMAT: it is no data directory of Shoal");
  }
  if (!text) {
    survey->problems.push_back(text.error().message);
    co_return Result<void>();
  }
  Result<DirectoryFormat> format = parse_directory_format(as_text(*text));
  if (format) {
    survey->format = *std::move(format);
  } else if (format.error().code == ErrorCode::not_supported) {
    co_return failure(std::move(format).error());
  } else {
    survey->problems.push_back(format.error().message);
  }
  co_return Result<void>();
}

/// Whether a process holds the lock of the directory. Nothing is made.
Task<bool> is_in_use(io::Disk* disk, std::string directory) {
  std::string path = directory + "/LOCK";
  io::OpenOptions options;
  Result<std::unique_ptr<io::File>> there = co_await disk->open(path, options);
  if (!there) co_return false;
  Result<std::unique_ptr<io::DiskLock>> lock = co_await disk->lock(path);
  co_return !lock && lock.error().code == ErrorCode::conflict;
}

Task<Result<SurveyedSegment>> survey_segment(io::Disk* disk, std::string path, SegmentId id) {
  SurveyedSegment segment;
  segment.id = id;
  segment.path = std::move(path);
  io::OpenOptions options;
  CO_TRY_ASSIGN(std::unique_ptr<io::File> file, co_await disk->open(segment.path, options));
  CO_TRY_ASSIGN(segment.file_bytes, co_await file->size());
  SalvageWindow window(file.get(), segment.file_bytes);
  ByteSpan first_page = co_await window.at(0, segment_page_bytes);
  Result<SegmentHeader> header = parse_segment_header(first_page);
  if (header) {
    segment.header = *header;
  } else if (header.error().code == ErrorCode::not_supported) {
    co_return failure(header.error().code, segment.path + ": " + header.error().message);
  }
  if (segment.file_bytes >= 2 * segment_page_bytes && segment.file_bytes % segment_page_bytes == 0) {
    ByteSpan last_page = co_await window.at(segment.file_bytes - segment_page_bytes, segment_page_bytes);
    std::optional<SegmentFooter> footer = parse_segment_footer(last_page);
    bool fits = footer && footer->id == id && footer_offset(footer->end) + segment_page_bytes == segment.file_bytes &&
                (!header || footer->salt == header->salt);
    if (fits) segment.footer = footer;
  }
  if (!header) {
    bool is_empty = co_await is_zero_from(&window, segment_page_bytes, segment.file_bytes);
    if (is_empty) {
      segment.state = SurveyedSegment::State::unused;
    } else {
      segment.problems.push_back("its header page is damaged: " + header.error().message);
    }
  }
  co_return segment;
}

void settle_states(DirectorySurvey* survey) {
  std::map<SegmentId, SurveyedSegment*> by_id;
  for (SurveyedSegment& segment : survey->segments) by_id.emplace(segment.id, &segment);
  for (const SurveyedSegment& segment : survey->segments) {
    if (!segment.header || segment.header->predecessor == SegmentId()) continue;
    auto predecessor = by_id.find(segment.header->predecessor);
    if (predecessor == by_id.end()) continue;  // compaction removed it
    predecessor->second->statements.push_back(
        {segment.id, segment.header->predecessor_end, segment.header->predecessor_durable_end});
  }
  for (SurveyedSegment& segment : survey->segments) {
    for (const StatementAboutEnd& statement : segment.statements) {
      if (statement.end != segment.statements.front().end ||
          statement.durable_end != segment.statements.front().durable_end) {
        segment.problems.push_back(fmt::format("segments {} and {} disagree about its end",
                                               segment.statements.front().by.value(), statement.by.value()));
      }
      if (statement.durable_end > statement.end || (segment.footer && segment.footer->end > statement.end)) {
        segment.problems.push_back(
            fmt::format("its end is not where segment {} says that it is", statement.by.value()));
      }
    }
    if (segment.header && survey->format && segment.header->directory != survey->format->directory) {
      segment.problems.emplace_back("it belongs to another directory");
    }
    if (segment.header && segment.header->id != segment.id) {
      segment.problems.push_back(fmt::format("its header is that of segment {}", segment.header->id.value()));
    }
    if (segment.state == SurveyedSegment::State::unused) continue;
    if (segment.footer) {
      segment.state = SurveyedSegment::State::sealed;
    } else if (!segment.statements.empty()) {
      segment.state = SurveyedSegment::State::ended;
    }
  }
}

}  // namespace

std::optional<std::uint64_t> SurveyedSegment::salt() const {
  if (header) return header->salt;
  if (footer) return footer->salt;
  return std::nullopt;
}

std::uint64_t SurveyedSegment::durable_end() const {
  if (footer) return footer->end;
  std::uint64_t end = segment_page_bytes;
  for (const StatementAboutEnd& statement : statements) end = std::max(end, statement.durable_end);
  return end;
}

std::uint64_t SurveyedSegment::limit() const {
  if (footer) return footer->end;
  std::uint64_t end = file_bytes;
  for (const StatementAboutEnd& statement : statements) end = std::min(end, statement.end);
  return std::max(end, durable_end());
}

std::string_view to_string(SurveyedSegment::State state) {
  switch (state) {
    case SurveyedSegment::State::sealed:
      return "sealed";
    case SurveyedSegment::State::ended:
      return "ended";
    case SurveyedSegment::State::open:
      return "open";
    case SurveyedSegment::State::unused:
      return "unused";
  }
  return "unknown";
}

Task<Result<DirectorySurvey>> survey_directory(io::Disk* disk, std::string directory) {
  DirectorySurvey survey;
  CO_TRY(co_await survey_format(disk, directory, &survey));
  survey.in_use = co_await is_in_use(disk, directory);
  std::string segments_path = directory + "/segments";
  CO_TRY_ASSIGN(std::vector<std::string> names, co_await disk->list(segments_path));
  for (const std::string& name : names) {
    std::optional<SegmentId> id = parse_segment_file_name(name);
    if (!id) {
      survey.foreign.push_back(name);
      continue;
    }
    Result<SurveyedSegment> segment = co_await survey_segment(disk, segments_path + "/" + name, *id);
    if (segment) {
      survey.segments.push_back(*std::move(segment));
    } else if (segment.error().code == ErrorCode::not_supported) {
      co_return failure(std::move(segment).error());
    } else if (segment.error().code != ErrorCode::no_such_file) {  // which a running server may have removed
      survey.problems.push_back(segment.error().message);
    }
  }
  settle_states(&survey);
  co_return survey;
}

}  // namespace shoal::storage
