/* What the text of items means, and where its mistakes are.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "spead2/error.h"
#include "spead2/heap/items.h"

#define P "; p,id=0x3300,value=payload"

static Spead2Items *
parse (const gchar *text, Spead2Flavour flavour)
{
  GError *error = NULL;
  Spead2Items *items = spead2_items_new (text, flavour, &error);

  fail_unless (items != NULL, "%s: %s", text, error ? error->message : "");
  return items;
}

/* The first ordinary item, behind the standard pointers. */
static const Spead2Item *
first (const Spead2Items *items)
{
  guint i;

  for (i = 0; i < items->n_items; i++)
    if (items->items[i].kind == SPEAD2_ITEM_VALUE)
      return &items->items[i];
  return NULL;
}

GST_START_TEST (test_default)
{
  Spead2Items *items = parse (SPEAD2_ITEMS_DEFAULT, 40);
  const Spead2Item *item = items->items + 4;
  guint i;

  fail_unless_equals_int (items->n_items, 6);
  for (i = 0; i < 4; i++)
    fail_unless_equals_int (items->items[i].kind, SPEAD2_ITEM_HEAP_CNT + i);
  fail_unless_equals_string (item[0].name, "timestamp");
  fail_unless_equals_uint64 (item[0].id, 0x1600);
  fail_unless_equals_int (item[0].source, SPEAD2_SOURCE_SAMPLE_INDEX);
  fail_unless (item[0].immediate);
  fail_unless_equals_string (item[0].description, "Index of the first sample");
  fail_unless_equals_int (item[0].formats[0].bits, 40);
  fail_unless_equals_string (item[1].name, "adc_samples");
  fail_unless_equals_uint64 (item[1].id, 0x3300);
  fail_unless_equals_int (item[1].source, SPEAD2_SOURCE_PAYLOAD);
  fail_if (item[1].immediate);
  fail_if (item[1].has_shape || item[1].dtype || item[1].n_formats);
  spead2_items_unref (items);
}
GST_END_TEST

