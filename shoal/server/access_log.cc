#include "shoal/server/access_log.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shoal/base/log.h"

namespace shoal::server {
namespace {

constexpr std::chrono::milliseconds write_interval{200};

Result<io::FileDescriptor> open_file(const std::string& path) {
  io::FileDescriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
  if (file) return file;
  return failure(ErrorCode::io_error, fmt::format("cannot open the access log {}: {}", path, std::strerror(errno)));
}

}  // namespace

void AccessLog::Buffer::add(const AccessRecord& record) {
  std::lock_guard lock(mutex_);
  if (lines_.size() >= bytes_max_) {
    ++dropped_;
    return;
  }
  append_access_line(lines_, record);
}

Result<std::unique_ptr<AccessLog>> AccessLog::open(Options options, std::size_t loops) {
  TRY_ASSIGN(io::FileDescriptor file, open_file(options.path));
  std::unique_ptr<AccessLog> log(new AccessLog(std::move(options.path), std::move(file)));
  for (std::size_t i = 0; i < loops; ++i) log->buffers_.push_back(std::make_unique<Buffer>(options.buffer_bytes_max));
  log->writer_ = std::thread([raw = log.get()] { raw->run(); });
  return log;
}

AccessLog::AccessLog(std::string path, io::FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}

AccessLog::~AccessLog() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (writer_.joinable()) writer_.join();
}

bool AccessLog::was_moved() const {
  struct stat ours{};
  struct stat named{};
  if (::fstat(file_.get(), &ours) != 0) return false;
  return ::stat(path_.c_str(), &named) != 0 || named.st_ino != ours.st_ino || named.st_dev != ours.st_dev;
}

void AccessLog::run() {
  std::unique_lock lock(mutex_);
  bool last = false;
  while (!last) {
    wake_.wait_for(lock, write_interval, [this] { return stopping_; });
    last = stopping_;
    lock.unlock();
    write_all();
    lock.lock();
  }
}

void AccessLog::write_all() {
  if (was_moved()) {
    Result<io::FileDescriptor> opened = open_file(path_);
    if (opened) file_ = *std::move(opened);
    // Otherwise the lines go on into the file that was moved.
    if (!opened) spdlog::warn("access log not begun anew reason={}", log_value(opened.error().message));
  }
  for (auto& buffer : buffers_) {
    std::string lines;
    std::uint64_t dropped = 0;
    {
      std::lock_guard lock(buffer->mutex_);
      lines.swap(buffer->lines_);
      dropped = std::exchange(buffer->dropped_, 0);
    }
    if (dropped > 0) drop(dropped, "the disk is too slow");
    write(lines);
  }
}

void AccessLog::write(std::string_view lines) {
  for (std::string_view left = lines; !left.empty();) {
    ssize_t written = ::write(file_.get(), left.data(), left.size());
    if (written >= 0) {
      left.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (errno == EINTR) continue;
    std::string reason = std::strerror(errno);
    // A line of which only a part was taken is removed again, so that every line of the file is whole.
    std::string_view taken = lines.substr(0, lines.size() - left.size());
    std::size_t torn = taken.size() - (taken.rfind('\n') + 1);
    struct stat file{};
    if (torn > 0 && (::fstat(file_.get(), &file) != 0 || ::ftruncate(file_.get(), file.st_size - off_t(torn)) != 0)) {
      reason += ", and a torn line stays in the file";
    }
    drop(static_cast<std::uint64_t>(std::ranges::count(left, '\n')), reason);
    return;
  }
}

void AccessLog::drop(std::uint64_t lines, std::string_view reason) {
  dropped_lines_.fetch_add(lines, std::memory_order_relaxed);
  spdlog::warn("access log lines dropped lines={} reason={}", lines, log_value(reason));
}

}  // namespace shoal::server
