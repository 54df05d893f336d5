#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/io/file_descriptor.h"
#include "shoal/server/access_record.h"

namespace shoal::server {

/// A file with one line for each request (docs/ACCESS_LOG.md). Loops only put lines into a buffer of their own; a
/// thread takes them from there a few times a second and writes. When the file is moved away, a new one is begun. What
/// the disk cannot take in time is dropped and counted, never waited for.
class AccessLog {
 public:
  struct Options {
    std::string path;
    std::size_t buffer_bytes_max;  ///< of lines that wait, for each loop
  };

  /// The buffer of one loop.
  class Buffer {
   public:
    explicit Buffer(std::size_t bytes_max) : bytes_max_(bytes_max) {}
    /// On the loop.
    void add(const AccessRecord& record);

   private:
    friend class AccessLog;

    const std::size_t bytes_max_;
    std::mutex mutex_;  // held by the loop for one line, by the writer for a swap
    std::string lines_;
    std::uint64_t dropped_ = 0;
  };

  /// Opens the file for appending. Fails with io_error.
  static Result<std::unique_ptr<AccessLog>> open(Options options, std::size_t loops);
  /// Writes what is left.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;  // its thread points here
  AccessLog& operator=(const AccessLog&) = delete;

  Buffer& buffer(std::size_t loop) { return *buffers_[loop]; }

  /// Lines that found no room, or that the file system did not take. Any thread.
  std::uint64_t dropped_lines() const { return dropped_lines_.load(std::memory_order_relaxed); }

 private:
  AccessLog(std::string path, io::FileDescriptor file);
  bool was_moved() const;
  void run();
  void write_all();
  void write(std::string_view lines);
  void drop(std::uint64_t lines, std::string_view reason);

  const std::string path_;
  std::vector<std::unique_ptr<Buffer>> buffers_;
  std::atomic<std::uint64_t> dropped_lines_{0};

  io::FileDescriptor file_;  // of the thread
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread writer_;
};

}  // namespace shoal::server
