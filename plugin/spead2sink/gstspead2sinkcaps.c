/* gst-spead2: what spead2sink says to caps before buffers come: see
 * gstspead2sinkprivate.h
 *
 * What has no type is not offered, so that a converter upstream makes something
 * else. But where nothing upstream can, such caps are let through all the same:
 * gst_spead2_sink_set_caps() then refuses them with a reason, which the result of a
 * query does not have. In any thread, in any state.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2sinkprivate.h"
#include "common/gstspead2types.h"

/* Which of these caps have a type, as the properties are now: in NULL there is no
 * list of items but their text. */
static GstCaps *
gst_spead2_sink_restrict (GstSpead2Sink *self, GstCaps *caps)
{
  Spead2Flavour flavour;
  Spead2Items *items;
  GstCaps *result;
  gboolean packed;
  gchar *text;

  GST_OBJECT_LOCK (self);
  text = g_strdup (self->settings.items);
  flavour = self->settings.heap_address_bits;
  packed = self->settings.sample_bits > 0;
  GST_OBJECT_UNLOCK (self);

  items = spead2_items_new (text, flavour, NULL);
  result = gst_spead2_types_restrict (
      caps, packed, items && spead2_items_have_payload_type (items));
  g_clear_pointer (&items, spead2_items_unref);
  g_free (text);
  return result;
}

/* Whether nothing that has a type can come from this pad, as far as it says. */
static gboolean
gst_spead2_sink_cannot_do_better (GstSpead2Sink *self, GstPad *peer)
{
  GstCaps *possible = gst_pad_query_caps (peer, NULL);
  GstCaps *good = gst_spead2_sink_restrict (self, possible);
  gboolean hopeless = gst_caps_is_any (possible) || gst_caps_is_empty (good);

  gst_caps_unref (good);
  gst_caps_unref (possible);
  return hopeless;
}

/* Whether such caps, which have no type, will come in any case. Those of an event
 * are on the pad that sends it before they are asked for. caps may be NULL. */
static gboolean
gst_spead2_sink_is_decided (GstSpead2Sink *self, GstCaps *caps)
{
  GstPad *peer = gst_pad_get_peer (GST_BASE_SINK_PAD (self));
  GstCaps *current;
  gboolean decided;

  if (peer == NULL)
    return FALSE;
  current = gst_pad_get_current_caps (peer);
  decided = (caps && current && gst_caps_is_equal (caps, current)) ||
      gst_spead2_sink_cannot_do_better (self, peer);
  gst_clear_caps (&current);
  gst_object_unref (peer);
  return decided;
}

GstCaps *
gst_spead2_sink_get_caps (GstBaseSink *base, GstCaps *filter)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GstCaps *caps;

  /* Caps cannot say "all but some formats of audio". */
  if (filter == NULL)
    return gst_caps_new_any ();

  caps = gst_spead2_sink_restrict (self, filter);
  if (gst_caps_is_empty (caps) && !gst_caps_is_empty (filter) &&
      gst_spead2_sink_is_decided (self, NULL))
    gst_caps_replace (&caps, filter);
  return caps;
}

/* Caps that only lack a field are let through, and refused with what it is. */
gboolean
gst_spead2_sink_accept_caps (GstSpead2Sink *self, GstCaps *caps)
{
  GstCaps *good = gst_spead2_sink_restrict (self, caps);
  gboolean accepted =
      !gst_caps_is_empty (good) || gst_spead2_sink_is_decided (self, caps);

  gst_caps_unref (good);
  return accepted;
}
