// An open page shows newer results by itself: it asks often at first and seldom later, only while somebody looks, and
// changes in place only what differs, so that focus, scroll and what has been typed or opened stay.
(() => {
  const OFTEN = 500, LATER = 5000, GROWTH = 1.25;
  let pause = OFTEN, tag = '', silent = 0, timer = 0;
  const banner = () => document.getElementById('run-banner');

  // --- one tree made like another, keeping the nodes that are the same -----------------------------------
  const KEPT = new Set(['aria-expanded', 'open', 'value', 'checked']);

  function attributes(mine, theirs) {
    for (const { name } of [...mine.attributes]) {
      if (!theirs.hasAttribute(name) && !KEPT.has(name)) mine.removeAttribute(name);
    }
    for (const { name, value } of theirs.attributes) {
      if (!KEPT.has(name) && mine.getAttribute(name) !== value) mine.setAttribute(name, value);
    }
  }

  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || '') === (b.id || '');

  function morph(mine, theirs) {
    if (mine.isEqualNode(theirs)) return;
    if (mine.nodeType !== Node.ELEMENT_NODE) {
      mine.nodeValue = theirs.nodeValue;
      return;
    }
    if (mine.matches('form[data-keep], textarea, input:focus, select:focus')) return;
    attributes(mine, theirs);
    const wanted = [...theirs.childNodes];
    let at = mine.firstChild;
    for (const node of wanted) {
      let found = at;
      while (found && !alike(found, node)) found = found.nextSibling;
      if (!found) {
        mine.insertBefore(document.importNode(node, true), at);
        continue;
      }
      while (at !== found) {
        const gone = at;
        at = at.nextSibling;
        gone.remove();
      }
      at = found.nextSibling;
      morph(found, node);
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  }

  // --- the page ------------------------------------------------------------------------------------------
  function opened(root) {
    return [...root.querySelectorAll('[data-open][aria-expanded="true"]')].map((link) => link.getAttribute('href'));
  }

  function said(words) {
    let place = document.getElementById('live-said');
    if (!place) {
      place = document.createElement('p');
      place.id = 'live-said';
      place.className = 'visually-hidden';
      place.setAttribute('role', 'status');
      document.body.append(place);
    }
    place.textContent = '';
    setTimeout(() => { place.textContent = words; }, 100);
  }

  async function bringUpToDate(words) {
    const answer = await fetch(location.href, { redirect: 'error', cache: 'no-store' });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('main');
    const main = document.getElementById('main');
    if (!fresh || !main) return;
    const open = opened(main);
    for (const message of main.querySelectorAll(':scope > .msgs')) message.remove();
    morph(main, fresh);
    window.htmx?.process(main);
    for (const link of main.querySelectorAll('[data-open][aria-expanded="false"]')) {
      if (open.includes(link.getAttribute('href'))) link.click();
    }
    said(words);
  }

  async function look() {
    const place = banner();
    if (!place?.dataset.live || silent > 5) return;
    if (document.hidden) return;
    try {
      const headers = { 'HX-Request': 'true', 'HX-Target': 'run-banner' };
      if (tag) headers['If-None-Match'] = tag;
      const answer = await fetch(place.dataset.live, { redirect: 'error', cache: 'no-store', headers });
      silent = 0;
      if (answer.status === 200) {
        tag = answer.headers.get('ETag') || '';
        const text = await answer.text();
        const fresh = new DOMParser().parseFromString(text, 'text/html').getElementById('run-banner');
        if (fresh && fresh.dataset.mark !== place.dataset.mark) {
          await bringUpToDate(fresh.dataset.words);
          pause = OFTEN;
        } else if (fresh) {
          if (!fresh.isEqualNode(place)) pause = OFTEN; // something is under way
          morph(place, fresh);
        }
      } else if (answer.status !== 304) {
        silent = 99; // signed out, or the demand is no longer to be seen: the page stays as it is
      }
    } catch {
      silent += 1;
    }
    pause = Math.min(LATER, pause * GROWTH);
    timer = setTimeout(look, pause);
  }

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    clearTimeout(timer);
    pause = OFTEN;
    look();
  });
  if (banner()?.dataset.live) timer = setTimeout(look, pause);
})();
