#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "shoal/base/function_ref.h"
#include "shoal/base/result.h"
#include "shoal/replay/trace.h"

namespace shoal::replay {

/// How a trace file is written. Numbers are decimal; text lines end in LF or CR LF.
enum class TraceFormat {
  arc,     ///< `start count ignored seqno`: count requests to consecutive keys (Megiddo & Modha's .lis)
  number,  ///< one key a line; empty lines and `*` are skipped
  be32,    ///< packed unsigned integers, big- or little-endian, 32 or 64 bits
  le32,
  be64,
  le64,
  tr,                ///< `time key size`
  tsv,               ///< `time TAB key TAB size`
  key_size,          ///< `key,size`
  cloud_physics,     ///< CSV with the header `version,time,op,size,lbn`
  s3_access_log,     ///< Amazon S3 server access log; GETs of objects count, keyed by bucket and key
  shoal_access_log,  ///< the same of our own (docs/ACCESS_LOG.md), lines of JSON
};

/// "arc", "number", …; nothing for another name.
std::optional<TraceFormat> trace_format_named(std::string_view name);
/// Every name, for help texts: "arc, number, …".
std::string trace_format_names();
/// Told by the file name, without a compression suffix: .lis, .txt, .be32, .le32, .be64, .le64, .tr, .tsv, .jsonl; a
/// .csv or a .log by its first line.
Result<TraceFormat> trace_format_of(const std::filesystem::path& file);
/// Of an access log, whatever its name: that of Amazon S3 or our own, by the first line.
Result<TraceFormat> access_log_format_of(const std::filesystem::path& file);

/// Told how far reading is, in bytes of the file as stored.
using ReadProgress = FunctionRef<void(std::uint64_t done, std::uint64_t total)>;

/// Reads a whole trace, decompressing (zstd) as it goes. A line that does not parse fails with its number.
Result<Trace> read_trace(const std::filesystem::path& file, TraceFormat format, ReadProgress progress);
Result<Trace> read_trace(const std::filesystem::path& file);

/// The name of a trace: its file name without folders and suffixes, as in a reference table.
std::string trace_name_of(const std::filesystem::path& file);

}  // namespace shoal::replay
