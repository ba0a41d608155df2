/* The elements of the plugin against GStreamer's own in the same situation:
 * spead2sink against fakesink and udpsink, adctestsrc against audiotestsrc, spead2src
 * against udpsrc.
 *
 * A random script of states, events, queries, properties and data is run on each
 * of them. What a step shows (returned values, flows, answers, messages, states)
 * must be equal, or the difference stands in a table with its reason. A script
 * that differs is made as short as it can be, and printed.
 *
 *   elements_conformance [SCRIPTS]
 *
 * | environment         | means                                             |
 * |---------------------|---------------------------------------------------|
 * | CONFORMANCE_SCRIPTS | how many scripts are run of each comparison (60)  |
 * | CONFORMANCE_SEED    | seed of all of them (each time another)           |
 * | CONFORMANCE_ONLY    | the number of a script: only this one             |
 * | CONFORMANCE_SCRIPT  | a script, as it is printed: only this one         |
 *
 * A comparison is a vocabulary, a table and a fixture: conformancesink.c,
 * conformancesource.c and conformancelive.c. Another element is compared with its peers by one more.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "conformance.h"

#include <gst/check/gstcheck.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEFAULT_SCRIPTS 60
#define HANG_SECONDS 30

static guint64 seed;
static guint n_scripts = DEFAULT_SCRIPTS;
static gint64 only = -1;
static const gchar *given_script;

/* -- what a step shows ------------------------------------------------------------ */

static GMutex lock;
static GPtrArray *lines; /* lock: of the current step */

void
see (const gchar *format, ...)
{
  va_list args;

  va_start (args, format);
  g_mutex_lock (&lock);
  g_ptr_array_add (lines, g_strdup_vprintf (format, args));
  g_mutex_unlock (&lock);
  va_end (args);
}

/* Of an error it counts that there is one, but not how each element says it. */
static gchar *
describe_message (GstMessage *message)
{
  const GstStructure *structure = gst_message_get_structure (message);
  const gchar *type = GST_MESSAGE_TYPE_NAME (message);
  GstState old, current, pending;
  gchar *text, *description;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_STATE_CHANGED:
      gst_message_parse_state_changed (message, &old, &current, &pending);
      return g_strdup_printf ("message=%s %s %s %s", type,
          gst_element_state_get_name (old),
          gst_element_state_get_name (current),
          gst_element_state_get_name (pending));
    case GST_MESSAGE_ERROR:
    case GST_MESSAGE_WARNING:
    case GST_MESSAGE_INFO:
      return g_strdup_printf ("message=%s", type);
    default:
      text = structure ? gst_structure_to_string (structure) : g_strdup ("");
      description = g_strdup_printf ("message=%s %s", type, text);
      g_free (text);
      return description;
  }
}

void
see_messages (GstBus *bus)
{
  GstMessage *message;

  while ((message = gst_bus_pop (bus)) != NULL) {
    gchar *text = describe_message (message);

    /* Threads and links, which the script knows, or which are the element's own. */
    if (!(GST_MESSAGE_TYPE (message) &
            (GST_MESSAGE_STREAM_STATUS | GST_MESSAGE_STRUCTURE_CHANGE)))
      see ("%s", text);
    g_free (text);
    gst_message_unref (message);
  }
}

void
see_query (gpointer object, AskFunc ask, GstQuery *query)
{
  if (ask (object, query)) {
    const GstStructure *structure = gst_query_get_structure (query);
    gchar *text = structure ? gst_structure_to_string (structure) : NULL;

    see ("answer=%s", text);
    g_free (text);
  } else {
    see ("answer=no");
  }
  gst_query_unref (query);
}

/* -- words ------------------------------------------------------------------------ */

gint64
parse_number (const gchar *word)
{
  return g_str_equal (word, "none") ? -1 : g_ascii_strtoll (word, NULL, 0);
}

GstFormat
parse_format (const gchar *word)
{
  GstFormat format = gst_format_get_by_nick (word);

  fail_if (format == GST_FORMAT_UNDEFINED && !g_str_equal (word, "undefined"),
      "%s", word);
  return format;
}

GstQuery *
make_query (const gchar *name, GstFormat format)
{
  if (g_str_equal (name, "position"))
    return gst_query_new_position (format);
  if (g_str_equal (name, "duration"))
    return gst_query_new_duration (format);
  if (g_str_equal (name, "seeking"))
    return gst_query_new_seeking (format);
  if (g_str_equal (name, "segment"))
    return gst_query_new_segment (format);
  if (g_str_equal (name, "latency"))
    return gst_query_new_latency ();
  if (g_str_equal (name, "formats"))
    return gst_query_new_formats ();
  if (g_str_equal (name, "scheduling"))
    return gst_query_new_scheduling ();
  if (g_str_equal (name, "caps"))
    return gst_query_new_caps (NULL);
  fail_unless (g_str_equal (name, "custom"), "%s", name);
  return gst_query_new_custom (
      GST_QUERY_CUSTOM, gst_structure_new_empty ("conformance"));
}

