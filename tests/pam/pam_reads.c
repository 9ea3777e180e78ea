/* A module that says what stands in the PAM data that pam_systemd(8) reads: only a module may ask
 * for them. */
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stddef.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    static const char name[] = "systemd.runtime_max_sec";
    const void *data = NULL;
    (void)flags;
    (void)argc;
    (void)argv;
    if (pam_get_data(pamh, name, &data) != PAM_SUCCESS || data == NULL)
        data = "none";
    return pam_info(pamh, "%s=%s", name, (const char *)data);
}

EXPORT int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh;
    (void)flags;
    (void)argc;
    (void)argv;
    return PAM_SUCCESS;
}
