// The `crashlab` executable: every verb, over the engines that come with it.
#include "harness/main.h"

int main(int argc, char** argv) { return crashlab::Main(argc, argv, crashlab::BuiltinAdapters()); }
