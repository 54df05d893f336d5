#pragma once

namespace shoal::cli {

/// Runs the program as its command line says. Exit status: 0 done, 1 failed, 2 wrong use or configuration, 3 stored
/// data is damaged. Messages for people go to standard error, results to standard output.
int run_command_line(int argc, char** argv);

}  // namespace shoal::cli
