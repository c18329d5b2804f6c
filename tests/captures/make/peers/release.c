/* Makes uname() report the stock Debian 12 kernel, so that captures do not carry the kernel name of the machine they are made on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <sys/utsname.h>

int uname(struct utsname *name) {
    int (*real)(struct utsname *) = (int (*)(struct utsname *))dlsym(RTLD_NEXT, "uname");
    int result = real(name);
    if (result == 0) {
        strcpy(name->release, "6.1.0-28-amd64");
        strcpy(name->version, "#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22)");
    }
    return result;
}
