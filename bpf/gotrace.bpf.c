/* The tracer's kernel programs, one object for all libraries, executables and Go releases.
 *
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
 * (of this folder: the kernel lends the helpers that read a program's memory to GPL-compatible programs only; bpf/LICENSE)
 */
#include "grpc.h"
#include "http_client.h"
#include "http_server.h"
#include "process.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
