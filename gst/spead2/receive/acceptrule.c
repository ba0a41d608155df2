/* Which heaps are taken: see acceptrule.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/receive/acceptrule.h"

#include <string.h>

#include "spead2/error.h"

/* The characters that end a word. */
#define DELIMITERS ",;=<>\" \t\r\n"

#define MAX_ID (G_GUINT64_CONSTANT (1) << 55)

/* first, first + step ... up to last. */
typedef struct {
  guint64 first, last, step;
} Range;

typedef struct {
  gchar *name; /* of the item, where a descriptor says its id; or NULL */
  guint64 id;  /* SPEAD2_ID_NULL: not known */
  guint64 mask;
  GArray *values; /* (Range); empty: any */
} Condition;

struct _Spead2AcceptRule {
  GArray *conditions; /* (Condition) */
};

/* -- text -------------------------------------------------------------------------- */

typedef struct {
  const gchar *text;
  const gchar *at; /* read up to here */
  guint number;    /* of the condition, from 1 */
  GError **error;
} Scanner;

static gboolean fail (Scanner *scanner, const gchar *at, const gchar *format,
    ...) G_GNUC_PRINTF (3, 4);

/* Returns FALSE. */
static gboolean
fail (Scanner *scanner, const gchar *at, const gchar *format, ...)
{
  g_autofree gchar *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (scanner->error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "Condition %u (offset %" G_GSIZE_FORMAT " of accept): %s",
      scanner->number, (gsize) (at - scanner->text), what);
  return FALSE;
}

static void
skip_blanks (Scanner *scanner)
{
  while (g_ascii_isspace (*scanner->at))
    scanner->at++;
}

static gboolean
scan_char (Scanner *scanner, gchar c)
{
  skip_blanks (scanner);
  if (*scanner->at != c)
    return FALSE;
  scanner->at++;
  return TRUE;
}

/* The word that is next, perhaps an empty one, and where it begins. */
static gchar *
scan_word (Scanner *scanner, const gchar **begin)
{
  skip_blanks (scanner);
  *begin = scanner->at;
  scanner->at += strcspn (scanner->at, DELIMITERS);
  return g_strndup (*begin, scanner->at - *begin);
}

/* Of the characters from at to end. */
static gboolean
parse_number (
    Scanner *scanner, const gchar *at, const gchar *end, guint64 *number)
{
  g_autofree gchar *word = g_strndup (at, end - at);
  gboolean hexadecimal = g_ascii_strncasecmp (word, "0x", 2) == 0;
  const gchar *digits = word + (hexadecimal ? 2 : 0);

  if (!hexadecimal && digits[0] == '0' && digits[1] != '\0')
    return fail (scanner, at,
        "'%s' begins with 0, which does not say whether it is octal", word);
  /* Neither blanks nor signs. */
  return (g_ascii_isxdigit (*digits) &&
             g_ascii_string_to_unsigned (digits, hexadecimal ? 16 : 10, 0,
                 G_MAXUINT64, number, NULL)) ||
      fail (scanner, at,
          "'%s' is no number: decimal, or hexadecimal with 0x in front, up to "
          "2^64 - 1",
          word);
}

static gboolean
scan_number (Scanner *scanner, guint64 *number)
{
  const gchar *begin;

  g_free (scan_word (scanner, &begin));
  return parse_number (scanner, begin, scanner->at, number);
}

static gboolean
scan_value (Scanner *scanner, Condition *condition)
{
  guint64 numbers[3] = {0, 0, 1};
  const gchar *begin, *at, *end;
  guint n = 0;

  g_free (scan_word (scanner, &begin));
  for (at = begin;; at = end + 1) {
    end = at + strcspn (at, ":" DELIMITERS);
    if (n == G_N_ELEMENTS (numbers))
      return fail (scanner, at, "a range is first:last or first:last:step");
    if (!parse_number (scanner, at, end, &numbers[n++]))
      return FALSE;
    if (*end != ':')
      break;
  }
  if (n == 1)
    numbers[1] = numbers[0];
  if (numbers[1] < numbers[0])
    return fail (scanner, begin, "the range ends before it begins");
  if (numbers[2] == 0)
    return fail (scanner, at, "the step of a range is 1 or more");
  g_array_append_val (
      condition->values, ((Range){numbers[0], numbers[1], numbers[2]}));
  return TRUE;
}

