/* What can go wrong in the engine, as GError domains.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ERROR_H
#define SPEAD2_ERROR_H

#include <glib.h>

G_BEGIN_DECLS

/* Errors that a caller or the configuration made. */
#define SPEAD2_ERROR (spead2_error_quark ())

typedef enum {
  /* A flavour, item, shape or packet size that SPEAD or UDP cannot carry. */
  SPEAD2_ERROR_INVALID,
  /* A name that does not resolve, or an interface that does not exist. */
  SPEAD2_ERROR_NOT_FOUND,
  /* A buffer whose memory could not be mapped for reading. */
  SPEAD2_ERROR_MEMORY,
  /* The heap was taken back before any of it was sent. */
  SPEAD2_ERROR_DROPPED,
  /* Sending of the heap had begun and was cut short by a flush or a stop. */
  SPEAD2_ERROR_CUT_SHORT,
  /* The heap was submitted, and the kernel did not release its memory in time
   * when the sender was flushed or stopped. */
  SPEAD2_ERROR_ABANDONED
} Spead2Error;

GQuark spead2_error_quark (void);

/* Errors that the kernel answered: the code is the errno. */
#define SPEAD2_ERRNO (spead2_errno_quark ())

GQuark spead2_errno_quark (void);

/* Counters by errno have so many: errnos are small numbers on Linux, and a larger
 * one counts as the last. */
#define SPEAD2_MAX_ERRNO 134

/* Sets error to SPEAD2_ERRNO, errnum and "<what>: <strerror (errnum)>". */
void spead2_set_errno (GError **error, gint errnum, const gchar *format, ...)
    G_GNUC_PRINTF (3, 4);

G_END_DECLS

#endif /* SPEAD2_ERROR_H */
