#include "shoal/cli/command_line.h"

int main(int argc, char** argv) { return shoal::cli::run_command_line(argc, argv); }