/* One item's text, and what it means. */
static const struct {
  const gchar *text;
  Spead2ValueSource source;
  gboolean immediate;
  gboolean from_application;
  guint64 number; /* the first, or start */
  guint64 limit;
  guint bytes;
} meanings[] = {
    {"a,id=7,value=5", SPEAD2_SOURCE_NUMBERS, TRUE, FALSE, 5, 0xffffffffffff,
        6},
    {" a , id = 0x7fff , value = 0x10 ", SPEAD2_SOURCE_NUMBERS, TRUE, FALSE, 16,
        0xffffffffffff, 6},
    {"a,id=7,value=2147483647", SPEAD2_SOURCE_NUMBERS, TRUE, FALSE, G_MAXINT,
        0xffffffffffff, 6},
    {"a,id=7,value=(guint64)281474976710655", SPEAD2_SOURCE_NUMBERS, TRUE,
        FALSE, 0xffffffffffff, 0xffffffffffff, 6},
    {"a,id=\"0x1600\",value=\"0xffffffff\"", SPEAD2_SOURCE_NUMBERS, TRUE, FALSE,
        0xffffffff, 0xffffffffffff, 6},
    {"a,id=7,value=(uint)4294967295", SPEAD2_SOURCE_NUMBERS, TRUE, FALSE,
        0xffffffff, 0xffffffffffff, 6},
    {"a,id=7,value=5,format=u8", SPEAD2_SOURCE_NUMBERS, TRUE, FALSE, 5, 255, 1},
    {"a,id=7,value=5,format=\"u8,i16\"", SPEAD2_SOURCE_NUMBERS, TRUE, FALSE, 5,
        0xffffff, 3},
    {"a,id=7,value=5,dtype=\">u4\"", SPEAD2_SOURCE_NUMBERS, TRUE, FALSE, 5,
        0xffffffff, 4},
    {"a,id=7,value=5,format=u12", SPEAD2_SOURCE_NUMBERS, TRUE, FALSE, 5, 4095,
        2},
    {"a,id=7,value=5,mode=addressed,format=u33", SPEAD2_SOURCE_NUMBERS, FALSE,
        FALSE, 5, 0x1ffffffff, 5},
    {"a,id=7,value=1,format=b8", SPEAD2_SOURCE_NUMBERS, TRUE, FALSE, 1, 1, 1},
    {"a,id=7,value=-128,format=i8", SPEAD2_SOURCE_NUMBERS, TRUE, FALSE,
        (guint64) -128, 127, 1},
    {"a,id=7,value=<\"-0x80\",(gint64)-1>,format=i8", SPEAD2_SOURCE_NUMBERS,
        TRUE, FALSE, (guint64) -128, 127, 1},
    {"a,id=7,value=-2147483648,dtype=\">i4\"", SPEAD2_SOURCE_NUMBERS, TRUE,
        FALSE, (guint64) G_MININT, G_MAXINT, 4},
    {"a,id=7,value=\"-9223372036854775808\",mode=addressed,format=i64",
        SPEAD2_SOURCE_NUMBERS, FALSE, FALSE, G_GUINT64_CONSTANT (1) << 63,
        G_MAXINT64, 8},
    {"a,id=7,start=-5,step=-1,format=i16", SPEAD2_SOURCE_STEPS, TRUE, FALSE,
        (guint64) -5, 32767, 2},
    {"a,id=7,value=meta,default=-1,format=i16", SPEAD2_SOURCE_NUMBERS, TRUE,
        TRUE, (guint64) -1, 32767, 2},
    {"a,id=7,value=5,mode=addressed", SPEAD2_SOURCE_NUMBERS, FALSE, FALSE, 5,
        0xffffffffffff, 6},
    {"a,id=7,value=(guint64)0xffffffffffffffff,mode=addressed,dtype=\"<u8\"",
        SPEAD2_SOURCE_NUMBERS, FALSE, FALSE, G_MAXUINT64, G_MAXUINT64, 8},
    {"a,id=7,value=<1,2,(guint64)3,\"4\">", SPEAD2_SOURCE_NUMBERS, TRUE, FALSE,
        1, 0xffffffffffff, 6},
    {"a,id=7,value=heap-index", SPEAD2_SOURCE_HEAP_INDEX, TRUE, FALSE, 0,
        0xffffffffffff, 6},
    {"a,id=7,value=utc-ns,mode=addressed,format=u64", SPEAD2_SOURCE_UTC_NS,
        FALSE, FALSE, 0, G_MAXUINT64, 8},
    {"a,id=7,value=ptp-ns,mode=addressed,dtype=\"<i8\"", SPEAD2_SOURCE_PTP_NS,
        FALSE, FALSE, 0, G_MAXINT64, 8},
    {"a,id=7,start=9,step=4", SPEAD2_SOURCE_STEPS, TRUE, FALSE, 9,
        0xffffffffffff, 6},
    {"a,id=7,step=4", SPEAD2_SOURCE_STEPS, TRUE, FALSE, 0, 0xffffffffffff, 6},
    {"a,id=7,value=meta", SPEAD2_SOURCE_STEPS, TRUE, TRUE, 0, 0xffffffffffff,
        6},
    {"a,id=7,value=meta,default=6", SPEAD2_SOURCE_NUMBERS, TRUE, TRUE, 6,
        0xffffffffffff, 6},
    {"a,id=7,value=meta,default=sample-index", SPEAD2_SOURCE_SAMPLE_INDEX, TRUE,
        TRUE, 0, 0xffffffffffff, 6},
    {"a,id=7,value=meta,default=\"x y\"", SPEAD2_SOURCE_TEXT, FALSE, TRUE, 0, 0,
        0},
    {"a,id=7,value=\"payload\"", SPEAD2_SOURCE_TEXT, FALSE, FALSE, 0, 0, 0},
    {"a,id=7,value=(string)abc", SPEAD2_SOURCE_TEXT, FALSE, FALSE, 0, 0, 0},
    {"a,id=7,value=\"2024\",format=c8", SPEAD2_SOURCE_TEXT, FALSE, FALSE, 0, 0,
        0},
};

static void
check_meaning (guint i)
{
  gchar *text = g_strconcat (meanings[i].text, P, NULL);
  Spead2Items *items = parse (text, 48);
  const Spead2Item *item = first (items);

  fail_unless_equals_int (items->n_items, 6);
  fail_unless (item->source == meanings[i].source, "%s", text);
  fail_unless_equals_int (item->immediate, meanings[i].immediate);
  fail_unless_equals_int (item->from_application, meanings[i].from_application);
  if (item->source == SPEAD2_SOURCE_NUMBERS)
    fail_unless_equals_uint64 (item->numbers[0], meanings[i].number);
  if (item->source == SPEAD2_SOURCE_STEPS)
    fail_unless_equals_uint64 (item->start, meanings[i].number);
  if (item->source != SPEAD2_SOURCE_TEXT) {
    fail_unless_equals_uint64 (item->limit, meanings[i].limit);
    fail_unless_equals_int (item->bytes, meanings[i].bytes);
  }
  fail_unless (spead2_items_find (items, "a") ==
      (meanings[i].from_application ? item : NULL));
  spead2_items_unref (items);
  g_free (text);
}

