// Waiting without going to sleep, for the locks of thread.h.
#pragma once

namespace faultfs {

/// How often a lock tries before it puts its thread to sleep: for about a microsecond. What these
/// locks guard is shorter than to put a thread to sleep and to wake it.
inline constexpr int kSpins = 40;

/// Between two tries.
inline void Pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

}  // namespace faultfs
