/* The tracer's kernel programs, one object for all libraries, executables and Go releases.
 *
 * SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
 * (the kernel lends the helpers that read a program's memory to GPL-compatible programs only)
 */
#include "grpc.h"
#include "http_client.h"
#include "http_server.h"
#include "process.h"

char LICENSE[] SEC("license") = "GPL";