GstState
parse_state (const gchar *name)
{
  GstState state = GST_STATE_NULL;

  while (!g_str_equal (gst_element_state_get_name (state), name))
    state++;
  return state;
}

GstEvent *
make_event (const gchar *name)
{
  static const struct {
    const gchar *name;
    GstEventType type;
  } custom[] = {
      {"custom-upstream", GST_EVENT_CUSTOM_UPSTREAM},
      {"custom-downstream", GST_EVENT_CUSTOM_DOWNSTREAM},
      {"custom-downstream-oob", GST_EVENT_CUSTOM_DOWNSTREAM_OOB},
      {"custom-both", GST_EVENT_CUSTOM_BOTH},
      {"custom-both-oob", GST_EVENT_CUSTOM_BOTH_OOB},
  };

  for (guint i = 0; i < G_N_ELEMENTS (custom); i++)
    if (g_str_equal (name, custom[i].name))
      return gst_event_new_custom (
          custom[i].type, gst_structure_new_empty ("conformance"));
  if (g_str_equal (name, "seek"))
    return gst_event_new_seek (1.0, GST_FORMAT_TIME, GST_SEEK_FLAG_NONE,
        GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0);
  if (g_str_equal (name, "flushing-seek"))
    return gst_event_new_seek (1.0, GST_FORMAT_BYTES, GST_SEEK_FLAG_FLUSH,
        GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0);
  if (g_str_equal (name, "tag"))
    return gst_event_new_tag (gst_tag_list_new (GST_TAG_TITLE, "title", NULL));
  if (g_str_equal (name, "eos"))
    return gst_event_new_eos ();
  if (g_str_equal (name, "qos"))
    return gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 1.5, 3, TICK);
  if (g_str_equal (name, "latency"))
    return gst_event_new_latency (TICK);
  if (g_str_equal (name, "reconfigure"))
    return gst_event_new_reconfigure ();
  if (g_str_equal (name, "step"))
    return gst_event_new_step (GST_FORMAT_BUFFERS, 1, 1.0, TRUE, FALSE);
  if (g_str_equal (name, "navigation"))
    return gst_event_new_navigation (gst_structure_new_empty ("conformance"));
  fail_unless (g_str_equal (name, "flush-start"), "%s", name);
  return gst_event_new_flush_start ();
}

gboolean
ask_element (gpointer object, GstQuery *query)
{
  return gst_element_query (object, query);
}

gboolean
ask_peer (gpointer object, GstQuery *query)
{
  return gst_pad_peer_query (object, query);
}

/* -- the clock --------------------------------------------------------------------- */

void
advance_test_clock (
    GstTestClock *clock, gint64 ticks, gboolean (*at_rest) (void))
{
  GstClockID id;

  gst_test_clock_advance_time (clock, ticks * TICK);
  while (gst_test_clock_peek_next_pending_id (clock, &id)) {
    gboolean due =
        gst_clock_id_get_time (id) <= gst_clock_get_time (GST_CLOCK (clock));

    gst_clock_id_unref (id);
    if (!due)
      break;
    gst_clock_id_unref (gst_test_clock_process_next_clock_id (clock));
    wait_until (at_rest ());
  }
}

/* -- scripts ---------------------------------------------------------------------- */

static const gchar *
choose (GRand *dice, gchar **choices)
{
  return choices[g_rand_int_range (dice, 0, g_strv_length (choices))];
}

static gchar *
make_step (const StepKind *kind, GRand *dice)
{
  GString *step = g_string_new (kind->name);

  for (guint i = 0; kind->args[i] != NULL; i++) {
    gchar **choices = g_strsplit (kind->args[i], "|", -1);

    g_string_append_printf (step, " %s", choose (dice, choices));
    g_strfreev (choices);
  }
  return g_string_free (step, FALSE);
}

static const StepKind *
choose_kind (const Comparison *comparison, GRand *dice)
{
  guint total = 0, n, i;

  for (i = 0; i < comparison->n_kinds; i++)
    total += comparison->kinds[i].weight;
  n = g_rand_int_range (dice, 0, total);
  for (i = 0; n >= comparison->kinds[i].weight; i++)
    n -= comparison->kinds[i].weight;
  return &comparison->kinds[i];
}

