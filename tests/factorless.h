/* The lowest layer of the policy in installations of tests: no day comes from which a second factor
 * is asked of everybody. Tests of second factors say otherwise in the site's own file. */
#ifndef MEDGL_TESTS_FACTORLESS_H
#define MEDGL_TESTS_FACTORLESS_H

#define FACTORLESS_FILE MEDGL_VENDORDIR "/policy.conf"
#define FACTORLESS_TEXT                                                                            \
    "factor_staff = optional\nfactor_privileged = optional\nfactor_maintenance = optional\n"

#endif
