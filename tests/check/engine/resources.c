/* A sender of many workers that gets descriptors or threads for some of them only:
 * it does not start, says why, and leaves nothing behind.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../preload/faults.h"
#include "../tools.h"
#include "spead2/error.h"
#include "spead2/send/sender.h"

#define N_WORKERS 4

static Spead2Endpoint destination;
static Spead2SenderConfig config;
static gint n_running; /* atomic: workers */

static void
worker_started (guint worker, gpointer user_data)
{
  g_atomic_int_inc (&n_running);
}

static void
worker_stopped (guint worker, gpointer user_data)
{
  g_atomic_int_add (&n_running, -1);
}

static const Spead2SenderCallbacks callbacks = {
    .worker_started = worker_started, .worker_stopped = worker_stopped};

static void
setup (void)
{
  faults_reset ();
  memset (&config, 0, sizeof config);
  spead2_packet_config_init (&config.packet, 40, 1472);
  fail_unless (spead2_packet_config_check (&config.packet, NULL));
  fail_unless (spead2_endpoint_resolve (
      &destination, "127.0.0.1", 9, AF_UNSPEC, NULL, NULL));
  config.destinations = &destination;
  config.n_destinations = 1;
  config.fd = -1;
  config.socket.ttl = 64;
  config.socket.ttl_mc = 1;
  config.socket.dscp = -1;
  config.n_workers = N_WORKERS;
  config.interleave = 1;
  config.burst_size = 65536;
  config.burst_rate_ratio = 1.05;
  config.cnt_start = config.cnt_step = 1;
}

/* A worker needs a socket and an eventfd. */
GST_START_TEST (test_descriptors_for_some_workers_only)
{
  struct rlimit usual, limit;
  guint before = count_fds (), n;

  getrlimit (RLIMIT_NOFILE, &usual);
  for (n = 0; n < 2 * N_WORKERS; n++) {
    gint next = open ("/dev/null", O_RDONLY | O_CLOEXEC);
    GError *error = NULL;
    Spead2Sender *sender;

    close (next);
    limit = usual;
    limit.rlim_cur = next + n;
    fail_unless (setrlimit (RLIMIT_NOFILE, &limit) == 0);
    sender = spead2_sender_new (&config, &callbacks, NULL, &error);
    fail_unless (setrlimit (RLIMIT_NOFILE, &usual) == 0);
    fail_unless (sender == NULL);
    fail_unless (g_error_matches (error, SPEAD2_ERRNO, EMFILE));
    g_error_free (error);
    fail_unless_equals_int (count_fds (), before);
  }
}
GST_END_TEST

/* Those that run are ended. */
GST_START_TEST (test_threads_for_some_workers_only)
{
  Spead2Sender *sender = spead2_sender_new (&config, &callbacks, NULL, NULL);
  GError *error = NULL;

  fail_unless (sender != NULL);
  faults_fail_thread (__i__, FAULTS_FOREVER);
  fail_if (spead2_sender_start (sender, &error));
  fail_unless (error != NULL && strstr (error->message, g_strerror (EAGAIN)));
  g_error_free (error);
  fail_unless_equals_int (g_atomic_int_get (&n_running), 0);
  spead2_sender_free (sender);
}
GST_END_TEST

static Suite *
resources_suite (void)
{
  Suite *suite = suite_create ("resources");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, faults_reset);
  tcase_add_test (tc, test_descriptors_for_some_workers_only);
  tcase_add_loop_test (tc, test_threads_for_some_workers_only, 0, N_WORKERS);
  return suite;
}

GST_CHECK_MAIN (resources);