static GPtrArray *
make_script (const Comparison *comparison, guint number)
{
  guint32 seeds[] = {seed, seed >> 32, number, g_str_hash (comparison->name)};
  GRand *dice = g_rand_new_with_seed_array (seeds, G_N_ELEMENTS (seeds));
  GPtrArray *script = g_ptr_array_new_with_free_func (g_free);
  guint n =
      g_rand_int_range (dice, comparison->min_steps, comparison->max_steps + 1);

  while (n-- > 0)
    g_ptr_array_add (script, make_step (choose_kind (comparison, dice), dice));
  g_rand_free (dice);
  return script;
}

static GPtrArray *
parse_script (const gchar *text)
{
  GPtrArray *script = g_ptr_array_new_with_free_func (g_free);
  gchar **steps = g_strsplit (text, ";", -1);

  for (guint i = 0; steps[i] != NULL; i++)
    if (*g_strstrip (steps[i]) != '\0')
      g_ptr_array_add (script, g_strdup (steps[i]));
  g_strfreev (steps);
  return script;
}

static gchar *
join_script (GPtrArray *script)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < script->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "; " : "",
        (const gchar *) g_ptr_array_index (script, i));
  return g_string_free (text, FALSE);
}

/* -- running a script --------------------------------------------------------------- */

static void
run_step (const Comparison *comparison, const gchar *step)
{
  gchar **words = g_strsplit (step, " ", -1);
  guint i = 0;

  while (i < comparison->n_kinds &&
      !g_str_equal (comparison->kinds[i].name, words[0]))
    i++;
  fail_unless (i < comparison->n_kinds, "there is no step '%s'", words[0]);
  comparison->run (&comparison->kinds[i], words + 1);
  comparison->settle ();
  g_strfreev (words);
}

static gint
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

/* What each step of a script shows at an element: sorted lines. */
static GPtrArray *
run_script (
    const Comparison *comparison, GPtrArray *script, const gchar *element)
{
  GPtrArray *shown =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);

  lines = g_ptr_array_new_with_free_func (g_free);
  comparison->begin (element);
  for (guint i = 0; i < script->len; i++) {
    run_step (comparison, g_ptr_array_index (script, i));
    g_mutex_lock (&lock);
    g_ptr_array_sort (lines, compare_lines);
    g_ptr_array_add (shown, lines);
    lines = g_ptr_array_new_with_free_func (g_free);
    g_mutex_unlock (&lock);
  }
  comparison->end ();
  g_ptr_array_unref (lines);
  return shown;
}

/* -- comparing ------------------------------------------------------------------------ */

/* The last ones count. */
typedef enum { EQUAL, MEANT, DIFFERS, ENDS } Verdict;

static guint *n_used; /* of each difference of the table, how often it came */

static Verdict
judge_line (const Comparison *comparison, const gchar *step, const gchar *peer,
    const gchar *line)
{
  for (guint i = 0; i < comparison->n_differences; i++) {
    const Difference *difference = &comparison->differences[i];

    if (g_pattern_match_simple (difference->step, step) &&
        g_pattern_match_simple (difference->peer, peer) &&
        g_pattern_match_simple (difference->line, line)) {
      n_used[i]++;
      return difference->ends ? ENDS : MEANT;
    }
  }
  return DIFFERS;
}

/* Walks the lines that only one of them has. */
static Verdict
judge_step (const Comparison *comparison, const gchar *step, const gchar *peer,
    GPtrArray *own, GPtrArray *other, GString *report)
{
  Verdict verdict = EQUAL;
  guint i = 0, k = 0;

  while (i < own->len || k < other->len) {
    const gchar *a = i < own->len ? g_ptr_array_index (own, i) : NULL;
    const gchar *b = k < other->len ? g_ptr_array_index (other, k) : NULL;
    gint order = a == NULL ? 1 : b == NULL ? -1 : strcmp (a, b);
    const gchar *line = order < 0 ? a : b;
    Verdict of_line;

    i += order <= 0;
    k += order >= 0;
    if (order == 0)
      continue;
    of_line = judge_line (comparison, step, peer, line);
    verdict = MAX (verdict, of_line);
    if (of_line == DIFFERS && report)
      g_string_append_printf (report, "  '%s': only %s shows %s\n", step,
          order < 0 ? comparison->element : peer, line);
  }
  return verdict;
}

/* FALSE where they differ; adds the first step that does to report. */
static gboolean
agree (const Comparison *comparison, GPtrArray *script, GPtrArray *own,
    GPtrArray *other, const gchar *peer, GString *report)
{
  Verdict verdict = EQUAL;

  for (guint i = 0; i < script->len && verdict < DIFFERS; i++)
    verdict = judge_step (comparison, g_ptr_array_index (script, i), peer,
        g_ptr_array_index (own, i), g_ptr_array_index (other, i), report);
  return verdict != DIFFERS;
}

