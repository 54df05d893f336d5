#include "shoal/rados/librados/librados_api.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace shoal::rados {
namespace {

constexpr const char* library_name = "librados.so.2";

Result<LibradosApi> load_library() {
  void* library = ::dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return failure(ErrorCode::not_supported,
                   fmt::format("{} cannot be loaded (install librados2): {}", library_name, ::dlerror()));
  }
  LibradosApi api;
  const char* missing = nullptr;
#define SHOAL_LOAD(name)                                                   \
  api.name = reinterpret_cast<decltype(&::name)>(::dlsym(library, #name)); \
  if (api.name == nullptr) missing = #name;
  SHOAL_LIBRADOS_FUNCTIONS(SHOAL_LOAD)
#undef SHOAL_LOAD
  if (missing != nullptr) {
    return failure(ErrorCode::not_supported, fmt::format("{} is too old: it has no {}", library_name, missing));
  }
  return api;
}

}  // namespace

Result<const LibradosApi*> LibradosApi::load() {
  static const Result<LibradosApi> loaded = load_library();
  if (!loaded) return failure(Error(loaded.error()));
  return &*loaded;
}

}  // namespace shoal::rados
