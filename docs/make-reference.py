#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes docs/reference.md: what the elements say of themselves.

Types, ranges, defaults and templates are asked of the elements that were
built; the texts are the documentation comments of plugin/.

    ./dev shell /usr/bin/python3 docs/make-reference.py            # writes it
    ./dev shell /usr/bin/python3 docs/make-reference.py --check    # is it current?
"""

import difflib
import re
import sys
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GObject, Gst  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/reference.md"
PLUGIN = "spead2"
# Of the base classes' properties, those that every user needs; besides them, those
# with another value here than the base class says are told.
INHERITED = ("num-buffers",)
NEVER = ("name", "parent")
HEAD = """\
<!-- Made by docs/make-reference.py from the elements themselves: change plugin/, not this page. -->

# Reference of the elements

Pads, properties, signals and counters of the elements of the plugin `spead2`. Sizes are in bytes and rates in bytes of UDP payload per second unless stated otherwise.
`gst-inspect-1.0` prints the same without the long texts, and everything that is inherited from GStreamer's base classes.
"""


# -- documentation comments ---------------------------------------------------------

def comments():
    """Of each documented thing, such as GstSpead2Sink:host, its comment's lines."""
    found = {}
    for source in sorted((ROOT / "plugin").rglob("*.c")):
        for comment in re.findall(r"^ */\*\*\n(.*?)\*/", source.read_text(), re.S | re.M):
            lines = [re.sub(r"^ *\* ?", "", line) for line in comment.splitlines()]
            name = lines[0].rstrip().removesuffix(":").removeprefix("SECTION:")
            found[name] = lines[1:]
    return found


def markdown(text, own):
    """GTK-Doc's marks in a text as Markdown's. own: the type whose page this is."""
    def reference(match):
        kind, member = match.groups()
        if not member:
            return f"`{kind}`"
        return f"`{member}`" if kind == own else f"`{member}` of `{kind}`"

    text = re.sub(r"#(\w+)(?:::?([\w-]+))?", reference, text)
    return re.sub(r"(?<!\w)%(\w+)", r"`\1`", text)


def paragraphs(lines, own):
    """A comment's text: its paragraphs and lists, each in one line, and its examples."""
    output, block, code = [], [], None

    def flush():
        if block:
            text = markdown(" ".join(block), own)
            # Items of a list stand together.
            if output and text.startswith("- ") and output[-1].startswith("- "):
                output[-1] += "\n" + text
            else:
                output.append(text)
            block.clear()

    for line in lines:
        if line.startswith("|["):
            flush()
            code = []
        elif line.startswith("]|"):
            language = "sh" if code[0].startswith("gst-launch-1.0 ") else ""
            output.append(f"```{language}\n" + "\n".join(code) + "\n```")
            code = None
            block.append(line.removeprefix("]|").strip())
        elif code is not None:
            code.append(line)
        elif not line.strip():
            flush()
        elif re.match(r"#+ ", line):
            flush()
            output.append("#" + line.strip())
        elif line.startswith(("- ", "* ")):
            flush()
            block.append("- " + line[2:].strip())
        elif line.startswith("@"):
            flush()
            block.append(re.sub(r"^@(\w+):( \(\w+\):)?", r"- `\1`:", line.strip()))
        else:
            block.append(line.strip())
    flush()
    return "\n\n".join(output)


def documentation(found, name, own):
    """The text on a thing and the version it came with."""
    lines = found.get(name)
    if lines is None:
        sys.exit(f"{name} has no documentation comment in plugin/")
    since = [line.split(":")[1].strip() for line in lines if line.startswith("Since:")]
    lines = [line for line in lines if not re.match(r"Since:|@(title|see_also|short_description):", line)]
    return paragraphs(lines, own), since[0] if since else ""


# -- what elements say ---------------------------------------------------------------

def plain(value):
    """A value as gst-launch-1.0 takes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.7g}"
    if isinstance(value, str):
        # A list of items is told in the text.
        return "see text" if ";" in value else f'"{value}"'
    nick = getattr(value, "value_nick", None)
    return nick if nick else str(value)


def type_name(spec, element):
    kind = spec.value_type
    basic = {"gchararray": "string", "gboolean": "boolean", "gint": "integer",
             "guint": "unsigned integer", "gint64": "integer, 64 bits",
             "guint64": "unsigned integer, 64 bits", "gdouble": "double"}
    if kind.is_a(GObject.TYPE_ENUM):
        return "one of " + ", ".join(f"`{value.value_nick}`" for value in enum_values(spec, element))
    return basic.get(kind.name, f"`{kind.name}`")


def enum_values(spec, element):
    kind = type(element.get_property(spec.name))
    return [value for _, value in sorted(kind.__enum_values__.items())]


def changeable(spec):
    if not spec.flags & GObject.ParamFlags.WRITABLE:
        return "read only"
    flags = int(spec.flags)
    if flags & Gst.PARAM_MUTABLE_PLAYING:
        return "at any time"
    if flags & Gst.PARAM_MUTABLE_PAUSED:
        return "in NULL, READY and PAUSED"
    if flags & Gst.PARAM_MUTABLE_READY:
        return "in NULL and READY"
    return "see text"


def own_properties(element):
    return [spec for spec in element.list_properties() if spec.owner_type == element.__gtype__]


def anchor(element, spec):
    """Where a property's text is: elements may have properties of one name."""
    return f"{element.get_factory().get_name()}-{spec.name}"


def default(spec, element):
    if not spec.flags & GObject.ParamFlags.WRITABLE:
        return "read only"
    return plain(element.get_property(spec.name))


