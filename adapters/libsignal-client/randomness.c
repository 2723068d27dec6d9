/*
 * Preloaded into Node, this answers what a library asks of the system's random source from the environment variable
 * TIGRESS_RANDOMNESS, where that holds enough: two hexadecimal digits a byte, lower case, taken from its beginning and removed.
 * Else the system answers. libsignal-client draws nothing in any other way, and takes no bytes from outside.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>

static const char VARIABLE[] = "TIGRESS_RANDOMNESS";

static unsigned char nibble(char digit) {
    return (unsigned char)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/*
 * Whether the variable held so many bytes: they are then in the buffer. Keys and signatures draw 32 and 64; the 16 that Rust's
 * hash tables ask for are not the library's.
 */
static int taken(unsigned char *buffer, size_t length) {
    const char *script = getenv(VARIABLE);
    if (length % 32 != 0 || length == 0 || script == NULL || strlen(script) / 2 < length) {
        return 0;
    }
    for (size_t i = 0; i < length; i++) {
        buffer[i] = (unsigned char)(nibble(script[2 * i]) << 4 | nibble(script[2 * i + 1]));
    }
    char *rest = strdup(script + 2 * length);
    if (rest == NULL) {
        abort();
    }
    setenv(VARIABLE, rest, 1);
    free(rest);
    return 1;
}

/* By which 0.72.1 draws. */
ssize_t getrandom(void *buffer, size_t length, unsigned int flags) {
    if (taken(buffer, length)) {
        return (ssize_t)length;
    }
    ssize_t (*next)(void *, size_t, unsigned int);
    *(void **)&next = dlsym(RTLD_NEXT, "getrandom");
    return next(buffer, length, flags);
}

/* By which 0.22.0 draws. No system call has more than six arguments. */
long syscall(long number, ...) {
    long argument[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) {
        argument[i] = va_arg(list, long);
    }
    va_end(list);
    if (number == SYS_getrandom && taken((unsigned char *)argument[0], (size_t)argument[1])) {
        return argument[1];
    }
    long (*next)(long, ...);
    *(void **)&next = dlsym(RTLD_NEXT, "syscall");
    return next(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}
