"""What a reader sees of a page."""

from __future__ import annotations

from serving.report.shown import shown_texts


def test_texts_of_a_page_are_read_as_they_are_seen() -> None:
    page = """<p title="a hint">one<br>
      <b>two</b> three</p><script>no</script><style>no</style><pre>no</pre><code>no</code>
      <svg aria-label="a picture"><g><text>days since</text> <text>the last order</text></g><g><text>high</text></g></svg>"""
    assert shown_texts(page) == ["a hint", "one", "two", "three", "a picture", "days since the last order", "high"]


def test_what_is_nobodys_language_is_left_out_with_all_within_it() -> None:
    assert shown_texts('<td translate="no" data-says="customer">Value <b>May</b></td><td>Value</td>') == ["customer", "Value"]


def test_markup_within_data_is_text() -> None:
    assert shown_texts("<td>&lt;script&gt;alert()&lt;/script&gt; &amp; more</td>") == ["<script>alert()</script> & more"]
