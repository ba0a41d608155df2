/* SPEAD-64-N: see flavour.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/wire/flavour.h"

#include "spead2/error.h"

gboolean
spead2_flavour_check (guint heap_address_bits, GError **error)
{
  if (spead2_flavour_is_valid (heap_address_bits))
    return TRUE;

  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "SPEAD-64-%u does not exist: heap-address-bits is a multiple of 8 "
      "from 8 to 56",
      heap_address_bits);
  return FALSE;
}

gboolean
spead2_flavour_check_cnt (
    Spead2Flavour flavour, const gchar *name, guint64 value, GError **error)
{
  if (value <= spead2_flavour_max_value (flavour))
    return TRUE;

  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "%s=%" G_GUINT64_FORMAT " does not fit SPEAD-64-%u, whose largest heap "
      "counter is %" G_GUINT64_FORMAT,
      name, value, flavour, spead2_flavour_max_value (flavour));
  return FALSE;
}