static gboolean
script_agrees (const Comparison *comparison, GPtrArray *script, GString *report)
{
  GPtrArray *own = run_script (comparison, script, comparison->element);
  gboolean agreed = TRUE;

  for (guint i = 0; i < MAX_PEERS && comparison->peers[i] && agreed; i++) {
    GPtrArray *other = run_script (comparison, script, comparison->peers[i]);

    agreed =
        agree (comparison, script, own, other, comparison->peers[i], report);
    g_ptr_array_unref (other);
  }
  g_ptr_array_unref (own);
  return agreed;
}

/* Leaves steps out as long as the rest differs. */
static void
shorten (const Comparison *comparison, GPtrArray *script)
{
  for (guint i = script->len; i-- > 0;) {
    gchar *step = g_strdup (g_ptr_array_index (script, i));

    g_ptr_array_remove_index (script, i);
    if (script_agrees (comparison, script, NULL))
      g_ptr_array_insert (script, i, step);
    else
      g_free (step);
  }
}

static void
fail_script (const Comparison *comparison, GPtrArray *script, GString *report)
{
  GString *shorter = g_string_new (NULL);
  gchar *text;

  shorten (comparison, script);
  /* One that differs only sometimes does not need to do so again. */
  if (script_agrees (comparison, script, shorter))
    g_string_assign (shorter, report->str);
  text = join_script (script);
  fail ("%s differs\n%s  again: CK_RUN_CASE=%s CONFORMANCE_SCRIPT='%s'",
      comparison->element, shorter->str, comparison->name, text);
  g_free (text);
  g_string_free (shorter, TRUE);
}

static void
check_script (const Comparison *comparison, GPtrArray *script)
{
  GString *report = g_string_new (NULL);
  gchar *text = join_script (script);

  /* Before it runs: the last line is the one that crashed or hangs. */
  printf ("%s\n", text);
  fflush (stdout);
  g_free (text);
  if (!script_agrees (comparison, script, report))
    fail_script (comparison, script, report);
  g_string_free (report, TRUE);
  g_ptr_array_unref (script);
}

static void
tell_used (const Comparison *comparison)
{
  for (guint i = 0; i < comparison->n_differences; i++)
    printf ("%u lines: %s at '%s', not as %s: %s\n", n_used[i],
        comparison->differences[i].line, comparison->differences[i].step,
        comparison->differences[i].peer, comparison->differences[i].reason);
}

static void
compare (const Comparison *comparison)
{
  n_used = g_new0 (guint, comparison->n_differences);
  if (given_script) {
    check_script (comparison, parse_script (given_script));
  } else {
    for (guint i = 0; i < n_scripts; i++) {
      if (only >= 0 && only != i)
        continue;
      printf ("%s %u: ", comparison->name, i);
      check_script (comparison, make_script (comparison, i));
    }
  }
  tell_used (comparison);
  g_clear_pointer (&n_used, g_free);
}

/* -- the tests -------------------------------------------------------------------------- */

static const Comparison *const comparisons[] = {
    &sink_comparison, &source_comparison, &live_comparison};

GST_START_TEST (an_element_does_as_its_peers)
{
  compare (comparisons[__i__]);
}

GST_END_TEST;

static Suite *
conformance_suite (void)
{
  Suite *s = suite_create ("conformance");

  for (guint i = 0; i < G_N_ELEMENTS (comparisons); i++) {
    TCase *tc = tcase_create (comparisons[i]->name);

    suite_add_tcase (s, tc);
    /* A step that hangs ends the program by itself, and says which. */
    tcase_set_timeout (tc, 0);
    tcase_add_loop_test (tc, an_element_does_as_its_peers, i, i + 1);
  }
  return s;
}

static void
read_settings (int argc, char **argv)
{
  const gchar *text;

  seed = g_get_real_time ();
  if ((text = g_getenv ("CONFORMANCE_SEED")) != NULL)
    seed = g_ascii_strtoull (text, NULL, 0);
  if ((text = g_getenv ("CONFORMANCE_ONLY")) != NULL)
    only = g_ascii_strtoull (text, NULL, 0);
  if ((text = g_getenv ("CONFORMANCE_SCRIPTS")) != NULL)
    n_scripts = g_ascii_strtoull (text, NULL, 0);
  given_script = g_getenv ("CONFORMANCE_SCRIPT");
  if (argc > 1)
    n_scripts = g_ascii_strtoull (argv[1], NULL, 0);
  printf (
      "CONFORMANCE_SEED=%" G_GUINT64_FORMAT ", %u scripts\n", seed, n_scripts);
}

int
main (int argc, char **argv)
{
  gst_check_init (&argc, &argv);
  read_settings (argc, argv);
  return gst_check_run_suite (conformance_suite (), "conformance", __FILE__);
}