GST_START_TEST (test_meaning)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (meanings); i++)
    check_meaning (i);
}
GST_END_TEST

GST_START_TEST (test_text_and_types)
{
  Spead2Items *items =
      parse ("a,id=7,value=\"say \\\"x;y\\\\\",description=\"of "
             "a\"; p,id=8,value=payload,shape=<-1,2>,"
             "dtype=\"[('re','i1'),('im','i1')]\";",
          40);
  const Spead2Item *item = first (items);
  gsize size;

  fail_unless (
      memcmp (g_bytes_get_data (item->text, &size), "say \"x;y\\", 9) == 0);
  fail_unless_equals_uint64 (size, 9);
  fail_unless_equals_string (item->description, "of a");
  fail_unless_equals_int (item->formats[0].code, 'c');
  item++;
  fail_unless_equals_string (item->dtype, "[('re','i1'),('im','i1')]");
  fail_unless_equals_int (item->dtype_size, 2);
  fail_unless_equals_int (item->n_dimensions, 2);
  fail_unless (item->shape[0] == SPEAD2_VARIABLE_SIZE && item->shape[1] == 2);
  spead2_items_unref (items);
}
GST_END_TEST

/* Where pointers are named, they stand as they were named, and no others. */
GST_START_TEST (test_header)
{
  static const Spead2ItemKind expected[] = {SPEAD2_ITEM_HEAP_CNT,
      SPEAD2_ITEM_NULL, SPEAD2_ITEM_PAYLOAD_LENGTH, SPEAD2_ITEM_VALUE,
      SPEAD2_ITEM_NULL};
  Spead2Items *items =
      parse ("heap-cnt,start=1,step=2;null;payload-length" P ";null", 48);
  guint i;

  fail_unless_equals_int (items->n_items, G_N_ELEMENTS (expected));
  for (i = 0; i < items->n_items; i++)
    fail_unless_equals_int (items->items[i].kind, expected[i]);
  fail_unless_equals_int (items->items[0].source, SPEAD2_SOURCE_STEPS);
  fail_unless_equals_uint64 (items->items[0].step, 2);
  spead2_items_unref (items);

  items = parse ("heap-cnt,value=meta" P, 48);
  fail_unless_equals_int (items->items[0].source, SPEAD2_SOURCE_NONE);
  fail_unless (items->items[0].from_application);
  fail_unless (spead2_items_find (items, "heap-cnt") == items->items);
  spead2_items_unref (items);
}
GST_END_TEST

