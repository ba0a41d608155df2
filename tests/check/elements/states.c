/* Both elements through all states, unlinked and with default properties.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

static const gchar *const elements[] = {"adctestsrc", "spead2sink"};

static GstElement *
make (guint i)
{
  GstElement *element = gst_element_factory_make (elements[i], NULL);

  fail_unless (element != NULL, "there is no %s", elements[i]);
  return element;
}

static void
run (GstElement *element, const GstState *states, guint n_states)
{
  for (guint i = 0; i < n_states; i++)
    fail_if (
        gst_element_set_state (element, states[i]) == GST_STATE_CHANGE_FAILURE,
        "%s does not go to %s", GST_OBJECT_NAME (element),
        gst_element_state_get_name (states[i]));
  fail_unless_equals_int (GST_STATE (element), GST_STATE_NULL);
}

GST_START_TEST (states_go_up_and_down_one_by_one)
{
  static const GstState states[] = {GST_STATE_READY, GST_STATE_PAUSED,
      GST_STATE_PLAYING, GST_STATE_PAUSED, GST_STATE_READY, GST_STATE_NULL,
      GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING, GST_STATE_PAUSED,
      GST_STATE_READY, GST_STATE_NULL};
  GstElement *element = make (__i__);

  run (element, states, G_N_ELEMENTS (states));
  gst_object_unref (element);
}

GST_END_TEST;

GST_START_TEST (states_are_jumped_up_and_come_down_one_by_one)
{
  static const GstState states[] = {GST_STATE_PLAYING, GST_STATE_PAUSED,
      GST_STATE_READY, GST_STATE_NULL, GST_STATE_PLAYING, GST_STATE_PAUSED,
      GST_STATE_READY, GST_STATE_NULL};
  GstElement *element = make (__i__);

  run (element, states, G_N_ELEMENTS (states));
  gst_object_unref (element);
}

GST_END_TEST;

GST_START_TEST (states_go_up_one_by_one_and_are_jumped_down)
{
  static const GstState states[] = {GST_STATE_READY, GST_STATE_PAUSED,
      GST_STATE_PLAYING, GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED,
      GST_STATE_PLAYING, GST_STATE_NULL};
  GstElement *element = make (__i__);

  run (element, states, G_N_ELEMENTS (states));
  gst_object_unref (element);
}

GST_END_TEST;

GST_START_TEST (states_are_jumped_up_and_down_many_times)
{
  static const GstState states[] = {GST_STATE_PLAYING, GST_STATE_NULL};
  GstElement *element = make (__i__);

  for (guint i = 0; i < 50; i++)
    run (element, states, G_N_ELEMENTS (states));
  gst_object_unref (element);
}

GST_END_TEST;

GST_START_TEST (an_element_that_never_ran_is_freed)
{
  GstElement *element = make (__i__);

  ASSERT_OBJECT_REFCOUNT (element, elements[__i__], 1);
  gst_object_unref (element);
}

GST_END_TEST;

static Suite *
states_suite (void)
{
  Suite *s = suite_create ("states");
  TCase *tc = tcase_create ("states");
  const gint n = G_N_ELEMENTS (elements);

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, states_go_up_and_down_one_by_one, 0, n);
  tcase_add_loop_test (tc, states_are_jumped_up_and_come_down_one_by_one, 0, n);
  tcase_add_loop_test (tc, states_go_up_one_by_one_and_are_jumped_down, 0, n);
  tcase_add_loop_test (tc, states_are_jumped_up_and_down_many_times, 0, n);
  tcase_add_loop_test (tc, an_element_that_never_ran_is_freed, 0, n);
  return s;
}

GST_CHECK_MAIN (states);
