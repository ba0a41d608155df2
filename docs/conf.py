# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pages as a site and as a manual page, by Sphinx and MyST:

    ./dev docs

The source directory is the project's root, so that links between pages, and from pages to
sources, are the same here as in the tree.
"""

import re

project = "gst-spead2"
author = "the gst-spead2 authors"
copyright = author
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["docs/*.md", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "tests/benchmark/README.md"]
exclude_patterns = ["build*", ".*", "subprojects"]

myst_heading_anchors = 6
# A caps string or a diagram has no language.
highlight_language = "none"
# A message is found by the characters that an element prints.
smartquotes = False

html_theme = "furo"
html_title = project
html_copy_source = False
html_show_sphinx = False

man_pages = [("docs/gst-spead2", "gst-spead2", "SPEAD streams in GStreamer pipelines", "", 7)]

# In the order in which a newcomer reads them.
CONTENTS = {
    "Begin": ["/README", "tutorial", "spead-for-gstreamer-people", "gstreamer-for-spead-people", "words"],
    "Use": ["recipes", "items", "embedding", "python", "monitoring", "troubleshooting", "gst-spead2"],
    "Look up": ["reference", "performance", "reliability", "security", "packaging"],
    "Change": ["design", "/CONTRIBUTING", "/CHANGELOG", "/tests/benchmark/README"],
}


def add_contents(text):
    for caption, pages in CONTENTS.items():
        text += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(pages) + "\n```\n"
    return text


def link_anchors(text):
    """Links to places that have an <a id>, which MyST does not know, as HTML's."""
    return re.sub(r"\[([^]]+)\]\(([\w-]*)(?:\.md)?(#(?:spead2(?:sink|src)|adctestsrc)-[\w-]+)\)",
                  lambda link: f'<a href="{link[2] and link[2] + ".html"}{link[3]}">{link[1]}</a>', text)


def name_programs(text, folder):
    """Programs by the names that they have where they are installed, if they are: in lines to paste
    and between backquotes, but not in the texts of links."""
    if not folder:
        return text
    program = r"(?<![\w/.-])(?:examples/|tests/interop/(?=receiver\.py))"
    return re.sub(r"^```.*?^```$|(?<!\[)`[^`\n]+`", lambda code: re.sub(program, f"{folder}/", code[0]), text,
                  flags=re.S | re.M)


def read_source(app, name, source):
    source[0] = link_anchors(name_programs(source[0], app.config.programs))
    if name == root_doc:
        source[0] = add_contents(source[0])


def setup(app):
    app.add_config_value("programs", "", "env")  # their folder
    app.connect("source-read", read_source)