/* A text, and what its mistake is called. */
static const gchar *const mistakes[][2] = {
    {"", "items is empty: it needs at least the payload"},
    {" \n", "items is empty: it needs at least the payload"},
    {"a,id=7,value=1", "None of the 1 items has value=payload"},
    {"a,id=7,value=1;;" P, "Item 2 (offset 15 of items): an item begins with"},
    {"7a,id=7,value=1" P, "Item 1 (offset 0 of items): an item begins with"},
    {"a b,id=7" P, "Item 1 'a' (offset 2 of items): a comma is missing"},
    {"a,id=7,value=1,colour=3" P,
        "Item 1 'a' (offset 15 of items): there is no field 'colour'"},
    {"a,id=7,value=1,id=8" P,
        "Item 1 'a' (offset 15 of items): duplicate field 'id'"},
    {"a,id=7,,value=1" P,
        "(offset 7 of items): the name of a field is missing"},
    {"a,id 7,value=1" P, "field 'id' (offset 5 of items): = is missing"},
    {"a,id=,value=1" P, "field 'id' (offset 5 of items): there is no value"},
    {"a,id=7,value=<1,2" P,
        "field 'value' (offset 17 of items): the array's >"},
    {"a,id=7,value=<>" P, "the array is empty"},
    {"a,id=7,value=\"abc" P, "(offset 13 of items): the string that begins"},
    {"a,id=7,value=\"\\101\"" P, "a backslash is allowed only before"},
    {"a,id=7,value=\"abc\\", "the string that begins"},
    {"a,id=7,value=\"\"" P, "an empty text"},
    {"a,id=7,value={1,2}" P, "an array is written in < and >, without quotes"},
    {"p,id=7,value=payload,shape=[256,2]", "an array is written in < and >"},
    {"p,id=7,value=payload,shape=(256,2)", "an array is written in < and >"},
    {"p,id=7,value=payload,shape=256,2", "an array is written in < and >"},
    {"p,id=7,value=payload,shape=\"<256,2>\"",
        "an array is written in < and >"},
    {"a,id=7,value=/1" P, "'/1' is no value"},
    {"p,id=7,value=payload,dtype=int8",
        "'int8' is no numpy dtype with a byte order: write '|i1'"},
    {"p,id=7,value=payload,dtype=complex64",
        "'complex64' is no numpy dtype with a byte order: write '<c8' or "
        "'>c8'"},
    {"a,id=7,value=(uint64)5" P, "type 'uint64' is none of int, uint"},
    {"a,id=7,value=(int 5" P, "the type's ) is missing"},
    {"a,id=7,value=(int)\"5\"" P, "a string in quotes is no int"},
    {"a,id=7,value=0xffffffff" P,
        "write (guint64)0xffffffff, or put it in double quotes"},
    {"a,id=7,value=2147483648" P,
        "GStreamer's integers, which end at 2147483647"},
    {"a,id=7,value=281474976710656" P, "write (guint64)281474976710656"},
    {"a,id=7,value=(uint)4294967296" P, "write (guint64)4294967296"},
    {"a,id=7,value=-1" P,
        "(offset 13 of items): -1 is negative, and the item's type is not "
        "signed: give it one that is, such as format=i16"},
    {"a,id=-7,value=1" P, "field 'id' (offset 5 of items): -7 is negative"},
    {"a,id=7,value=-129,format=i8" P,
        "-129 is less than -128, the smallest number of its type"},
    {"a,id=7,value=40000,format=i16" P,
        "40000 is more than 32767, the largest number of its type"},
    {"a,id=7,start=-1" P, "field 'start' (offset 13 of items): -1 is negative"},
    {"a,id=7,step=-129,format=i8" P, "-129 is less than -128"},
    {"a,id=7,value=meta,default=-129,format=i8" P, "-129 is less than -128"},
    {"a,id=7,value=-2147483649,dtype=\">i4\"" P,
        "write (gint64)-2147483649, or put it in double quotes"},
    {"a,id=7,value=(guint64)-1,format=i8" P, "'-1' is no guint64"},
    {"a,id=7,value=\"-9223372036854775809\",format=c8" P "; q", "it has no id"},
    {"a,id=7,value=60AA" P, "a hexadecimal number has 0x in front"},
    {"a,id=7,value=2,format=b8" P, "2 is more than 1, the largest"},
    {"a,id=7,value=1.5" P, "'1.5' is no number: it is no whole number"},
    {"a,id=7,value=1e9" P, "it is no whole number"},
    {"a,id=7,value=010" P, "it begins with 0"},
    {"a,id=7,value=(guint64)18446744073709551616" P, "it is no whole number"},
    {"a,id=7,value=sample_index" P,
        "field 'value' (offset 13 of items): 'sample_index' is no value"},
    {"a,id=7,value=true" P, "'true' is no value"},
    {"a,id=7" P, "Item 1 'a' (offset 7 of items): it has no value"},
    {"a,value=1" P, "it has no id"},
    {"a,id=6,value=1" P, "id 0x6 is the protocol's"},
    {"a,id=0x8000,value=1" P,
        "id 0x8000 does not fit SPEAD-64-48, whose largest id is 0x7fff"},
    {"a,id=7,value=(guint64)281474976710656" P,
        "281474976710656 is more than 281474976710655"},
    {"a,id=7,value=<1,256>,format=u8" P, "256 is more than 255"},
    {"a,id=7,start=1,step=256,format=u8" P, "256 is more than 255"},
    {"a,id=7,value=meta,default=256,format=u8" P, "256 is more than 255"},
    {"heap-cnt,value=(guint64)281474976710656" P,
        "Item 1 'heap-cnt', field 'value' (offset 15 of items): "
        "281474976710656 "
        "is more"},
    {"a,id=7,value=1,start=2" P, "start and step exclude a value"},
    {"a,id=7,value=1,default=2" P, "only value=meta has a default"},
    {"a,id=7,value=meta,default=meta" P, "meta is no default"},
    {"a,id=7,value=meta,format=c8" P, "a text needs a default"},
    {"p,id=7,value=meta,default=payload", "the payload comes from buffers"},
    {"a,id=7,value=1,mode=inline" P, "'inline' is neither immediate nor"},
    {"p,id=7,value=payload,mode=immediate", "payload and texts are addressed"},
    {"a,id=7,value=1,format=x8" P, "'x8' is no format"},
    {"a,id=7,value=1,format=u0" P, "'u0' is no format"},
    {"a,id=7,value=1,format=u" P, "'u' is no format"},
    {"a,id=7,value=1,format=\"u8,\"" P, "is no format"},
    {"a,id=7,value=1,format=f32" P, "values are whole numbers"},
    {"a,id=7,value=1,format=c8" P, "values are whole numbers"},
    {"p,id=7,value=payload,format=f16",
        "no receiver reads f16: floats have 32 or 64 bits"},
    {"p,id=7,value=payload,format=\"u8,c4\"",
        "no receiver reads c4: characters have 8 bits"},
    {"a,id=7,value=1,format=u56" P, "56 bits do not fit an immediate"},
    {"a,id=7,value=utc-ns" P,
        "a date in ns has 61 bits, which do not fit its type: use "
        "mode=addressed,format=u64"},
    {"a,id=7,value=meta,default=ptp-ns,mode=addressed,format=i61" P,
        "a date in ns has 61 bits"},
    {"a,id=7,value=1,mode=addressed,format=u65" P, "up to 64 bits, not 65"},
    {"a,id=7,value=1,dtype=\"<u4\"" P, "an immediate is big endian"},
    {"a,id=7,value=1,dtype=\"<f4\"" P, "values are whole numbers"},
    {"a,id=7,value=1,dtype=\"u4\"" P, "its byte order must be said"},
    {"a,id=7,value=1,dtype=<u4" P, "the array's > is missing"},
    {"a,id=7,value=1,format=u8,dtype=\"|u1\"" P, "a format or a dtype"},
    {"a,id=7,value=\"x\",format=u16" P, "a text has format=c8"},
    {"a,id=7,value=\"x\",dtype=\"|u1\"" P, "a text has format=c8"},
    {"a,id=7,value=\"Gr\303\266\303\237e\"" P,
        "a text is of ASCII characters, since receivers cannot read others"},
    {"a,id=7,value=<1,2>,every=0" P,
        "field 'every' (offset 19 of items): it is 0"},
    {"a,id=7,step=2,every=-1" P, "-1 is negative"},
    {"a,id=7,step=2,every=<1,2>" P, "it takes one value, no array"},
    {"a,id=7,value=sample-index,every=2" P, "only numbers, start and step"},
    {"a,id=7,value=\"x\",every=2" P, "only numbers, start and step"},
    {"heap-cnt,value=sample-index,every=2" P, "only numbers, start and step"},
    {"heap-cnt,step=2,every=0" P, "it is 0"},
    {"a,id=7,value=1,shape=3" P, "only the payload has a shape"},
    {"p,id=7,value=payload,shape=<-1,-1>", "only one dimension may be -1"},
    {"p,id=7,value=payload,shape=0", "size 0 is outside 1 to"},
    {"p,id=7,value=payload,shape=<1,1,1,1,1,1,1,1,1>", "more than 8"},
    {"a,id=<7>,value=1" P, "it takes one value, no array"},
    {"a,id=7,value=1,description=\"\xc3\xa4\"" P, "printable ASCII"},
    {"a,id=7,value=1;a,id=8,value=2" P, "item 1 'a' has one of them"},
    {"a,id=7,value=1;b,id=7,value=2" P, "item 1 'a' has one of them"},
    {"q,id=7,value=payload" P, "item 1 'q' has one of them"},
    {"heap-cnt;heap-cnt" P, "item 1 'heap-cnt' has one of them"},
    {"null,id=7" P, "it has no such field"},
    {"heap-length,value=7" P, "it has no such field"},
    {"heap-cnt,value=payload" P, "a heap counter is a number"},
    {"heap-cnt,value=\"x\"" P, "a heap counter is a number"},
    {"a,id=7,value=\"\xff\"" P, "the text is not UTF-8"},
};

static void
check_mistake (const gchar *text, const gchar *words)
{
  GError *error = NULL;

  fail_unless (spead2_items_new (text, 48, &error) == NULL, "%s", text);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  fail_unless (
      strstr (error->message, words) != NULL, "%s: %s", text, error->message);
  g_error_free (error);
  fail_unless (spead2_items_new (text, 48, NULL) == NULL);
}

GST_START_TEST (test_mistakes)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (mistakes); i++)
    check_mistake (mistakes[i][0], mistakes[i][1]);
}
GST_END_TEST

static Suite *
items_suite (void)
{
  Suite *suite = suite_create ("items");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_default);
  tcase_add_test (tc, test_meaning);
  tcase_add_test (tc, test_text_and_types);
  tcase_add_test (tc, test_header);
  tcase_add_test (tc, test_mistakes);
  return suite;
}

GST_CHECK_MAIN (items);
