/* One program for all parsers; the variable MEDGL_FUZZ says which. */
#include "tests/fuzz/fuzz.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"

#include <string.h>

static const struct {
    const char *name;
    fuzz_target *target;
} targets[] = {
    {"base32", fuzz_base32},     {"code", fuzz_code},       {"record", fuzz_record},
    {"date", fuzz_date},         {"uri", fuzz_uri},         {"users", fuzz_users},
    {"google", fuzz_google},     {"pskc", fuzz_pskc},       {"certificate", fuzz_certificate},
    {"match", fuzz_match},       {"trust", fuzz_trust},     {"document", fuzz_document},
    {"envelope", fuzz_envelope}, {"readers", fuzz_readers},
    {"entry", fuzz_entry},
};
static fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Without a name: the names, for tests/fuzz/run.sh. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *name = getenv("MEDGL_FUZZ");
    (void)argc, (void)argv;
    for (size_t i = 0; i < MEDGL_COUNT(targets); i++) {
        if (name == NULL)
            puts(targets[i].name);
        else if (strcmp(name, targets[i].name) == 0)
            target = targets[i].target;
    }
    if (target == NULL)
        exit(name == NULL ? 0 : 2);
    log_open(LOG_TARGET_NONE, "fuzz", false);
    must(clock_set_zone("UTC") == MEDGL_OK);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    target(bytes, len);
    return 0;
}
