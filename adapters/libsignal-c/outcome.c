#include "outcome.h"

static const char *bad = "";

int bad_parameter(const char *name)
{
    bad = name;
    return BAD_PARAMETERS;
}

const char *last_bad_parameter(void)
{
    return bad;
}

#define NAME(error) \
    case error:     \
        return #error

const char *outcome_name(int status)
{
    switch (status) {
        NAME(SG_ERR_NOMEM);
        NAME(SG_ERR_INVAL);
        NAME(SG_ERR_UNKNOWN);
        NAME(SG_ERR_DUPLICATE_MESSAGE);
        NAME(SG_ERR_INVALID_KEY);
        NAME(SG_ERR_INVALID_KEY_ID);
        NAME(SG_ERR_INVALID_MAC);
        NAME(SG_ERR_INVALID_MESSAGE);
        NAME(SG_ERR_INVALID_VERSION);
        NAME(SG_ERR_LEGACY_MESSAGE);
        NAME(SG_ERR_NO_SESSION);
        NAME(SG_ERR_STALE_KEY_EXCHANGE);
        NAME(SG_ERR_UNTRUSTED_IDENTITY);
        NAME(SG_ERR_VRF_SIG_VERIF_FAILED);
        NAME(SG_ERR_INVALID_PROTO_BUF);
        NAME(SG_ERR_FP_VERSION_MISMATCH);
        NAME(SG_ERR_FP_IDENT_MISMATCH);
    case SIGNATURE_INVALID:
        return "curve_verify_signature: 0";
    default:
        return "an error without a name";
    }
}
