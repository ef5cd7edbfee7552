"""What is run in a page. All but `BEFORE` in a world of its own, which the page's scripts can neither see nor change."""

# Before anything of the page runs: nobody is there to answer, and a storm of requests ends before it reaches anybody.
BEFORE = """(() => {
  const nothing = () => undefined;
  for (const [name, answer] of [['alert', nothing], ['confirm', () => false], ['prompt', () => null], ['print', nothing],
                                ['open', () => null]])
    try { Object.defineProperty(window, name, {value: answer, configurable: true, writable: true}); } catch (e) {}
  let left = MOST_REQUESTS;
  const some = f => function (...a) { if (left-- <= 0) throw new TypeError('no more'); return f.apply(this, a); };
  try {
    window.fetch = some(window.fetch);
    XMLHttpRequest.prototype.send = some(XMLHttpRequest.prototype.send);
  } catch (e) {}
})()"""

_WORDS = "/^(点击)?(加载更多|查看更多|显示更多|下一页|下页|后一页)[>»›]?$/"

# Done when the page has nothing left to do: what came before this has been worked off.
REST = """new Promise(done => {
  const idle = globalThis.requestIdleCallback || (then => setTimeout(then, 100));
  idle(() => setTimeout(done, 0), {timeout: 5000});
})"""

# The rows that are new to this world, with whole addresses; how many elements there are; how many links.
COLLECT = """(() => {
  const seen = (globalThis.seen ||= new Set());
  const rows = [], all = document.getElementsByTagName('*').length, links = document.links;
  if (all > MOST_ELEMENTS) return {rows, all, links: links.length};
  let size = 0;
  for (const a of links) {
    if (seen.has(a.href) || rows.length >= MOST_ROWS) continue;
    seen.add(a.href);
    const row = a.closest('li, tr, dd') || a;
    const copy = row.cloneNode(true);
    for (const one of [copy, ...copy.querySelectorAll('a[href]')])
      if (one.tagName === 'A') one.setAttribute('href', one.href);
    const html = copy.outerHTML;
    if (html.length > 20000 || (size += html.length) > MOST_BYTES) continue;
    rows.push([a.href, html]);
  }
  return {rows, all, links: links.length};
})()"""

# Tells the list to go on: what says so, is seen, is not switched off and leads to no address of its own.
CLICK = f"""(() => {{
  const words = {_WORDS};
  for (const e of document.querySelectorAll('a, button, span, div, li')) {{
    if (e.textContent.length > 40 || !words.test(e.textContent.replace(/\\s/g, ''))) continue;
    if (e.querySelector('a, button')) continue;
    if (e.disabled || /dis|none/.test(e.className) || e.closest('[disabled], .disabled')) continue;
    if (!e.getClientRects().length) continue;
    const href = e.getAttribute('href') || '';
    if (href && !/^(#|javascript:)/i.test(href)) continue;
    e.click();
    return true;
  }}
  return false;
}})()"""

# Takes what was clicked away, and puts the rows of the other pages at the end.
SHOW_ALL = f"""((rows) => {{
  const shown = new Set([...document.links].map(a => a.href));
  const words = {_WORDS};
  for (const e of [...document.querySelectorAll('a, button, span, div, li')]) {{
    const href = e.getAttribute('href') || '';
    if (e.textContent.length > 40 || !words.test(e.textContent.replace(/\\s/g, ''))) continue;
    if (href && !/^(#|javascript:)/i.test(href)) continue;
    const pager = e.parentElement;
    if (pager && pager !== document.body && !pager.querySelector('li a[title]')) pager.remove(); else e.remove();
  }}
  const list = document.createElement('ul');
  list.id = 'all-pages';
  for (const [href, row] of rows) if (!shown.has(href)) list.insertAdjacentHTML('beforeend', row);
  if (list.firstChild) (document.body || document.documentElement).appendChild(list);
}})(ROWS)"""

# The document's text, if it is not too long for anybody.
DOCUMENT = """(() => {
  if (document.getElementsByTagName('*').length > MOST_ELEMENTS) return null;
  const html = document.documentElement ? document.documentElement.outerHTML : '';
  if (html.length > MOST_BYTES) return null;
  const type = document.doctype ? '<!DOCTYPE ' + document.doctype.name + '>' : '';
  return type + html;
})()"""
