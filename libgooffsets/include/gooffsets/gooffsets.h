// The C interface of libgooffsets: for agents in C, and through cgo, ctypes and the like for every other language.
//
// Handles are opaque and owned by the caller, who closes them; closing NULL does nothing. Strings that a function
// returns as `char*` belong to the caller (gooffsets_string_free), those in answer structs to the handle they came from.
// All text is UTF-8. Sizes and offsets are bytes.
// A function that can fail returns a gooffsets_status and, where `error` is not NULL, an error object that says what, where and
// why (gooffsets_error_free). Nothing prints, exits, reads the environment or lets an exception through.
// A handle belongs to one thread at a time; different handles may be used in parallel. A database may be shared by
// resolvers of one thread and must outlive them, and so must a binary.
//
// Structs that the caller fills or provides begin with `struct_size`: set it to sizeof of the struct, and old callers go
// on working with newer libraries. The soname changes when anything else would break them.
//
//   gooffsets_binary* binary = NULL;
//   gooffsets_database* db = NULL;
//   gooffsets_resolver* resolver = NULL;
//   gooffsets_error* error = NULL;
//   if (gooffsets_binary_open("./server", &binary, &error) != GOOFFSETS_OK ||
//       gooffsets_database_open("offsets.db", &db, &error) != GOOFFSETS_OK ||
//       gooffsets_resolver_new(binary, db, NULL, &resolver, &error) != GOOFFSETS_OK) { ... gooffsets_error_message(error) ... }
//   gooffsets_field field = {.struct_size = sizeof field};
//   if (gooffsets_resolver_field(resolver, "net/http.Request.URL", &field, &error) == GOOFFSETS_OK) use(field.offset);
#ifndef GOOFFSETS_GOOFFSETS_H_
#define GOOFFSETS_GOOFFSETS_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define GOOFFSETS_API __attribute__((visibility("default")))
#else
#define GOOFFSETS_API
#endif

/* Closed list; the numbers never change. docs/exit-codes.md says which exit status a tool makes of each. */
typedef enum gooffsets_status {
  GOOFFSETS_OK = 0,
  GOOFFSETS_ABSENT = 1,       /* it is known that the program has no such thing */
  GOOFFSETS_UNKNOWN = 2,      /* nothing answers; the error says why, and what would */
  GOOFFSETS_USAGE = 3,        /* the call itself is wrong */
  GOOFFSETS_BAD_INPUT = 4,    /* a file could be read but is not what it should be */
  GOOFFSETS_NOT_FOUND = 5,    /* no such file or process */
  GOOFFSETS_UNSUPPORTED = 6,  /* well-formed, but outside what is handled: 32-bit, not Go, too new a database */
  GOOFFSETS_PERMISSION = 7,
  GOOFFSETS_IO = 8,           /* anything else that the operating system refused */
  GOOFFSETS_INTERNAL = 9      /* a bug, or out of memory */
} gooffsets_status;

/* Where an answer comes from, strongest first (docs/resolve.md). */
typedef enum gooffsets_source {
  GOOFFSETS_SELF = 0,
  GOOFFSETS_EXACT = 1,
  GOOFFSETS_COMPOSED = 2,
  GOOFFSETS_INFERRED = 3,
  GOOFFSETS_BRACKETED = 4
} gooffsets_source;

typedef struct gooffsets_error gooffsets_error;
typedef struct gooffsets_binary gooffsets_binary;
typedef struct gooffsets_database gooffsets_database;
typedef struct gooffsets_resolver gooffsets_resolver;
typedef struct gooffsets_resolution gooffsets_resolution;

/* "0.1.0": of the library that is loaded, not of this header. */
GOOFFSETS_API const char* gooffsets_version(void);

GOOFFSETS_API gooffsets_status gooffsets_error_status(const gooffsets_error* error);
GOOFFSETS_API const char* gooffsets_error_message(const gooffsets_error* error); /* never NULL */
GOOFFSETS_API const char* gooffsets_error_hint(const gooffsets_error* error);    /* what to try; may be "" */
GOOFFSETS_API void gooffsets_error_free(gooffsets_error* error);
GOOFFSETS_API void gooffsets_string_free(char* text);

/* A Go program: a file, or a running process (also when its file was deleted, packed, or lies in a container). */
GOOFFSETS_API gooffsets_status gooffsets_binary_open(const char* path, gooffsets_binary** binary, gooffsets_error** error);
GOOFFSETS_API gooffsets_status gooffsets_binary_open_process(int pid, gooffsets_binary** binary, gooffsets_error** error);
/* What it is: the object of `gooffsets inspect --format json`. */
GOOFFSETS_API gooffsets_status gooffsets_binary_info_json(const gooffsets_binary* binary, char** json, gooffsets_error** error);
GOOFFSETS_API void gooffsets_binary_close(gooffsets_binary* binary);

GOOFFSETS_API gooffsets_status gooffsets_database_open(const char* path, gooffsets_database** database, gooffsets_error** error);
/* Without a binary: the object of `gooffsets lookup --format json`. `go` may be NULL: any Go release. */
GOOFFSETS_API gooffsets_status gooffsets_database_lookup_json(const gooffsets_database* database, const char* module,
                                                              const char* version, const char* go, const char* goarch,
                                                              const char* symbol, char** json, gooffsets_error** error);
GOOFFSETS_API void gooffsets_database_close(gooffsets_database* database);

