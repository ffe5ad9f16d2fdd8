// The two engines of this project, as Crashlab sees them.
#pragma once

#include "harness/adapter.h"

/// "tiny": TinyStore under the key-value oracle that comes with Crashlab.
const crashlab::Adapter& TinyAdapter();

/// "document": one file that is saved as a whole, with a checker of its own.
const crashlab::Adapter& DocumentAdapter();
