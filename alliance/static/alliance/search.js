// The search box of the header: "/" opens it, results come while typing, arrows walk through them. Without this file
// the box opens by its button and Enter goes to the search page.
(() => {
  const box = document.getElementById('find');
  if (!box) return;
  const input = document.getElementById('search');
  const found = document.getElementById('found');
  let timer = 0;
  let asked = null;

  const ask = async () => {
    const text = input.value.trim();
    if (asked) asked.abort();
    if (!text) { found.replaceChildren(); return; }
    asked = new AbortController();
    try {
      const answer = await fetch(`${input.form.action}?q=${encodeURIComponent(text)}`, { headers: { 'HX-Request': 'true' }, signal: asked.signal });
      if (answer.ok && !answer.redirected) found.innerHTML = await answer.text();
    } catch (error) {
      if (error.name !== 'AbortError') found.replaceChildren();
    }
  };

  box.addEventListener('toggle', () => { if (box.open && document.activeElement !== input) input.focus(); });
  input.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(ask, 150); });
  document.addEventListener('keydown', event => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input,textarea,select,dialog')) return;
    event.preventDefault();
    box.open = true;
    input.focus();
  });
  box.addEventListener('keydown', event => {
    if (event.isComposing || !['ArrowDown', 'ArrowUp'].includes(event.key)) return;
    const stops = [input, ...found.querySelectorAll('[data-found]')];
    const at = stops.indexOf(document.activeElement);
    const next = stops[at + (event.key === 'ArrowDown' ? 1 : -1)];
    if (at < 0 || !next) return;
    event.preventDefault();
    next.focus();
  });
})();