static gboolean
scan_values (Scanner *scanner, Condition *condition)
{
  if (!scan_char (scanner, '<'))
    return scan_value (scanner, condition);
  do {
    if (!scan_value (scanner, condition))
      return FALSE;
  } while (scan_char (scanner, ','));
  return scan_char (scanner, '>') ||
      fail (scanner, scanner->at, "the list's > is missing");
}

static gboolean
scan_field (Scanner *scanner, Condition *condition, gboolean *has_mask)
{
  const gchar *begin;
  g_autofree gchar *word = scan_word (scanner, &begin);
  gboolean is_mask = g_str_equal (word, "mask");

  if (!is_mask && !g_str_equal (word, "value"))
    return fail (scanner, begin,
        "there is no field '%s', only mask and value; a semicolon precedes the "
        "next condition",
        word);
  if (is_mask ? *has_mask : condition->values->len > 0)
    return fail (scanner, begin, "duplicate field '%s'", word);
  if (!scan_char (scanner, '='))
    return fail (scanner, scanner->at, "= is missing");
  *has_mask |= is_mask;
  return is_mask ? scan_number (scanner, &condition->mask)
                 : scan_values (scanner, condition);
}

static gboolean
parse_id (Scanner *scanner, const gchar *at, guint64 *id)
{
  if (!parse_number (scanner, at, scanner->at, id))
    return FALSE;
  return (*id > SPEAD2_ID_STREAM_CTRL && *id < MAX_ID) ||
      fail (scanner, at,
          "an id is a number from 7 to 2^55 - 1; a value has a field of its "
          "own: "
          "value=%" G_GUINT64_FORMAT,
          *id);
}

static gboolean
scan_item (Scanner *scanner, Condition *condition)
{
  const gchar *begin;
  g_autofree gchar *word = scan_word (scanner, &begin);

  if (*word == '\0')
    return fail (scanner, begin, "a condition begins with an item");
  if (g_ascii_isdigit (*word))
    return parse_id (scanner, begin, &condition->id);
  if (scan_char (scanner, '=')) {
    g_free (scan_word (scanner, &begin));
    return parse_id (scanner, begin, &condition->id);
  }
  if (g_str_equal (word, "heap-cnt"))
    condition->id = SPEAD2_ID_HEAP_CNT;
  else if (g_str_equal (word, "heap-length"))
    condition->id = SPEAD2_ID_HEAP_LENGTH;
  else
    condition->name = g_steal_pointer (&word);
  return TRUE;
}

/* Whether the mask leaves something to compare. */
static gboolean
check_mask (Scanner *scanner, const gchar *begin, const Condition *condition)
{
  guint i;

  if (condition->values->len == 0)
    return fail (scanner, begin, "mask needs a value to compare with");
  for (i = 0; i < condition->values->len; i++) {
    const Range *range = &g_array_index (condition->values, Range, i);

    if (range->first == range->last && (range->first & ~condition->mask) != 0)
      return fail (scanner, begin,
          "no heap has the value %" G_GUINT64_FORMAT " (0x%" G_GINT64_MODIFIER
          "x): mask=0x%" G_GINT64_MODIFIER "x clears bits of it",
          range->first, range->first, condition->mask);
  }
  return TRUE;
}

static gboolean
scan_condition (Scanner *scanner, Condition *condition)
{
  gboolean has_mask = FALSE;
  const gchar *begin;

  skip_blanks (scanner);
  begin = scanner->at;
  if (!scan_item (scanner, condition))
    return FALSE;
  while (scan_char (scanner, ','))
    if (!scan_field (scanner, condition, &has_mask))
      return FALSE;
  if (!scan_char (scanner, ';') && *scanner->at != '\0')
    return fail (scanner, scanner->at,
        "a comma is missing here, or a semicolon before the next condition");
  return !has_mask || check_mask (scanner, begin, condition);
}

/* -- rules -------------------------------------------------------------------------- */

static void
clear_condition (gpointer data)
{
  Condition *condition = data;

  g_free (condition->name);
  g_array_unref (condition->values);
}

static Condition *
add_condition (Spead2AcceptRule *rule)
{
  Condition condition = {.mask = G_MAXUINT64,
      .id = SPEAD2_ID_NULL,
      .values = g_array_new (FALSE, FALSE, sizeof (Range))};

  g_array_append_val (rule->conditions, condition);
  return &g_array_index (
      rule->conditions, Condition, rule->conditions->len - 1);
}

