/* What a uprobe program gets from the processor, on both architectures, and the compiler's helpers.
 *
 * Only the kernel's stable user-space interface is used: no kernel header, no BTF of the running kernel. Register
 * numbers are those of Go's ABI (src: cmd/compile/abi-internal.md): integer arguments amd64 RAX RBX RCX RDI RSI R8 R9
 * R10 R11, arm64 R0 to R15; g is R14 and R28.
 */
#ifndef GOOFFSETS_BPF_CORE_PLATFORM_H_
#define GOOFFSETS_BPF_CORE_PLATFORM_H_

#include <linux/bpf.h>
#include <linux/types.h>
/* Order matters: bpf_helpers.h needs the types above. */
#include <bpf/bpf_helpers.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;

/* Keeps the compiler from forgetting that a value was bounded. */
#define GT_BARRIER(var) asm volatile("" : "+r"(var))
#define GT_NO_UNROLL _Pragma("clang loop unroll(disable)")

#define GT_REGISTERS 16

#if defined(__TARGET_ARCH_x86)
/* src: Linux arch/x86/include/asm/ptrace.h, struct pt_regs */
struct gt_context {
  u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
static __always_inline void GtCopyRegisters(u64* to, struct gt_context* from) {
  to[0] = from->ax;
  to[1] = from->bx;
  to[2] = from->cx;
  to[3] = from->di;
  to[4] = from->si;
  to[5] = from->r8;
  to[6] = from->r9;
  to[7] = from->r10;
  to[8] = from->r11;
}
#define GT_G(context) ((context)->r14)
#define GT_SP(context) ((context)->sp)
#elif defined(__TARGET_ARCH_arm64)
/* src: Linux arch/arm64/include/uapi/asm/ptrace.h, struct user_pt_regs */
struct gt_context {
  u64 regs[31], sp, pc, pstate;
};
static __always_inline void GtCopyRegisters(u64* to, struct gt_context* from) {
  to[0] = from->regs[0];
  to[1] = from->regs[1];
  to[2] = from->regs[2];
  to[3] = from->regs[3];
  to[4] = from->regs[4];
  to[5] = from->regs[5];
  to[6] = from->regs[6];
  to[7] = from->regs[7];
  to[8] = from->regs[8];
  to[9] = from->regs[9];
  to[10] = from->regs[10];
  to[11] = from->regs[11];
  to[12] = from->regs[12];
  to[13] = from->regs[13];
  to[14] = from->regs[14];
  to[15] = from->regs[15];
}
#define GT_G(context) ((context)->regs[28])
#define GT_SP(context) ((context)->sp)
#else
#error "compile with -D__TARGET_ARCH_x86 or -D__TARGET_ARCH_arm64"
#endif

#endif
