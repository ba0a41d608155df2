/* Text to CPU numbers: see cpulist.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/cpulist.h"

#include <sched.h>

#include "spead2/error.h"

/* Reads a CPU number and advances the text past it. */
static gboolean
parse_cpu (const gchar **text, guint *cpu)
{
  gchar *end;
  guint64 value;

  if (!g_ascii_isdigit (**text))
    return FALSE;
  value = g_ascii_strtoull (*text, &end, 10);
  *text = end;
  *cpu = value;
  return value < CPU_SETSIZE;
}

/* Reads "3" or "0-2". */
static gboolean
parse_range (const gchar *text, GArray *cpus)
{
  guint first, last, cpu;

  if (!parse_cpu (&text, &first))
    return FALSE;
  last = first;
  if (*text == '-') {
    text++;
    if (!parse_cpu (&text, &last))
      return FALSE;
  }
  for (cpu = first; cpu <= last; cpu++)
    g_array_append_val (cpus, cpu);
  return *text == '\0' && first <= last;
}

GArray *
spead2_cpu_list_parse (const gchar *text, GError **error)
{
  GArray *cpus = g_array_new (FALSE, FALSE, sizeof (guint));
  gchar **ranges = g_strsplit (text, ",", -1);
  guint i;

  for (i = 0; ranges[i] != NULL; i++) {
    if (!parse_range (g_strstrip (ranges[i]), cpus)) {
      g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
          "Invalid CPU list \"%s\": '%s' is not a CPU number from 0 to %d or a "
          "range of them, as in \"1,3\" or \"0-2\"",
          text, ranges[i], CPU_SETSIZE - 1);
      g_array_unref (cpus);
      cpus = NULL;
      break;
    }
  }
  g_strfreev (ranges);
  return cpus;
}
