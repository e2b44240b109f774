#pragma once
// std::mutex with clang's thread-safety annotations: what a mutex guards is written beside the
// member and checked by clang's -Wthread-safety. For a condition, wait on it with
// std::condition_variable_any.

#include <mutex>

#if defined(__clang__)
#define AITBC_THREAD_ANNOTATION(annotation) __attribute__((annotation))
#else
#define AITBC_THREAD_ANNOTATION(annotation)
#endif

#define AITBC_GUARDED_BY(mutex) AITBC_THREAD_ANNOTATION(guarded_by(mutex))
#define AITBC_REQUIRES(...) AITBC_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define AITBC_EXCLUDES(...) AITBC_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace aitbc {

class AITBC_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void lock() AITBC_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() AITBC_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class AITBC_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) AITBC_THREAD_ANNOTATION(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() AITBC_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace aitbc