Spead2AcceptRule *
spead2_accept_rule_new (const gchar *text, GError **error)
{
  Spead2AcceptRule *rule = g_new0 (Spead2AcceptRule, 1);
  Scanner scanner = {.text = text ? text : "", .error = error};

  rule->conditions = g_array_new (FALSE, FALSE, sizeof (Condition));
  g_array_set_clear_func (rule->conditions, clear_condition);
  scanner.at = scanner.text;
  skip_blanks (&scanner);
  while (*scanner.at != '\0') {
    scanner.number++;
    if (!scan_condition (&scanner, add_condition (rule))) {
      spead2_accept_rule_free (rule);
      return NULL;
    }
    skip_blanks (&scanner);
  }
  return rule;
}

void
spead2_accept_rule_free (Spead2AcceptRule *rule)
{
  g_array_unref (rule->conditions);
  g_free (rule);
}

void
spead2_accept_rule_set_id (
    Spead2AcceptRule *rule, const gchar *name, guint64 id)
{
  guint i;

  for (i = 0; i < rule->conditions->len; i++) {
    Condition *condition = &g_array_index (rule->conditions, Condition, i);

    if (condition->name && g_str_equal (condition->name, name))
      condition->id = id;
  }
}

/* -- heaps -------------------------------------------------------------------------- */

static gboolean
has_value (const Condition *condition, guint64 value)
{
  guint i;

  value &= condition->mask;
  for (i = 0; i < condition->values->len; i++) {
    const Range *range = &g_array_index (condition->values, Range, i);

    if (value >= range->first && value <= range->last &&
        (value - range->first) % range->step == 0)
      return TRUE;
  }
  return condition->values->len == 0;
}

static gboolean
holds_of_pointer (
    const Condition *condition, Spead2Flavour flavour, guint64 pointer)
{
  return spead2_pointer_is_immediate (pointer)
      ? has_value (condition, spead2_pointer_value (flavour, pointer))
      : condition->values->len == 0;
}

/* Of the first item that has the condition's id. */
static gboolean
holds_of_items (const Condition *condition, const Spead2ReceivedHeap *heap)
{
  guint i;

  for (i = 0; i < heap->n_pointers; i++) {
    guint64 pointer = heap->pointers[i];

    if (spead2_pointer_id (heap->flavour, pointer) == condition->id)
      return holds_of_pointer (condition, heap->flavour, pointer);
  }
  return FALSE;
}

static gboolean
holds (const Condition *condition, const Spead2ReceivedHeap *heap)
{
  switch (condition->id) {
    case SPEAD2_ID_NULL:
      return FALSE;
    case SPEAD2_ID_HEAP_CNT:
      return has_value (condition, heap->cnt);
    case SPEAD2_ID_HEAP_LENGTH:
      return has_value (condition, heap->length);
    default:
      return holds_of_items (condition, heap);
  }
}

gboolean
spead2_accept_rule_matches (
    const Spead2AcceptRule *rule, const Spead2ReceivedHeap *heap)
{
  guint i;

  for (i = 0; i < rule->conditions->len; i++)
    if (!holds (&g_array_index (rule->conditions, Condition, i), heap))
      return FALSE;
  return TRUE;
}

/* -- packets ------------------------------------------------------------------------- */

static gboolean
has_descriptors (const Spead2PacketView *view)
{
  guint i;

  for (i = 0; i < view->n_pointers; i++) {
    guint64 pointer = spead2_packet_pointer (view, i);

    if (!spead2_pointer_is_immediate (pointer) &&
        spead2_pointer_id (view->flavour, pointer) == SPEAD2_ID_DESCRIPTOR)
      return TRUE;
  }
  return FALSE;
}

/* FALSE where the packet does not say it. */
static gboolean
fails (const Condition *condition, const Spead2PacketView *view)
{
  guint i;

  if (condition->name != NULL)
    return FALSE;
  if (condition->id == SPEAD2_ID_HEAP_CNT)
    return !has_value (condition, view->cnt);
  if (condition->id == SPEAD2_ID_HEAP_LENGTH)
    return view->heap_length != SPEAD2_LENGTH_UNKNOWN &&
        !has_value (condition, view->heap_length);
  for (i = 0; i < view->n_pointers; i++) {
    guint64 pointer = spead2_packet_pointer (view, i);

    if (spead2_pointer_id (view->flavour, pointer) == condition->id)
      return !holds_of_pointer (condition, view->flavour, pointer);
  }
  return FALSE;
}

gboolean
spead2_accept_rule_refuses (
    const Spead2AcceptRule *rule, const Spead2PacketView *view)
{
  guint i;

  for (i = 0; i < rule->conditions->len; i++)
    if (fails (&g_array_index (rule->conditions, Condition, i), view))
      return !has_descriptors (view);
  return FALSE;
}
