/* What the kernel programs send to the agent through the ring buffer.
 *
 * Each record begins with gt_header; `version` changes with any layout in these headers. A span is sent once, when it
 * ends, with its strings packed behind it in the order of enum gt_string. Times are CLOCK_BOOTTIME nanoseconds.
 */
#ifndef GOOFFSETS_BPF_INTF_EVENTS_H_
#define GOOFFSETS_BPF_INTF_EVENTS_H_

#include "limits.h"

#define GT_EVENT_VERSION 1

enum gt_event {
  GT_EVENT_SPAN = 1,
  GT_EVENT_EXEC = 2,    /* a process began another program: gt_header only */
  GT_EVENT_EXIT = 3,    /* a process ended: gt_header only */
  GT_EVENT_UNKNOWN = 4, /* a probe was hit by a process that has no gt_process yet: gt_header only */
};

struct gt_header {
  unsigned short version;
  unsigned short event; /* enum gt_event */
  unsigned int size;    /* of the whole record */
  unsigned int pid;     /* of the process, in the initial namespace */
  unsigned int executable;
};

enum gt_kind {
  GT_HTTP1_SERVER = 1,
  GT_HTTP2_SERVER = 2,
  GT_X2_SERVER = 3, /* golang.org/x/net/http2 */
  GT_HTTP_CLIENT = 4,
  GT_X2_CLIENT = 5,
  GT_GRPC_SERVER = 6,
  GT_GRPC_CLIENT = 7,
};

enum gt_string {
  GT_STR_METHOD,
  GT_STR_TARGET, /* servers: the request target as it came; HTTP clients: the URL's path */
  GT_STR_HOST,
  GT_STR_PEER,
  GT_STR_AGENT,
  GT_STR_ROUTE,
  GT_STR_SCHEME,
  GT_STR_QUERY,
  GT_STR_OPAQUE,
  GT_STR_MESSAGE,
  GT_STR_TRACESTATE,
  GT_STR_COUNT,
};

/* How a span came by its parent; the numbers of ParentSource. */
enum gt_parent { GT_PARENT_NONE, GT_PARENT_HEADER, GT_PARENT_CONTEXT, GT_PARENT_GOROUTINE };

/* Clients send their strings when a call begins and the outcome when it ends: the first record has GT_FLAG_BEGIN, the
 * second GT_FLAG_END and the same span id. */
/* gt_span.flags */
#define GT_FLAG_WROTE_STATUS 1u /* the program itself wrote a status */
#define GT_FLAG_PANICKED 2u     /* the handler ended by a panic or runtime.Goexit */
#define GT_FLAG_HIJACKED 4u
#define GT_FLAG_TLS 8u
#define GT_FLAG_REMOTE_ROOT 16u   /* the trace came from another process */
#define GT_FLAG_SAMPLED 32u       /* the sampled flag of that traceparent */
#define GT_FLAG_ERROR 64u         /* clients: the operation returned an error; error_type says its type */
#define GT_FLAG_CUT_HEADERS 128u  /* the header map was larger than what is looked at: a traceparent may be missed */
#define GT_FLAG_CUT_CONTEXTS 256u /* so was the chain of contexts: a parent may be missed */
#define GT_FLAG_RAW_PATH 512u     /* GT_STR_TARGET is escaped already */
#define GT_FLAG_BEGIN 1024u
#define GT_FLAG_END 2048u
#define GT_FLAG_PEER_BYTES 4096u    /* GT_STR_PEER is an address of 4 or 16 bytes; its port is peer_port */
#define GT_FLAG_PEER_UNIX 8192u     /* the peer came through a unix socket; GT_STR_PEER is its name, if it has one */
#define GT_FLAG_ROUTE_COPIED 16384u /* GT_STR_ROUTE is of a copy of the request, as a middleware makes one */

struct gt_ids {
  unsigned char trace[16];
  unsigned char span[8];
  unsigned char parent[8];
};

struct gt_span {
  struct gt_header header;
  unsigned long long start, end;
  unsigned long long goid;
  struct gt_ids ids;
  unsigned long long error_type; /* address of the error's type, as linked; 0: none */
  int status;                    /* HTTP status or gRPC code; -1: not known */
  unsigned int flags;
  unsigned short truncated; /* bit of each enum gt_string that was cut */
  unsigned char kind;       /* enum gt_kind */
  unsigned char parent;     /* enum gt_parent */
  unsigned char proto_major, proto_minor;
  unsigned short peer_port;
  unsigned short length[GT_STR_COUNT];
  unsigned short pad2;
  char data[GT_SPAN_DATA];
};

/* Counters, one slot each per processor. */
enum gt_counter {
  GT_COUNT_SPANS,      /* sent */
  GT_COUNT_LOST,       /* the ring buffer was full */
  GT_COUNT_NO_CALL,    /* an end without its beginning: began before the probes, or dropped as the oldest */
  GT_COUNT_NO_SCRATCH, /* programs interrupted each other too often on one processor */
  GT_COUNT_NO_MAP,     /* a call could not be remembered */
  GT_COUNT_READ,       /* memory of the program could not be read */
  GT_COUNTERS,
};

#endif
