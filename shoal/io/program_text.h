#pragma once

#include <cstdint>

#include "shoal/base/result.h"

namespace shoal::io {

/// Has the code of the running program lie in huge pages, which the kernel (as Debian's) does not give to files: it is
/// copied to anonymous memory that takes the place of the file, as far as it fills such pages. A request that runs
/// through much code once finds more of its addresses translated (Ottoni and Maher, "Optimizing Function Placement for
/// Large-Scale Data-Center Applications", CGO 2017). Debuggers and profilers that look for symbols by mappings no
/// longer see the file there.
///
/// Returns the bytes of code that moved. Fails with not_supported where there are no huge pages, io_error where the
/// system does not allow it; nothing has changed then. Once, while there is one thread.
Result<std::uint64_t> move_program_text_to_huge_pages();

}  // namespace shoal::io
