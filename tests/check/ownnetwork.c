/* A network of the test's own: see ownnetwork.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ownnetwork.h"

#include <gst/check/gstcheck.h>

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

static gboolean
write_file (const gchar *path, const gchar *text)
{
  const gint fd = open (path, O_WRONLY | O_CLOEXEC);
  const gboolean written = fd >= 0 && write (fd, text, strlen (text)) > 0;

  if (fd >= 0)
    close (fd);
  return written;
}

/* Its root, for who is none: ip needs to be. */
static gboolean
enter_as_user (void)
{
  g_autofree gchar *users = g_strdup_printf ("0 %u 1", geteuid ());
  g_autofree gchar *groups = g_strdup_printf ("0 %u 1", getegid ());

  return unshare (CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
      write_file ("/proc/self/setgroups", "deny") &&
      write_file ("/proc/self/uid_map", users) &&
      write_file ("/proc/self/gid_map", groups);
}

gboolean
enter_network (void)
{
  if (unshare (CLONE_NEWNET) == 0 || enter_as_user ())
    return TRUE;
  GST_WARNING ("no network of this test's own");
  return FALSE;
}

void
ip (const gchar *arguments)
{
  g_autofree gchar *command = g_strdup_printf ("ip %s", arguments);
  g_autofree gchar *errors = NULL;
  GError *error = NULL;
  gint status = -1;

  fail_unless (
      g_spawn_command_line_sync (command, NULL, &errors, &status, &error), "%s",
      error ? error->message : "");
  fail_unless (status == 0, "%s: %s", command, errors);
}
