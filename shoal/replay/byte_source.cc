#include "shoal/replay/byte_source.h"

#include <fstream>
#include <vector>

#include <zstd.h>

namespace shoal::replay {
namespace {

constexpr std::size_t piece_bytes = 1 << 17;

struct FreeDecoder {
  void operator()(ZSTD_DStream* decoder) const { ZSTD_freeDStream(decoder); }
};

}  // namespace

struct ByteSource::State {
  std::filesystem::path path;
  std::ifstream file;
  std::uint64_t total = 0;
  std::uint64_t done = 0;
  std::vector<char> stored = std::vector<char>(piece_bytes);
  std::size_t stored_count = 0;
  std::size_t stored_at = 0;
  std::unique_ptr<ZSTD_DStream, FreeDecoder> decoder;  // null: not compressed
  std::vector<char> plain;
  bool inside_frame = false;

  // Reads the next piece of the file; false at its end.
  Result<bool> refill() {
    file.read(stored.data(), static_cast<std::streamsize>(stored.size()));
    if (file.bad()) return failure(ErrorCode::io_error, "read " + path.string());
    stored_count = static_cast<std::size_t>(file.gcount());
    stored_at = 0;
    done += stored_count;
    return stored_count > 0;
  }
};

ByteSource::ByteSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
ByteSource::ByteSource(ByteSource&&) noexcept = default;
ByteSource& ByteSource::operator=(ByteSource&&) noexcept = default;
ByteSource::~ByteSource() = default;

std::uint64_t ByteSource::bytes_read() const { return state_->done; }
std::uint64_t ByteSource::bytes_total() const { return state_->total; }

Result<ByteSource> ByteSource::open(const std::filesystem::path& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->file.open(path, std::ios::binary);
  std::error_code error;
  state->total = std::filesystem::file_size(path, error);
  if (!state->file || error) {
    std::string reason = error ? error.message() : "no permission to read it";
    return failure(ErrorCode::io_error, "cannot open the trace " + path.string() + ": " + reason);
  }
  TRY(state->refill());
  constexpr std::uint32_t zstd_magic = 0xFD2FB528;
  if (state->stored_count >= 4 &&
      load_le<std::uint32_t>(reinterpret_cast<const std::byte*>(state->stored.data())) == zstd_magic) {
    state->decoder.reset(ZSTD_createDStream());
    state->plain.resize(ZSTD_DStreamOutSize());
  }
  return ByteSource(std::move(state));
}

Result<ByteSpan> ByteSource::next() {
  State& s = *state_;
  while (true) {
    if (s.stored_at == s.stored_count) {
      TRY_ASSIGN(bool more, s.refill());
      if (!more && s.inside_frame) return failure(ErrorCode::corrupt, s.path.string() + " ends within a zstd frame");
      if (!more) return ByteSpan();
    }
    if (s.decoder == nullptr) {
      s.stored_at = s.stored_count;
      return as_bytes({s.stored.data(), s.stored_count});
    }
    ZSTD_inBuffer in{s.stored.data(), s.stored_count, s.stored_at};
    ZSTD_outBuffer out{s.plain.data(), s.plain.size(), 0};
    std::size_t left = ZSTD_decompressStream(s.decoder.get(), &out, &in);
    if (ZSTD_isError(left) != 0)
      return failure(ErrorCode::corrupt, s.path.string() + ": zstd: " + ZSTD_getErrorName(left));
    s.stored_at = in.pos;
    s.inside_frame = left != 0;
    if (out.pos > 0) return as_bytes({s.plain.data(), out.pos});
  }
}

}  // namespace shoal::replay
