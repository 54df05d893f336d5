#pragma once

#include <rados/librados.h>

#include "shoal/base/result.h"

namespace shoal::rados {

// clang-format off
#define SHOAL_LIBRADOS_FUNCTIONS(function) \
  function(rados_aio_create_completion2) function(rados_aio_get_return_value) function(rados_aio_read_op_operate) \
  function(rados_aio_release) function(rados_aio_write_op_operate) function(rados_conf_parse_env) \
  function(rados_conf_read_file) function(rados_conf_set) function(rados_connect) function(rados_create) \
  function(rados_create_read_op) function(rados_create_write_op) function(rados_getxattrs_end) \
  function(rados_getxattrs_next) function(rados_ioctx_create) function(rados_ioctx_destroy) \
  function(rados_ioctx_set_namespace) function(rados_omap_get_end) function(rados_omap_get_next2) \
  function(rados_pool_lookup) function(rados_read_op_assert_exists) function(rados_read_op_cmpxattr) \
  function(rados_read_op_getxattrs) function(rados_read_op_omap_get_vals2) function(rados_read_op_read) \
  function(rados_release_read_op) function(rados_release_write_op) function(rados_shutdown) \
  function(rados_write_op_assert_exists) function(rados_write_op_cmpxattr) function(rados_write_op_create) \
  function(rados_write_op_omap_cmp2) function(rados_write_op_omap_rm_keys2) function(rados_write_op_omap_set2) \
  function(rados_write_op_remove) function(rados_write_op_setxattr) function(rados_write_op_write) \
  function(rados_write_op_write_full)
// clang-format on

/// The functions of librados that we use, under their names. The library is loaded when a cluster is opened, and not
/// linked: it has an older Boost.Asio inside, and a program that is linked with it gives it our functions of the same
/// names, with which it crashes. So a program also starts where the library is not installed.
struct LibradosApi {
#define SHOAL_DECLARE(name) decltype(&::name) name = nullptr;
  SHOAL_LIBRADOS_FUNCTIONS(SHOAL_DECLARE)
#undef SHOAL_DECLARE

  /// Loads it at the first call. not_supported if it is not installed, or too old. It stays until the process ends.
  static Result<const LibradosApi*> load();
};

}  // namespace shoal::rados
