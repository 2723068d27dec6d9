/* What a step comes to: 0, an error of the library, or one of those below. */
#ifndef OUTCOME_H
#define OUTCOME_H

#include <signal_protocol.h>

/* Beside the library's own, which end at SG_ERR_MINIMUM. */
enum {
    /* The parameters are not as docs/adapter.md has them: the harness is at fault. */
    BAD_PARAMETERS = SG_ERR_MINIMUM - 1,
    /* The library said 0, "invalid", where it has no error. */
    SIGNATURE_INVALID = SG_ERR_MINIMUM - 2,
};

/* Ends a function by its label `done` where a step in it fails. */
#define TRY(step)                  \
    do {                           \
        status = (step);           \
        if (status < 0) goto done; \
    } while (0)

/* The name of an error, as the library's header has it. */
const char *outcome_name(int status);

/* Remembers which parameter is bad; returns BAD_PARAMETERS. */
int bad_parameter(const char *name);
const char *last_bad_parameter(void);

#endif
