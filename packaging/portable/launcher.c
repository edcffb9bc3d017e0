/* Starts the program that lies beside it, with the loader and the libraries that lie beside it: whatever C library the machine has,
 * or none. Linked statically, and small enough to need nothing itself.
 *
 *   DIR/gotrace ARGUMENTS   runs   DIR/lib/loader --library-path DIR/lib --argv0 gotrace DIR/lib/gotrace ARGUMENTS
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char** argv) {
  char self[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  if (length <= 0) {
    fprintf(stderr, "gotrace: error: cannot find its own directory (is /proc mounted?): %s\n", strerror(errno));
    return 4;
  }
  self[length] = 0;
  char* slash = strrchr(self, '/');
  *slash = 0;
  char loader[PATH_MAX + 16], library[PATH_MAX + 16], program[PATH_MAX * 2];
  snprintf(loader, sizeof loader, "%s/lib/loader", self);
  snprintf(library, sizeof library, "%s/lib", self);
  snprintf(program, sizeof program, "%s/lib/%s", self, slash + 1);
  char** arguments = calloc((size_t)argc + 6, sizeof *arguments);
  if (!arguments) return 4;
  char* before[] = {loader, "--library-path", library, "--argv0", slash + 1, program};
  memcpy(arguments, before, sizeof before);
  for (int i = 1; i < argc; i++) arguments[i + 5] = argv[i];
  execv(loader, arguments);
  fprintf(stderr, "gotrace: error: cannot start %s: %s\n", loader, strerror(errno));
  return 4;
}
