/* Copies of documents (R11): what is taken in and what is not, who can open one, how it ends, and
 * what verification says of each way to tamper with it. */
#include "operation/alert.h"
#include "operation/document_type.h"
#include "operation/prove.h"
#include "tests/unit/document_fixture.h"
#include "tests/unit/table.h"

#include "base/text.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

/* -- types ------------------------------------------------------------------------------------ */

static const struct type_row {
    const char *name, *bytes;
    size_t len;
    const char *type; /* NULL: none of them */
} type_rows[] = {
    {"JPEG, JFIF", BYTES("\xff\xd8\xff\xe0\0\x10JFIF\0"), "image/jpeg"},
    {"JPEG, Exif",
     BYTES("\xff\xd8\xff\xe1\0\x10"
           "Exif\0\0"),
     "image/jpeg"},
    {"JPEG, raw", BYTES("\xff\xd8\xff\xdb\0\x43"), "image/jpeg"},
    {"PNG", BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01"), "image/png"},
    {"PDF 1.7", BYTES("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), "application/pdf"},
    {"PDF 2.0", BYTES("%PDF-2.0\n"), "application/pdf"},
    {"TIFF, little end first", BYTES("II*\0\x08\0\0\0\x01\0"), "image/tiff"},
    {"TIFF, big end first", BYTES("MM\0*\0\0\0\x08\0\x01"), "image/tiff"},
    {"HEIC",
     BYTES("\0\0\0\x10"
           "ftypheic\0\0\0\0 and more"),
     "image/heic"},
    {"HEIC, 10 bits",
     BYTES("\0\0\0\x14"
           "ftypheix\0\0\0\0mif1"),
     "image/heic"},
    {"HEIF",
     BYTES("\0\0\0\x14"
           "ftypmif1\0\0\0\0heic"),
     "image/heif"},
    {"WebP, lossy", BYTES("RIFF\x24\0\0\0WEBPVP8 "), "image/webp"},
    {"WebP, lossless", BYTES("RIFF\x24\0\0\0WEBPVP8L"), "image/webp"},
    {"WebP, extended", BYTES("RIFF\x24\0\0\0WEBPVP8X"), "image/webp"},
    /* Of two kinds at once: what it begins with. */
    {"JPEG with a PDF behind it", BYTES("\xff\xd8\xff\xe0\0\x10JFIF\0%PDF-1.7"), "image/jpeg"},
    {"PDF with a script in it", BYTES("%PDF-1.7\n<script>alert(1)</script>"), "application/pdf"},
    {"PNG with an archive behind it", BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDRPK\3\4"), "image/png"},
    {"nothing", "", 0, NULL},
    {"a byte", BYTES("\xff"), NULL},
    {"JPEG, cut", BYTES("\xff\xd8\xff"), NULL},
    {"JPEG, no marker", BYTES("\xff\xd8\xff\x01 text"), NULL},
    {"JPEG, fill bytes", BYTES("\xff\xd8\xff\xff\xff\xff"), NULL},
    {"PNG, cut", BYTES("\x89PNG\r\n\x1a\n"), NULL},
    {"PNG after a text transfer", BYTES("\x89PNG\n\x1a\n\0\0\0\rIHDR"), NULL},
    {"PNG without its header", BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIDAT"), NULL},
    {"PDF behind something", BYTES(" %PDF-1.7\n"), NULL},
    {"PDF behind a script", BYTES("#!/bin/sh\n%PDF-1.7\n"), NULL},
    {"PDF of no version", BYTES("%PDF-"), NULL},
    {"TIFF, directory outside", BYTES("II*\0\xff\0\0\0\x01\0"), NULL},
    {"TIFF, directory in its header", BYTES("II*\0\x04\0\0\0\x01\0"), NULL},
    {"TIFF, ends mixed up", BYTES("II\0*\x08\0\0\0\x01\0"), NULL},
    {"a film",
     BYTES("\0\0\0\x18"
           "ftypmp42\0\0\0\0mp42isom"),
     NULL},
    {"AVIF",
     BYTES("\0\0\0\x18"
           "ftypavif\0\0\0\0mif1miaf"),
     NULL},
    {"HEIC, box too long",
     BYTES("\0\0\xff\xff"
           "ftypheic\0\0\0\0"),
     NULL},
    {"HEIC, box too short",
     BYTES("\0\0\0\x08"
           "ftypheic\0\0\0\0"),
     NULL},
    {"a sound", BYTES("RIFF\x24\0\0\0WAVEfmt "), NULL},
    {"WebP of no kind", BYTES("RIFF\x24\0\0\0WEBPVP8\0"), NULL},
    {"GIF", BYTES("GIF89a\x01\0\x01\0"), NULL},
    {"BMP", BYTES("BM\x46\0\0\0\0\0\0\0\x36\0\0\0"), NULL},
    {"a picture in SVG", BYTES("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), NULL},
    {"a page", BYTES("<!DOCTYPE html><html>"), NULL},
    {"a script", BYTES("#!/bin/sh\nrm -rf /\n"), NULL},
    {"a program",
     BYTES("\x7f"
           "ELF\2\1\1\0\0\0\0\0\0\0\0\0"),
     NULL},
    {"a program of Windows", BYTES("MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0"), NULL},
    {"an archive", BYTES("PK\3\4\x14\0\0\0\x08\0"), NULL},
    {"a document of Word", BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), NULL},
    {"a text", BYTES("This is my staff card."), NULL},
};

/* In a buffer of exactly that size, so that sanitizers see a byte too far. */
static void test_type(void **state)
{
    const struct type_row *row = *state;
    auto_free char *bytes = malloc(row->len > 0 ? row->len : 1);
    assert_non_null(bytes);
    memcpy(bytes, row->bytes, row->len);
    const char *type = document_type(bytes, row->len);
    if (row->type == NULL)
        assert_null(type);
    else
        assert_string_equal(type != NULL ? type : "none", row->type);
    for (size_t len = 0; len < row->len; len++) /* no beginning of it is read too far */
        (void)document_type(bytes, len);
}

/* -- taking in -------------------------------------------------------------------------------- */

enum auditor_file {
    AUDITOR_GOOD,
    AUDITOR_MISSING,
    AUDITOR_TEXT,
    AUDITOR_WRITABLE,
    AUDITOR_LINK,
    AUDITOR_KEY,
};
static const struct take_row {
    const char *name, *bytes;
    size_t len; /* padded with zeros to it */
    enum auditor_file file;
    const char *why; /* NULL: taken */
} take_rows[] = {
    {"a photo", JPEG, 100, AUDITOR_GOOD, NULL},
    {"as large as may be", JPEG, 64 << 10, AUDITOR_GOOD, NULL},
    {"one byte too large", JPEG, (64 << 10) + 1, AUDITOR_GOOD, "64 KiB"},
    {"an empty file", "", 0, AUDITOR_GOOD, "empty"},
    {"a text called JPEG", "no photo at all", 100, AUDITOR_GOOD, "neither a picture"},
    {"no auditor.pem", JPEG, 100, AUDITOR_MISSING, "auditor.pem is missing"},
    {"auditor.pem is a text", JPEG, 100, AUDITOR_TEXT, "no certificate"},
    {"others may write to auditor.pem", JPEG, 100, AUDITOR_WRITABLE, "cannot be read"},
    {"auditor.pem is a link", JPEG, 100, AUDITOR_LINK, "cannot be read"},
    {"a private key in auditor.pem", JPEG, 100, AUDITOR_KEY, "private key"},
};

static void auditor_becomes(const struct fixture *f, enum auditor_file what)
{
    char path[PATH_MAX], aside[PATH_MAX];
    auto_secret struct secret key = SECRET_NONE;
    path_in(f, PATH_AUDITOR, path);
    path_in(f, MEDGL_SYSCONFDIR "/aside", aside);
    switch (what) {
    case AUDITOR_GOOD:
        return;
    case AUDITOR_MISSING:
        assert_int_equal(unlink(path), 0);
        return;
    case AUDITOR_TEXT:
        write_file(f, PATH_AUDITOR, "nobody\n");
        return;
    case AUDITOR_WRITABLE:
        assert_int_equal(chmod(path, 0666), 0);
        return;
    case AUDITOR_LINK:
        assert_int_equal(rename(path, aside), 0);
        assert_int_equal(symlink(aside, path), 0);
        return;
    case AUDITOR_KEY:
        key_file("auditor.key", &key);
        write_file(f, PATH_AUDITOR, (const char *)key.bytes);
        return;
    }
}

static void test_take(void **state)
{
    const struct take_row *row = *state;
    struct fixture *f = open_root();
    auto_secret struct secret content = SECRET_NONE;
    struct document_taken taken;
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(secret_alloc(&content, row->len), MEDGL_OK);
    memcpy(content.bytes, row->bytes, strlen(row->bytes)); /* NULs and what follows: zeros */
    content.len = row->len;
    auditor_becomes(f, row->file);
    const enum medgl_error expected = row->why == NULL ? MEDGL_OK : MEDGL_ERR_REFUSED;
    assert_int_equal(document_check(&f->context, &content, why), expected);
    assert_int_equal(document_take(&f->context, &content, &taken, why), expected);
    assert_int_equal(files_in(f), row->why == NULL);
    if (row->why != NULL)
        assert_non_null(strstr(why, row->why));
    else
        assert_int_equal(taken.size, row->len);
    close_root(f);
}

/* Whole, closed to others, called by its digest, and nothing of it can be read. */
static void test_file(void **state)
{
    struct fixture *f = open_root();
    struct document_taken taken;
    char why[OPERATION_WHY_SIZE], directory[PATH_MAX];
    auto_secret struct secret sealed = SECRET_NONE;
    struct stat st;
    (void)state;
    assert_int_equal(take(f, BYTES(JPEG), &taken, why), MEDGL_OK);
    assert_string_equal(taken.type, "image/jpeg");
    assert_int_equal(stat(taken.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0400);
    path_in(f, PATH_DOCUMENTS, directory);
    assert_int_equal(stat(directory, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(document_file(f->root, taken.digest, &sealed), MEDGL_OK);
    assert_null(memmem(sealed.bytes, sealed.len, "photo", 5));
    document_drop(&taken);
    assert_int_equal(files_in(f), 0);
    close_root(f);
}

/* A sweep that took the file away, late as the reset was, leaves no row without it. */
static void test_swept_before(void **state)
{
    struct fixture *f = open_root();
    char why[OPERATION_WHY_SIZE];
    uint32_t destroyed;
    struct shown shown = {.f = f, .row = true, .entry = true};
    (void)state;
    assert_int_equal(take(f, BYTES(JPEG), &shown.taken, why), MEDGL_OK);
    make_old(shown.taken.path);
    assert_int_equal(operation_document_sweep(&f->context, &destroyed), MEDGL_OK);
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, show_now, &shown),
                     MEDGL_ERR_CONFLICT);
    close_root(f);
}

/* -- opening ---------------------------------------------------------------------------------- */

static enum medgl_error open_with(struct fixture *f, const char *key_name, uint64_t seq,
                                  struct secret *plain, char why[])
{
    auto_secret struct secret pem = SECRET_NONE;
    struct document document;
    const struct envelope_key key = {.pem = &pem};
    key_file(key_name, &pem);
    enum medgl_error error = operation_document_open(&f->context, seq, &key, plain, &document, why);
    if (error != MEDGL_OK)
        assert_null(plain->bytes);
    return error;
}

enum harm {
    HARM_NONE,
    HARM_GONE,
    HARM_CHANGED,
    HARM_CUT,
    HARM_LINK,
    HARM_DESTROYED,
};
static const struct open_row {
    const char *name, *key;
    enum harm harm;
    enum medgl_error expected;
    const char *why;
} open_rows[] = {
    {"by the auditor", "auditor.key", HARM_NONE, MEDGL_OK, NULL},
    {"by another key", "other.key", HARM_NONE, MEDGL_ERR_REFUSED, "not sealed to this key"},
    {"by no key", "auditor.pem", HARM_NONE, MEDGL_ERR_REFUSED, "not sealed to this key"},
    {"the file is gone", "auditor.key", HARM_GONE, MEDGL_ERR_CORRUPT, NULL},
    {"the file was changed", "auditor.key", HARM_CHANGED, MEDGL_ERR_CORRUPT, NULL},
    {"the file was cut", "auditor.key", HARM_CUT, MEDGL_ERR_CORRUPT, NULL},
    {"the file is a link", "auditor.key", HARM_LINK, MEDGL_ERR_ACCESS, NULL},
    {"destroyed", "auditor.key", HARM_DESTROYED, MEDGL_ERR_REFUSED, "end of its retention"},
};

static void file_change(const char *path)
{
    assert_int_equal(chmod(path, 0600), 0);
    auto_file FILE *file = fopen(path, "r+e");
    assert_non_null(file);
    assert_int_equal(fseek(file, -20, SEEK_END), 0);
    const int byte = fgetc(file);
    assert_int_not_equal(byte, EOF);
    assert_int_equal(fseek(file, -20, SEEK_END), 0);
    assert_int_equal(fputc(byte ^ 1, file), byte ^ 1);
}

static void harm(struct fixture *f, const struct shown *shown, enum harm what)
{
    char aside[PATH_MAX];
    uint32_t destroyed = 0;
    const char *path = shown->taken.path;
    switch (what) {
    case HARM_NONE:
        return;
    case HARM_GONE:
        assert_int_equal(unlink(path), 0);
        return;
    case HARM_CHANGED:
        file_change(path);
        return;
    case HARM_CUT:
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(truncate(path, 100), 0);
        return;
    case HARM_LINK:
        path_in(f, MEDGL_STATEDIR "/aside", aside);
        assert_int_equal(rename(path, aside), 0);
        assert_int_equal(symlink(aside, path), 0);
        return;
    case HARM_DESTROYED:
        write_policy(f, "document_retention = 1 day\n");
        reopen(f);
        assert_int_equal(operation_document_sweep(&f->context, &destroyed), MEDGL_OK);
        assert_int_equal(destroyed, 1);
        return;
    }
}

static void test_open(void **state)
{
    const struct open_row *row = *state;
    struct fixture *f = open_root();
    const struct shown shown = show(f, 2 * MEDGL_DAY);
    auto_secret struct secret plain = SECRET_NONE;
    char why[OPERATION_WHY_SIZE] = "";
    harm(f, &shown, row->harm);
    assert_int_equal(open_with(f, row->key, shown.seq, &plain, why), row->expected);
    if (row->expected == MEDGL_OK)
        assert_true(secret_equal(plain.bytes, plain.len, BYTES(JPEG)));
    if (row->why != NULL)
        assert_non_null(strstr(why, row->why));
    assert_int_equal(tally_of(f).kinds[LEDGER_DOCUMENT_READ], row->expected == MEDGL_OK);
    close_root(f);
}

static void test_open_none(void **state)
{
    struct fixture *f = open_root();
    auto_secret struct secret plain = SECRET_NONE;
    char why[OPERATION_WHY_SIZE];
    (void)state;
    assert_int_equal(open_with(f, "auditor.key", 0, &plain, why), MEDGL_ERR_NOT_FOUND);
    assert_int_equal(open_with(f, "auditor.key", UINT64_MAX >> 1, &plain, why),
                     MEDGL_ERR_NOT_FOUND);
    close_root(f);
}

/* -- the end ---------------------------------------------------------------------------------- */

static void test_retention(void **state)
{
    struct fixture *f = open_root();
    const struct shown old = show(f, 30 * MEDGL_DAY + MEDGL_MINUTE);
    const struct shown young = show(f, 30 * MEDGL_DAY - MEDGL_HOUR);
    (void)state;
    assert_int_equal(sweep(f), 1);
    assert_false(there(old.taken.path));
    assert_true(there(young.taken.path));
    const struct document row = row_of(f, old.seq);
    assert_true(row.destroyed != 0 && row.ledger_seq > young.seq);
    assert_int_equal(row_of(f, young.seq).destroyed, 0);
    assert_int_equal(sweep(f), 0);
    assert_int_equal(tally_of(f).kinds[LEDGER_DOCUMENT_DESTROY], 1);
    close_root(f);
}

/* Months are the calendar's. */
static void test_retention_months(void **state)
{
    struct fixture *f = open_root();
    (void)state;
    write_policy(f, "document_retention = 2 months\n");
    reopen(f);
    (void)show(f, 58 * MEDGL_DAY);
    assert_int_equal(sweep(f), 0);
    (void)show(f, 63 * MEDGL_DAY);
    assert_int_equal(sweep(f), 1);
    close_root(f);
}

static void put(const struct fixture *f, const char *name, bool old)
{
    char path[PATH_MAX], full[PATH_MAX];
    (void)snprintf(path, sizeof(path), PATH_DOCUMENTS "/%s", name);
    write_file(f, path, "left behind");
    path_in(f, path, full);
    if (old)
        make_old(full);
}

#define NAME "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct left_row {
    const char *name, *file;
    bool old, goes;
} left_rows[] = {
    {"that nobody knows", NAME ".cms", true, true},
    {"that nobody knows yet", NAME ".cms", false, false},
    {"half written", NAME ".cms.new", true, true},
    {"being written", NAME ".cms.new", false, false},
    {"of another name", "README", true, false},
    {"of a name that is too short", "0123.cms", true, false},
    {"with capitals", "A123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.cms", true,
     false},
    {"of another kind", NAME ".jpg", true, false},
};

static void test_left(void **state)
{
    const struct left_row *row = *state;
    struct fixture *f = open_root();
    const struct shown shown = show(f, MEDGL_DAY);
    make_old(shown.taken.path); /* it is known, however old */
    put(f, row->file, row->old);
    assert_int_equal(files_in(f), 2);
    assert_int_equal(sweep(f), 0);
    assert_int_equal(files_in(f), row->goes ? 1 : 2);
    assert_true(there(shown.taken.path));
    close_root(f);
}

/* Killed between the commit and the removal: the file goes at the next sweep, however new it is. */
static void test_interrupted(void **state)
{
    struct fixture *f = open_root();
    const struct shown shown = show(f, 31 * MEDGL_DAY);
    auto_secret struct secret sealed = SECRET_NONE;
    (void)state;
    assert_int_equal(document_file(f->root, shown.taken.digest, &sealed), MEDGL_OK);
    assert_int_equal(sweep(f), 1);
    assert_int_equal(
        file_create(shown.taken.path, geteuid(), getegid(), 0400, sealed.bytes, sealed.len),
        MEDGL_OK);
    assert_int_equal(sweep(f), 0);
    assert_false(there(shown.taken.path));
    assert_int_equal(tally_of(f).kinds[LEDGER_DOCUMENT_DESTROY], 1);
    close_root(f);
}

/* Nobody has to ask for it. */
static void test_watch(void **state)
{
    struct fixture *f = open_root();
    const struct shown old = show(f, 31 * MEDGL_DAY);
    uint32_t raised;
    (void)state;
    assert_int_equal(operation_alert_watch(&f->context, NULL, &raised), MEDGL_OK);
    assert_false(there(old.taken.path));
    assert_true(row_of(f, old.seq).destroyed != 0);
    close_root(f);
}

/* A directory of somebody's is no reason to stop. */
static void test_directory(void **state)
{
    struct fixture *f = open_root();
    (void)state;
    (void)show(f, 31 * MEDGL_DAY);
    put(f, NAME ".cms/within", true);
    assert_int_equal(sweep(f), 1);
    assert_int_equal(files_in(f), 1);
    close_root(f);
}

/* -- verification ----------------------------------------------------------------------------- */

static enum medgl_error rewrite_now(struct store_txn *txn, void *argument)
{
    const struct document *row = argument;
    return store_document_update(txn, row);
}

/* What only somebody with the store's key can do. */
static void rewrite(struct fixture *f, const struct document *row)
{
    assert_int_equal(
        store_transact(f->context.store, STORE_WRITE, rewrite_now, (void *)(uintptr_t)row),
        MEDGL_OK);
}

static void put_back(struct fixture *f, const struct shown *shown, const struct secret *sealed)
{
    struct document row = row_of(f, shown->seq);
    row.destroyed -= 2 * MEDGL_MINUTE; /* not the moment between commit and removal */
    rewrite(f, &row);
    assert_int_equal(
        file_create(shown->taken.path, geteuid(), getegid(), 0400, sealed->bytes, sealed->len),
        MEDGL_OK);
}

enum tamper {
    TAMPER_NONE,
    TAMPER_DESTROYED, /* as it should be */
    TAMPER_FILE_GONE,
    TAMPER_FILE_CHANGED,
    TAMPER_FILE_LINK,
    TAMPER_PUT_BACK,
    TAMPER_ROW_ALONE,
    TAMPER_ENTRY_ALONE,
    TAMPER_OTHER_DIGEST,
    TAMPER_OTHER_SIZE,
    TAMPER_OTHER_TYPE,
    TAMPER_DESTROYED_WITHOUT_ENTRY,
    TAMPER_ALIVE_AGAIN,
    TAMPER_OTHER_END,
};
static const struct tamper_row {
    const char *name;
    enum tamper tamper;
    const char *what; /* NULL: no fault */
} tamper_rows[] = {
    {"nothing", TAMPER_NONE, NULL},
    {"destroyed at its retention", TAMPER_DESTROYED, NULL},
    {"the file is gone", TAMPER_FILE_GONE, "is gone"},
    {"the file was changed", TAMPER_FILE_CHANGED, "was changed"},
    {"the file is a link", TAMPER_FILE_LINK, "cannot be read"},
    {"the file was put back after its end", TAMPER_PUT_BACK, "that was destroyed is there"},
    {"a row without an entry", TAMPER_ROW_ALONE, "no entry that took it in"},
    {"an entry without a row", TAMPER_ENTRY_ALONE, "gone from the store"},
    {"another document in the entry's place", TAMPER_OTHER_DIGEST, "not the one that its entry"},
    {"another size", TAMPER_OTHER_SIZE, "not the one that its entry"},
    {"another type", TAMPER_OTHER_TYPE, "not the one that its entry"},
    {"destroyed without an entry", TAMPER_DESTROYED_WITHOUT_ENTRY, "without an entry"},
    {"its row says that it is there again", TAMPER_ALIVE_AGAIN, "there again"},
    {"its row names another end", TAMPER_OTHER_END, "state that its last entry says"},
};

static void tamper_rows_of(struct fixture *f, enum tamper what)
{
    char why[OPERATION_WHY_SIZE];
    struct shown shown = {.f = f, .created = clock_read().now, .row = true, .entry = true};
    assert_int_equal(take(f, BYTES(JPEG), &shown.taken, why), MEDGL_OK);
    shown.entry = what != TAMPER_ROW_ALONE;
    shown.row = what != TAMPER_ENTRY_ALONE;
    shown.other_digest = what == TAMPER_OTHER_DIGEST;
    shown.size_more = what == TAMPER_OTHER_SIZE;
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, show_now, &shown), MEDGL_OK);
}

static void tamper_after_end(struct fixture *f, enum tamper what)
{
    const struct shown shown = show(f, 31 * MEDGL_DAY);
    auto_secret struct secret sealed = SECRET_NONE;
    assert_int_equal(document_file(f->root, shown.taken.digest, &sealed), MEDGL_OK);
    assert_int_equal(sweep(f), 1);
    struct document row = row_of(f, shown.seq);
    if (what == TAMPER_PUT_BACK)
        put_back(f, &shown, &sealed);
    if (what == TAMPER_OTHER_END)
        row.ledger_seq--;
    if (what == TAMPER_ALIVE_AGAIN) {
        row.destroyed = 0;
        row.ledger_seq = shown.seq;
        assert_int_equal(
            file_create(shown.taken.path, geteuid(), getegid(), 0400, sealed.bytes, sealed.len),
            MEDGL_OK);
    }
    if (what == TAMPER_OTHER_END || what == TAMPER_ALIVE_AGAIN)
        rewrite(f, &row);
}

static void tamper_in_life(struct fixture *f, enum tamper what)
{
    const struct shown shown = show(f, MEDGL_DAY);
    struct document row = row_of(f, shown.seq);
    if (what == TAMPER_FILE_GONE)
        harm(f, &shown, HARM_GONE);
    if (what == TAMPER_FILE_CHANGED)
        harm(f, &shown, HARM_CHANGED);
    if (what == TAMPER_FILE_LINK)
        harm(f, &shown, HARM_LINK);
    if (what == TAMPER_OTHER_TYPE)
        (void)snprintf(row.type, sizeof(row.type), "image/png");
    if (what == TAMPER_DESTROYED_WITHOUT_ENTRY) {
        row.destroyed = clock_read().now;
        harm(f, &shown, HARM_GONE);
    }
    if (what == TAMPER_OTHER_TYPE || what == TAMPER_DESTROYED_WITHOUT_ENTRY)
        rewrite(f, &row);
}

static void test_tamper(void **state)
{
    const struct tamper_row *row = *state;
    struct fixture *f = open_root();
    (void)show(f, MEDGL_HOUR); /* one that nothing is wrong with */
    switch (row->tamper) {
    case TAMPER_NONE:
    case TAMPER_FILE_GONE:
    case TAMPER_FILE_CHANGED:
    case TAMPER_FILE_LINK:
    case TAMPER_OTHER_TYPE:
    case TAMPER_DESTROYED_WITHOUT_ENTRY:
        tamper_in_life(f, row->tamper);
        break;
    case TAMPER_DESTROYED:
    case TAMPER_PUT_BACK:
    case TAMPER_ALIVE_AGAIN:
    case TAMPER_OTHER_END:
        tamper_after_end(f, row->tamper);
        break;
    case TAMPER_ROW_ALONE:
    case TAMPER_ENTRY_ALONE:
    case TAMPER_OTHER_DIGEST:
    case TAMPER_OTHER_SIZE:
        tamper_rows_of(f, row->tamper);
        break;
    }
    const struct heard heard = verify_all(f, 0);
    assert_int_equal(heard.count, row->what != NULL);
    if (row->what != NULL)
        assert_non_null(strstr(heard.first, row->what));
    close_root(f);
}

/* Bodies of entries are in archives that were not given: nobody is blamed for what they say. */
static void test_missing(void **state)
{
    struct fixture *f = open_root();
    const struct shown old = show(f, 31 * MEDGL_DAY);
    uint64_t size = 0;
    (void)state;
    const struct shown young = show(f, MEDGL_DAY);
    assert_int_equal(verify_all(f, old.seq + 1).count, 0);
    assert_int_equal(sweep(f), 1);
    assert_int_equal(verify_all(f, old.seq + 1).count, 0);
    assert_int_equal(operation_ledger_size(&f->context, &size), MEDGL_OK);
    assert_int_equal(verify_all(f, size).count, 0);
    harm(f, &young, HARM_GONE); /* that a file is gone is told all the same */
    assert_int_equal(verify_all(f, size).count, 1);
    close_root(f);
}

/* -- with old entries archived ----------------------------------------------------------------- */

struct bodies {
    struct verify_documents *documents;
    unsigned gone;
};

static enum medgl_error learn_body(void *argument, const struct ledger_row *row)
{
    struct bodies *bodies = argument;
    if (row->len > 0)
        return learn_row(bodies->documents, row);
    bodies->gone++;
    return MEDGL_OK;
}

/* What verification makes of the bodies that are left in the store. */
static struct heard verify_bodies(struct fixture *f, unsigned *gone)
{
    auto_clean(verify_documents_free) struct verify_documents *documents = NULL;
    struct heard heard = {.count = 0};
    assert_int_equal(verify_documents_new(&f->context, hear, &heard, &documents), MEDGL_OK);
    struct bodies bodies = {.documents = documents};
    assert_int_equal(operation_ledger_each(&f->context, 0, UINT64_MAX, learn_body, &bodies),
                     MEDGL_OK);
    assert_int_equal(store_transact(f->context.store, STORE_READ, state_now, documents), MEDGL_OK);
    assert_int_equal(verify_documents_files(documents, hear, &heard), MEDGL_OK);
    *gone = bodies.gone;
    return heard;
}

static void archive_and_lose(struct fixture *f)
{
    struct archive made;
    char why[STORE_TEXT_SIZE], name[STORE_NAME_SIZE + sizeof(PATH_ARCHIVE)], path[PATH_MAX];
    const struct archive_request request = {.until = fixture_present(), .copy = -1};
    f->context.policy.ledger_retention = (struct policy_span){0};
    assert_int_equal(operation_archive(&f->context, &request, &made, why), MEDGL_OK);
    (void)snprintf(name, sizeof(name), PATH_ARCHIVE "/%s", made.file);
    path_in(f, name, path);
    assert_int_equal(unlink(path), 0);
}

/* The entries that rows of documents name stay: of one that is kept, of one that is destroyed
 * before the archive, and of one that is destroyed after it. */
static void test_archived(void **state)
{
    struct fixture *f = open_root();
    char why[OPERATION_WHY_SIZE];
    unsigned gone = 0;
    (void)state;
    (void)show(f, 31 * MEDGL_DAY);
    assert_int_equal(sweep(f), 1);
    (void)show(f, 31 * MEDGL_DAY);
    const struct shown young = show(f, MEDGL_DAY);
    assert_int_equal(operation_account_disable(&f->context, f->user, "test", why), MEDGL_OK);
    assert_int_equal(operation_account_enable(&f->context, f->user, "test", why), MEDGL_OK);
    archive_and_lose(f);
    assert_int_equal(verify_bodies(f, &gone).count, 0);
    assert_true(gone > 0);
    assert_int_equal(sweep(f), 1);
    assert_int_equal(verify_bodies(f, &gone).count, 0);
    archive_and_lose(f);
    assert_int_equal(verify_bodies(f, &gone).count, 0);
    harm(f, &young, HARM_GONE); /* and it is as sharp as before */
    assert_int_equal(verify_bodies(f, &gone).count, 1);
    close_root(f);
}

/* -- all of it -------------------------------------------------------------------------------- */

int main(void)
{
    if (!make_keys())
        return 99;
    TABLE_ADD("R11 type", type_rows, test_type);
    TABLE_ADD("R11 taken in", take_rows, test_take);
    table_add("R11 taken in", "the file", test_file, NULL);
    table_add("R11 taken in", "swept before its entry", test_swept_before, NULL);
    TABLE_ADD("R11 opened", open_rows, test_open);
    table_add("R11 opened", "entries that have none", test_open_none, NULL);
    table_add("R11 the end", "at the retention and not before", test_retention, NULL);
    table_add("R11 the end", "in months", test_retention_months, NULL);
    TABLE_ADD("R11 a file", left_rows, test_left);
    table_add("R11 the end", "interrupted before the file went", test_interrupted, NULL);
    table_add("R11 the end", "by the daily watch", test_watch, NULL);
    table_add("R11 the end", "beside a directory", test_directory, NULL);
    TABLE_ADD("R08 verified", tamper_rows, test_tamper);
    table_add("R08 verified", "without the bodies of old entries", test_missing, NULL);
    table_add("R08 verified", "with old entries archived, and the files lost", test_archived, NULL);
    int failed = table_run("documents");
    remove_keys();
    return failed;
}