typedef struct gooffsets_resolve_options {
  size_t struct_size;
  gooffsets_source min_source; /* weaker answers are refused: GOOFFSETS_INFERRED without options */
  int allow_bracketed;         /* 0: bracketed answers are refused, whatever min_source says */
  int no_probe_points;         /* 1: do not disassemble functions */
  const char* debug_file;      /* a separate debug file of this binary, or NULL */
} gooffsets_resolve_options;

/* `database` and `options` may be NULL. */
GOOFFSETS_API gooffsets_status gooffsets_resolver_new(gooffsets_binary* binary, const gooffsets_database* database,
                                                      const gooffsets_resolve_options* options,
                                                      gooffsets_resolver** resolver, gooffsets_error** error);
GOOFFSETS_API void gooffsets_resolver_free(gooffsets_resolver* resolver);

typedef struct gooffsets_field {
  size_t struct_size;
  uint64_t offset; /* from the start of the outermost struct */
  uint64_t size;
  gooffsets_source source;
} gooffsets_field;

/* One field, "net/http.Request.URL". Many at once are cheaper through gooffsets_resolver_resolve. */
GOOFFSETS_API gooffsets_status gooffsets_resolver_field(gooffsets_resolver* resolver, const char* symbol,
                                                        gooffsets_field* field, gooffsets_error** error);
/* Every source's word on one item: the object of `gooffsets explain --format json`. */
GOOFFSETS_API gooffsets_status gooffsets_resolver_explain_json(gooffsets_resolver* resolver, const char* item, char** json,
                                                               gooffsets_error** error);

/* All of a want list (TOML text, docs/want-lists.md; `name` is for messages). Items that cannot be answered do not fail it. */
GOOFFSETS_API gooffsets_status gooffsets_resolver_resolve(gooffsets_resolver* resolver, const char* wants, const char* name,
                                                          gooffsets_resolution** resolution, gooffsets_error** error);
GOOFFSETS_API void gooffsets_resolution_free(gooffsets_resolution* resolution);
/* The object of `gooffsets resolve --format json`. */
GOOFFSETS_API gooffsets_status gooffsets_resolution_json(const gooffsets_resolution* resolution, char** json,
                                                         gooffsets_error** error);

/* 1: everything that the probe needs was found; 0: not; -1: the want list has no such probe. */
GOOFFSETS_API int gooffsets_resolution_usable(const gooffsets_resolution* resolution, const char* probe);
/* The answer to one want of a probe, by the name it has in answers (`as`, else its first symbol). */
GOOFFSETS_API gooffsets_status gooffsets_resolution_field(const gooffsets_resolution* resolution, const char* probe,
                                                          const char* as, gooffsets_field* field, gooffsets_error** error);

typedef struct gooffsets_function {
  size_t struct_size;
  uint64_t address, end;
  uint64_t file_offset;       /* of `address`; UINT64_MAX: not in a file (a process's memory) */
  uint64_t entry_address;     /* the cheapest place that still sees the arguments (docs/probe-points.md) */
  uint64_t entry_file_offset; /* UINT64_MAX: as above */
  int32_t entry_sp_delta;     /* add it to stack offsets of arguments there */
  int entry_emulated;         /* 1: the kernel emulates the instruction there */
  const uint64_t* return_addresses;
  const uint64_t* return_file_offsets;
  size_t returns;
} gooffsets_function;

/* Body number `index` of a function; GOOFFSETS_ABSENT behind the last one. */
GOOFFSETS_API gooffsets_status gooffsets_resolution_function(const gooffsets_resolution* resolution, const char* probe,
                                                             const char* as, size_t index, gooffsets_function* function,
                                                             gooffsets_error** error);

/* Where a part of an argument lies at the function's entry, or of a result at its return. */
typedef enum gooffsets_base {
  GOOFFSETS_INT_REGISTER = 0,   /* index into the ABI's integer registers: amd64 0 is RAX, arm64 0 is R0 */
  GOOFFSETS_FLOAT_REGISTER = 1, /* index into X0.., F0.. */
  GOOFFSETS_STACK = 2           /* byte offset from SP at entry */
} gooffsets_base;

typedef struct gooffsets_piece {
  gooffsets_base base;
  int32_t index;
  uint32_t size;
  uint32_t at; /* offset inside the value */
} gooffsets_piece;

typedef struct gooffsets_parameter {
  size_t struct_size;
  const char* name; /* "" when it has none */
  const char* type;
  uint64_t size;
  const gooffsets_piece* pieces;
  size_t piece_count;
  gooffsets_source source;
} gooffsets_parameter;

/* Parameter (methods: the receiver is 0) or result number `index`; GOOFFSETS_ABSENT behind the last one. */
GOOFFSETS_API gooffsets_status gooffsets_resolution_parameter(const gooffsets_resolution* resolution, const char* probe,
                                                              const char* as, int is_result, size_t index,
                                                              gooffsets_parameter* parameter, gooffsets_error** error);

typedef struct gooffsets_itab {
  size_t struct_size;
  uint64_t address;
  uint64_t type_address; /* what itab._type holds: also right for itabs that are made at run time */
} gooffsets_itab;

GOOFFSETS_API gooffsets_status gooffsets_resolution_itab(const gooffsets_resolution* resolution, const char* probe, const char* as,
                                                         gooffsets_itab* itab, gooffsets_error** error);

#ifdef __cplusplus
}
#endif

#endif /* GOOFFSETS_GOOFFSETS_H_ */