def facts(spec, element):
    """One line on a property: type, range, default, when it may change."""
    parts = [type_name(spec, element)]
    if hasattr(spec, "minimum") and spec.value_type.name != "gboolean":
        parts.append(f"from {plain(spec.minimum)} to {plain(spec.maximum)}")
    if spec.flags & GObject.ParamFlags.WRITABLE:
        parts.append(f"default {default(spec, element)}")
        parts.append("changeable " + changeable(spec))
    else:
        parts.append("read only")
    return "; ".join(parts)


def write_property(page, spec, element, found):
    own = element.__gtype__.name
    text, since = documentation(found, f"{own}:{spec.name}", own)
    page.append(f'<a id="{anchor(element, spec)}"></a>\n#### {spec.name}')
    page.append(f"*{facts(spec, element)}.*" + (f" Since {since}." if since else ""))
    page.append(text)
    if spec.value_type.is_a(GObject.TYPE_ENUM):
        page.append("\n".join(f"- `{value.value_nick}`: {value.value_name}"
                              for value in enum_values(spec, element)))
    elif spec.value_type.name == "GstStructure":
        structure = element.get_property(spec.name)
        fields = [structure.nth_field_name(index) for index in range(structure.n_fields())]
        page.append("The fields, in this order: " + ", ".join(
            f"`{name}` ({structure.get_field_type(name).name})" for name in fields) + ".")


def write_inherited(page, element):
    rows = []
    for spec in element.list_properties():
        if spec.owner_type == element.__gtype__ or spec.name in NEVER:
            continue
        if not spec.flags & GObject.ParamFlags.WRITABLE or not hasattr(spec, "default_value"):
            continue
        value = element.get_property(spec.name)
        if spec.name in INHERITED or value != spec.default_value:
            rows.append(f"| `{spec.name}` | {spec.owner_type.name} | {type_name(spec, element)} | "
                        f"{plain(value)} | {spec.blurb} |")
    if rows:
        page.append("### Inherited properties")
        page.append("\n".join(["| name | of | type | value | what |", "|---|---|---|---|---|", *rows]))


def write_signals(page, element, found):
    kind = element.__gtype__
    for name in GObject.signal_list_names(kind):
        query = GObject.signal_query(name, kind)
        own = kind.name
        text, since = documentation(found, f"{own}::{name}", own)
        arguments = ", ".join(["the element", *(kind.name for kind in query.param_types)])
        facts = [f"Arguments: {arguments}"]
        if query.return_type.name != "void":
            facts.append(f"returns {query.return_type.name}")
        if query.signal_flags & GObject.SignalFlags.ACTION:
            facts.append("an action: emit it")
        page.append(f"#### {name}")
        page.append(f"*{'; '.join(facts)}.*" + (f" Since {since}." if since else ""))
        page.append(text)


def write_pads(page, factory):
    for template in factory.get_static_pad_templates():
        caps = template.get_caps()
        direction = "sink" if template.direction == Gst.PadDirection.SINK else "source"
        presence = template.presence.value_nick
        page.append(f"`{template.name_template}`: {direction} pad, {presence}; "
                    + ("any caps." if caps.is_any() else "caps:"))
        if not caps.is_any():
            page.append("```\n" + caps.to_string().replace("; ", "\n") + "\n```")


def write_element(page, factory, found):
    element = factory.create(None)
    own = element.__gtype__.name
    text, since = documentation(found, f"element-{factory.get_name()}", own)
    page.append(f"## {factory.get_name()}")
    page.append(f"*{factory.get_metadata('long-name')}: {factory.get_metadata('description')}. "
                f"Class {factory.get_metadata('klass')}, rank {factory.get_rank()}.*"
                + (f" Since {since}." if since else ""))
    page.append(text)
    page.append("### Pads")
    write_pads(page, factory)
    if factory.get_uri_type() != Gst.URIType.UNKNOWN:
        page.append("### URI")
        page.append("Takes URIs of the protocol " +
                    ", ".join(f"`{protocol}://`" for protocol in factory.get_uri_protocols()) +
                    f", as a {factory.get_uri_type().value_nick}: see [`uri`](#{factory.get_name()}-uri).")
    specs = sorted(own_properties(element), key=lambda spec: spec.name)
    page.append("### Properties")
    page.append("\n".join(["| name | default | in short |", "|---|---|---|",
                           *(f"| [`{spec.name}`](#{anchor(element, spec)}) | {default(spec, element)} | {spec.blurb} |"
                             for spec in specs)]))
    for spec in specs:
        write_property(page, spec, element, found)
    write_inherited(page, element)
    if GObject.signal_list_names(element.__gtype__):
        page.append("### Signals")
        write_signals(page, element, found)


def make_page():
    Gst.init(None)
    found = comments()
    factories = [feature for feature in Gst.Registry.get().get_feature_list_by_plugin(PLUGIN)
                 if isinstance(feature, Gst.ElementFactory)]
    if not factories:
        sys.exit("GStreamer does not find the plugin: run this in ./dev shell")
    page = [HEAD.rstrip()]
    for factory in sorted(factories, key=lambda each: each.get_name()):
        write_element(page, factory.load(), found)
    return "\n\n".join(page) + "\n"


def main():
    page = make_page()
    if sys.argv[1:] == ["--check"]:
        old = PAGE.read_text() if PAGE.exists() else ""
        sys.stdout.writelines(difflib.unified_diff(
            old.splitlines(True), page.splitlines(True), "docs/reference.md", "the elements"))
        return 0 if page == old else 1
    if sys.argv[1:]:
        sys.exit("make-reference.py takes --check or nothing")
    PAGE.write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
