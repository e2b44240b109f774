#pragma once
// The terminal of a full-screen command: stdin and stdout, raw and on its second screen while there
// is such an object, and as it was before and after. Main thread only.

#include <termios.h>

#include <string>
#include <string_view>

#include "chain/core/result.hpp"
#include "cli/screen.hpp"

namespace aitbc::cli {

class Terminal {
 public:
  // bad_config where there is none, or one that cannot move its cursor.
  static Status check();

  // After check().
  Terminal();
  ~Terminal() { leave(); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Back to the modes and to the screen that it had; and into ours again.
  void leave();
  void enter();

  ScreenSize size() const;
  // What was typed; empty if nothing was, `ended` once it is gone.
  std::string read(bool& ended);
  // False when it is gone.
  bool write(std::string_view bytes);

 private:
  termios before_{};
  bool entered_ = false;
};

}  // namespace aitbc::cli
