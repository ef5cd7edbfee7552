"""Full text over all versions of all reports: words of any length, numbers, phrases, in either script.

`tokens`: text → what is indexed. `query`: what a person typed → an expression of FTS5 that cannot be wrong. `index`:
HOME/search.db, derived from the record and disposable. `results`: index and record → reports, best first. `snippets`: where in
a text the words stand.
"""
