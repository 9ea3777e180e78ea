/* Samples and the lines of the table. Judges nothing beyond the goal that it is given. */
#include "tests/bench/bench.h"

#include "base/auto.h"

#include <math.h>
#include <stdarg.h>

void sample_free(struct sample *sample)
{
    free(sample->value);
}

void sample_add(struct sample *sample, double value)
{
    if (sample->count == sample->room) {
        sample->room = sample->room == 0 ? 64 : sample->room * 2;
        sample->value = reallocarray(sample->value, sample->room, sizeof(double));
        BENCH_MUST(sample->value != NULL);
    }
    sample->value[sample->count++] = value;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double sample_quantile(const struct sample *sample, double part)
{
    BENCH_MUST(sample->count > 0);
    auto_free double *sorted = malloc(sample->count * sizeof(double));
    BENCH_MUST(sorted != NULL);
    for (size_t i = 0; i < sample->count; i++)
        sorted[i] = sample->value[i];
    qsort(sorted, sample->count, sizeof(double), compare);
    double at = part * (double)(sample->count - 1);
    size_t below = (size_t)at, above = below + 1 < sample->count ? below + 1 : below;
    return sorted[below] + (sorted[above] - sorted[below]) * (at - (double)below);
}

double sample_median(const struct sample *sample)
{
    return sample_quantile(sample, 0.5);
}

static double median_of_pairs(const struct sample *a, const struct sample *b, bool ratio)
{
    auto_sample struct sample pairs = {0};
    BENCH_MUST(a->count == b->count);
    for (size_t i = 0; i < a->count; i++)
        sample_add(&pairs, ratio ? a->value[i] / b->value[i] : a->value[i] - b->value[i]);
    return sample_median(&pairs);
}

double sample_ratio(const struct sample *a, const struct sample *b)
{
    return median_of_pairs(a, b, true);
}

double sample_excess(const struct sample *a, const struct sample *b)
{
    return median_of_pairs(a, b, false);
}

/* Count, mean and variance of the values below `most`. */
static void moments(const struct sample *sample, double most, double *n, double *mean, double *var)
{
    double squares = 0;
    *n = *mean = 0;
    for (size_t i = 0; i < sample->count; i++) { /* Welford's way */
        double value = sample->value[i];
        if (value > most)
            continue;
        double delta = value - *mean;
        *n += 1;
        *mean += delta / *n;
        squares += delta * (value - *mean);
    }
    *var = *n > 1 ? squares / (*n - 1) : 0;
}

double sample_mean(const struct sample *sample)
{
    double n, mean, var;
    moments(sample, INFINITY, &n, &mean, &var);
    return mean;
}

double sample_deviation(const struct sample *sample)
{
    double n, mean, var;
    moments(sample, INFINITY, &n, &mean, &var);
    return sqrt(var);
}

double sample_welch(const struct sample *a, const struct sample *b, double most)
{
    double na, nb, ma, mb, va, vb;
    moments(a, most, &na, &ma, &va);
    moments(b, most, &nb, &mb, &vb);
    return (ma - mb) / sqrt(va / na + vb / nb);
}

/* -- the table ------------------------------------------------------------------------------ */

void line_head(const char *title)
{
    printf("\n%-62s %14s  %-12s %s\n", title, "value", "goal", "");
    (void)fflush(stdout);
}

static void line(const char *name, double value, const char *unit, const char *goal,
                 const char *met)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%.*f %s", value < 10 ? 3 : 2, value, unit);
    printf("  %-60s %14s  %-12s %s\n", name, text, goal, met);
    (void)fflush(stdout);
}

void line_goal(const struct bench *bench, const char *name, double value, const char *unit,
               double goal, bool least)
{
    char text[32];
    bool met = least ? value >= goal : value <= goal;
    *bench->missed += !met;
    (void)snprintf(text, sizeof(text), "%s %g %s", least ? ">=" : "<=", goal, unit);
    line(name, value, unit, text, met ? "met" : "NOT met");
}

void line_info(const char *name, double value, const char *unit)
{
    line(name, value, unit, "-", "");
}

void line_text(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("  ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    (void)fflush(stdout);
}
