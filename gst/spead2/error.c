/* What can go wrong in the engine, as GError domains: see error.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/error.h"

GQuark
spead2_error_quark (void)
{
  return g_quark_from_static_string ("spead2-error-quark");
}

GQuark
spead2_errno_quark (void)
{
  return g_quark_from_static_string ("spead2-errno-quark");
}

void
spead2_set_errno (GError **error, gint errnum, const gchar *format, ...)
{
  va_list args;
  gchar *what;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (
      error, SPEAD2_ERRNO, errnum, "%s: %s", what, g_strerror (errnum));
  g_free (what);
}
