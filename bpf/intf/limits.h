/* Limits that the kernel programs and the agent agree on. Everything read out of a traced program is bounded by these.
 *
 * Plain C, included by both sides; no other header is needed.
 */
#ifndef GOOFFSETS_BPF_INTF_LIMITS_H_
#define GOOFFSETS_BPF_INTF_LIMITS_H_

/* Executables attached at one time, and processes of them. */
#define GT_MAX_EXECUTABLES 256
#define GT_MAX_PROCESSES 8192
/* Calls in flight unless the agent asks for another number; the oldest are dropped beyond it. */
#define GT_DEFAULT_CALLS 32768
/* Bytes kept of one string. What is longer is cut and marked in gt_span.truncated. */
#define GT_MAX_METHOD 32
#define GT_MAX_TARGET 1024
#define GT_MAX_HOST 256
#define GT_MAX_PEER 128
#define GT_MAX_AGENT 160
#define GT_MAX_ROUTE 256
#define GT_MAX_MESSAGE 256
#define GT_MAX_TRACESTATE 512
/* Header map slots looked at for traceparent: 128 groups or buckets of 8 (1,024 slots). */
#define GT_MAX_GROUPS 128
/* Contexts walked from the innermost outwards. */
#define GT_MAX_CONTEXTS 64
/* Types of contexts that are the program's own, or of packages that it uses. */
#define GT_MAX_CONTEXT_TYPES 64
/* Room for all strings of one span; the sum of the limits of any one kind is smaller. */
#define GT_SPAN_DATA 4096

#endif
